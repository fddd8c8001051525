package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/urfave/cli/v3"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/plan"
)

func (a *app) run() *cli.Command {
	return &cli.Command{
		Name: "run", Usage: "run a plan and write the signed receipt",
		Description: strings.Join([]string{aboutSubjects, aboutCommitments, aboutThrottles}, "\n\n"),
		Flags: slices.Concat(subjectFlags(), []cli.Flag{
			&cli.StringFlag{Name: "run", Usage: "run `ID`; reuse it to resume a run or fetch its receipt"},
			&cli.BoolFlag{Name: "close", Usage: "close a run that can't continue: sign what it has done"},
			absentFlag(),
			&cli.StringFlag{Name: "digest", Usage: "`DIGEST` of the approved plan"},
			&cli.StringFlag{Name: "approved", Usage: "`FILE` of the approved plan, to show what differs"},
			onlyOnFlag("run"),
			keyFlag("the receipt"),
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write the receipt to `FILE`"},
			&cli.StringSliceFlag{Name: "allow", Usage: "allow a `HAZARD`, or HAZARD:table (repeatable)"},
			&cli.IntFlag{Name: "workers", Usage: "number of parallel batches", DefaultText: "4, or the engine's maximum"},
			&cli.StringFlag{Name: "secret-file", Usage: "`FILE` with the secret of consistent strategies"},
			&cli.StringFlag{Name: "actor", Usage: "operator `ROLE` for the receipt (not a person's name)"},
		}, requestFlags(), logFlags(), commitmentFlags(), ledgerFlags(), throttleFlags()),
		Action: a.verb(0, a.carryOut),
	}
}

// ran is the JSON of run.
type ran struct {
	Run      string             `json:"run"`
	Receipt  string             `json:"receipt"` // the file
	Digest   string             `json:"digest"`  // SHA-256 of the file
	Before   bool               `json:"finishedBefore"`
	Left     int64              `json:"left"`
	Subjects *receipt.Subjects  `json:"subjects,omitempty"`
	Actions  []receipt.Action   `json:"actions"`
	Retained []receipt.Retained `json:"retained,omitempty"`
	Request  *receipt.Request   `json:"request,omitempty"`
	// Commitments are the files for disclosures; absent without commitments.
	Commitments *commitments `json:"commitments,omitempty"`
	Log         *entry       `json:"log,omitempty"` // the receipt's place in the log of --log
}

func (a *app) carryOut(ctx context.Context, cmd *cli.Command) error {
	p, err := readPlan(cmd)
	if err != nil {
		return err
	}
	o, keys, err := a.options(cmd, p)
	if err != nil {
		return err
	}
	if cmd.Bool("close") && cmd.String("run") == "" {
		return badUsage("--close: --run is required, the ID of the run to close")
	}
	path := cmd.String("output")
	if err := a.room(path, o.RunID, keys); err != nil {
		return err
	}
	place, err := publishToLog(cmd, o)
	if err != nil {
		return err
	}
	if book, err := ledgerOf(cmd); err != nil {
		return err
	} else if book != nil {
		o.Ledger = book
	}
	db, err := openDatabase(ctx, cmd)
	if err != nil {
		return err
	}
	defer db.close()
	spare, done, err := openThrottles(ctx, cmd, db)
	defer done()
	if err != nil {
		return err
	}
	o.Throttles = spare
	rows, err := openCommitments(cmd, p.Scope, o)
	if err != nil {
		return err
	}
	mark, err := markRun(cmd, o.RunID, rows)
	if err != nil {
		return err
	}
	if late := dueWarning(o.Request, time.Now()); late != "" {
		fmt.Fprintf(a.stderr, "expunge: %s\n", late)
	}
	show := newProgress(a.stderr)
	o.Progress = show.event
	carryOut := erase.Run
	if cmd.Bool("close") {
		carryOut = func(ctx context.Context, db dialect.DB, p *plan.Plan, o erase.Options) (erase.Report, error) {
			return erase.Close(ctx, db, p, o, "")
		}
	}
	report, err := carryOut(ctx, db, p, *o)
	envelope := report.Receipt
	show.end()
	if lost := rows.lost(); lost != "" && show.resumed {
		fmt.Fprintf(a.stderr, "expunge: %s\n", lost)
	}
	// Keep the key unless the run certainly didn't begin: it may be needed.
	begun := show.began || envelope == nil && exitCode(err) == failed
	rows.close(begun)
	if !begun {
		mark.undo()
	}
	if envelope == nil {
		return stoppedError(err, o.RunID, show.began)
	}
	if e := writeAtomically(path, envelope, 0o644); e != nil {
		return errors.Join(err, fmt.Errorf("the run is finished, and its receipt couldn't be written: %w: the database keeps it, give the same --run %s and another file", e, o.RunID))
	}
	mark.remove()
	out := ran{Receipt: path, Digest: receipt.EnvelopeDigest(envelope), Before: report.Repeated, Actions: []receipt.Action{}}
	if show.began {
		out.Commitments = rows
	}
	if i, ok := place[out.Digest]; ok {
		out.Log = &entry{path, out.Digest, i}
	}
	return errors.Join(err, a.sayRan(cmd, envelope, keys, out, err))
}

// options reads the run's options from the flags.
func (a *app) options(cmd *cli.Command, p *plan.Plan) (*erase.Options, *signKeys, error) {
	o := &erase.Options{
		RunID:    cmd.String("run"),
		AbsentOK: cmd.Bool("absent-ok"),
		Approved: strings.ToLower(strings.TrimSpace(cmd.String("digest"))),
		Actor:    cmd.String("actor"),
		OnlyOn:   cmd.String("only-on"),
		Workers:  cmd.Int("workers"),
		Resolved: a.resolved(cmd, p),
	}
	for _, h := range cmd.StringSlice("allow") {
		o.Allow = append(o.Allow, plan.HazardName(h))
	}
	switch {
	case cmd.String("output") == "":
		return nil, nil, badUsage("give -o, the file to write the receipt to")
	case o.Workers < 0:
		return nil, nil, badUsage("--workers can't be negative")
	case len(o.RunID) > 200:
		return nil, nil, badUsage("--run: an ID has at most 200 characters")
	case o.RunID == "":
		o.RunID = cmp.Or(interruptedRun(cmd), uuid.NewString())
	}
	var err error
	if o.ApprovedPlan, err = readApproved(cmd); err != nil {
		return nil, nil, err
	}
	if o.Subjects, err = subjectsOf(cmd); err != nil {
		return nil, nil, err
	}
	if o.Secret, err = readSecret(cmd); err != nil {
		return nil, nil, err
	}
	if o.Request, err = requestOf(cmd, p); err != nil {
		return nil, nil, err
	}
	keys, err := readSignKeys(cmd.StringSlice("key"))
	if err != nil {
		return nil, nil, err
	}
	o.Signers = keys.signers
	return o, keys, nil
}

// room refuses an unwritable file and an existing one, unless it is this very run's receipt: proofs
// are never overwritten.
func (a *app) room(path, run string, keys *signKeys) error {
	if err := canWrite(path); err != nil {
		return err
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if opened, err := openWith(data, keys); err == nil && opened.Statement.Predicate.RunID == run {
		return nil
	}
	return badUsage("-o: %s is there already, and isn't this run's receipt: give another name", path)
}

func openWith(envelope []byte, keys *signKeys) (*receipt.Opened, error) {
	return receipt.OpenWith(envelope, receipt.OpenOptions{Verifiers: keys.known})
}

// stoppedError says how to resume an unfinished run.
func stoppedError(err error, run string, began bool) error {
	switch {
	case err == nil:
		return errors.New("the run gave no receipt")
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("stopped between batches; what was committed stays: to continue, give the same command with --run %s", run)
	case errors.Is(err, erase.ErrRunDiffers) && strings.Contains(err.Error(), "commitment"):
		return fmt.Errorf("%w (--receipt-key-file, --no-commitments)", err)
	case began && exitCode(err) == failed:
		return fmt.Errorf("%w\nto continue the run, give the same command with --run %s", err, run)
	}
	return err
}

// sayRan prints the receipt's actions.
func (a *app) sayRan(cmd *cli.Command, envelope []byte, keys *signKeys, out ran, err error) error {
	opened, e := openWith(envelope, keys)
	if e != nil {
		return fmt.Errorf("%s: the run was finished before and signed with another key than --key: %w", out.Receipt, e)
	}
	p := &opened.Statement.Predicate
	out.Run, out.Subjects, out.Actions, out.Retained, out.Request = p.RunID, p.Subjects, p.Actions, p.Retained, p.Request
	if l, ok := errors.AsType[*erase.LeftError](err); ok {
		out.Left = l.Rows
	}
	if cmd.Bool("json") {
		return printJSON(a.stdout, out)
	}
	switch {
	case out.Before:
		fmt.Fprintf(a.text, "run %s was already finished: nothing was done, this is its receipt\n\n", p.RunID)
	case p.Incomplete != nil:
		fmt.Fprintf(a.text, "run %s is closed before it was complete\n\n", p.RunID)
	default:
		fmt.Fprintf(a.text, "run %s is finished\n\n", p.RunID)
	}
	printActions(a.text, p, "  ")
	fmt.Fprintf(a.text, "\nreceipt %s, SHA-256 %s\n", out.Receipt, out.Digest)
	if out.Log != nil {
		fmt.Fprintf(a.text, "entry %d of the log in %s\n", out.Log.Index, cmd.String("log"))
	}
	if out.Commitments != nil {
		fmt.Fprintf(a.text, "\n%s\n", out.Commitments.say())
	}
	return nil
}

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/urfave/cli/v3"

	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/erase/ledger/record"
	"github.com/expungedb/expunge/plan"
)

func (a *app) replay() *cli.Command {
	return &cli.Command{
		Name: "replay", Usage: "re-erase subjects restored from a backup",
		Description: `It erases again what was erased after --since. When in doubt give an earlier time.
The receipts' amendments name the old receipts. Without --ledger-pub new entries are encrypted
to the recipients of --ledger-key.`,
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "since", Usage: "`TIME` when the backup began: 2026-01-31T02:00:00Z"},
			&cli.StringFlag{Name: "ledger", Usage: "ledger `FOLDER`"},
			&cli.StringFlag{Name: "ledger-key", Usage: "private key `FILE` of the ledger, from keygen --ledger"},
			&cli.StringSliceFlag{Name: "ledger-pub", Usage: "age recipients `FILE` for new entries (repeatable)"},
			keyFlag("receipts"),
			&cli.StringFlag{Name: "policy", Usage: "policy `FILE`, to rebuild plans that no longer fit"},
			&cli.StringFlag{Name: "database", Usage: "database `UUID` on receipts, if the backup has no journal"},
			&cli.StringSliceFlag{Name: "also", Usage: "replay also for `UUID`, a later identity (repeatable)"},
			&cli.StringSliceFlag{Name: "except", Usage: "skip the erasures of `UUID`, a copy (repeatable)"},
			&cli.StringSliceFlag{Name: "allow", Usage: "allow a `HAZARD`, or HAZARD:table (repeatable)"},
			&cli.IntFlag{Name: "workers", Usage: "number of parallel batches", DefaultText: "4, or the engine's maximum"},
			&cli.StringFlag{Name: "secret-file", Usage: "`FILE` with the secret of consistent strategies"},
			&cli.StringFlag{Name: "actor", Usage: "operator `ROLE` for the receipt (not a person's name)"},
			&cli.BoolFlag{Name: "commitments", Usage: "make row commitments; keys and leaves go to -o"},
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write receipts and amendments to `FOLDER`"},
		}, logFlags()...),
		Action: a.verb(0, a.carryOutAgain),
	}
}

// replayed is the JSON of replay.
type replayed struct {
	Entries []replayedEntry `json:"entries"`
}

type replayedEntry struct {
	Run       string              `json:"run,omitempty"` // empty: the entry can't be read
	Committed bool                `json:"committed"`     // the erasure had ended
	Outcome   erase.ReplayOutcome `json:"outcome"`
	Replay    string              `json:"replay,omitempty"` // the run ID
	Rebuilt   bool                `json:"rebuilt,omitempty"`
	Receipt   string              `json:"receipt,omitempty"`   // the file
	Amendment string              `json:"amendment,omitempty"` // the file
	// Commitments are the files for disclosures; absent without commitments.
	Commitments *commitments `json:"commitments,omitempty"`
	Error       string       `json:"error,omitempty"`
}

func (a *app) carryOutAgain(ctx context.Context, cmd *cli.Command) error {
	o, err := a.replayOptions(cmd)
	if err != nil {
		return err
	}
	if _, err := publishToLog(cmd, &o.Run); err != nil {
		return err
	}
	folder := cmd.String("output")
	if folder == "" {
		return badUsage("give -o, the folder to write receipts and amendments to")
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return &usageError{fmt.Errorf("-o: %w", err)}
	}
	db, err := openDatabase(ctx, cmd)
	if err != nil {
		return err
	}
	defer db.close()
	rows := rowFiles{folder: folder, made: map[string]*commitments{}, began: map[string]bool{}}
	if cmd.Bool("commitments") {
		o.Commitments, o.Run.Progress = rows.open, func(e erase.Event) { rows.began[e.RunID] = true }
	}
	book := &reading{LedgerReader: o.Ledger}
	o.Ledger = book
	done, err := erase.Replay(ctx, db, *o)
	rows.close(err)
	if done == nil && err != nil {
		return err
	}
	if len(done) == 0 && book.entries > 0 {
		fmt.Fprintln(a.stderr, wrapText("expunge: all erasures in the ledger since then are of other databases, by their journals' identities. "+
			"If this is a copy of one of them, its journal was made anew after the restore: drop the journal's tables, and give --database", ""))
	}
	out := replayed{Entries: []replayedEntry{}}
	taken := map[string]bool{}
	for _, r := range done {
		e, wrong := entryOf(filepath.Join(folder, freeName(fileName(r.RunID), taken)), r)
		if rows.began[r.Replay] {
			e.Commitments = rows.made[r.Replay]
		}
		out.Entries, err = append(out.Entries, e), errors.Join(err, wrong)
	}
	if cmd.Bool("json") {
		return errors.Join(err, printJSON(a.stdout, out))
	}
	a.printReplayed(out)
	if err != nil {
		return fmt.Errorf("don't use the database before everything is replayed: the same command goes on\n%w", err)
	}
	return nil
}

func (a *app) replayOptions(cmd *cli.Command) (*erase.ReplayOptions, error) {
	o := &erase.ReplayOptions{Database: cmd.String("database"), Also: cmd.StringSlice("also"), Except: cmd.StringSlice("except"), Run: erase.Options{Actor: cmd.String("actor"), Workers: cmd.Int("workers")}}
	var err error
	if o.Since, err = sinceOf(cmd.String("since")); err != nil {
		return nil, err
	}
	if err := needsLedger(cmd); err != nil {
		return nil, err
	}
	identities, err := readIdentities(cmd)
	if err != nil {
		return nil, err
	}
	recipients, err := readRecipients(cmd)
	if err != nil {
		return nil, err
	}
	if len(recipients) == 0 {
		for _, i := range identities {
			if x, ok := i.(*age.X25519Identity); ok {
				recipients = append(recipients, x.Recipient())
			}
		}
	}
	l, err := openLedger(cmd.String("ledger"), recipients...)
	if err != nil {
		return nil, err
	}
	o.Ledger, o.Run.Ledger = l.Reader(identities...), l
	for _, h := range cmd.StringSlice("allow") {
		o.Run.Allow = append(o.Run.Allow, plan.HazardName(h))
	}
	if cmd.String("policy") != "" {
		if o.Policy, err = readPolicy(cmd); err != nil {
			return nil, err
		}
	}
	if o.Run.Secret, err = readSecret(cmd); err != nil {
		return nil, err
	}
	keys, err := readSignKeys(cmd.StringSlice("key"))
	if err != nil {
		return nil, err
	}
	o.Run.Signers = keys.signers
	return o, nil
}

// reading counts the entries that a replay reads, those of other databases too.
type reading struct {
	erase.LedgerReader
	entries int
}

func (r *reading) Entries(since time.Time) iter.Seq2[*record.Entry, error] {
	return func(yield func(*record.Entry, error) bool) {
		for e, err := range r.LedgerReader.Entries(since) {
			r.entries++
			if !yield(e, err) {
				return
			}
		}
	}
}

// rowFiles are the files of the replays' row commitments, by their run IDs.
type rowFiles struct {
	folder string
	made   map[string]*commitments
	began  map[string]bool
}

func (f *rowFiles) open(run string) (*erase.Commitments, error) {
	name := filepath.Join(f.folder, fileName(run))
	c := &commitments{KeyFile: name + ".key", LeavesFile: name + ".leaves"}
	opened, err := c.openRun(run)
	if err == nil {
		f.made[run] = c
	}
	return opened, err
}

// close removes the files made for a replay that had ended before.
func (f *rowFiles) close(err error) {
	for run, c := range f.made {
		c.close(f.began[run] || err != nil)
	}
}

// sinceOf is a moment. It refuses a day alone: elsewhere the day begins earlier than in UTC, and
// erasures between the backup and that moment would not be repeated.
func sinceOf(text string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, badUsage("give --since, the time that the backup is of, with its zone: 2026-01-31T02:00:00Z or 2026-01-31T03:00:00+01:00; when in doubt an earlier one")
	}
	return t, nil
}

// entryOf writes an entry's receipt and amendment to files of that name.
func entryOf(name string, r erase.Replayed) (replayedEntry, error) {
	e := replayedEntry{Run: r.RunID, Committed: r.Committed, Outcome: r.Outcome, Replay: r.Replay, Rebuilt: r.Rebuilt}
	if r.Err != nil {
		e.Error = r.Err.Error()
	}
	if was, err := os.ReadFile(name + ".receipt.json"); err == nil && r.Receipt != nil && !bytes.Equal(was, r.Receipt) {
		return e, badUsage("run %s is replayed, and %s.receipt.json is the receipt of another replay: give the same command again with another folder by -o", r.RunID, name)
	}
	for _, f := range []struct {
		file   *string
		ending string
		data   []byte
	}{{&e.Receipt, ".receipt.json", r.Receipt}, {&e.Amendment, ".amendment.json", r.Amendment}} {
		if f.data == nil {
			continue
		}
		// A repeated replay gives the same receipt and an equivalent amendment.
		if err := writeAtomically(name+f.ending, f.data, 0o644); err != nil {
			return e, fmt.Errorf("run %s is replayed, and its file couldn't be written: %w: give the same command again", r.RunID, err)
		}
		*f.file = name + f.ending
	}
	return e, nil
}

// freeName is that name, with a number if it is taken: another run may have used the run ID after a
// restore. Entries have an order, and so each its number.
func freeName(name string, taken map[string]bool) string {
	out := name
	for n := 2; taken[out]; n++ {
		out = fmt.Sprintf("%s-%d", name, n)
	}
	taken[out] = true
	return out
}

// fileName is a run ID as the name of a file: unchanged if possible, else with a part of its hash.
func fileName(run string) string {
	plain := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '_'
	}, run)
	if plain == run && run != "" && len(run) <= 100 {
		return run
	}
	return fmt.Sprintf("%s-%x", plain[:min(len(plain), 100)], sha256.Sum256([]byte(run)))[:min(len(plain), 100)+13]
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func (a *app) printReplayed(out replayed) {
	if len(out.Entries) == 0 {
		fmt.Fprintln(a.text, "the ledger has no erasure of this database that the backup doesn't have: nothing was done")
	}
	for _, e := range out.Entries {
		name := "an entry that can't be read"
		if e.Run != "" {
			name = "run " + e.Run
		}
		ended := ""
		if e.Run != "" && !e.Committed {
			ended = " (it isn't known to have ended)"
		}
		rebuilt := ""
		if e.Rebuilt && e.Receipt != "" {
			rebuilt = ", by a plan made from the policy"
		}
		fmt.Fprintf(a.text, "%s%s: %s%s\n", printable(name), ended, e.Outcome, rebuilt)
		files := []string{e.Receipt, e.Amendment}
		if e.Commitments != nil {
			files = append(files, e.Commitments.KeyFile, e.Commitments.LeavesFile)
		}
		for _, file := range files {
			if file != "" {
				fmt.Fprintf(a.text, "  %s\n", file)
			}
		}
	}
}

package erase

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/journal"
	"github.com/expungedb/expunge/erase/ledger/record"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/plan"
	"github.com/expungedb/expunge/plan/policy"
)

// LedgerReader gives the erasures that a backup of that moment doesn't have, in
// the order in which they began. An error without an entry is about one that can't
// be read; the next ones follow. ledger.Reader is one.
type LedgerReader interface {
	Entries(since time.Time) iter.Seq2[*record.Entry, error]
}

// ReplayOptions are the settings of Replay. Since and Ledger are needed.
type ReplayOptions struct {
	// Since is the moment that the restored backup is of: when it was begun,
	// by a clock that agrees with that of the machines which erase. When in
	// doubt give an earlier one: a deletion that the backup has already is nothing to do;
	// rows that an erasure keeps and overwrites are overwritten again.
	Since time.Time
	// Ledger gives the entries. Those of other databases are passed over.
	Ledger LedgerReader
	// Database is the UUID of the database's journal, as receipts show it
	// (system.journal). Defaults to that of the restored copy's own journal; a backup that
	// is older than the journal has none, and gets this one. Where a run has taken the restored
	// database for a copy, it is the UUID of what it was restored from.
	Database string
	// Also are UUIDs under which the same database was erased from later: its journal
	// got another one when it was moved and nobody stated that (see Adopt).
	Also []string
	// Except are UUIDs of copies, whose erasures are not of this database. Defaults to
	// none: an entry of a database that is a copy of this one, or this one after it was moved, is ErrOtherDatabase.
	Except []string
	// Policy is what a plan is made from where the one that was carried out
	// doesn't fit the schema as it was restored. Defaults to none: such an entry is then ErrDrift.
	Policy *policy.Policy
	// Commitments gives the row commitments of a replay by its run ID, with a
	// key of its own, and the same one when it is asked again. Defaults to none.
	Commitments func(runID string) (*Commitments, error)
	// Run are the settings of each run: Signers, Secret, Allow, Ledger and so
	// on. RunID, Approved, Subjects, Request and Commitments are set for each. Give it the
	// Ledger too: a backup that is taken between the restore and the replay brings the same
	// people back.
	Run Options
}

// ReplayOutcome is what became of one entry.
type ReplayOutcome string

// The outcomes.
const (
	ReplayDone    ReplayOutcome = "replayed"      // erased again
	ReplayNothing ReplayOutcome = "nothing to do" // none of the subjects is there
	ReplayFailed  ReplayOutcome = "failed"        // see Err
)

// Replayed is what became of one entry of the ledger.
type Replayed struct {
	RunID     string // of the erasure; empty for an entry that couldn't be read
	Committed bool   // it had ended; else some of it may never have been erased
	Outcome   ReplayOutcome
	Replay    string // the run ID of the replay; empty where there was none
	// Rebuilt says that the plan was made from the policy, since the one that
	// was carried out doesn't fit the restored schema.
	Rebuilt bool
	Receipt []byte // the replay's, signed
	// Amendment is a signed statement about the erasure's own receipt, that it
	// was replayed after a restore. Nil where Receipt is, and for an erasure that has no receipt.
	Amendment []byte
	Err       error // also beside a Receipt: a *LeftError, say
}

// Replay carries out again, on a copy of the database that was restored from a
// backup, every erasure that the backup doesn't have: those that ended after it, and those that
// began and aren't known to have ended. Erasures are replayed in their order, by the plan
// they were carried out by, else by one made from the policy, each under a run ID
// made of its own, the backup's moment and its receipt's ID: calling Replay again continues where it was
// stopped, and gives the receipts of what it has done.
//
// An entry that fails doesn't stop the others. All are returned, and beside
// them the errors of those that failed, joined. Nothing may use the copy before Replay
// has succeeded: the people in it were promised to be gone.
func Replay(ctx context.Context, db dialect.DB, o ReplayOptions) (out []Replayed, err error) {
	defer func() { denial{db: db}.explain(ctx, &err) }()
	if o.Since.IsZero() || o.Ledger == nil {
		return nil, errors.New("a replay needs the moment of the backup, Since, and the Ledger")
	}
	defaults := o.Run.withDefaults(db.Engine())
	if len(defaults.Signers) == 0 {
		return nil, errors.New("no signer: a replay that can't be proved isn't begun")
	}
	if now := defaults.Now(); o.Since.After(now) {
		return nil, fmt.Errorf("%w: the backup's moment, Since, is later than now (%s)", ErrBadSince, now.UTC().Format(time.RFC3339))
	}
	r := &replayer{ReplayOptions: o, db: db, signers: defaults.Signers, now: defaults.Now, seen: map[string]bool{}}
	if err := r.identifyDatabase(ctx); err != nil {
		return nil, err
	}
	var failed []error
	for e, err := range o.Ledger.Entries(o.Since) {
		switch {
		case ctx.Err() != nil:
			return out, errors.Join(append(failed, ctx.Err())...)
		case err != nil:
			err = fmt.Errorf("an entry of the ledger can't be read: %w", err)
			out = append(out, Replayed{Outcome: ReplayFailed, Err: err})
		case r.seen[e.Erasure] || !r.isOurs(e):
			continue
		case e.Database != r.Database && !slices.Contains(r.Also, e.Database):
			err = fmt.Errorf("%w: run %s erased from database %s, which is a copy of this one, or this one after it was moved: replay it too (--also, ReplayOptions.Also), or skip the copy (--except, ReplayOptions.Except)",
				ErrOtherDatabase, e.RunID, e.Database)
			out = append(out, Replayed{RunID: e.RunID, Committed: e.Mark != nil, Outcome: ReplayFailed, Err: err})
		default:
			done := r.replayEntry(ctx, e)
			r.seen[e.Erasure] = done.Outcome != ReplayFailed
			out = append(out, done)
		}
		if last := out[len(out)-1]; last.Err != nil {
			failed = append(failed, last.Err)
		}
	}
	return out, errors.Join(failed...)
}

// replayer is one call of Replay.
type replayer struct {
	ReplayOptions
	db      dialect.DB
	signers []receipt.Signer
	now     func() time.Time
	// seen are the erasures that were met, by record.Header.Erasure: the entry of one
	// is followed by those of its replays, which are about the same subjects.
	seen map[string]bool
}

// isOurs reports whether an entry is of this database, or may be.
func (r *replayer) isOurs(e *record.Entry) bool {
	return e.Database == r.Database || slices.Contains(r.Also, e.Database) ||
		slices.Contains(e.Origins, r.Database) && !slices.Contains(r.Except, e.Database)
}

// identifyDatabase finds out which database was restored, and notes that it is this one.
func (r *replayer) identifyDatabase(ctx context.Context) error {
	j := journal.Open(r.db, "", r.now)
	found, err := j.FindDatabase(ctx)
	if err != nil {
		return err
	}
	id, err := r.db.Identity(ctx)
	switch {
	case err != nil:
		return err
	case found != nil && r.Database != "" && found.ID != r.Database && !slices.Contains(found.Origins, r.Database):
		return fmt.Errorf("%w: its journal has another identity than was given", ErrOtherDatabase)
	case found != nil:
		r.Database = cmp.Or(r.Database, found.ID)
		return j.UpdateMarks(ctx, found, id.Marks)
	case r.Database == "":
		return fmt.Errorf("%w: it has no journal: the backup is older than the first run; give the identity that receipts show (system.journal)", ErrOtherDatabase)
	}
	if _, err := uuid.Parse(r.Database); err != nil {
		return fmt.Errorf("%w: the identity that was given is no UUID", ErrOtherDatabase)
	}
	if err := journal.Make(ctx, r.db); err != nil {
		return err
	}
	return j.InsertDatabase(ctx, r.Database, id.Marks)
}

// replayEntry carries one entry out.
func (r *replayer) replayEntry(ctx context.Context, e *record.Entry) Replayed {
	out := Replayed{RunID: e.First(), Committed: e.Mark != nil, Outcome: ReplayFailed}
	fail := func(err error) Replayed {
		out.Err = fmt.Errorf("replaying run %s: %w", out.RunID, err)
		return out
	}
	p, rebuilt, err := r.planFor(ctx, e)
	if err != nil {
		return fail(err)
	}
	out.Rebuilt = rebuilt
	id, env, err := r.runEntry(ctx, p, e)
	if errors.Is(err, ErrNoSuchSubject) {
		if err := r.reportRemains(ctx, p, e, ""); err != nil {
			return fail(err)
		}
		out.Outcome = ReplayNothing
		return out
	}
	out.Replay, out.Receipt = id, env
	if env == nil {
		return fail(err)
	}
	err = errors.Join(err, r.reportRemains(ctx, p, e, id))
	if e.Mark != nil {
		var wrong error
		if out.Amendment, wrong = r.amendReceipt(ctx, e, id, env); wrong != nil {
			return fail(errors.Join(err, wrong))
		}
	}
	out.Outcome = ReplayDone
	if err != nil {
		return fail(err)
	}
	return out
}

// planFor is the entry's plan where it fits the schema, else one from the policy.
func (r *replayer) planFor(ctx context.Context, e *record.Entry) (p *plan.Plan, rebuilt bool, err error) {
	schema, err := r.db.Inspect(ctx)
	if err != nil {
		return nil, false, fmt.Errorf("reading the catalogue: %w", err)
	}
	p, err = plan.Decode(e.Plan)
	if err == nil && p.Digest() != e.PlanDigest {
		err = plan.ErrNotCanonical
	}
	if err == nil {
		err = checkDrift(p, schema)
	}
	if err == nil {
		return p, false, nil
	}
	if r.Policy == nil {
		return nil, false, fmt.Errorf("%w; or give the policy, from which another plan can be made", err)
	}
	p, err = plan.Build(ctx, r.db, r.Policy, plan.Scope(e.Scope))
	return p, true, err
}

// runEntry carries the plan out, under the first ID that is free for it. One is not
// when the run of that ID has ended, and subjects are there that it deleted: the same backup was
// brought back into the same database again, a table of it by hand, say.
func (r *replayer) runEntry(ctx context.Context, p *plan.Plan, e *record.Entry) (id string, env []byte, err error) {
	const most = 100
	base := replayID(e, r.Since)
	for n := 1; n <= most; n++ {
		id = base
		if n > 1 {
			id += "/" + strconv.Itoa(n)
		}
		o := r.Run
		o.RunID, o.Approved, o.Subjects, o.Request, o.Commitments = id, p.Digest(), nil, nil, nil
		o.OnlyOn, o.replaying = "", true
		o.Allow = p.Relevant(o.Allow)
		if p.Scope == plan.ScopeSubjects {
			o.Subjects = e
		}
		if e.Case != "" {
			o.Request = &receipt.Request{Case: e.Case}
		}
		if o.Ledger != nil {
			o.Ledger = replayLedger{o.Ledger, e}
		}
		if r.Commitments != nil {
			if o.Commitments, err = r.Commitments(id); err != nil {
				return id, nil, fmt.Errorf("its row commitments: %w", err)
			}
		}
		var report Report
		report, err = Run(ctx, r.db, p, o)
		env = report.Receipt
		if !errors.Is(err, ErrRunDiffers) || errors.Is(err, errOtherKey) {
			break
		}
	}
	return id, env, err
}

// reportRemains looks for what the erasure deletes, by any replay at any time:
// of a run that had ended already, rows may be back that its root doesn't show.
// It is asked as of that run, as a hold may have ended since.
func (r *replayer) reportRemains(ctx context.Context, p *plan.Plan, e *record.Entry, run string) error {
	if p.Scope != plan.ScopeSubjects {
		return nil
	}
	asOf := r.now()
	if run != "" {
		row, err := journal.Read(r.db).FindRun(ctx, run)
		if err != nil {
			return err
		}
		if row != nil {
			asOf = row.AsOf
		}
	}
	v, err := searchRemains(ctx, r.db, p, e, asOf)
	if err != nil {
		return fmt.Errorf("looking for what remains: %w", err)
	}
	var found []error
	for _, f := range v.Findings {
		if f.Outcome == Broken {
			found = append(found, fmt.Errorf("%w: %s: %s: they were restored by themselves, delete them by hand", ErrRemains, v.TableName(f.Table), f.Reason))
		}
	}
	return errors.Join(found...)
}

// replayID is made of what is replayed and of what was restored, so that a
// replay that died is continued. Its run ID doesn't tell an erasure from another
// whose run a restore has taken out of the journal: its receipt's ID does. It is at most
// 200 characters long.
func replayID(e *record.Entry, backup time.Time) string {
	const room = 200 - len("/replay/") - len(time.RFC3339Nano) - len("/00000000-0000-0000-0000-000000000000") - len("/100")
	run := e.First()
	if len(run) > room {
		run = fmt.Sprintf("%x", sha256.Sum256([]byte(run)))
	}
	return run + "/replay/" + journal.FormatTime(backup) + "/" + e.Erasure
}

// amendReceipt states in the erasure's receipt that it was replayed.
func (r *replayer) amendReceipt(ctx context.Context, e *record.Entry, id string, env []byte) ([]byte, error) {
	a := receipt.NewAmendment(e.Mark.Receipt, receipt.Fact{
		AmendmentID: uuid.NewString(), Kind: receipt.ReplayedAfterRestore, At: r.now().UTC(), Operator: r.Run.Actor,
		Replay: &receipt.Replay{RunID: id, Backup: r.Since.UTC(), Receipt: receipt.EnvelopeDigest(env)},
	})
	signed, err := receipt.SignAmendment(ctx, a, r.signers...)
	if err != nil {
		return nil, fmt.Errorf("it is replayed, and the amendment isn't signed: replay again: %w", err)
	}
	return signed, nil
}

// replayLedger notes of each entry which erasure it replays. On two copies of a
// backup a replay has one entry: that of a copy which is given up ends with the other's.
type replayLedger struct {
	Ledger
	replayed *record.Entry
}

func (l replayLedger) Begin(ctx context.Context, h record.Header, subjects iter.Seq2[string, error]) error {
	h.Origin, h.Erasure = l.replayed.First(), l.replayed.Erasure
	return l.Ledger.Begin(ctx, h, subjects)
}

func (l replayLedger) Committed(ctx context.Context, run record.Run, m record.Mark) error {
	run.Erasure = l.replayed.Erasure
	return l.Ledger.Committed(ctx, run, m)
}

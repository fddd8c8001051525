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

// LedgerReader yields the erasures missing in a backup of the given time, in the order of their
// beginning. An error without an entry concerns an unreadable one; the next entries follow.
// ledger.Reader is one.
type LedgerReader interface {
	Entries(since time.Time) iter.Seq2[*record.Entry, error]
}

// ReplayOptions are the settings of Replay. Since and Ledger are needed.
type ReplayOptions struct {
	// Since is when the restored backup was begun, by a clock in agreement with the erasing machines'
	// clocks. In doubt give an earlier time: deletions already in the backup are skipped, and rows
	// overwritten and kept are overwritten again.
	Since time.Time
	// Ledger yields the entries. Those of other databases are skipped.
	Ledger LedgerReader
	// Database is the UUID of the database's journal, as in receipts (system.journal). Defaults to the
	// one in the restored copy's own journal; a backup older than the journal has none, and gets this
	// one. If a run has taken the restored database for a copy, give the original's UUID.
	Database string
	// Also are later journal UUIDs of the same database: it got a new one after a move without Adopt.
	Also []string
	// Except are UUIDs of copies, whose erasures don't concern this database. Defaults to none: an
	// entry of a copy of this database, or of this one after a move, is ErrOtherDatabase.
	Except []string
	// Policy is for building a plan if the original one doesn't fit the restored schema. Defaults to
	// none: such an entry is then ErrDrift.
	Policy *policy.Policy
	// Commitments returns the row commitments of a replay by its run ID, each with a key of its own,
	// and always the same one for the same ID. Defaults to none.
	Commitments func(runID string) (*Commitments, error)
	// Run are the settings of each run: Signers, Secret, Allow, Ledger and so on. Replay sets RunID,
	// Approved, Subjects, Request and Commitments. Give it the Ledger too: a backup taken between the
	// restore and the replay contains the same people again.
	Run Options
}

// ReplayOutcome is the outcome of one entry.
type ReplayOutcome string

// The outcomes.
const (
	ReplayDone    ReplayOutcome = "replayed"      // erased again
	ReplayNothing ReplayOutcome = "nothing to do" // no subject has a row
	ReplayFailed  ReplayOutcome = "failed"        // see Err
)

// Replayed is the result of one entry of the ledger.
type Replayed struct {
	RunID     string // of the erasure; empty for an unreadable entry
	Committed bool   // it had ended; otherwise some of it may never have been erased
	Outcome   ReplayOutcome
	Replay    string // the run ID of the replay; empty without one
	// Rebuilt says: the plan was built from the policy, since the original one doesn't fit the restored
	// schema.
	Rebuilt bool
	Receipt []byte // the replay's, signed
	// Amendment is a signed statement for the erasure's own receipt: it was replayed after a restore.
	// Nil if Receipt is, and for an erasure without a receipt.
	Amendment []byte
	Err       error // may come with a Receipt, for example a *LeftError
}

// Replay repeats, on a database restored from a backup, every erasure missing in the backup: those that
// ended after it, and those that began and may not have ended. It replays them in order, by their
// original plans or, if one doesn't fit, by a plan from the policy. Each has a run ID made from its
// own, the backup's time and its receipt's ID. Calling Replay again continues, and returns the receipts
// of finished replays.
//
// A failing entry doesn't stop the others. Replay returns all results, and the joined errors of those
// that failed. Nothing may use the copy before Replay has succeeded: its people were promised erasure.
func Replay(ctx context.Context, db dialect.DB, o ReplayOptions) (out []Replayed, err error) {
	defer func() { denial{db: db}.explain(ctx, &err) }()
	if o.Since.IsZero() || o.Ledger == nil {
		return nil, errors.New("a replay needs the moment of the backup, Since, and the Ledger")
	}
	defaults := o.Run.withDefaults(db.Engine())
	if len(defaults.Signers) == 0 {
		return nil, errors.New("no signer: a replay needs one for its receipts")
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
			err = fmt.Errorf("reading a ledger entry failed: %w", err)
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
	// seen are the erasures seen, by record.Header.Erasure: an erasure's entry is followed by those of
	// its replays, about the same subjects.
	seen map[string]bool
}

// isOurs reports whether an entry is of this database, or may be.
func (r *replayer) isOurs(e *record.Entry) bool {
	return e.Database == r.Database || slices.Contains(r.Also, e.Database) ||
		slices.Contains(e.Origins, r.Database) && !slices.Contains(r.Except, e.Database)
}

// identifyDatabase finds out which database was restored, and stores this identity in it.
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
		return fmt.Errorf("%w: its journal has another identity than the given one", ErrOtherDatabase)
	case found != nil:
		r.Database = cmp.Or(r.Database, found.ID)
		return j.UpdateMarks(ctx, found, id.Marks)
	case r.Database == "":
		return fmt.Errorf("%w: no journal, since the backup is older than the first run: give the identity in the receipts (system.journal)", ErrOtherDatabase)
	}
	if _, err := uuid.Parse(r.Database); err != nil {
		return fmt.Errorf("%w: the given identity isn't a UUID", ErrOtherDatabase)
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

// planFor is the entry's plan if it fits the schema, else one from the policy.
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
		return nil, false, fmt.Errorf("%w; or give the policy for a new plan", err)
	}
	p, err = plan.Build(ctx, r.db, r.Policy, plan.Scope(e.Scope))
	return p, true, err
}

// runEntry carries the plan out, under the first free ID. An ID is taken if its run has ended but
// subjects it deleted exist: for example, a table of the same backup was restored again by hand.
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

// reportRemains searches for rows that the erasure deletes, also after another replay: in an already
// ended run, rows may be back that its root doesn't show. It searches as of that run, since a hold may
// have ended meanwhile.
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
		if f.Outcome == OutcomeBroken {
			found = append(found, fmt.Errorf("%w: %s: %s: they were restored by themselves, delete them by hand", ErrRemains, v.TableName(f.Table), f.Reason))
		}
	}
	return errors.Join(found...)
}

// replayID combines the erasure and the backup, so that a replay can be continued. An erasure's run ID
// isn't unique if a restore has removed a run from the journal: its receipt's ID is. replayID has at
// most 200 characters.
func replayID(e *record.Entry, backup time.Time) string {
	const room = 200 - len("/replay/") - len(time.RFC3339Nano) - len("/00000000-0000-0000-0000-000000000000") - len("/100")
	run := e.First()
	if len(run) > room {
		run = fmt.Sprintf("%x", sha256.Sum256([]byte(run)))
	}
	return run + "/replay/" + journal.FormatTime(backup) + "/" + e.Erasure
}

// amendReceipt signs an amendment to the erasure's receipt: it was replayed.
func (r *replayer) amendReceipt(ctx context.Context, e *record.Entry, id string, env []byte) ([]byte, error) {
	a := receipt.NewAmendment(e.Mark.Receipt, receipt.Fact{
		AmendmentID: uuid.NewString(), Kind: receipt.ReplayedAfterRestore, At: r.now().UTC(), Operator: r.Run.Actor,
		Replay: &receipt.Replay{RunID: id, Backup: r.Since.UTC(), Receipt: receipt.EnvelopeDigest(env)},
	})
	signed, err := receipt.SignAmendment(ctx, a, r.signers...)
	if err != nil {
		return nil, fmt.Errorf("signing the amendment failed: the erasure is replayed, replay again: %w", err)
	}
	return signed, nil
}

// replayLedger adds to each entry the erasure it replays. On two copies of a backup a replay has one
// entry: the entry of an abandoned copy ends with the other's.
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

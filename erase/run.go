package erase

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/journal"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/internal/grace"
	"github.com/expungedb/expunge/plan"
	"github.com/google/uuid"
)

// Run carries a plan out and returns a Report with the signed receipt. It is the only function of the library that writes.
//
// Before anything is written Run refuses a plan that plan.Build doesn't make
// (plan.ErrInvalid) or whose digest isn't the approved one
// (ErrNotApproved), whose hazards aren't allowed (*HazardError), whose schema has changed (ErrDrift) or
// whose accesses the user lacks (*AccessError), and subjects that aren't there (ErrNoSuchSubject).
//
// Then batches of roots with their closures are overwritten and deleted in
// transactions of their own, in parallel. When ctx ends, the batches that were begun are
// finished, unless that takes longer than Options.Grace, and the context's error is returned; like after a crash, the same
// run ID continues where the run stopped. A run that is finished gives its
// receipt once more and does nothing, but for publishing it again. Another process with the same run ID is refused (ErrRunning).
//
// Rows that are left over, and checks that failed, are in the receipt, and Run returns a
// *LeftError beside the report. Keep the receipt whatever the error is. Errors never hold a value, a key or an identifier.
func Run(ctx context.Context, db dialect.DB, p *plan.Plan, o Options) (Report, error) {
	return run(ctx, db, p, o, nil)
}

func run(ctx context.Context, db dialect.DB, p *plan.Plan, o Options, point func(string)) (report Report, err error) {
	o = o.withDefaults(db.Engine())
	report.RunID = o.RunID
	if err := o.validate(p); err != nil {
		return report, err
	}
	defer func() { denial{db: db, plan: p}.explain(ctx, &err) }()
	e, err := newExecutor(ctx, db, p, o, point)
	if err != nil {
		return report, err
	}
	report.Receipt, err = e.beginOrContinue(ctx)
	report.Repeated = e.repeated
	return report, err
}

func newExecutor(ctx context.Context, db dialect.DB, p *plan.Plan, o Options, point func(string)) (*executor, error) {
	e := &executor{Options: o, db: db, plan: p, point: point, cancelled: func() bool { return ctx.Err() != nil }}
	e.journal = journal.Open(db, o.RunID, o.Now)
	e.sources.New = e.newSource
	if c := o.Commitments; c != nil {
		var err error
		if e.committer, err = receipt.NewCommitter(c.Key, o.RunID); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// beginOrContinue returns the receipt of the run, from wherever it was stopped.
func (e *executor) beginOrContinue(ctx context.Context) ([]byte, error) {
	if err := e.checkTarget(ctx); err != nil {
		return nil, err
	}
	if err := e.restoreLeftovers(ctx); err != nil {
		return nil, err
	}
	found, err := e.journal.Find(ctx)
	if err != nil {
		return nil, err
	}
	if env, err := e.storedReceipt(ctx, found); env != nil || err != nil {
		return env, err
	}
	var c subjectCounts
	if found == nil || found.State == journal.StateOpen {
		if c, err = e.preflight(ctx, found); err != nil {
			return nil, err
		}
		if found == nil { // else it was done before the first batch, and what is left of them goes on
			if err := e.refuseOddValues(ctx); err != nil {
				return nil, err
			}
		}
	}
	if err := e.startThrottles(ctx); err != nil {
		return nil, err
	}
	if err := journal.Make(ctx, e.db); err != nil {
		return nil, err
	}
	if err := e.checkJournalPrivileges(ctx); err != nil {
		return nil, err
	}
	release, err := e.claim(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	now := e.Now().UTC()
	row, err := e.journal.Acquire(ctx, journal.Run{
		ID: e.RunID, Holder: e.describeProcess(), Plan: e.plan.Digest(), ReceiptID: uuid.NewString(),
		Subjects: c.named, Actor: e.Actor, AsOf: now, Began: now, Commitment: e.keyCheck(), Marks: e.encodeMarks(ctx, &c.set),
	})
	if err != nil {
		return nil, err
	}
	if env, err := e.storedReceipt(ctx, row); env != nil || err != nil {
		return env, err
	}
	if found == nil && row.Epoch > 1 && e.plan.Scope == plan.ScopeSubjects { // another process has begun it meanwhile
		if err := errors.Join(e.checkCommitmentKey(row), e.checkSubjectsMatch(ctx, row, c)); err != nil {
			return nil, err
		}
	}
	if row.State == journal.StateSigned {
		return e.publishStored(ctx, row)
	}
	if err := e.openLedgerEntry(ctx, row); err != nil {
		return nil, err
	}
	return e.carryOut(ctx, row)
}

// newSource makes a source of randomness for one worker, seeded from the run's.
func (e *executor) newSource() any {
	e.mu.Lock()
	defer e.mu.Unlock()
	var seed [32]byte
	for i := 0; i < len(seed); i += 8 {
		binary.LittleEndian.PutUint64(seed[i:], e.Rand.Uint64())
	}
	return anonymise.NewSource(e.Secret, rand.NewChaCha8(seed))
}

// storedReceipt returns the receipt of a run that is closed.
func (e *executor) storedReceipt(ctx context.Context, row *journal.Run) ([]byte, error) {
	switch {
	case row == nil:
		return nil, nil
	case row.Plan != e.plan.Digest():
		return nil, fmt.Errorf("%w: its plan's digest is %s: give the run an ID of its own", ErrRunDiffers, row.Plan)
	case row.State != journal.StateClosed:
		return nil, nil
	}
	if err := e.checkStoredReceiptMatches(ctx, row); err != nil {
		return nil, err
	}
	envelope := []byte(row.Envelope)
	e.repeated = true
	return envelope, errors.Join(e.publishReceipt(ctx, envelope), e.closeLedgerEntry(ctx, row, row.Closed, envelope), leftErrorOf(envelope))
}

// preflight makes every check that can be made before something is written, and
// counts the subjects.
func (e *executor) preflight(ctx context.Context, found *journal.Run) (c subjectCounts, err error) {
	if found != nil {
		if err := e.checkCommitmentKey(found); err != nil {
			return c, err
		}
	}
	if err := e.watch.begin(ctx, e); err != nil {
		return c, err
	}
	if e.schema, err = e.db.Inspect(ctx); err != nil {
		return c, fmt.Errorf("reading the catalogue: %w", err)
	}
	if err := checkDrift(e.plan, e.schema); err != nil {
		return c, err
	}
	programs, err := e.compileRoots(ctx, e.Now())
	if err != nil {
		return c, err
	}
	if err := e.rehearseReceipt(ctx, programs); err != nil {
		return c, err
	}
	problems, err := e.db.Check(ctx, requiredAccess(e.plan))
	if err != nil {
		return c, fmt.Errorf("checking privileges: %w", err)
	}
	if len(problems) > 0 {
		return c, &AccessError{Problems: problems}
	}
	if e.plan.Scope != plan.ScopeSubjects {
		return c, nil
	}
	c, err = e.countSubjects(ctx, found != nil)
	switch {
	case err != nil:
		return c, err
	case found != nil:
		return c, e.checkSubjectsMatch(ctx, found, c)
	case c.present == 0 && !e.AbsentOK:
		return c, fmt.Errorf("%w: none of the %d given is in %s: where their rows are gone already, AbsentOK (--absent-ok) erases what refers to their keys by links", ErrNoSuchSubject, c.named, e.plan.TableName(e.plan.Subject.Table))
	}
	return c, nil
}

func (e *executor) compileRoots(ctx context.Context, asOf time.Time) ([]*compiledRoot, error) {
	if err := e.plan.CheckConditions(e.db); err != nil {
		return nil, err
	}
	var out []*compiledRoot
	for i := range e.plan.Roots {
		p, err := compileRoot(e.plan, i, e.schema, asOf, e.keyTracking())
		if err != nil {
			return nil, err
		}
		p.version = e.db.Engine().Version
		if e.plan.Scope == plan.ScopeSubjects {
			p.forms = e.storedForms
		}
		p.returner, _ = dialect.AsReturner(e.db)
		for _, t := range p.tables {
			for _, w := range t.writers {
				w.rekeyer, _ = dialect.AsRekeyer(e.db)
				if w.keyed && e.Secret.IsZero() && !e.counting {
					return nil, fmt.Errorf("table %s: %w, by Options.Secret or EXPUNGE_SECRET", e.plan.TableName(t.Name), anonymise.ErrNoSecret)
				}
			}
		}
		out = append(out, p)
	}
	return out, e.loadRetentionPeriods(ctx, out)
}

// requiredAccess lists what the plan does to each table.
func requiredAccess(p *plan.Plan) []dialect.Access {
	var out []dialect.Access
	at := map[dialect.Name]int{}
	entry := func(n dialect.Name) *dialect.Access {
		if _, ok := at[n]; !ok {
			at[n] = len(out)
			out = append(out, dialect.Access{Table: n})
		}
		return &out[at[n]]
	}
	for _, n := range p.Covers {
		entry(n)
	}
	for _, r := range p.Roots {
		for _, t := range r.Tables {
			if !t.Address {
				entry(t.Name).Key = t.Key
			}
		}
		for _, s := range r.Steps {
			a := entry(s.Table)
			a.Delete = a.Delete || s.Op == plan.Delete
			for _, as := range s.Set {
				a.Update = append(a.Update, as.Column)
			}
			if s.Detach != nil {
				a.Update = append(a.Update, s.Detach.Columns...)
			}
		}
	}
	return out
}

// carryOut does the work of a run that is this process's.
func (e *executor) carryOut(ctx context.Context, row *journal.Run) ([]byte, error) {
	programs, err := e.compileRoots(ctx, row.AsOf)
	if err != nil {
		return nil, err
	}
	entries, err := e.journal.Batches(ctx)
	if err != nil {
		return nil, err
	}
	if err := e.readDeleted(ctx, row, entries); err != nil {
		return nil, err
	}
	if err := e.loadHeldState(ctx, row, programs); err != nil {
		return nil, err
	}
	e.meter = progressMeter{began: e.Now(), total: e.expectedRoots(row, programs)}
	for _, d := range entries {
		e.meter.before += d.Roots
	}
	e.meter.done = e.meter.before
	kind := Began
	if row.Epoch > 1 {
		kind = Resumed
	}
	e.emitEvent(Event{Kind: kind})
	e.Log.Info("the run has begun", "run", e.RunID, "plan", row.Plan, "continued", row.Epoch > 1, "subjects", row.Subjects)
	for i, p := range programs {
		if err := e.runRoot(ctx, p, entriesOf(entries, i), row); err != nil {
			longer, cancel := grace.Extend(ctx, e.Grace)
			defer cancel()
			return nil, errors.Join(err, ignoreSuperseded(e.flushVerified(longer)))
		}
	}
	if err := e.flushVerified(ctx); err != nil {
		return nil, err
	}
	if err := e.checkIndexesRestored(ctx); err != nil {
		return nil, err
	}
	return e.finishRun(ctx, row, programs)
}

func ignoreSuperseded(err error) error {
	if errors.Is(err, ErrSuperseded) {
		return nil
	}
	return err
}

func entriesOf(entries []journal.Batch, root int) []journal.Batch {
	var out []journal.Batch
	for _, d := range entries {
		if d.Root == int64(root) {
			out = append(out, d)
		}
	}
	return out
}

// expectedRoots is how many roots the run is about, -1 where nothing tells.
func (e *executor) expectedRoots(row *journal.Run, programs []*compiledRoot) int64 {
	if e.plan.Scope == plan.ScopeSubjects {
		return row.Subjects
	}
	var sum int64
	for _, p := range programs {
		n := p.rootTable().schema.RowEstimate
		if n < 0 || p.root.Older != nil || p.root.Ended {
			return -1
		}
		sum += n
	}
	return sum
}

// runRoot carries out one root of the plan, from where the journal says it was left.
func (e *executor) runRoot(ctx context.Context, p *compiledRoot, done []journal.Batch, row *journal.Run) error {
	sizer := e.newSizer(p)
	skip := map[string]bool{}
	var roots int64
	seq := int64(1)
	for _, d := range done {
		roots += d.Roots
		seq = max(seq, d.Seq+1)
		for _, k := range d.Stayed {
			skip[k] = true
		}
	}
	items := e.rangeBatches(ctx, p, sizer, done)
	if p.root.Ended {
		items = e.heldItems(ctx, p, sizer, seq)
	}
	if e.plan.Scope == plan.ScopeSubjects {
		if roots >= row.Subjects {
			return nil // all were done; an identifier may meanwhile be somebody else's
		}
		if err := e.scanUnindexedLinks(ctx, p, len(done) > 0, row.Subjects-roots > int64(sizer.Size())); err != nil {
			return err
		}
		items = keyBatches(p, e.resolvedKeys(ctx, len(done) > 0), sizer, seq)
	}
	err := e.runWorkers(ctx, p.workers(e.Workers), e.suspendBeforeFirst(ctx, p, items), func(ctx context.Context, it *workItem) error {
		return e.runItem(ctx, it, sizer, skip)
	})
	return e.restoreIndexes(ctx, p, err)
}

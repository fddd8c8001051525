package erase

import (
	"context"
	"errors"
	"sync"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/closure"
	"github.com/expungedb/expunge/erase/internal/journal"
	"github.com/expungedb/expunge/internal/grace"
	"github.com/expungedb/expunge/plan"
)

// Run carries a plan out and returns a Report with the signed receipt. Data is erased only here:
// Replay calls Run.
//
// Before anything is written Run refuses a plan that plan.Build doesn't make (plan.ErrInvalid), one
// other than the approved one (ErrNotApproved), hazards not allowed (*HazardError), a changed schema
// (ErrDrift), missing access rights (*AccessError), and subjects without rows (ErrNoSuchSubject).
//
// Then it overwrites and deletes batches of roots with their closures in transactions of their own, in
// parallel. When ctx ends, batches in progress are finished, unless that takes longer than
// Options.Grace, and Run returns the context's error. As after a crash, the same run ID continues the
// run. For a finished run, Run returns its receipt again and does nothing else but publish it. A second
// process with the same run ID is refused (ErrRunning).
//
// The receipt lists rows left by mistake and failed checks; Run then also returns a *LeftError. Keep
// the receipt whatever the error is. Errors never contain a value, a key or an identifier.
func Run(ctx context.Context, db dialect.DB, p *plan.Plan, o Options) (Report, error) {
	return runAt(ctx, db, p, o, nil)
}

func runAt(ctx context.Context, db dialect.DB, p *plan.Plan, o Options, point func(string)) (report Report, err error) {
	order := newOrder(db, p, o)
	id := order.RunID
	if err := order.validate(p); err != nil {
		return Report{RunID: id}, err
	}
	defer func() { denial{db: db, plan: p}.explain(ctx, &err) }()
	s, err := newSession(ctx, order, point)
	if err != nil {
		return Report{RunID: id}, err
	}
	report, err = s.beginOrContinue(ctx)
	report.RunID = id
	return report, err
}

// run is a run carried out by this process: it writes.
type run struct {
	*acquired
	executor *batchExecutor
	roots    []*closure.Root
	before   []journal.Batch // committed by earlier processes
	deleted  journal.Deleted // subjects deleted in these
	watch    *schemaWatch
	gate     *throttleGate
	turns    turns
	sources  *sourcePool

	mu      sync.Mutex
	pending []*journal.Batch // committed and verified, but not marked so in the journal yet
}

func newRun(ctx context.Context, a *acquired, w *schemaWatch, gate *throttleGate) (*run, error) {
	e := &run{acquired: a, watch: w, gate: gate, sources: newSourcePool(&a.Options)}
	var err error
	if e.roots, err = a.compileRoots(ctx, a.row.AsOf, a.session.keyTracking()); err != nil {
		return nil, err
	}
	if e.before, err = a.session.journal.Batches(ctx); err != nil {
		return nil, err
	}
	if e.deleted, err = a.readDeleted(ctx, e.before); err != nil {
		return nil, err
	}
	held, err := a.loadHeldState(ctx, e.roots)
	if err != nil {
		return nil, err
	}
	e.executor = newBatchExecutor(a.reader, a.reporter, a.session.journal, held)
	return e, nil
}

// carryOut carries the run out from its last committed batch.
func (r *run) carryOut(ctx context.Context) ([]byte, error) {
	var done int64
	for _, b := range r.before {
		done += b.Roots
	}
	r.startMeter(done, r.expectedRoots())
	kind := EventBegan
	if r.row.Epoch > 1 {
		kind = EventResumed
	}
	r.emitEvent(Event{Kind: kind})
	r.Log.Info("the run has begun", "run", r.RunID, "plan", r.row.Plan, "continued", r.row.Epoch > 1, "subjects", r.row.Subjects)
	for _, p := range r.roots {
		if err := r.runRoot(ctx, p); err != nil {
			longer, cancel := grace.Extend(ctx, r.Grace)
			defer cancel()
			return nil, errors.Join(err, ignoreSuperseded(r.flushVerified(longer)))
		}
	}
	if err := r.flushVerified(ctx); err != nil {
		return nil, err
	}
	if err := r.checkIndexesRestored(ctx); err != nil {
		return nil, err
	}
	return r.finishRun(ctx)
}

func ignoreSuperseded(err error) error {
	if errors.Is(err, ErrSuperseded) {
		return nil
	}
	return err
}

func batchesOf(all []journal.Batch, root int) []journal.Batch {
	var out []journal.Batch
	for _, d := range all {
		if d.Root == int64(root) {
			out = append(out, d)
		}
	}
	return out
}

// expectedRoots is the run's number of roots, -1 if unknown.
func (r *run) expectedRoots() int64 {
	if r.plan.Scope == plan.ScopeSubjects {
		return r.row.Subjects
	}
	var sum int64
	for _, p := range r.roots {
		n := p.RootTable().Schema.RowEstimate
		if n < 0 || p.Plan.Older != nil || p.Plan.Ended {
			return -1
		}
		sum += n
	}
	return sum
}

// runRoot carries out one root of the plan, continuing from the journal.
func (r *run) runRoot(ctx context.Context, p *closure.Root) error {
	done := batchesOf(r.before, p.Index)
	sizer := r.newSizer(p)
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
	items := r.rangeBatches(ctx, p, sizer, done)
	if p.Plan.Ended {
		items = r.heldItems(ctx, p, sizer, seq)
	}
	if r.plan.Scope == plan.ScopeSubjects {
		if roots >= r.row.Subjects {
			return nil // all were done; an identifier may now belong to another person
		}
		if err := r.scanUnindexedLinks(ctx, p, len(done) > 0, r.row.Subjects-roots > int64(sizer.Size())); err != nil {
			return err
		}
		items = keyBatches(p, r.resolvedKeys(ctx, len(done) > 0), sizer, seq)
	}
	err := r.runWorkers(ctx, p.Workers(r.Workers), r.suspendBeforeFirst(ctx, p, items), func(ctx context.Context, it *workItem) error {
		return r.runItem(ctx, it, sizer, skip)
	})
	return r.restoreIndexes(ctx, p, err)
}

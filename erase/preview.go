package erase

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/closure"
	"github.com/expungedb/expunge/erase/internal/journal"
	"github.com/expungedb/expunge/erase/internal/tally"
	"github.com/expungedb/expunge/erase/internal/transaction"
	"github.com/expungedb/expunge/plan"
)

// Count is what one step of a plan would do.
type Count struct {
	Step  *plan.Step
	Rows  int64 // to be deleted, overwritten or detached
	Held  int64 // to be kept on purpose
	Whole bool  // counts all rows of the table, not those of given subjects
}

// Result is the result of Preview and Rehearse.
type Result struct {
	usual            string // the default schema
	Subjects, Absent int64  // of scope subjects
	Counts           []Count
	Kept             []Kept
	Ended            []Kept // rows kept from an erasure by a hold that has ended
	// Odd are values that the plan's strategies can't replace among the rows to overwrite, by table and
	// column: a run is refused with OddValuesError. Preview searches for them.
	Odd []OddValues
}

// Refusal is the error (*OddValuesError) with which a run would be refused; nil without one.
func (r *Result) Refusal() error {
	if len(r.Odd) == 0 {
		return nil
	}
	return &OddValuesError{Values: r.Odd, usual: r.usual}
}

// TableName is a table's name as in the plan's text.
func (r *Result) TableName(n dialect.Name) string { return shortName(n, r.usual) }

// Preview counts the rows that each step would handle as of now: those of the given subjects or, in
// scopes everything and expired, all. It writes nothing: it uses read-only transactions, takes no lock
// and creates no journal. Rows of several subjects count once for each subject handled separately. Rows
// written by triggers during a run aren't counted.
//
// Of the options it uses Subjects, Resolved, MaxRows and Now. Subjects without a row count as absent;
// if all are absent, the error is ErrNoSuchSubject.
func Preview(ctx context.Context, db dialect.DB, p *plan.Plan, o Options) (_ *Result, err error) {
	defer func() { denial{db: db, plan: p, reading: true}.explain(ctx, &err) }()
	e, roots, err := prepareReader(ctx, db, p, o)
	if err != nil {
		return nil, err
	}
	var sum tally.Tally
	r := &Result{usual: p.Default}
	scan := closure.NewOddScan(db)
	for _, root := range roots {
		if p.Scope == plan.ScopeEverything {
			if err := e.countTable(ctx, root, &sum); err != nil {
				return nil, err
			}
			if err := e.countOddRows(ctx, scan, scan.Writers(root)); err != nil {
				return nil, err
			}
			continue
		}
		found, err := e.forEachItem(ctx, root, r, func(it *workItem) (*closure.Result, error) { return e.gatherDry(ctx, it, scan) })
		if err != nil {
			return nil, err
		}
		sum.Add(found)
	}
	r.Odd = oddValues(scan)
	return r.fill(p, &sum), nil
}

// gatherDry counts what a batch would do, and writes nothing. With a scan it searches for odd values
// among the rows to overwrite.
func (r *reader) gatherDry(ctx context.Context, it *workItem, scan *closure.OddScan) (*closure.Result, error) {
	var d *closure.Result
	err := r.inReadTx(ctx, func(tx dialect.Reader) (err error) {
		g := closure.New(it.root, tx, dialect.NoLock)
		g.FollowsAbsent = r.plan.Scope == plan.ScopeSubjects
		if it.root.Plan.Ended {
			err = r.regatherHeld(ctx, g, it.keys, it.since, it.own)
		} else {
			err = g.CollectRows(ctx, it.rangeCond())
		}
		if err != nil {
			return err
		}
		d, err = g.CountSteps(ctx, scan, r.MaxRows)
		return err
	})
	return d, err
}

// Rehearse carries the plan out on the given subjects, or without any on the first rows of each table
// (sample of them), and rolls everything back. It thus tests check constraints, triggers, unique
// indexes and privileges. It takes a run's locks. It stops at the first failing batch and returns its
// error.
func Rehearse(ctx context.Context, db dialect.DB, p *plan.Plan, o Options) (_ *Result, err error) {
	defer func() { denial{db: db, plan: p}.explain(ctx, &err) }()
	e, roots, err := prepareReader(ctx, db, p, o)
	if err != nil {
		return nil, err
	}
	if err := e.requireSecret(roots); err != nil {
		return nil, err
	}
	executor := newBatchExecutor(e, newReporter(&e.Options, nil), journal.Open(db, e.RunID, e.Now), &heldState{})
	sample := cmp.Or(o.Sample, 20)
	var sum tally.Tally
	r := &Result{usual: p.Default}
	for _, root := range roots {
		once := func(it *workItem) (*closure.Result, error) {
			var d *closure.Result
			tx, err := db.Begin(ctx, dialect.TxOptions{LockTimeout: e.LockTimeout, Defer: root.Plan.Defer})
			if err != nil {
				return nil, err
			}
			it.size = wholeSize // all of it is rolled back
			if d, err = executor.executeBatch(ctx, tx, it, newSource(&e.Options), nil); err == nil {
				err = tx.CheckConstraints(ctx)
			}
			return d, errors.Join(err, transaction.IgnoreLost(tx.Rollback(ctx)))
		}
		if p.Scope == plan.ScopeSubjects && o.Subjects != nil {
			found, err := e.forEachItem(ctx, root, r, once)
			if err != nil {
				return nil, err
			}
			sum.Add(found)
			continue
		}
		it, err := e.sampleRoots(ctx, root, sample)
		if err != nil {
			return nil, err
		}
		if it == nil {
			continue
		}
		d, err := once(it)
		if err != nil {
			return nil, fmt.Errorf("rehearsing %s: %w", p.TableName(root.Plan.Table), err)
		}
		sum.Add(&d.Tally)
	}
	return r.fill(p, &sum), nil
}

// sampleRoots picks the first rows of a root's table; nil if there are none. For deletes of scope
// everything it picks rows without children: the children's steps are rehearsed separately.
func (r *reader) sampleRoots(ctx context.Context, p *closure.Root, n int) (*workItem, error) {
	if p.Plan.Whole {
		return &workItem{root: p, roots: tableRoots}, nil
	}
	if p.Plan.Ended {
		for it, err := range r.notedItems(ctx, p, n) {
			return it, err
		}
		return nil, nil
	}
	t := p.RootTable()
	where := p.Where()
	if r.plan.Scope == plan.ScopeEverything {
		where = append(where, p.Plan.Steps[0].Conditions()...)
	}
	if r.plan.Scope == plan.ScopeEverything && p.Plan.Steps[0].Op == plan.Delete {
		for _, child := range r.schema.Tables {
			for _, fk := range child.ForeignKeys {
				if fk.RefTable == t.Name {
					where = append(where, dialect.Not{Cond: dialect.Referenced{Table: child.Name, Columns: fk.Columns, RefColumns: fk.RefColumns}})
				}
			}
		}
	}
	it := &workItem{root: p, roots: listedRoots}
	err := r.inReadTx(ctx, func(tx dialect.Reader) error {
		for key, err := range tx.Query(ctx, dialect.Select{Table: t.Name, Columns: t.Key, Where: where, Order: t.Key, Limit: n}) {
			if err != nil {
				return err
			}
			it.keys = append(it.keys, key)
		}
		return nil
	})
	if err != nil || it.keys == nil {
		return nil, err
	}
	return it, nil
}

// prepareReader makes the reader of a plan, checks it against the schema, and compiles its roots.
func prepareReader(ctx context.Context, db dialect.DB, p *plan.Plan, o Options) (*reader, []*closure.Root, error) {
	order := newOrder(db, p, o)
	if p.Scope != plan.ScopeSubjects && o.Subjects != nil {
		return nil, nil, fmt.Errorf("%w: the plan's scope %s takes no subjects", ErrBadSubject, p.Scope)
	}
	e, err := order.inspect(ctx)
	if err != nil {
		return nil, nil, err
	}
	if err := e.checkDriftOrSuspended(ctx); err != nil {
		return nil, nil, err
	}
	if err := e.refuseHiddenRows(ctx); err != nil {
		return nil, nil, err
	}
	roots, err := e.compileRoots(ctx, e.Now(), closure.Untracked)
	return e, roots, err
}

// forEachItem calls do with the root's rows, some hundred at a time, and adds up the results.
func (r *reader) forEachItem(ctx context.Context, root *closure.Root, result *Result, do func(it *workItem) (*closure.Result, error)) (*tally.Tally, error) {
	items := r.subjectItems(ctx, root, result)
	switch {
	case root.Plan.Ended:
		items = r.notedItems(ctx, root, itemRoots)
	case r.plan.Scope == plan.ScopeExpired:
		items = r.expiredItems(ctx, root)
	}
	sum := &tally.Tally{}
	var roots int64
	for it, err := range items {
		if err != nil {
			return nil, err
		}
		d, err := do(it)
		if err != nil {
			return nil, err
		}
		sum.Add(&d.Tally)
		roots += d.Roots
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	if root.Plan.Ended || r.plan.Scope == plan.ScopeExpired {
		return sum, nil
	}
	if result.Absent = result.Subjects - roots; roots == 0 && !r.AbsentOK {
		return nil, fmt.Errorf("%w: none of the %d given is in %s", ErrNoSuchSubject, result.Subjects, r.plan.TableName(r.plan.Subject.Table))
	}
	return sum, nil
}

// itemRoots is the number of roots in an item without writes.
const itemRoots = 200

// expiredItems are ranges of the expired rows.
func (r *reader) expiredItems(ctx context.Context, root *closure.Root) iter.Seq2[*workItem, error] {
	return func(yield func(*workItem, error) bool) {
		end := r.findEnd(ctx, root)
		defer end.wait() //nolint:errcheck // next tells of it
		var low dialect.Key
		for {
			b := r.nextBound(ctx, root, low, end, itemRoots)
			if b.err != nil {
				yield(nil, b.err)
				return
			}
			if b.high == nil || !yield(&workItem{root: root, low: low, high: b.high}, nil) {
				return
			}
			low = b.high
		}
	}
}

// subjectItems are the given subjects; it counts them in the result.
func (r *reader) subjectItems(ctx context.Context, root *closure.Root, result *Result) iter.Seq2[*workItem, error] {
	return func(yield func(*workItem, error) bool) {
		if r.Subjects == nil {
			yield(nil, fmt.Errorf("%w: none given, but the plan's scope is subjects", ErrBadSubject))
			return
		}
		var unnamed int64
		for keys, err := range r.keyChunks(ctx, false, chunk, &unnamed, nil) {
			if err != nil {
				yield(nil, err)
				return
			}
			result.Subjects += int64(len(keys))
			for part := range slices.Chunk(keys, itemRoots) {
				if !yield(&workItem{root: root, roots: listedRoots, keys: part}, nil) {
					return
				}
			}
		}
	}
}

func (r *reader) countTable(ctx context.Context, root *closure.Root, sum *tally.Tally) error {
	return r.inReadTx(ctx, func(tx dialect.Reader) error {
		for i := range root.Plan.Steps {
			st := &root.Plan.Steps[i]
			n, err := tx.Count(ctx, st.Table, st.Conditions())
			if err != nil {
				return err
			}
			sum.Step(st.ID).Add(tally.Counts{Matched: n, Affected: n})
		}
		return nil
	})
}

func (r *Result) fill(p *plan.Plan, sum *tally.Tally) *Result {
	for i := range p.Roots {
		for j := range p.Roots[i].Steps {
			st := &p.Roots[i].Steps[j]
			c := sum.Step(st.ID)
			r.Counts = append(r.Counts, Count{Step: st, Rows: c.Affected, Held: c.Held, Whole: p.Scope == plan.ScopeEverything})
		}
	}
	r.Kept, r.Ended = keptRows(sum.Kept), keptRows(sum.Ended)
	return r
}

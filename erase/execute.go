package erase

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/closure"
	"github.com/expungedb/expunge/erase/internal/journal"
	"github.com/expungedb/expunge/internal/batch"
	"github.com/expungedb/expunge/plan"
)

// workItem is the work of one batch.
type workItem struct {
	root      *closure.Root
	seq, part int64
	roots     rootsOf
	keys      []dialect.Key   // of listedRoots
	since     time.Time       // of an ended root: when the keys were last processed
	own       map[string]bool // of an ended root: digests of the rows with a hold of their own then
	low, high dialect.Key     // of rangeRoots and gapRoots: (low, high]
	size      itemSize
	inTurn    bool         // another transaction held its rows: it waits for its turn
	contended bool         // another transaction changed its rows meanwhile: lock them first
	pace      func() error // waits for the throttles, before each transaction but the first
}

// rootsOf says which roots an item covers.
type rootsOf int

const (
	rangeRoots  rootsOf = iota // those of a range of the walk
	gapRoots                   // those of a range left by a killed process between others
	listedRoots                // the given ones
	tableRoots                 // all rows of the table, in one transaction
)

// itemSize is what is known about an item's number of rows.
type itemSize int

const (
	usualSize   itemSize = iota // no more than a transaction should lock, as far as known
	largeSize                   // more deletes than one transaction should lock
	drainedSize                 // deletes are split off until the rest fits: the roots aren't done
	wholeSize                   // one transaction takes all, however many
)

// runItem carries one item out, in as many transactions as its size requires.
func (r *run) runItem(ctx context.Context, it *workItem, sizer *batch.Sizer, skip map[string]bool) error {
	if it.roots == gapRoots {
		return r.fillGap(ctx, it, sizer, skip)
	}
	began := r.Now()
	size := len(it.keys)
	d, err := r.runTransaction(ctx, it, func(ctx context.Context, tx dialect.Tx, source *anonymise.Source) (*closure.Result, error) {
		return r.executor.executeBatch(ctx, tx, it, source, skip)
	})
	switch {
	case errors.Is(err, closure.ErrTooMany) && len(it.keys) > 1:
		it.size = largeSize
		sizer.Shrink()
		half := len(it.keys) / 2
		rest := *it
		it.keys, rest.keys = it.keys[:half], it.keys[half:]
		if err := r.runItem(ctx, it, sizer, skip); err != nil {
			return err
		}
		rest.part = it.part
		err := r.runItem(ctx, &rest, sizer, skip)
		it.part = rest.part
		return err
	case errors.Is(err, closure.ErrTooMany) && it.roots != listedRoots:
		return r.halveItem(ctx, it, sizer, skip)
	case errors.Is(err, closure.ErrTooMany):
		return r.splitOversized(ctx, it, skip)
	case err != nil:
		return err
	}
	if size == 0 {
		size = int(d.Roots)
	}
	sizer.Took(size, r.Now().Sub(began))
	return nil
}

// halveItem carries out a too large range as two.
func (r *run) halveItem(ctx context.Context, it *workItem, sizer *batch.Sizer, skip map[string]bool) error {
	var keys []dialect.Key
	err := batch.Retry(ctx, r.backoff(), isRetryable, func(int) error {
		keys = nil
		return r.inReadTx(ctx, func(tx dialect.Reader) error {
			for key, err := range tx.Query(ctx, it.selectKeys()) {
				if err != nil {
					return err
				}
				keys = append(keys, key)
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	if len(keys) < 2 {
		return r.splitOversized(ctx, it, skip)
	}
	sizer.Shrink()
	it.size = largeSize
	rest := *it
	it.high = keys[len(keys)/2-1]
	rest.low = it.high
	if err := r.runItem(ctx, it, sizer, skip); err != nil {
		return err
	}
	rest.part = it.part
	err = r.runItem(ctx, &rest, sizer, skip)
	it.part = rest.part
	return err
}

// runTransaction carries out one transaction of an item, with useful retries. When it returns, the
// transaction is committed, journaled as the item's next part, and verified.
func (r *run) runTransaction(ctx context.Context, it *workItem,
	do func(ctx context.Context, tx dialect.Tx, source *anonymise.Source) (*closure.Result, error),
) (*closure.Result, error) {
	if err := it.betweenBatches(); err != nil {
		return nil, err
	}
	source := r.sources.take()
	defer r.sources.give(source)
	var d *closure.Result
	var rec *journal.Batch
	began := r.Now()
	it.inTurn = it.inTurn || r.turns.needed()
	err := r.retryBatch(ctx, func(attempt int) (err error) {
		if attempt > 1 {
			r.Log.Debug("a batch is tried again", "run", r.RunID, "table", r.plan.TableName(it.root.Plan.Table), "attempt", attempt)
		}
		d, rec, err = r.tryTransaction(ctx, it, attempt, source, do)
		if err != nil && ctx.Err() == nil {
			err = r.explainBySchema(ctx, err)
		}
		it.contended = it.contended || errors.Is(err, closure.ErrMoved)
		r.turns.note(it, err)
		if err != nil && isRetryable(err) {
			r.emitEvent(Event{Kind: EventRetry, Root: it.root.Plan.Table, Class: dialect.ClassOf(err)})
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	r.failpoint("committed")
	r.countDone(d.Roots)
	r.emitEvent(Event{Kind: EventBatch, Root: it.root.Plan.Table, Rows: d.AffectedRows(), Took: r.Now().Sub(began)})
	it.part++
	return d, r.verifyCommitted(ctx, d, rec)
}

// retryBatch tries a transaction as often as the options say. Without Options.Attempts, conflicts with
// other transactions may delay the batch for longer.
func (r *run) retryBatch(ctx context.Context, do func(attempt int) error) error {
	began, tried := time.Now(), 0
	b := r.backoff()
	b.Attempts = math.MaxInt
	tryAgain := func(err error) bool {
		left := tried < r.Attempts || meetsOthers(err) && time.Since(began) < r.patience
		return left && isRetryable(err) && !r.session.cancelled()
	}
	return batch.Retry(ctx, b, tryAgain, func(attempt int) error {
		tried = attempt
		return do(attempt)
	})
}

// isRetryable reports whether to retry the whole transaction.
func isRetryable(err error) bool {
	switch {
	case errors.Is(err, closure.ErrMoved), errors.Is(err, errSchemaMoved):
		return true
	case errors.Is(err, errUnsettled), errors.Is(err, ErrDrift):
		return false
	}
	switch dialect.ClassOf(err) {
	case dialect.Retryable, dialect.LockTimeout, dialect.LostConnection,
		// A row referring to one of ours was inserted after our query.
		dialect.ForeignKeyViolation,
		// Two random values met in a unique index.
		dialect.UniqueViolation:
		return true
	}
	return false
}

// tryTransaction tries one transaction.
func (r *run) tryTransaction(ctx context.Context, it *workItem, attempt int, source *anonymise.Source,
	do func(ctx context.Context, tx dialect.Tx, source *anonymise.Source) (*closure.Result, error),
) (*closure.Result, *journal.Batch, error) {
	rec := &journal.Batch{Root: int64(it.root.Index), Seq: it.seq, Part: it.part, Retries: int64(attempt - 1), Began: r.Now()}
	if it.inTurn {
		r.turns.mine.Lock()
		defer r.turns.mine.Unlock()
	}
	tx, err := r.db.Begin(ctx, dialect.TxOptions{LockTimeout: r.LockTimeout, Defer: it.root.Plan.Defer})
	if err != nil {
		return nil, nil, beginError{err}
	}
	defer tx.Rollback(ctx) //nolint:errcheck // harmless after a commit, and of no consequence after an error
	if it.inTurn {
		if err := r.session.journal.TakeTurn(ctx, tx); err != nil {
			return nil, nil, err
		}
	}
	d, err := do(ctx, tx, source)
	if err != nil {
		return nil, nil, err
	}
	r.failpoint("acted")
	if it.root.Plan.Defer {
		if err := tx.CheckConstraints(ctx); err != nil {
			return nil, nil, err
		}
	}
	if err := r.watch.unchanged(ctx, tx, r.plan.Covers); err != nil {
		return nil, nil, err
	}
	if err := r.session.journal.CheckEpoch(ctx, tx); err != nil {
		return nil, nil, err
	}
	rec.Roots, rec.Tally, rec.Committed = d.Roots, d.Tally, r.Now()
	if it.root.KeepsBounds() && it.roots == rangeRoots && it.size != drainedSize {
		rec.Low, rec.High = encodeBound(it.low), encodeBound(it.high)
	} else {
		for _, k := range d.Stayed {
			rec.Stayed = append(rec.Stayed, dialect.EncodeKey(k))
		}
	}
	if r.plan.Scope == plan.ScopeSubjects {
		rec.Done = r.deleted.Encode(d.Gone)
	}
	if err := r.session.committer.addCommitment(d, rec); err != nil {
		return nil, nil, err
	}
	if err := r.session.journal.InsertBatch(ctx, tx, rec); err != nil {
		return nil, nil, err
	}
	r.failpoint("journaled")
	committing := time.Now()
	err = tx.Commit(ctx)
	if err == nil {
		r.gate.Committed(d.AffectedRows(), time.Since(committing))
	}
	if dialect.ClassOf(err) == dialect.LostConnection {
		committed, settleErr := r.resolveUnknownCommit(ctx, rec)
		switch {
		case settleErr != nil:
			return nil, nil, fmt.Errorf("%w, run again with the same run ID: %w", errUnsettled, settleErr)
		case committed:
			err = nil
		}
	}
	return d, rec, err
}

// errUnsettled ends a run that lost its connection during a commit and couldn't ask the journal: the
// next process finds out.
var errUnsettled = errors.New("whether a batch was committed is not known")

// resolveUnknownCommit asks the journal until it answers.
func (r *run) resolveUnknownCommit(ctx context.Context, rec *journal.Batch) (committed bool, err error) {
	err = batch.Retry(ctx, r.backoff(), isRetryable, func(int) (err error) {
		committed, err = r.session.journal.ResolveUnknownCommit(ctx, rec)
		return err
	})
	return committed, err
}

func encodeBound(k dialect.Key) string {
	if len(k) == 0 {
		return ""
	}
	return dialect.EncodeKey(k)
}

// rangeCond are the conditions for the item's roots.
func (it *workItem) rangeCond() []dialect.Cond {
	if it.roots == listedRoots {
		return []dialect.Cond{dialect.In{Columns: it.root.RootTable().Key, Keys: it.keys}}
	}
	var where []dialect.Cond
	if len(it.low) > 0 {
		where = append(where, dialect.After{Columns: it.root.RootTable().Key, Key: it.low})
	}
	if len(it.high) > 0 {
		where = append(where, dialect.UpTo{Columns: it.root.RootTable().Key, Key: it.high})
	}
	return where
}

package erase

import (
	"context"
	"sync/atomic"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/closure"
	"github.com/expungedb/expunge/erase/internal/journal"
	"github.com/expungedb/expunge/plan"
)

// batchExecutor executes batches, each in a transaction of its caller: Run commits it, and Rehearse
// rolls it back.
type batchExecutor struct {
	*reader
	*reporter
	journal *journal.Journal
	held    *heldState
}

func newBatchExecutor(r *reader, events *reporter, j *journal.Journal, held *heldState) *batchExecutor {
	return &batchExecutor{r, events, j, held}
}

// heldState is what a run knows about the journal's held rows. A rehearsal ignores these, unless it is
// about them.
type heldState struct {
	receiptID string      // of the run
	record    bool        // store what a hold keeps from being erased
	others    atomic.Bool // there are notes on rows that other roots' batches may find
}

// executeBatch gathers an item's rows and carries the steps out.
func (x *batchExecutor) executeBatch(ctx context.Context, tx dialect.Tx, it *workItem, source *anonymise.Source, skip map[string]bool) (*closure.Result, error) {
	p := it.root
	if p.IsRangeStep(x.plan.Scope) {
		step := closure.RangeStep{
			Root: p, Tx: tx, Roots: it.rangeCond(), Whole: it.roots == tableRoots, LockFirst: it.contended, Source: source, Chunk: x.MaxRows,
		}
		return step.CarryOut(ctx)
	}
	g := closure.New(p, tx, dialect.Exclusive)
	g.Skip, g.FollowsAbsent = skip, x.plan.Scope == plan.ScopeSubjects
	if len(p.Tables) > 1 && it.size != wholeSize && it.roots != tableRoots {
		g.Limits = closure.Limits{Rows: x.MaxRows, Leaves: x.maxSwept, LimitLeaves: it.size == largeSize}
		if p.Tracking != closure.Untracked {
			g.Leaves = x.MaxRows
		}
	}
	if p.Plan.Ended {
		return x.resumeHeld(ctx, tx, it, source, closure.Limits{Rows: g.Rows})
	}
	if err := g.CollectRows(ctx, it.rangeCond()); err != nil {
		return nil, err
	}
	x.failpoint("gathered")
	if !x.held.record {
		return g.RunSteps(ctx, tx, source, x.MaxRows)
	}
	heads, err := g.EntryPoints(ctx)
	if err != nil {
		return nil, err
	}
	d, err := g.RunSteps(ctx, tx, source, x.MaxRows)
	if err != nil {
		return nil, err
	}
	return d, x.noteHeld(ctx, tx, g, heads, d)
}

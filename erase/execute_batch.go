package erase

import (
	"context"
	"sync/atomic"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/journal"
	"github.com/expungedb/expunge/plan"
)

// batchExecutor executes batches, each in a transaction that its caller has begun: Run commits
// it, and Rehearse rolls it back.
type batchExecutor struct {
	*reader
	*reporter
	journal *journal.Journal
	held    *heldState
}

func newBatchExecutor(r *reader, events *reporter, j *journal.Journal, held *heldState) *batchExecutor {
	return &batchExecutor{r, events, j, held}
}

// heldState is what a run has to do with the journal's rows of what holds keep. A rehearsal has
// nothing to do with them, unless it is about those rows.
type heldState struct {
	receiptID string      // of the run
	record    bool        // what a hold keeps from being erased is stored
	others    atomic.Bool // rows are stored that other roots' batches may find
}

// executeBatch gathers an item's rows and carries the steps out.
func (e *batchExecutor) executeBatch(ctx context.Context, tx dialect.Tx, it *workItem, source *anonymise.Source, skip map[string]bool) (*batchResult, error) {
	p := it.prog
	if p.isRangeStep(e.plan.Scope) {
		step := rangeStep{
			compiledRoot: p, tx: tx, roots: it.rangeCond(p), whole: it.roots == tableRoots, lockFirst: it.contended, source: source, chunk: e.MaxRows,
		}
		return step.carryOut(ctx)
	}
	g := newClosure(p, tx, dialect.Exclusive)
	g.skip, g.followsAbsent = skip, e.plan.Scope == plan.ScopeSubjects
	if len(p.tables) > 1 && it.size != wholeSize && it.roots != tableRoots {
		g.limit, g.room, g.large = e.MaxRows, e.maxSwept, it.size == largeSize
		if p.tracking != untracked {
			g.room = e.MaxRows
		}
	}
	if p.root.Ended {
		return e.resumeHeld(ctx, tx, it, source, g.limit)
	}
	if err := g.collectRows(ctx, it.rangeCond(p)); err != nil {
		return nil, err
	}
	e.failpoint("gathered")
	if !e.held.record {
		return g.runSteps(ctx, source, e.MaxRows)
	}
	heads, err := g.entryPoints(ctx)
	if err != nil {
		return nil, err
	}
	d, err := g.runSteps(ctx, source, e.MaxRows)
	if err != nil {
		return nil, err
	}
	return d, e.noteHeld(ctx, g, heads, d)
}

package erase

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/journal"
	"github.com/expungedb/expunge/internal/batch"
)

// indexRestorer restores suspended indexes.
type indexRestorer struct {
	Options
	db   dialect.DB
	at   func(point string)
	done func(s *journal.Suspension) // is told of each restored index
}

func (s *session) newIndexRestorer() *indexRestorer {
	return &indexRestorer{Options: s.Options, db: s.db, at: s.failpoint, done: func(x *journal.Suspension) {
		s.emitEvent(Event{Kind: EventRestored, Root: x.Table, Index: x.Name})
		s.Log.Info("a suspended index is restored", "run", x.Run, "table", s.plan.TableName(x.Table), "index", x.Name)
	}}
}

// runsOf yields the suspensions of each run.
func runsOf(all []journal.Suspension) iter.Seq[[]journal.Suspension] {
	return chunksBy(all, func(a, b *journal.Suspension) bool { return a.Run == b.Run })
}

// chunksBy yields the longest sequences of alike neighbours.
func chunksBy(all []journal.Suspension, alike func(a, b *journal.Suspension) bool) iter.Seq[[]journal.Suspension] {
	return func(yield func([]journal.Suspension) bool) {
		for from := 0; from < len(all); {
			to := from + 1
			for to < len(all) && alike(&all[from], &all[to]) {
				to++
			}
			if !yield(all[from:to]) {
				return
			}
			from = to
		}
	}
}

// restoreRun restores what a dead run has left suspended, under its claim: if another process has the
// claim, the error is dialect.ErrClaimed.
func (p *indexRestorer) restoreRun(ctx context.Context, all []journal.Suspension) error {
	release, err := p.db.Claim(ctx, "run "+all[0].Run)
	if err != nil {
		return err
	}
	defer release() //nolint:errcheck // the engine gives the claim up with the session at the latest
	j := journal.Open(p.db, all[0].Run, p.Now)
	if err := batch.Retry(ctx, p.backoff(), isRetryableDDL, func(int) error { return j.Revoke(ctx) }); err != nil {
		return err
	}
	var failed error
	for ofTable := range chunksBy(all, func(a, b *journal.Suspension) bool { return a.Root == b.Root }) {
		failed = errors.Join(failed, p.restoreTable(ctx, ofTable))
	}
	return failed
}

// restoreTable restores the indexes of one table, all at once, since one pass over the rows may do. If
// this fails it restores each separately: one failure must not block the others.
func (p *indexRestorer) restoreTable(ctx context.Context, all []journal.Suspension) error {
	if len(all) == 0 {
		return nil
	}
	err := p.restoreIndexes(ctx, all)
	if err == nil || ctx.Err() != nil || len(all) == 1 || isRetryableDDL(err) {
		return err
	}
	var failed error
	for i := range all {
		failed = errors.Join(failed, p.restoreIndexes(ctx, all[i:i+1]))
	}
	return failed
}

func (p *indexRestorer) restoreIndexes(ctx context.Context, all []journal.Suspension) error {
	table := all[0].Table
	var indexes []dialect.SuspendedIndex
	for i := range all {
		indexes = append(indexes, all[i].SuspendedIndex)
	}
	p.at("restoring")
	err := batch.Retry(ctx, p.backoff(), isRetryableDDL, func(int) error { return p.db.Restore(ctx, table, indexes, p.LockTimeout) })
	if err != nil {
		return p.explainFailure(err, all)
	}
	p.at("restored")
	j := journal.Open(p.db, "", p.Now)
	for i := range all {
		if err := batch.Retry(ctx, p.backoff(), isRetryableDDL, func(int) error { return j.MarkRestored(ctx, &all[i], p.Now()) }); err != nil {
			return err
		}
		p.done(&all[i])
	}
	return nil
}

// explainFailure says which index isn't restored and what to do.
func (p *indexRestorer) explainFailure(err error, all []journal.Suspension) error {
	name := all[0].String()
	if e, ok := errors.AsType[*dialect.Error](err); ok {
		if i := slices.IndexFunc(all, func(s journal.Suspension) bool { return s.Name == e.Object }); i >= 0 {
			name = all[i].String()
		}
	}
	if dialect.ClassOf(err) == dialect.UniqueViolation {
		return fmt.Errorf("%w: %s can't be restored, since two rows have one value: change one of them, then run `expunge repair`: %w", ErrSuspended, name, err)
	}
	return fmt.Errorf("%w: %s isn't restored: run `expunge repair`, or the run again: %w", ErrSuspended, name, err)
}

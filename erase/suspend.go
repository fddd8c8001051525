package erase

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/closure"
	"github.com/expungedb/expunge/erase/internal/journal"
	"github.com/expungedb/expunge/internal/batch"
	"github.com/expungedb/expunge/plan"
)

// suspendBeforeFirst suspends the indexes offered by the plan and allowed by Options.Allow, before the
// first of a root's items is carried out. It only does so if there is a second item: a single batch is
// cheaper with the indexes than rebuilding them, and a root finished by an earlier process needs
// nothing.
func (r *run) suspendBeforeFirst(ctx context.Context, p *closure.Root, items iter.Seq2[*workItem, error]) iter.Seq2[*workItem, error] {
	var names []string
	for _, s := range p.Plan.Suspends {
		if r.plan.Allows(r.Allow, plan.Hazard{Name: s.Hazard, Table: p.Plan.Table}) {
			names = append(names, s.Index)
		}
	}
	if len(names) == 0 {
		return items
	}
	return func(yield func(*workItem, error) bool) {
		var first *workItem
		n := 0
		for it, err := range items {
			if err != nil {
				yield(nil, err)
				return
			}
			switch n++; n {
			case 1:
				first = it
				continue
			case 2:
				if err := r.suspendIndexes(ctx, p, names); err != nil {
					yield(nil, err)
					return
				}
				if !yield(first, nil) {
					return
				}
			}
			if !yield(it, nil) {
				return
			}
		}
		if n == 1 {
			yield(first, nil)
		}
	}
}

// suspendIndexes drops indexes of a root's table. It stores them in the journal first.
func (r *run) suspendIndexes(ctx context.Context, p *closure.Root, names []string) error {
	table := p.Plan.Table
	indexes, err := r.db.Definitions(ctx, table, names)
	if err != nil || len(indexes) == 0 {
		return err
	}
	all := make([]journal.Suspension, len(indexes))
	for i, ix := range indexes {
		all[i] = journal.Suspension{Run: r.RunID, Root: int64(p.Index), Table: table, SuspendedIndex: ix}
	}
	if err := batch.Retry(ctx, r.backoff(), isRetryableDDL, func(int) error { return r.session.journal.InsertSuspended(ctx, all) }); err != nil {
		return err
	}
	r.failpoint("suspending")
	if err := batch.Retry(ctx, r.backoff(), isRetryableDDL, func(int) error { return r.db.Suspend(ctx, table, indexes, r.LockTimeout) }); err != nil {
		return ownerNeeded(table, err)
	}
	r.failpoint("suspended")
	// Another process may have acquired the run meanwhile, and restored only what it found.
	if err := r.session.journal.CheckOwned(ctx); err != nil {
		if errors.Is(err, ErrSuperseded) {
			err = errors.Join(err, r.session.newIndexRestorer().restoreTable(context.WithoutCancel(ctx), all))
		}
		return err
	}
	for i := range all {
		r.emitEvent(Event{Kind: EventSuspended, Root: table, Index: all[i].Name})
	}
	r.Log.Info("indexes are suspended", "run", r.RunID, "table", r.plan.TableName(table), "indexes", len(all))
	return nil
}

// ownerNeeded is an *AccessError if the user may not suspend the table's indexes: no statement of
// Grants helps.
func ownerNeeded(table dialect.Name, err error) error {
	if dialect.ClassOf(err) != dialect.PermissionDenied {
		return err
	}
	return &AccessError{cause: err, Problems: []dialect.Problem{{
		Table: table, Reason: err.Error() + ": suspending indexes requires the table's owner: run as that user, or don't allow " + string(plan.SuspendsIndexes),
	}}}
}

// isRetryableDDL reports whether a later attempt may succeed. Unlike a batch, these statements meet no
// value that a retry would change.
func isRetryableDDL(err error) bool {
	switch dialect.ClassOf(err) {
	case dialect.Retryable, dialect.LockTimeout, dialect.LostConnection:
		return true
	}
	return false
}

// restoreIndexes restores what the run has suspended, also after an error. The context's end doesn't
// stop it: nothing may remain suspended.
func (r *run) restoreIndexes(ctx context.Context, p *closure.Root, ended error) error {
	if len(p.Plan.Suspends) == 0 || errors.Is(ended, ErrSuperseded) {
		return ended // the run's new holder restores them
	}
	ctx = context.WithoutCancel(ctx)
	var all []journal.Suspension
	if err := batch.Retry(ctx, r.backoff(), isRetryableDDL, func(int) (err error) {
		all, err = r.session.journal.Suspended(ctx)
		return err
	}); err != nil {
		return errors.Join(ended, err)
	}
	all = slices.DeleteFunc(all, func(s journal.Suspension) bool { return s.Run != r.RunID || s.Root != int64(p.Index) })
	return errors.Join(ended, r.session.newIndexRestorer().restoreTable(ctx, all))
}

// checkIndexesRestored refuses to end a run with a suspended index.
func (r *run) checkIndexesRestored(ctx context.Context) error {
	if !slices.ContainsFunc(r.plan.Roots, func(root plan.Root) bool { return len(root.Suspends) > 0 }) {
		return nil
	}
	all, err := r.session.journal.Suspended(ctx)
	if err != nil {
		return err
	}
	for i := range all {
		if all[i].Run == r.RunID {
			return fmt.Errorf("%w: %s: run `expunge repair`, then this run again with the same ID", ErrSuspended, &all[i])
		}
	}
	return nil
}

// checkDriftOrSuspended is checkDrift for callers that may not restore: if an index is suspended it
// says so, since the schema differs for that reason, too.
func (r *reader) checkDriftOrSuspended(ctx context.Context) error {
	changed := checkDrift(r.plan, r.schema)
	if changed == nil {
		return nil
	}
	all, err := journal.Read(r.db).LeftSuspended(ctx)
	if err != nil {
		return err
	}
	for i := range all {
		if slices.Contains(r.plan.Covers, all[i].Table) {
			return fmt.Errorf("%w: %s, by run %s: wait until that has ended, or run `expunge repair` if it died", ErrSuspended, &all[i], all[i].Run)
		}
	}
	return changed
}

// restoreLeftovers restores the indexes left suspended by dead runs, before anything else: without an
// index the schema differs. A table not covered by the plan may keep a suspended index if restoring
// fails; this is logged.
func (s *session) restoreLeftovers(ctx context.Context) error {
	all, err := s.journal.LeftSuspended(ctx)
	if err != nil || len(all) == 0 {
		return err
	}
	for ofRun := range runsOf(all) {
		err := s.newIndexRestorer().restoreRun(ctx, ofRun)
		if err == nil {
			continue
		}
		covered := slices.ContainsFunc(ofRun, func(x journal.Suspension) bool { return slices.Contains(s.plan.Covers, x.Table) })
		switch {
		case ctx.Err() != nil:
			return err
		case errors.Is(err, dialect.ErrClaimed) && ofRun[0].Run == s.RunID:
			return s.errRunningElsewhere(ctx)
		case !covered:
			s.Log.Warn("indexes of a table that the plan doesn't cover are suspended", "run", ofRun[0].Run, "table", s.plan.TableName(ofRun[0].Table), "error", err)
		case errors.Is(err, dialect.ErrClaimed):
			return fmt.Errorf("%w: %s, by run %s in another process: wait until it has ended", ErrSuspended, &ofRun[0], ofRun[0].Run)
		default:
			return err
		}
	}
	return nil
}

package closure

import (
	"context"
	"fmt"
	"slices"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/tally"
	"github.com/expungedb/expunge/plan"
)

// mostRounds bounds how often rows written by triggers are erased: that makes triggers write again.
const mostRounds = 10

// eraseWrittenByTriggers carries the steps out on rows written by triggers during
// the steps: an audit trigger copies the old values of each erased row
// into a log, and this may have been erased before. Each such row is counted
// once, by its step.
func (g *Closure) eraseWrittenByTriggers(ctx context.Context, d *Result, source *anonymise.Source, chunk int) error {
	if g.dry || !slices.ContainsFunc(g.Plan.Steps, func(s plan.Step) bool { return s.Again }) {
		return nil
	}
	for range mostRounds {
		g.forgetDeleted()
		g.earlier = map[dialect.Name]progress{}
		for _, s := range g.sets {
			g.earlier[s.Name] = progress{len(s.rows), len(s.flipped), true}
		}
		if err := g.followReferences(ctx); err != nil {
			return err
		}
		more, err := g.carryOutAgain(ctx, d, source, chunk)
		if err != nil || !more {
			return err
		}
	}
	return fmt.Errorf("table %s: triggers write new rows for each erased row: erase the written tables first, or disable the triggers", g.Plan.Table)
}

// forgetDeleted lets new rows be found with the key of a deleted one.
func (g *Closure) forgetDeleted() {
	for _, s := range g.sets {
		for _, r := range s.deletedRows() {
			if id := dialect.EncodeKey(r.key(s)); s.index[id] == r {
				delete(s.index, id)
			}
		}
	}
}

// followedFrom is how far the ways from one set to another were followed before: not at
// all where triggers may have written rows since, else as far as rows were known.
func (g *Closure) followedFrom(to, from *tableRows) progress {
	if g.earlier == nil || g.writtenByTriggers(to.Name) {
		return progress{}
	}
	return g.earlier[from.Name]
}

func (g *Closure) writtenByTriggers(t dialect.Name) bool {
	return slices.ContainsFunc(g.Plan.Steps, func(s plan.Step) bool { return s.Table == t && s.Again })
}

// carryOutAgain carries the steps out on the rows found since, and
// reports whether anything was changed.
func (g *Closure) carryOutAgain(ctx context.Context, d *Result, source *anonymise.Source, chunk int) (bool, error) {
	all := make([][]*row, len(g.sets))
	for i, s := range g.sets {
		all[i] = s.rows
	}
	show := func(fresh bool) { // has the sets hold the new rows only, or all of them
		for i, s := range g.sets {
			s.rows = all[i]
			if fresh {
				s.rows = all[i][g.earlier[s.Name].rows:]
			}
		}
	}
	defer show(false)
	show(true)
	if err := g.decideRows(ctx); err != nil {
		return false, err
	}
	more := false
	for i := range g.Plan.Steps {
		st := &g.Plan.Steps[i]
		s := g.rowsOf(st.Table)
		if st.Again && (st.Op == plan.Detach || s.DeleteByReference) { // none of its rows was fetched
			show(false)
			n, err := g.changeUnseen(ctx, st, s, d)
			if err != nil {
				return false, err
			}
			more = more || n > 0
			show(true)
			continue
		}
		if err := g.carryOutStep(ctx, st, d, source, chunk); err != nil {
			return false, err
		}
	}
	for _, s := range g.sets {
		more = more || len(s.rows) > 0
	}
	return more, nil
}

// changeUnseen detaches or deletes rows by their references, and counts them. The batch already has a
// check for them.
func (g *Closure) changeUnseen(ctx context.Context, st *plan.Step, s *tableRows, d *Result) (int64, error) {
	c := d.Step(st.ID)
	if st.Op == plan.Detach {
		before, proofs := c.Affected, len(d.Checks)
		err := g.detachRows(ctx, st, d, 0)
		d.Checks = d.Checks[:proofs]
		return c.Affected - before, err
	}
	var sum int64
	for i := range s.Reach {
		w := &s.Reach[i]
		from := g.rowsOf(w.From())
		where := g.referenceCond(w, from, g.referencedRows(from, from.rowsWhere(func(r *row) bool { return !g.holdCovers(from, r, w) })))
		if where == nil {
			continue
		}
		n, err := g.deleteLeaves(ctx, s, where, d)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	c.Add(tally.Counts{Matched: sum, Affected: sum})
	return sum, nil
}

package erase

import (
	"context"
	"slices"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan"
)

// head is a row that remains because of a hold, and to which no row leads that
// remains: what is held is found again from it. So it is with rows that are noted
// byCondition.
type head struct {
	*set
	*row
}

// heads finds them, before the steps change anything: the batch's roots from
// which a held row is reached by rows that remain, and rows that will have lost
// every way to a root. Nothing is asked where nothing is held.
func (g *gathering) heads(ctx context.Context) ([]head, error) {
	any := false
	for _, s := range g.sets {
		for _, r := range s.rows {
			r.waits = s.withheld(r)
			any = any || r.waits
		}
	}
	if !any {
		return nil, nil
	}
	if err := g.await(ctx); err != nil {
		return nil, err
	}
	var out []head
	for i, s := range g.sets {
		waiting := s.filter(func(r *row) bool { return r.waits && !r.goes() })
		if i > 0 && len(waiting) > 0 {
			if err := g.lead(ctx, s, waiting); err != nil {
				return nil, err
			}
		}
		for _, r := range waiting {
			if !r.led || s.byCondition(r) {
				out = append(out, head{s, r})
			}
		}
	}
	return out, nil
}

// withheld reports whether a hold keeps something of the row from being erased.
func (s *set) withheld(r *row) bool {
	switch {
	case !r.held || r.fate == plan.EraseKeep:
		return false
	case r.fate == plan.EraseDelete:
		return true
	case !r.own: // it is overwritten, whatever it was found from
		return false
	}
	for _, w := range s.writers {
		for _, a := range w.step.Set {
			if s.Hold.Keep == nil || slices.Contains(s.Hold.Keep, a.Column) {
				return true
			}
		}
	}
	return false
}

// byCondition reports whether the row is noted by itself wherever it is found
// from: one day its hold's condition doesn't hold any more, and nothing but the
// note tells that it did. That matters for rows which are overwritten and remain.
func (s *set) byCondition(r *row) bool {
	return r.own && s.Hold.Where != "" && (s.writes != "" || s.partly != "" && s.ended)
}

func waits(r *row) *bool { return &r.waits }
func led(r *row) *bool   { return &r.led }

// await marks what waits together with the held rows: the rows that remain
// because a held one refers to them, and those that lead to one.
func (g *gathering) await(ctx context.Context) error {
	waiting := func(r *row) bool { return r.waits }
	for changed := true; changed; {
		changed = false
		for _, s := range slices.Backward(g.sets) {
			var refs []plan.Reference
			for i := range s.Reach {
				if w := &s.Reach[i]; !w.Forwards {
					refs = append(refs, w.Reference)
					continue
				} else if more, err := g.owners(ctx, s, &w.Reference); err != nil {
					return err
				} else if more {
					changed = true
				}
			}
			for _, a := range s.Keeps {
				refs = append(refs, a.Reference)
			}
			for _, ref := range refs {
				more, err := g.keep(ctx, s, ref, waits, waiting)
				if err != nil {
					return err
				}
				changed = changed || more
			}
		}
	}
	return nil
}

// owners marks the owners of the rows of s that wait.
func (g *gathering) owners(ctx context.Context, s *set, ref *plan.Reference) (bool, error) {
	owners := g.set(ref.Table)
	rows := s.filter(func(r *row) bool { return r.waits && !r.goes() })
	if !slices.ContainsFunc(owners.rows, func(r *row) bool { return !r.waits }) {
		return false, nil
	}
	keys := g.tuples(s, rows, ref.RefColumns, ref.Table, ref.Columns)
	if len(keys) == 0 {
		return false, nil
	}
	return g.mark(ctx, owners, []dialect.Cond{dialect.In{Columns: ref.Columns, Keys: keys, RefTable: ref.RefTable, RefColumns: ref.RefColumns}}, waits)
}

// lead marks those of the waiting rows of s to which a row leads that remains,
// by a reference that remains.
func (g *gathering) lead(ctx context.Context, s *set, waiting []*row) error {
	for i := range s.Reach {
		w := &s.Reach[i]
		from := g.set(w.From())
		where := g.through(w, from, from.filter(func(r *row) bool { return !r.goes() }))
		rows := slices.DeleteFunc(slices.Clone(waiting), func(r *row) bool { return s.severs(r, w) })
		if where == nil || len(rows) == 0 {
			continue
		}
		where = append(where, dialect.In{Columns: s.Key, Keys: keysOf(s, rows)})
		if _, err := g.mark(ctx, s, where, led); err != nil {
			return err
		}
	}
	return nil
}

// severs reports whether the way to the row is lost in what is done to it.
func (s *set) severs(r *row, w *plan.Reach) bool {
	id := ""
	switch o := s.outcome(r); {
	case w.Forwards:
		return false
	case o == written:
		id = s.writes
	case o == partly, o == rest:
		id = s.partly
	}
	writer := s.writers[id]
	return writer != nil && slices.ContainsFunc(writer.step.Set, func(a plan.Assignment) bool { return slices.Contains(w.Columns, a.Column) })
}

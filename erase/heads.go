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
	for i := 0; i < len(g.sets); {
		group := g.group(i)
		more, err := g.headsOf(ctx, group)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
		i += len(group)
	}
	return out, nil
}

// headsOf finds the heads among tables that are collected together. Rows that
// lead to each other in a circle, or to themselves, are led by nothing that is
// found: one of the tables' rows are heads then.
func (g *gathering) headsOf(ctx context.Context, group []*set) ([]head, error) {
	var out []head
	begun := map[*row]bool{}
	begin := func(s *set, rows []*row) {
		for _, r := range rows {
			r.led, begun[r] = true, true
			out = append(out, head{s, r})
		}
	}
	rest := func(s *set) []*row { return s.filter(func(r *row) bool { return r.waits && !r.goes() && !r.led }) }
	if group[0] == g.sets[0] {
		begin(group[0], rest(group[0]))
	}
	for {
		for changed := true; changed; {
			changed = false
			for _, s := range group {
				more, err := g.lead(ctx, s, rest(s), func(r *row) bool { return r.led }, led)
				if err != nil {
					return nil, err
				}
				changed = changed || more && group[0].Cycle > 0
			}
		}
		first, before := (*set)(nil), len(out)
		for _, s := range group {
			if _, err := g.lead(ctx, s, rest(s), func(r *row) bool { return r.waits && !r.led }, beset); err != nil {
				return nil, err
			}
		}
		for _, s := range group {
			rows := rest(s)
			if first == nil && len(rows) > 0 {
				first = s
			}
			begin(s, slices.DeleteFunc(rows, func(r *row) bool { was := r.beset; r.beset = false; return was }))
		}
		if first == nil {
			break
		}
		if len(out) == before {
			begin(first, rest(first))
		}
	}
	for _, s := range group {
		begin(s, s.filter(func(r *row) bool { return r.waits && !r.goes() && s.byCondition(r) && !begun[r] }))
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
func beset(r *row) *bool { return &r.beset }

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

// lead marks those of the waiting rows of s to which a row leads that remains
// and counts, by a reference that remains, and reports whether there was a new one.
func (g *gathering) lead(ctx context.Context, s *set, waiting []*row, counts func(*row) bool, as flag) (bool, error) {
	changed := false
	for i := range s.Reach {
		w := &s.Reach[i]
		rows := slices.DeleteFunc(slices.Clone(waiting), func(r *row) bool { return s.severs(r, w) })
		if len(rows) == 0 {
			continue
		}
		from := g.set(w.From())
		where := g.through(w, from, from.filter(func(r *row) bool { return !r.goes() && counts(r) }))
		if where == nil {
			continue
		}
		more, err := g.mark(ctx, s, append(where, dialect.In{Columns: s.Key, Keys: keysOf(s, rows)}), as)
		if err != nil {
			return false, err
		}
		changed = changed || more
	}
	return changed, nil
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

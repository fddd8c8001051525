package closure

import (
	"context"
	"slices"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan"
	"github.com/expungedb/expunge/plan/policy"
)

// EntryPoint is a held row without a reference from another remaining row: scope
// expired starts from it. Rows noted byCondition are entry points, too.
type EntryPoint struct {
	Table    *Table
	Key      dialect.Key // of the row; incomplete where the table has none
	HeldSelf bool        // a hold of its own table applies to the row
}

// EntryPoints finds them before the steps change anything: the batch's roots with
// a path of remaining rows to a held row, and held rows about to lose
// every path from a root. Without a held row it queries nothing.
func (g *Closure) EntryPoints(ctx context.Context) ([]EntryPoint, error) {
	held := false
	for _, s := range g.sets {
		for _, r := range s.rows {
			if s.isWithheld(r) {
				r.search, held = awaitsHold, true
			}
		}
	}
	if !held {
		return nil, nil
	}
	if err := g.markAwaitingHold(ctx); err != nil {
		return nil, err
	}
	var out []EntryPoint
	for i := 0; i < len(g.sets); {
		group := g.cycleGroup(i)
		more, err := g.entryPointsOf(ctx, group)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
		i += len(group)
	}
	return out, nil
}

// entryPointsOf finds those of a group of tables. Rows in a cycle of references,
// or with a reference to themselves, are found from no other row:
// the rows of one of the tables are entry points then.
func (g *Closure) entryPointsOf(ctx context.Context, group []*tableRows) ([]EntryPoint, error) {
	e := &entrySearch{Closure: g, group: group, begun: map[*row]bool{}}
	if group[0] == g.sets[0] {
		e.begin(group[0], group[0].soughtRows())
	}
	for more := true; more; {
		if err := e.spreadReachable(ctx); err != nil {
			return nil, err
		}
		var err error
		if more, err = e.beginUnreferenced(ctx); err != nil {
			return nil, err
		}
	}
	for _, s := range group {
		e.begin(s, s.rowsWhere(func(r *row) bool {
			return r.search != notSearched && !r.isDeleted() && s.byCondition(r) && !e.begun[r]
		}))
	}
	return e.found, nil
}

// entrySearch searches the entry points of a group of tables.
type entrySearch struct {
	*Closure
	group []*tableRows
	found []EntryPoint
	begun map[*row]bool
}

// begin makes entry points of rows.
func (e *entrySearch) begin(s *tableRows, rows []*row) {
	for _, r := range rows {
		r.search, e.begun[r] = reachable, true
		e.found = append(e.found, EntryPoint{s.Table, r.key(s), r.isHeldSelf()})
	}
}

// soughtRows are the rows kept by a hold and not known to be found.
func (s *tableRows) soughtRows() []*row {
	return s.rowsWhere(func(r *row) bool { return r.isSought() && !r.isDeleted() })
}

// spreadReachable marks the rows referenced by reachable ones, until none is new.
func (e *entrySearch) spreadReachable(ctx context.Context) error {
	for changed := true; changed; {
		changed = false
		for _, s := range e.group {
			more, err := e.markReachable(ctx, s, s.soughtRows(), func(r *row) bool { return r.search == reachable }, markFound)
			if err != nil {
				return err
			}
			changed = changed || more && e.group[0].Cycle > 0
		}
	}
	return nil
}

// beginUnreferenced makes entry points of the sought rows without a reference from a sought row, or
// of one table's if each has one. It reports whether there were sought rows.
func (e *entrySearch) beginUnreferenced(ctx context.Context) (bool, error) {
	first, before := (*tableRows)(nil), len(e.found)
	for _, s := range e.group {
		if _, err := e.markReachable(ctx, s, s.soughtRows(), (*row).isSought, markMaybeFound); err != nil {
			return false, err
		}
	}
	for _, s := range e.group {
		rows := s.soughtRows()
		if first == nil && len(rows) > 0 {
			first = s
		}
		e.begin(s, slices.DeleteFunc(rows, (*row).forgetMaybe))
	}
	if first != nil && len(e.found) == before {
		e.begin(first, first.soughtRows())
	}
	return first != nil, nil
}

// isWithheld reports whether a hold keeps something of the row from being erased.
func (s *tableRows) isWithheld(r *row) bool {
	switch {
	case !r.isHeld() || r.decision == policy.EraseKeep:
		return false
	case r.decision == policy.EraseDelete:
		return true
	case !r.isHeldSelf(): // it is overwritten, from wherever it was found
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

// byCondition reports whether the row is noted by itself, from wherever it is found:
// one day its hold's condition is false, and only the
// note tells of it. This matters for overwritten rows, since they remain.
func (s *tableRows) byCondition(r *row) bool {
	return r.isHeldSelf() && s.Hold.Where != "" && (s.Writes != "" || s.partly != "" && s.ended)
}

// isSought reports whether a hold keeps the row, and it isn't known to be found.
func (r *row) isSought() bool { return r.search == awaitsHold || r.search == maybeReachable }

// forgetMaybe takes maybeReachable back, and reports whether the row had it.
func (r *row) forgetMaybe() bool {
	was := r.search == maybeReachable
	if was {
		r.search = awaitsHold
	}
	return was
}

var (
	markAwaiting   = rowMark{func(r *row) bool { return r.search != notSearched }, func(r *row) { r.search = awaitsHold }}
	markMaybeFound = rowMark{func(r *row) bool { return r.search >= maybeReachable }, func(r *row) { r.search = maybeReachable }}
	markFound      = rowMark{func(r *row) bool { return r.search == reachable }, func(r *row) { r.search = reachable }}
)

// markAwaitingHold marks the rows to be erased together with the held ones: rows
// referenced by a held row, and rows on the path to one.
func (g *Closure) markAwaitingHold(ctx context.Context) error {
	waiting := func(r *row) bool { return r.search != notSearched }
	for changed := true; changed; {
		changed = false
		for _, s := range slices.Backward(g.sets) {
			var refs []plan.Reference
			for i := range s.Reach {
				if w := &s.Reach[i]; !w.Forwards {
					refs = append(refs, w.Reference)
					continue
				} else if more, err := g.markOwners(ctx, s, &w.Reference); err != nil {
					return err
				} else if more {
					changed = true
				}
			}
			for _, a := range s.Keeps {
				refs = append(refs, a.Reference)
			}
			for _, ref := range refs {
				more, err := g.keepReferenced(ctx, s, ref, markAwaiting, waiting)
				if err != nil {
					return err
				}
				changed = changed || more
			}
		}
	}
	return nil
}

// markOwners marks the owners of the waiting rows of s.
func (g *Closure) markOwners(ctx context.Context, s *tableRows, ref *plan.Reference) (bool, error) {
	owners := g.rowsOf(ref.Table)
	rows := s.rowsWhere(func(r *row) bool { return r.search != notSearched && !r.isDeleted() })
	if !slices.ContainsFunc(owners.rows, func(r *row) bool { return r.search == notSearched }) {
		return false, nil
	}
	keys := g.referenceValues(s, rows, ref.RefColumns, ref.Table, ref.Columns)
	if len(keys) == 0 {
		return false, nil
	}
	return g.markRows(ctx, owners, []dialect.Cond{dialect.In{Columns: ref.Columns, Keys: keys, RefTable: ref.RefTable, RefColumns: ref.RefColumns}}, markAwaiting)
}

// markReachable marks the waiting rows of s with a remaining reference from a remaining
// row, as far as that counts, and reports whether one is new.
func (g *Closure) markReachable(ctx context.Context, s *tableRows, waiting []*row, counts func(*row) bool, as rowMark) (bool, error) {
	changed := false
	for i := range s.Reach {
		w := &s.Reach[i]
		rows := slices.DeleteFunc(slices.Clone(waiting), func(r *row) bool { return s.breaksReference(r, w) })
		if len(rows) == 0 {
			continue
		}
		from := g.rowsOf(w.From())
		where := g.referenceCond(w, from, from.rowsWhere(func(r *row) bool { return !r.isDeleted() && counts(r) }))
		if where == nil {
			continue
		}
		more, err := g.markRows(ctx, s, append(where, dialect.In{Columns: s.Key, Keys: keysOf(s, rows)}), as)
		if err != nil {
			return false, err
		}
		changed = changed || more
	}
	return changed, nil
}

// breaksReference reports whether the steps overwrite the reference to the row.
func (s *tableRows) breaksReference(r *row, w *plan.Reach) bool {
	id := ""
	switch o := s.outcomeOf(r); {
	case w.Forwards:
		return false
	case o == written:
		id = s.Writes
	case o == partly, o == rest:
		id = s.partly
	}
	writer := s.writers[id]
	return writer != nil && slices.ContainsFunc(writer.step.Set, func(a plan.Assignment) bool { return slices.Contains(w.Columns, a.Column) })
}

package erase

import (
	"context"
	"slices"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan"
)

// decide works out which of the rows that were to be deleted have to stay: rows
// of other subjects refer to them, an owner or a row that stays does.
func (g *gathering) decide(ctx context.Context) error {
	for _, s := range g.sets {
		if err := g.anchored(ctx, s); err != nil {
			return err
		}
		if err := g.sharing(ctx, s); err != nil {
			return err
		}
	}
	for changed := true; changed; {
		changed = false
		for i := len(g.sets) - 1; i >= 0; i-- {
			s := g.sets[i]
			for _, a := range s.Keeps {
				kept, err := g.keep(ctx, s, a.Reference, stays, func(r *row) bool { return !a.Held || r.held })
				if err != nil {
					return err
				}
				changed = changed || kept
			}
		}
		for _, s := range g.sets {
			for _, w := range s.Reach {
				if !w.Forwards {
					continue
				}
				owners := g.set(w.Table)
				kept, err := g.keep(ctx, owners, w.Reference, stays, func(r *row) bool { return !r.shared })
				if err != nil {
					return err
				}
				// What an owner that others share owns is theirs as well.
				theirs, err := g.keep(ctx, owners, w.Reference, shared, func(r *row) bool { return r.shared })
				if err != nil {
					return err
				}
				changed = changed || kept || theirs
			}
		}
	}
	return nil
}

// flag is one of the reasons for a row to stay.
type flag func(*row) *bool

func stays(r *row) *bool  { return &r.stays }
func shared(r *row) *bool { return &r.shared }

// goes reports whether the row will be deleted.
func (r *row) goes() bool {
	return r.fate == plan.EraseDelete && !r.held && !r.stays && !r.shared
}

// outcome is what a batch does to a row.
type outcome int

const (
	deleted outcome = iota
	written         // overwritten by the rules of its table
	partly          // overwritten but for the columns that a hold keeps
	kept            // left as it is because the policy says keep
	left            // left as it is for another reason
	rest            // overwritten in the columns that a hold had kept
	done            // left as it is because an earlier erasure has overwritten it
)

// outcome is what becomes of the row. What an earlier erasure has overwritten,
// of a row that an ended root goes through again, isn't overwritten twice.
func (s *set) outcome(r *row) outcome {
	now := s.decided(r)
	if r.before == nil || now != written && now != partly {
		return now
	}
	switch before := *r.before; {
	case now == partly || before == written:
		return done
	case before == partly:
		return rest
	}
	return now
}

// decided is what the policy and its holds say.
func (s *set) decided(r *row) outcome {
	switch {
	case r.goes():
		return deleted
	case r.fate == plan.EraseKeep:
		return kept
	case r.shared:
		return left // it is others' too
	case r.own && s.Hold.Keep != nil:
		return partly
	case r.own:
		return left
	case r.fate == plan.EraseOverwrite || !r.held:
		return written
	}
	return left // part of what a hold of another row covers
}

func (s *set) going() []*row { return s.with(deleted) }

func (s *set) with(o outcome) []*row {
	return s.filter(func(r *row) bool { return s.outcome(r) == o })
}

func (s *set) filter(is func(*row) bool) []*row {
	var out []*row
	for _, r := range s.rows {
		if is(r) {
			out = append(out, r)
		}
	}
	return out
}

// keep marks the rows that those of the staying rows of s that count refer to,
// and reports whether there was a new one.
func (g *gathering) keep(ctx context.Context, s *set, ref plan.Reference, as flag, counts func(*row) bool) (bool, error) {
	parents := g.set(ref.RefTable)
	if !slices.ContainsFunc(parents.rows, func(r *row) bool { return !*as(r) }) {
		return false, nil
	}
	place, conditional := s.where[ref.Where]
	rows := s.filter(func(r *row) bool {
		return !r.goes() && counts(r) && (!conditional || r.flags[place])
	})
	keys := g.tuples(s, rows, ref.Columns, ref.RefTable, ref.RefColumns)
	if len(keys) == 0 {
		return false, nil
	}
	return g.mark(ctx, parents, []dialect.Cond{dialect.In{Columns: ref.RefColumns, Keys: keys}}, as)
}

// anchored marks the rows of s to which rows of other subjects refer that keep
// their reference.
func (g *gathering) anchored(ctx context.Context, s *set) error {
	going := s.going()
	if len(s.AnchoredBy) == 0 || len(going) == 0 {
		return nil
	}
	_, err := g.mark(ctx, s, []dialect.Cond{
		dialect.In{Columns: s.Key, Keys: keysOf(s, going)},
		g.referredTo(s.AnchoredBy),
	}, stays)
	return err
}

// sharing marks the owned rows of s to which rows outside of the closure refer.
func (g *gathering) sharing(ctx context.Context, s *set) error {
	if len(s.SharedBy) == 0 || len(s.rows) == 0 {
		return nil
	}
	_, err := g.mark(ctx, s, []dialect.Cond{
		dialect.In{Columns: s.Key, Keys: keysOf(s, s.rows)},
		g.referredTo(s.SharedBy),
	}, shared)
	return err
}

// referredTo holds for rows that some row outside of the closure refers to.
func (g *gathering) referredTo(refs []plan.Reference) dialect.Cond {
	var any dialect.Any
	for _, ref := range refs {
		c := dialect.Referenced{Table: ref.Table, Columns: ref.Columns, RefColumns: ref.RefColumns, Where: ref.Where}
		if s := g.set(ref.Table); s != nil && len(s.rows) > 0 {
			c.Except = &dialect.In{Columns: s.Key, Keys: keysOf(s, s.rows)}
		}
		any = append(any, c)
	}
	return any
}

// mark sets a flag of the rows of s that meet the conditions, and reports
// whether one of them didn't have it.
func (g *gathering) mark(ctx context.Context, s *set, where []dialect.Cond, as flag) (bool, error) {
	changed := false
	for key, err := range g.tx.Query(ctx, dialect.Select{Table: s.Name, Columns: s.Key, Where: where}) {
		if err != nil {
			return false, err
		}
		if r := s.index[dialect.EncodeKey(key)]; r != nil && !*as(r) {
			*as(r), changed = true, true
		}
	}
	return changed, nil
}

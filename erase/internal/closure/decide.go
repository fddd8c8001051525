package closure

import (
	"context"
	"slices"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan"
	"github.com/expungedb/expunge/plan/policy"
)

// decideRows finds the rows to keep among those to be deleted: rows
// of other subjects refer to them, or an owner or another remaining row does.
func (g *Closure) decideRows(ctx context.Context) error {
	for _, s := range g.sets {
		if err := g.keepAnchored(ctx, s); err != nil {
			return err
		}
		if err := g.markShared(ctx, s); err != nil {
			return err
		}
	}
	for changed := true; changed; {
		referenced, err := g.keepAllReferenced(ctx)
		if err != nil {
			return err
		}
		owned, err := g.keepAllOwned(ctx)
		if err != nil {
			return err
		}
		changed = referenced || owned
	}
	return nil
}

// keepAllReferenced marks the rows referenced by remaining rows, and reports whether one is new.
func (g *Closure) keepAllReferenced(ctx context.Context) (bool, error) {
	changed := false
	for _, s := range slices.Backward(g.sets) {
		for _, a := range s.Keeps {
			kept, err := g.keepReferenced(ctx, s, a.Reference, markKept, func(r *row) bool { return !a.Held || r.isHeld() })
			if err != nil {
				return false, err
			}
			changed = changed || kept
		}
	}
	return changed, nil
}

// keepAllOwned marks the rows of remaining owners, and reports whether one is new.
func (g *Closure) keepAllOwned(ctx context.Context) (bool, error) {
	changed := false
	for _, s := range g.sets {
		for _, w := range s.Reach {
			if !w.Forwards {
				continue
			}
			owners := g.rowsOf(w.Table)
			kept, err := g.keepReferenced(ctx, owners, w.Reference, markKept, func(r *row) bool { return r.kept != keptShared })
			if err != nil {
				return false, err
			}
			// The rows of a shared owner are shared, too.
			theirs, err := g.keepReferenced(ctx, owners, w.Reference, markShared, func(r *row) bool { return r.kept == keptShared })
			if err != nil {
				return false, err
			}
			changed = changed || kept || theirs
		}
	}
	return changed, nil
}

// rowMark is a state to set on rows, until no row is new.
type rowMark struct {
	has func(*row) bool
	set func(*row)
}

var (
	markKept   = rowMark{func(r *row) bool { return r.kept != notKept }, func(r *row) { r.kept = keptByReference }}
	markShared = rowMark{func(r *row) bool { return r.kept == keptShared }, func(r *row) { r.kept = keptShared }}
)

// isDeleted reports whether the row will be deleted.
func (r *row) isDeleted() bool {
	return r.decision == policy.EraseDelete && !r.isHeld() && r.kept == notKept
}

// rowOutcome is what a batch does to a row.
type rowOutcome int

const (
	deleted rowOutcome = iota
	written            // overwritten by the rules of its table
	partly             // overwritten except the columns kept by a hold
	kept               // left as it is: the policy keeps it
	left               // left as it is for another reason
	rest               // overwritten in the columns formerly kept by a hold
	done               // left as it is: an earlier erasure has overwritten it
)

// outcomeOf is the outcome of the row. In an ended root, columns overwritten by
// an earlier erasure are not overwritten again.
func (s *tableRows) outcomeOf(r *row) rowOutcome {
	now := s.outcomeOfOthers(r)
	if r.earlier == nil || now != written && now != partly {
		return now
	}
	switch before := r.earlier.outcome; {
	case now == partly || before == written:
		return done
	case before == partly:
		return rest
	}
	return now
}

// outcomeOfOthers is the outcome by the policy and its holds.
func (s *tableRows) outcomeOfOthers(r *row) rowOutcome {
	switch {
	case r.isDeleted():
		return deleted
	case r.decision == policy.EraseKeep:
		return kept
	case r.kept == keptShared:
		return left // it is others' too
	case r.isHeldSelf() && s.Hold.Keep != nil:
		return partly
	case r.isHeldSelf():
		return left
	case r.decision == policy.EraseOverwrite || !r.isHeld():
		return written
	}
	return left // a hold of another row covers it
}

func (s *tableRows) deletedRows() []*row { return s.rowsWith(deleted) }

func (s *tableRows) rowsWith(o rowOutcome) []*row {
	return s.rowsWhere(func(r *row) bool { return s.outcomeOf(r) == o })
}

func (s *tableRows) rowsWhere(is func(*row) bool) []*row {
	var out []*row
	for _, r := range s.rows {
		if is(r) {
			out = append(out, r)
		}
	}
	return out
}

// keepReferenced marks the rows referenced by remaining rows of s, as far as these
// count, and reports whether one is new.
func (g *Closure) keepReferenced(ctx context.Context, s *tableRows, ref plan.Reference, as rowMark, counts func(*row) bool) (bool, error) {
	parents := g.rowsOf(ref.RefTable)
	if !slices.ContainsFunc(parents.rows, func(r *row) bool { return !as.has(r) }) {
		return false, nil
	}
	place, conditional := s.where[ref.Where]
	rows := s.rowsWhere(func(r *row) bool {
		return !r.isDeleted() && counts(r) && (!conditional || r.flags[place])
	})
	keys := g.referenceValues(s, rows, ref.Columns, ref.RefTable, ref.RefColumns)
	if len(keys) == 0 {
		return false, nil
	}
	return g.markRows(ctx, parents, []dialect.Cond{dialect.In{Columns: ref.RefColumns, Keys: keys}}, as)
}

// keepAnchored marks the rows of s referenced by rows of other subjects, if those keep
// their reference.
func (g *Closure) keepAnchored(ctx context.Context, s *tableRows) error {
	going := s.deletedRows()
	if len(s.AnchoredBy) == 0 || len(going) == 0 {
		return nil
	}
	_, err := g.markRows(ctx, s, []dialect.Cond{
		dialect.In{Columns: s.Key, Keys: keysOf(s, going)},
		g.referredTo(s.AnchoredBy),
	}, markKept)
	return err
}

// markShared marks the owned rows of s referenced from outside of the closure.
func (g *Closure) markShared(ctx context.Context, s *tableRows) error {
	if len(s.SharedBy) == 0 || len(s.rows) == 0 {
		return nil
	}
	_, err := g.markRows(ctx, s, []dialect.Cond{
		dialect.In{Columns: s.Key, Keys: keysOf(s, s.rows)},
		g.referredTo(s.SharedBy),
	}, markShared)
	return err
}

// referredTo is the condition for rows referenced from outside of the closure.
func (g *Closure) referredTo(refs []plan.Reference) dialect.Cond {
	var out dialect.Any
	for _, ref := range refs {
		c := dialect.Referenced{Table: ref.Table, Columns: ref.Columns, RefColumns: ref.RefColumns, Where: ref.Where}
		if s := g.rowsOf(ref.Table); s != nil && len(s.rows) > 0 {
			c.Except = &dialect.In{Columns: s.Key, Keys: keysOf(s, s.rows)}
		}
		out = append(out, c)
	}
	return out
}

// markRows marks the rows of s under the conditions, and reports
// whether one of them is new.
func (g *Closure) markRows(ctx context.Context, s *tableRows, where []dialect.Cond, as rowMark) (bool, error) {
	changed := false
	for key, err := range g.tx.Query(ctx, dialect.Select{Table: s.Name, Columns: s.Key, Where: where}) {
		if err != nil {
			return false, err
		}
		if r := s.index[dialect.EncodeKey(key)]; r != nil && !as.has(r) {
			as.set(r)
			changed = true
		}
	}
	return changed, nil
}

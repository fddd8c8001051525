package closure

import (
	"context"
	"iter"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/tally"
)

// CollectAgain gathers the closures of rows that were gone through before, together with what
// was done to each row then: as the holds were at that moment, for which the root is compiled too.
// heldThen says to which of the keys' rows a hold applied itself.
func (g *Closure) CollectAgain(ctx context.Context, then *Root, keys []dialect.Key, heldThen func(dialect.Key) bool) error {
	roots := []dialect.Cond{dialect.In{Columns: g.RootTable().Key, Keys: keys}}
	if err := g.CollectRows(ctx, roots); err != nil {
		return err
	}
	before := New(then, g.tx, dialect.NoLock)
	if err := before.CollectRows(ctx, roots); err != nil {
		return err
	}
	for i, s := range g.sets {
		for id, r := range s.index {
			if was := before.sets[i].index[id]; was != nil {
				r.earlier = &earlierErasure{
					outcome: before.sets[i].outcomeOf(was),
					// A row that was to be deleted is there since its hold's condition was met.
					holdEnded: !r.isHeldSelf() && (was.isHeldSelf() || s.Hold != nil && s.Hold.Where != "" && r.isDeleted()),
				}
			}
		}
	}
	g.markKnownHeld(g.sets[0], heldThen)
	return nil
}

// markKnownHeld marks the roots to which a hold applied whose condition no longer holds.
func (g *Closure) markKnownHeld(s *tableRows, heldThen func(dialect.Key) bool) {
	for _, r := range s.rows {
		if r.isHeldSelf() || r.earlier == nil || s.Hold == nil || s.Hold.Where == "" || !heldThen(r.key(s)) {
			continue
		}
		o := left
		if s.Hold.Keep != nil {
			o = partly
		}
		r.earlier = &earlierErasure{outcome: o, holdEnded: true}
	}
}

// CountVanished counts the noted rows that are not in the database any more.
func (g *Closure) CountVanished(d *Result, given int) {
	gone := int64(given - len(g.sets[0].rows))
	if id := RootStep(g.Plan); id != "" && gone > 0 {
		d.Step(id).Add(tally.Counts{Matched: gone, AlreadyGone: gone})
	}
}

// RootKeys are the keys of the roots that were found.
func (g *Closure) RootKeys() []dialect.Key { return keysOf(g.sets[0], g.sets[0].rows) }

// DeletedKeys gives the keys of the rows that will be deleted, by their tables.
func (g *Closure) DeletedKeys() iter.Seq2[*Table, []dialect.Key] {
	return func(yield func(*Table, []dialect.Key) bool) {
		for _, s := range g.sets {
			if !yield(s.Table, keysOf(s, s.deletedRows())) {
				return
			}
		}
	}
}

// CountDue counts, by table, the rows of ended roots to which something is left to be done that a hold
// may have kept then. Whether a hold's condition was met then by a row that is
// overwritten, only the journal says: heldThen does, of the roots.
func (g *Closure) CountDue(due map[dialect.Name]int64, heldThen func(dialect.Key) bool) {
	for _, s := range g.sets {
		for _, r := range s.rows {
			if r.earlier == nil || r.earlier.outcome == deleted {
				continue
			}
			switch s.outcomeOf(r) {
			case deleted:
				due[s.Name]++
			case written, rest:
				if s.Hold == nil || s.Hold.Where == "" || s == g.sets[0] && heldThen(r.key(s)) {
					due[s.Name]++
				}
			}
		}
	}
}

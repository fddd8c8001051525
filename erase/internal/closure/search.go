package closure

import (
	"context"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/tally"
	"github.com/expungedb/expunge/plan"
)

// Search is what is found from given subjects, for a verification. It has conditions
// for the rows that were not fetched.
type Search struct {
	HasDeleted bool // a given subject isn't in the database
	Unseen     []UnseenLeaves
	Detached   []DetachedRows
	Linked     []LinkedRows
	Tables     []FoundRows
}

// UnseenLeaves are leaves that are deleted without their keys being known.
type UnseenLeaves struct {
	Table dialect.Name
	Held  bool // a hold covers them
	Where []dialect.Cond
}

// DetachedRows are rows whose reference is set NULL.
type DetachedRows struct {
	Reference *plan.Reference
	Where     []dialect.Cond
}

// LinkedRows are rows that refer to deleted subjects by a link.
type LinkedRows struct {
	Reach *plan.Reach
	Where []dialect.Cond
}

// FoundRows are the rows of a table that are in the database.
type FoundRows struct {
	*Table
	Deleted, Overwritten int64                  // that should be
	Remaining            map[tally.Reason]int64 // that remain as they are, on purpose
}

// Search gathers what is reached from the given subjects. One that isn't in the database is known by its key.
func (p *Root) Search(ctx context.Context, tx dialect.Reader, keys []dialect.Key) (*Search, error) {
	g := New(p, tx, dialect.NoLock)
	if err := g.collectRoots(ctx, []dialect.Cond{dialect.In{Columns: p.RootTable().Key, Keys: keys}}); err != nil {
		return nil, err
	}
	first := g.sets[0]
	there := len(first.rows)
	if err := g.addDeletedRoots(ctx, keys); err != nil {
		return nil, err
	}
	if err := g.collectReached(ctx); err != nil {
		return nil, err
	}
	found := &Search{
		HasDeleted: len(first.rows) > there,
		Unseen:     g.unseenLeaves(), Detached: g.detachedRows(), Linked: g.linkedRows(first.rows[there:]),
	}
	first.rows = first.rows[:there]
	for _, s := range g.sets {
		found.Tables = append(found.Tables, s.countFound())
	}
	return found, nil
}

func (s *tableRows) countFound() FoundRows {
	out := FoundRows{
		Table: s.Table, Deleted: int64(len(s.deletedRows())), Overwritten: int64(len(s.rowsWith(written)) + len(s.rowsWith(partly))),
		Remaining: map[tally.Reason]int64{},
	}
	for _, r := range s.rows {
		if o := s.outcomeOf(r); o == kept || o == left {
			out.Remaining[r.keptFor()]++
		}
	}
	return out
}

func (g *Closure) unseenLeaves() []UnseenLeaves {
	var out []UnseenLeaves
	for _, s := range g.sets {
		if !s.DeleteByReference {
			continue
		}
		for i := range s.Reach {
			w := &s.Reach[i]
			from := g.rowsOf(w.From())
			for _, held := range []bool{false, true} {
				where := g.referenceCond(w, from, from.rowsWhere(func(r *row) bool { return g.holdCovers(from, r, w) == held }))
				if where != nil {
					out = append(out, UnseenLeaves{s.Name, held, where})
				}
			}
		}
	}
	return out
}

func (g *Closure) detachedRows() []DetachedRows {
	var out []DetachedRows
	for _, ref := range g.DetachedReferences() {
		if where := g.referringTo(ref, g.rowsOf(ref.RefTable).rows); where != nil {
			out = append(out, DetachedRows{ref, where})
		}
	}
	return out
}

func (g *Closure) linkedRows(subjects []*row) []LinkedRows {
	var out []LinkedRows
	for _, s := range g.sets[1:] {
		for i := range s.Reach {
			w := &s.Reach[i]
			if !w.Link || w.Forwards || w.From() != g.RootTable().Name {
				continue
			}
			if where := g.referenceCond(w, g.sets[0], subjects); where != nil {
				out = append(out, LinkedRows{w, where})
			}
		}
	}
	return out
}

// addDeletedRoots adds a row for each of the given roots that isn't in the database. It
// holds nothing but the key, by which links lead on.
func (g *Closure) addDeletedRoots(ctx context.Context, keys []dialect.Key) error {
	s := g.sets[0]
	found := map[string]bool{}
	var absent []dialect.Key
	for _, k := range keys {
		if id := dialect.EncodeKey(k); s.index[id] != nil {
			found[id] = true
		} else {
			absent = append(absent, k)
		}
	}
	asWritten := len(found) == len(s.rows) // no row has its key in another form than the given one
	for _, k := range absent {
		if !asWritten {
			n, err := g.tx.Count(ctx, s.Name, []dialect.Cond{dialect.In{Columns: s.Key, Keys: []dialect.Key{k}}})
			if err != nil {
				return err
			}
			if n > 0 {
				continue
			}
		}
		for _, form := range g.AbsentForms(k) {
			r := &row{values: make(dialect.Row, len(s.columns)), flags: make([]bool, len(s.flags)), decision: s.Erase}
			copy(r.values, form)
			s.rows = append(s.rows, r)
		}
	}
	return nil
}

// DetachedReferences are the references to rows of the closure that the plan sets NULL.
func (p *Root) DetachedReferences() []*plan.Reference {
	var out []*plan.Reference
	for i := range p.Plan.Steps {
		if st := &p.Plan.Steps[i]; st.Op == plan.Detach && st.Rows == plan.Reached {
			out = append(out, st.Detach)
		}
	}
	return out
}

// OverwrittenColumns are the columns that some step overwrites.
func (t *Table) OverwrittenColumns() map[string]bool {
	out := map[string]bool{}
	for _, w := range t.writers {
		for _, a := range w.step.Set {
			out[a.Column] = true
		}
	}
	return out
}

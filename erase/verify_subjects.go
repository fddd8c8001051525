package erase

import (
	"context"
	"strings"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/tally"
	"github.com/expungedb/expunge/plan"
)

// subjectSearch looks for the subjects of a receipt, and for what is reached from them.
type subjectSearch struct {
	*verifier
	*compiledRoot
	stays    map[dialect.Name]map[tally.Reason]int64 // rows that are there on purpose
	linked   map[*plan.Reach]int64                   // of them, those that a link from a deleted subject leads to
	gone     bool                                    // a given subject isn't in the database
	nameless bool                                    // so is one of which the key isn't known
}

// verifySubjects looks for the given subjects and for what refers to them.
func (v *verifier) verifySubjects(ctx context.Context, p *compiledRoot) error {
	if v.Subjects == nil {
		v.addFinding(p.rootTable().Name, CannotTell, 0, "no subject was given to look for")
		return nil
	}
	p.forms = v.storedForms
	s := &subjectSearch{verifier: v, compiledRoot: p, stays: map[dialect.Name]map[tally.Reason]int64{}, linked: map[*plan.Reach]int64{}}
	var unnamed int64
	for keys, err := range v.keyChunks(ctx, true, chunk, &unnamed, nil) {
		if err != nil {
			return err
		}
		if err := s.searchKeys(ctx, keys); err != nil {
			return err
		}
	}
	if s.nameless = unnamed > 0; s.nameless {
		v.addFinding(p.rootTable().Name, CannotTell, 0, "%s named by an identifier that no row has: name them by their keys to search what is linked to them", countOf(unnamed, "subject"))
	}
	if err := s.findOrphans(ctx); err != nil {
		return err
	}
	if err := s.findUnowned(ctx); err != nil {
		return err
	}
	s.explainOutcomes()
	return nil
}

// searchKeys looks at what is reached from the given subjects: nothing of it may be a
// row that was to be deleted. One that isn't in the database is searched by its key.
func (v *subjectSearch) searchKeys(ctx context.Context, keys []dialect.Key) error {
	return v.inReadTx(ctx, func(tx dialect.Tx) error {
		g := newClosure(v.compiledRoot, tx, dialect.NoLock)
		if err := g.collectRoots(ctx, []dialect.Cond{dialect.In{Columns: v.rootTable().Key, Keys: keys}}); err != nil {
			return err
		}
		there := len(g.sets[0].rows)
		if err := g.addDeletedRoots(ctx, keys); err != nil {
			return err
		}
		v.gone = v.gone || len(g.sets[0].rows) > there
		if err := g.collectReached(ctx); err != nil {
			return err
		}
		if err := v.searchUnseen(ctx, tx, g); err != nil {
			return err
		}
		if err := v.searchDetached(ctx, tx, g); err != nil {
			return err
		}
		if err := v.countLinked(ctx, tx, g, g.sets[0].rows[there:]); err != nil {
			return err
		}
		g.sets[0].rows = g.sets[0].rows[:there]
		for _, s := range g.sets {
			if err := v.searchRows(ctx, tx, s); err != nil {
				return err
			}
		}
		return nil
	})
}

// searchRows says what is found of the rows of one table.
func (v *subjectSearch) searchRows(ctx context.Context, tx dialect.Tx, s *tableRows) error {
	if n := int64(len(s.deletedRows())); n > 0 {
		v.addFinding(s.Name, Broken, n, "%s that should be gone", rowsOf(n))
	}
	for _, r := range s.rows {
		if o := s.outcomeOf(r); o == kept || o == left {
			v.noteStaying(s.Name, r.keptFor(), 1)
		}
	}
	n := int64(len(s.rowsWith(written)) + len(s.rowsWith(partly)))
	if n == 0 || v.rowsOnly {
		return nil
	}
	return v.compareValues(ctx, tx, s.Name, s.overwrittenColumns(), n)
}

// addDeletedRoots adds a row for each of the given roots that isn't in the database. It
// holds nothing but the key, by which links lead on.
func (g *closure) addDeletedRoots(ctx context.Context, keys []dialect.Key) error {
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
		for _, form := range g.absentForms(k) {
			r := &row{values: make(dialect.Row, len(s.columns)), flags: make([]bool, len(s.flags)), decision: s.Erase}
			copy(r.values, form)
			s.rows = append(s.rows, r)
		}
	}
	return nil
}

// noteStaying notes rows that are there on purpose.
func (v *subjectSearch) noteStaying(t dialect.Name, why tally.Reason, rows int64) {
	if v.stays[t] == nil {
		v.stays[t] = map[tally.Reason]int64{}
	}
	v.stays[t][why] += rows
}

// searchUnseen looks for leaves that are deleted without their keys being known.
func (v *subjectSearch) searchUnseen(ctx context.Context, tx dialect.Tx, g *closure) error {
	for _, s := range g.sets {
		for i := range s.Reach {
			w := &s.Reach[i]
			from := g.rowsOf(w.From())
			if !s.Unseen {
				continue
			}
			for _, held := range []bool{false, true} {
				where := g.referenceCond(w, from, from.rowsWhere(func(r *row) bool { return g.holdCovers(from, r, w) == held }))
				if where == nil {
					continue
				}
				n, err := tx.Count(ctx, s.Name, where)
				switch {
				case err != nil:
					return err
				case n == 0:
				case held:
					v.noteStaying(s.Name, tally.WithHeld, n)
				default:
					v.addFinding(s.Name, Broken, n, "%s that should be gone", rowsOf(n))
				}
			}
		}
	}
	return nil
}

// searchDetached looks for references that were to be set NULL.
func (v *subjectSearch) searchDetached(ctx context.Context, tx dialect.Tx, g *closure) error {
	for _, ref := range v.cutReferences() {
		where := g.referringTo(ref, g.rowsOf(ref.RefTable).rows)
		if where == nil || v.rowsOnly {
			continue
		}
		n, err := tx.Count(ctx, ref.Table, where)
		if err != nil {
			return err
		}
		if n > 0 {
			v.addFinding(ref.Table, Broken, n, "%s whose reference by (%s) to %s should be NULL", rowsOf(n), strings.Join(ref.Columns, ", "), v.tableName(ref.RefTable))
		}
	}
	return nil
}

// cutReferences are the references to rows of the closure that the plan sets NULL.
func (p *compiledRoot) cutReferences() []*plan.Reference {
	var out []*plan.Reference
	for i := range p.root.Steps {
		if st := &p.root.Steps[i]; st.Op == plan.Detach && st.Rows == plan.Reached {
			out = append(out, st.Detach)
		}
	}
	return out
}

// countLinked counts the rows that links from deleted subjects lead to.
func (v *subjectSearch) countLinked(ctx context.Context, tx dialect.Tx, g *closure, deleted []*row) error {
	for _, s := range g.sets[1:] {
		for i := range s.Reach {
			w := &s.Reach[i]
			if !w.Link || w.Forwards || w.From() != v.rootTable().Name {
				continue
			}
			where := g.referenceCond(w, g.sets[0], deleted)
			if where == nil {
				continue
			}
			n, err := tx.Count(ctx, s.Name, where)
			if err != nil {
				return err
			}
			v.linked[w] += n
		}
	}
	return nil
}

// overwrittenColumns are the columns that some step overwrites.
func (t *table) overwrittenColumns() map[string]bool {
	out := map[string]bool{}
	for _, w := range t.writers {
		for _, a := range w.step.Set {
			out[a.Column] = true
		}
	}
	return out
}

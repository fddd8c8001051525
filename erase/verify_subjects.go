package erase

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan"
)

// subjects looks for the given subjects and for what refers to them.
func (v *verifier) subjects(ctx context.Context, p *program) error {
	if v.executor.Subjects == nil {
		v.find(p.first().Name, CannotTell, 0, "no subject was given to look for")
		return nil
	}
	var unnamed int64
	for keys, err := range v.executor.chunks(ctx, true, chunk, &unnamed) {
		if err != nil {
			return err
		}
		if err := v.present(ctx, p, keys); err != nil {
			return err
		}
		if err := v.links(ctx, p, keys); err != nil {
			return err
		}
	}
	if unnamed > 0 {
		v.find(p.first().Name, CannotTell, 0, "%d subjects were named by an identifier that no row has: name them by their keys to search what is linked to them", unnamed)
	}
	if err := v.orphans(ctx, p); err != nil {
		return err
	}
	for _, t := range p.tables {
		if !slices.ContainsFunc(v.result.Findings, func(f Finding) bool { return f.Table == t.Name }) {
			v.find(t.Name, Holds, 0, "%s", v.why(t))
		}
	}
	return nil
}

// why says in words why nothing was found.
func (v *verifier) why(t *table) string {
	switch {
	case len(t.Reach) == 0:
		return "no row of a given subject is there"
	case slices.ContainsFunc(t.Reach, func(w plan.Reach) bool { return w.Link }):
		return "no row is linked to a given subject, and none is linked to nothing"
	}
	return "no row that is there refers to a given subject, and the foreign key is enforced"
}

// present looks at what is reached from subjects that are there: nothing of it
// may be a row that was to be deleted.
func (v *verifier) present(ctx context.Context, p *program, keys []dialect.Key) error {
	return v.executor.read(ctx, func(tx dialect.Tx) error {
		g := newGathering(p, tx, dialect.NoLock)
		if err := g.collect(ctx, []dialect.Cond{dialect.In{Columns: p.first().Key, Keys: keys}}); err != nil {
			return err
		}
		for _, s := range g.sets {
			if n := len(s.going()); n > 0 {
				v.find(s.Name, Broken, int64(n), "%s that should be gone", rowsOf(int64(n)))
			}
			if n := len(s.with(written)) + len(s.with(partly)); n > 0 && !v.rowsOnly {
				if err := v.compare(ctx, tx, s, n); err != nil {
					return err
				}
			}
		}
		return v.unseen(ctx, tx, g)
	})
}

// unseen looks for leaves that are deleted without their keys being known.
func (v *verifier) unseen(ctx context.Context, tx dialect.Tx, g *gathering) error {
	for _, s := range g.sets {
		for i := range s.Reach {
			w := &s.Reach[i]
			from := g.set(w.From())
			if !s.Unseen {
				continue
			}
			where := g.through(w, from, from.filter(func(r *row) bool { return !g.passes(from, r, w) }))
			if where == nil {
				continue
			}
			n, err := tx.Count(ctx, s.Name, where)
			if err != nil {
				return err
			}
			if n > 0 {
				v.find(s.Name, Broken, n, "%s that should be gone", rowsOf(n))
			}
		}
	}
	return nil
}

// compare looks for the old values of rows that were overwritten and are
// there, as far as the caller gave them.
func (v *verifier) compare(ctx context.Context, tx dialect.Tx, s *set, rows int) error {
	open := map[string]bool{}
	for _, w := range s.writers {
		for _, a := range w.step.Set {
			open[a.Column] = true
		}
	}
	given := map[string]bool{} // a column may have several old values
	for i, o := range v.old {
		if o.Table != s.Name || !open[o.Column] {
			continue
		}
		given[o.Column] = true
		if err := v.look(ctx, tx, i); err != nil {
			return err
		}
	}
	maps.DeleteFunc(open, func(column string, _ bool) bool { return given[column] })
	if len(open) > 0 {
		v.find(s.Name, CannotTell, 0, "%s overwritten and still there; give the old values of %s to look for them", rowsOf(int64(rows)), sortedNames(open))
	}
	return nil
}

// look looks for an old value in the whole table, once.
func (v *verifier) look(ctx context.Context, tx dialect.Tx, i int) error {
	if v.looked[i] {
		return nil
	}
	v.looked[i] = true
	o := v.old[i]
	n, err := tx.Count(ctx, o.Table, []dialect.Cond{dialect.In{Columns: []string{o.Column}, Keys: []dialect.Key{{o.Value}}}})
	if err == nil && n > 0 {
		v.find(o.Table, Broken, n, "%s with the old value of %s", rowsOf(n), o.Column)
	}
	return err
}

// others looks for the old values that were given of tables in which no
// overwritten row is reached any more, or never was.
func (v *verifier) others(ctx context.Context) error {
	return v.executor.read(ctx, func(tx dialect.Tx) error {
		for i := range v.old {
			if err := v.look(ctx, tx, i); err != nil {
				return err
			}
		}
		return nil
	})
}

func sortedNames(m map[string]bool) string {
	var out []string
	for n := range m {
		out = append(out, n)
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// links searches what names a subject by a link, whether the subject is there
// or not.
func (v *verifier) links(ctx context.Context, p *program, keys []dialect.Key) error {
	return v.executor.read(ctx, func(tx dialect.Tx) error {
		for _, t := range p.tables[1:] {
			for i := range t.Reach {
				w := &t.Reach[i]
				if !w.Link || w.Forwards || w.Erase != plan.EraseDelete || w.RefTable != p.first().Name || !slices.Equal(w.RefColumns, p.first().Key) {
					continue
				}
				n, err := tx.Count(ctx, t.Name, linked(&w.Reference, keys, t.schema))
				if err != nil {
					return err
				}
				if n > 0 && !slices.ContainsFunc(v.result.Findings, func(f Finding) bool { return f.Table == t.Name && f.Outcome == Broken }) {
					v.find(t.Name, Broken, n, "%s linked to a given subject", rowsOf(n))
				}
			}
		}
		return nil
	})
}

// orphans searches the links whose subject's values can't be known any more:
// rows that are linked to nothing may be somebody's whom the receipt is about.
func (v *verifier) orphans(ctx context.Context, p *program) error {
	return v.executor.read(ctx, func(tx dialect.Tx) error {
		for _, t := range p.tables[1:] {
			for i := range t.Reach {
				w := &t.Reach[i]
				if !w.Link || w.Forwards || w.Erase != plan.EraseDelete {
					continue
				}
				where := []dialect.Cond{dialect.Orphan{Columns: w.Columns, RefTable: w.RefTable, RefColumns: w.RefColumns}}
				if w.Where != "" {
					where = append(where, dialect.Match{SQL: w.Where})
				}
				n, err := tx.Count(ctx, t.Name, where)
				if err != nil {
					return err
				}
				if n > 0 && !slices.ContainsFunc(v.result.Findings, func(f Finding) bool { return f.Table == t.Name && f.Outcome == Broken }) {
					v.find(t.Name, CannotTell, n, "%s linked by (%s) to no row of %s: whose they were can't be told",
						rowsOf(n), strings.Join(w.Columns, ", "), w.RefTable)
				}
			}
		}
		return nil
	})
}

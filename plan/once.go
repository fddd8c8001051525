package plan

import (
	"slices"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/policy"
)

// markOnce marks the references scanned once per run, for all its subjects, instead of once per
// batch: no index serves them.
//
// The last scan counts rows added after the first one, so a batch's delete must not remove them.
// This is so for links. For a foreign key, scanning per batch costs nothing extra: without an index
// the engine itself scans for rows that refer to each deleted one.
func (b *builder) markOnce(roots []Root) {
	if b.now != ScopeSubjects {
		return
	}
	for i := range roots {
		r := &roots[i]
		for j := range r.Tables {
			t := &r.Tables[j]
			for k := range t.Reach {
				w := &t.Reach[k]
				w.ScanOnce = r.canCountOnce(t, w) && !isIndexed(b.schema.Table(t.Name), &w.Reference) && b.scanOnce(w)
			}
		}
	}
}

// canCountOnce reports whether a row found by the reference at the end of a run was certainly
// added during it.
func (r *Root) canCountOnce(t *Table, w *Reach) bool {
	first := &r.Tables[0]
	held := func(t Table) bool { return t.Hold != nil }
	fromElsewhere := func(w Reach) bool { return w.From() != r.Table }
	return t != first && w.Link && !r.needsAgain(t.Name) && !w.Forwards && w.RefTable == r.Table &&
		slices.Equal(w.RefColumns, first.Key) && first.Erase == policy.EraseDelete && !first.Address &&
		len(t.Key) > 0 && !t.Address && r.AlwaysDeletes(t) &&
		// Rows found through a held row are held.
		(!slices.ContainsFunc(t.Reach, fromElsewhere) || !slices.ContainsFunc(r.Tables, held))
}

// scanOnce reports whether the referring values tell the rows of many subjects apart. A value
// identical to one subject's must not equal another's for the engine.
func (b *builder) scanOnce(w *Reach) bool {
	child, parent := b.schema.Table(w.Table), b.schema.Table(w.RefTable)
	for i, name := range w.Columns {
		c, p := child.Column(name), parent.Column(w.RefColumns[i])
		switch {
		case p.Kind == dialect.Int, p.Kind == dialect.UUID:
		case c.Kind == p.Kind && c.Collation == p.Collation && c.Charset == p.Charset:
		default:
			return false
		}
	}
	return true
}

// AlwaysDeletes reports whether every row found of the table is deleted, whatever else is found: no hold and
// no reference keeps it, it isn't shared, and the root's own rows are under no hold.
func (r *Root) AlwaysDeletes(t *Table) bool {
	if t.Cycle > 0 || len(t.SharedBy) > 0 || len(t.AnchoredBy) > 0 || r.Tables[0].Hold != nil || t.Hold != nil {
		return false
	}
	for _, w := range t.Reach {
		if w.Erase != policy.EraseDelete || w.Forwards {
			return false
		}
	}
	for _, o := range r.Tables {
		for _, a := range o.Keeps {
			if a.RefTable == t.Name || a.Table == t.Name {
				return false
			}
		}
		for _, ref := range o.SharedBy {
			if ref.Table == t.Name {
				return false
			}
		}
	}
	for i := range r.Steps {
		st := &r.Steps[i]
		if st.Op == Overwrite && st.Table == t.Name && st.Rows == Reached {
			return false
		}
		if d := st.Detach; d != nil && (d.RefTable == t.Name || d.Table == t.Name) {
			return false
		}
	}
	return true
}

package plan

import (
	"slices"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/policy"
)

// markOnce marks the references that a run of a subject's root looks through
// once for all of its subjects, instead of once a batch: no index serves them.
//
// The database has to leave alone what arrives between that look and the batch
// that the row belongs to, so that the last scan can count it: that is so for links. A
// foreign key is none the slower for being looked through by the batch: where no index
// serves it, the engine itself looks for rows that refer to each one that goes.
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
				w.Once = r.canCountOnce(t, w) && !isIndexed(b.schema.Table(t.Name), &w.Reference) && b.scanOnce(w)
			}
		}
	}
}

// canCountOnce reports whether a row that is found on that way when the run is over
// can only have arrived meanwhile.
func (r *Root) canCountOnce(t *Table, w *Reach) bool {
	first := &r.Tables[0]
	held := func(t Table) bool { return t.Hold != nil }
	fromElsewhere := func(w Reach) bool { return w.From() != r.Table }
	return t != first && w.Link && !r.needsAgain(t.Name) && !w.Forwards && w.RefTable == r.Table &&
		slices.Equal(w.RefColumns, first.Key) && first.Erase == policy.EraseDelete && !first.Address &&
		len(t.Key) > 0 && !t.Address && r.Goes(t) &&
		// What is found by way of a held row is held.
		(!slices.ContainsFunc(t.Reach, fromElsewhere) || !slices.ContainsFunc(r.Tables, held))
}

// scanOnce reports whether the rows found for many subjects can be told apart by
// the values that they refer with: a value that is that of one subject to the letter can't
// be equal to another's as well, in the engine's eyes.
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

// Goes reports whether every row of the table that is found goes, whatever else
// is found: nothing holds it, shares it, or is kept by what refers to it, and
// the root's own rows are held by nothing.
func (r *Root) Goes(t *Table) bool {
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

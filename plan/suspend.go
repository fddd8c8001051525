package plan

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/expungedb/expunge/dialect"
)

// Suspension is an index that a run may suspend while it overwrites all rows of its table, and
// restore afterwards: otherwise each written value would be deleted from the index and inserted
// again. It is an offer. Unless its hazard is allowed by name, the index isn't suspended, and the
// plan runs all the same.
type Suspension struct {
	Index string `json:"index"`
	// Hazard is what allows it: SuspendsIndexes, or SuspendsUniqueness for a
	// unique index.
	Hazard HazardName `json:"hazard"`
}

// OptionalHazards are the hazards to allow for suspending indexes, one for each index, ordered as the roots
// are. They are not among Hazards, which must be allowed.
func (p *Plan) OptionalHazards() []Hazard {
	var out []Hazard
	for i := range p.Roots {
		r := &p.Roots[i]
		for _, s := range r.Suspends {
			reason := fmt.Sprintf("index %s is dropped until the table is overwritten", s.Index)
			if s.Hazard == SuspendsUniqueness {
				reason = fmt.Sprintf("unique index %s is dropped until the table is overwritten: other clients must not write to the table meanwhile, because a duplicate would prevent restoring the index", s.Index)
			}
			out = append(out, Hazard{s.Hazard, r.Table, reason})
		}
	}
	return out
}

// suspensionsOf lists the indexes of a table that a run may suspend while it makes the assignments
// in all rows, in batches. These are the indexes with an assigned column. If the engine writes to
// every index, the other indexes are among them.
func (b *builder) suspensionsOf(t *dialect.Table, set []Assignment) []Suspension {
	if len(t.Partitions) > 0 || t.History != nil || t.NoTransactions || t.Unerasable != "" {
		return nil
	}
	overwritten := func(ix *dialect.Index) bool {
		return slices.ContainsFunc(set, func(a Assignment) bool { return ix.Holds(a.Column) })
	}
	all := b.engine.Engine().UpdatesAllIndexes && slices.ContainsFunc(t.Indexes, overwritten)
	var out []Suspension
	for _, ix := range t.Indexes {
		if !all && !overwritten(ix) || ix.Primary || ix.Stays != "" || b.leadsIndex(t, ix) {
			continue
		}
		s := Suspension{Index: ix.Name, Hazard: SuspendsIndexes}
		if ix.Unique {
			// InnoDB keeps the rows of a table without a primary key in one of its unique indexes.
			if len(t.PrimaryKey) == 0 || !b.isProvenUnique(t, ix) {
				continue
			}
			s.Hazard = SuspendsUniqueness
		}
		out = append(out, s)
	}
	slices.SortFunc(out, func(x, y Suspension) int { return cmp.Compare(x.Index, y.Index) })
	return out
}

// leadsIndex reports whether a foreign key, at either end, or an identity column needs an index
// with this one's first column. It doesn't check whether another one would serve too.
func (b *builder) leadsIndex(t *dialect.Table, ix *dialect.Index) bool {
	if len(ix.Parts) == 0 {
		return true
	}
	first := ix.Parts[0].Column
	if c := t.Column(first); c != nil && c.Identity {
		return true
	}
	for _, fk := range t.ForeignKeys {
		if slices.Contains(fk.Columns, first) {
			return true
		}
	}
	for _, fk := range b.schema.References(t.Name) {
		if slices.Contains(fk.RefColumns, first) {
			return true
		}
	}
	return false
}

// isProvenUnique reports whether the strategies keep the index unique.
func (b *builder) isProvenUnique(t *dialect.Table, ix *dialect.Index) bool {
	return !slices.ContainsFunc(b.unsure, func(u uncertain) bool { return u.table == t.Name && u.index == ix.Name })
}

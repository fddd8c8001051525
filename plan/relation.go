package plan

import (
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/policy"
)

// addRelations gathers the declared foreign keys, the links and the references of owners.
func (r *resolved) addRelations() {
	for _, t := range r.schema.Tables {
		for _, fk := range t.ForeignKeys {
			if r.schema.Table(fk.RefTable) == nil {
				continue // a table invisible to the user: privileges tell
			}
			r.addRelation(&relation{
				Reference: Reference{
					Table: fk.Table, Columns: fk.Columns, RefTable: fk.RefTable, RefColumns: fk.RefColumns,
					Link: !fk.Enforced,
				},
				name:       fk.Name,
				deferrable: fk.Deferrable,
				onDelete:   fk.OnDelete,
				onUpdate:   fk.OnUpdate,
				period:     fk.Period,
			})
		}
	}
	for _, l := range r.policy.Links {
		if ref := r.resolveReference("link", l.Table, l.Columns, l.RefTable, l.RefColumns, l.Pos); ref != nil {
			ref.Where = l.Where
			r.addRelation(ref)
		}
	}
	for _, o := range r.policy.Owns {
		if ref := r.resolveReference("owns", o.Table, o.Columns, o.RefTable, o.RefColumns, o.Pos); ref != nil {
			r.owns[ref.Table] = append(r.owns[ref.Table], ref)
			r.addRelation(ref) // if nothing else declares it: another owner's row counts too
		}
	}
}

// addRelation adds a reference unless an equal one exists. A foreign key, checked by the database,
// replaces a link.
func (r *resolved) addRelation(ref *relation) {
	known := r.from[ref.Table]
	i := slices.IndexFunc(known, ref.sameRelation)
	switch {
	case i < 0:
		r.from[ref.Table] = append(known, ref)
		r.into[ref.RefTable] = append(r.into[ref.RefTable], ref)
	case known[i].Link && !ref.Link: // of two foreign keys the enforced one counts
		*known[i] = *ref
	case !known[i].Link && !ref.Link: // both are enforced: the stricter one counts
		known[i].keepStricter(ref)
	}
}

// keepStricter makes the relation as strict as another foreign key of the same columns: a deferred
// check, NO ACTION or a cascade helps only if both have it.
func (r *relation) keepStricter(o *relation) {
	r.deferrable = r.deferrable && o.deferrable
	if r.noAction() {
		r.onDelete = o.onDelete
	}
	if r.onUpdate == dialect.Cascade {
		r.onUpdate = o.onUpdate
	}
}

// sameRelation reports whether two references relate the same rows.
func (r *relation) sameRelation(o *relation) bool {
	if r.Table != o.Table || r.RefTable != o.RefTable || r.Where != o.Where || len(r.Columns) != len(o.Columns) {
		return false
	}
	for i, c := range r.Columns {
		j := slices.Index(o.Columns, c)
		if j < 0 || r.RefColumns[i] != o.RefColumns[j] {
			return false
		}
	}
	return true
}

func (r *resolved) resolveReference(what, table string, columns []string, refTable string, refColumns []string, pos policy.Pos) *relation {
	from, to := r.resolveTable(table, pos), r.resolveTable(refTable, pos)
	if from == nil || to == nil {
		return nil
	}
	if len(refColumns) == 0 {
		refColumns = to.PrimaryKey
	}
	if !r.checkColumns(from, columns, pos, what) || !r.checkColumns(to, refColumns, pos, what) {
		return nil
	}
	if len(refColumns) == 0 {
		r.found.add(pos, from.Name, "%s: table %s has no primary key: name the referenced columns", what, to.Name)
		return nil
	}
	if len(columns) != len(refColumns) {
		r.found.add(pos, from.Name, "%s: %d columns on the left and %d on the right (the primary key if none are written)",
			what, len(columns), len(refColumns))
		return nil
	}
	for i, c := range columns {
		a, b := from.Column(c), to.Column(refColumns[i])
		if !canJoin(a.Kind, b.Kind) {
			r.found.add(pos, from.Name, "%s: column %s is a %s and %s.%s a %s: they can't be equal", what, c, a.Type, to.Name, b.Name, b.Type)
			return nil
		}
	}
	return &relation{
		Reference: Reference{Table: from.Name, Columns: columns, RefTable: to.Name, RefColumns: refColumns, Link: true},
		name:      from.Name.Table + "(" + strings.Join(columns, ", ") + ")",
		pos:       pos,
		onDelete:  dialect.NoAction,
		onUpdate:  dialect.NoAction,
	}
}

// canJoin reports whether the canonical values of one kind can be decoded to the other. Text takes
// anything: a polymorphic link often stores keys of all tables as text.
func canJoin(child, parent dialect.Kind) bool {
	return child == parent || child == dialect.Text ||
		child == dialect.Int && parent == dialect.Decimal || child == dialect.Decimal && parent == dialect.Int
}

// noAction reports whether the reference only refuses, and does so at the end of a statement.
func (r *relation) noAction() bool { return r.onDelete == dialect.NoAction }

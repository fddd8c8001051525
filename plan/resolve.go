package plan

import (
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// resolved is a policy whose names have been looked up in a schema.
type resolved struct {
	policy  *Policy
	schema  *dialect.Schema
	rules   map[dialect.Name]*PolicyTable
	subject *dialect.Table // nil where the policy's subject is not in the schema
	refs    []relation     // every reference between tables, declared or linked, ordered
	owns    []relation
	found   problems
}

// relation is a reference with what Build needs to know of it beyond the plan.
type relation struct {
	Reference
	name       string // for people
	pos        Pos    // of the link, or zero
	deferrable bool
	restrict   bool // checked row by row, never at the end of a statement
}

// resolve looks up all names of the policy, and reports those that the schema lacks.
func resolve(p *Policy, s *dialect.Schema) *resolved {
	r := &resolved{policy: p, schema: s, rules: map[dialect.Name]*PolicyTable{}}
	for i := range p.Tables {
		rule := &p.Tables[i]
		t := r.table(rule.Name, rule.Pos)
		if t == nil {
			continue
		}
		if r.rules[t.Name] != nil {
			r.found.add(rule.Pos, t.Name, "the policy has this table twice: merge the two entries")
			continue
		}
		r.rules[t.Name] = rule
	}
	if p.Subject.Table != "" {
		r.subject = r.table(p.Subject.Table, p.Subject.Pos)
	}
	if r.subject != nil {
		r.columns(r.subject, p.Subject.Key, p.Subject.Pos, "subject.key")
		r.columns(r.subject, p.Subject.Identifiers, p.Subject.Pos, "subject.identifiers")
	}
	r.relations()
	return r
}

// table finds a table by the name in the policy: schema.table, or a bare name
// that means the default schema, or the only table so called.
func (r *resolved) table(name string, pos Pos) *dialect.Table {
	t, reason := lookup(r.schema, name)
	if t == nil {
		r.found.add(pos, dialect.Name{}, "%s", reason)
	}
	return t
}

func lookup(s *dialect.Schema, name string) (*dialect.Table, string) {
	if t := s.Table(dialect.Name{Schema: s.Default, Table: name}); t != nil {
		return t, ""
	}
	var matches []*dialect.Table
	var near []string
	for _, t := range s.Tables {
		switch {
		case t.Name.String() == name:
			return t, ""
		case t.Name.Table == name:
			matches = append(matches, t)
		case strings.EqualFold(t.Name.Table, name) || strings.EqualFold(t.Name.String(), name):
			near = append(near, t.Name.String())
		}
	}
	switch {
	case len(matches) == 1:
		return matches[0], ""
	case len(matches) > 1:
		names := make([]string, len(matches))
		for i, t := range matches {
			names[i] = t.Name.String()
		}
		return nil, "table " + name + " is in several schemas: write one of " + strings.Join(names, ", ")
	case len(near) > 0:
		return nil, "there is no table " + name + ": names are case-sensitive, did you mean " + near[0] + "?"
	}
	for _, v := range s.Views {
		if v.Name.Table == name || v.Name.String() == name {
			return nil, name + " is a view: write rules for the tables that it reads"
		}
	}
	return nil, "there is no table " + name + " in the schema"
}

// columns reports names that the table lacks; what says where in the policy they stand.
func (r *resolved) columns(t *dialect.Table, names []string, pos Pos, what string) bool {
	ok := true
	for _, n := range names {
		if t.Column(n) == nil {
			r.found.add(pos, t.Name, "%s: there is no column %s%s", what, n, nearColumn(t, n))
			ok = false
		}
	}
	return ok
}

func nearColumn(t *dialect.Table, name string) string {
	for _, c := range t.Columns {
		if strings.EqualFold(c.Name, name) {
			return ": names are case-sensitive, did you mean " + c.Name + "?"
		}
	}
	return ""
}

// relations gathers the declared foreign keys, the links and what is owned.
func (r *resolved) relations() {
	for _, t := range r.schema.Tables {
		for _, fk := range t.ForeignKeys {
			if r.schema.Table(fk.RefTable) == nil {
				continue // a table that the user may not see: privileges tell
			}
			r.refs = append(r.refs, relation{
				Reference: Reference{
					Table: fk.Table, Columns: fk.Columns, RefTable: fk.RefTable, RefColumns: fk.RefColumns,
					Link: !fk.Enforced,
				},
				name:       fk.Name,
				deferrable: fk.Deferrable,
				restrict:   fk.OnDelete == dialect.Restrict,
			})
		}
	}
	for _, l := range r.policy.Links {
		ref, ok := r.reference("link", l.Table, l.Columns, l.RefTable, l.RefColumns, l.Pos)
		if !ok {
			continue
		}
		ref.Where, ref.Link = l.Where, true
		r.refs = append(r.refs, ref)
	}
	for _, o := range r.policy.Owns {
		if ref, ok := r.reference("owns", o.Table, o.Columns, o.RefTable, o.RefColumns, o.Pos); ok {
			r.owns = append(r.owns, ref)
		}
	}
}

func (r *resolved) reference(what, table string, columns []string, refTable string, refColumns []string, pos Pos) (relation, bool) {
	from, to := r.table(table, pos), r.table(refTable, pos)
	if from == nil || to == nil {
		return relation{}, false
	}
	if len(refColumns) == 0 {
		refColumns = to.PrimaryKey
	}
	if !r.columns(from, columns, pos, what) || !r.columns(to, refColumns, pos, what) {
		return relation{}, false
	}
	if len(columns) != len(refColumns) {
		r.found.add(pos, from.Name, "%s: %d columns on the left and %d on the right (the primary key, where none are written)",
			what, len(columns), len(refColumns))
		return relation{}, false
	}
	for i, c := range columns {
		a, b := from.Column(c), to.Column(refColumns[i])
		if !joinable(a.Kind, b.Kind) {
			r.found.add(pos, from.Name, "%s: column %s is a %s and %s.%s a %s: they can't be equal", what, c, a.Type, to.Name, b.Name, b.Type)
			return relation{}, false
		}
	}
	return relation{
		Reference: Reference{Table: from.Name, Columns: columns, RefTable: to.Name, RefColumns: refColumns},
		name:      from.Name.Table + "(" + strings.Join(columns, ", ") + ")",
		pos:       pos,
	}, true
}

// joinable reports whether the canonical values of one kind can be decoded
// to the other: text takes anything, since a polymorphic link often stores
// keys of all tables as text.
func joinable(child, parent dialect.Kind) bool {
	return child == parent || child == dialect.Text ||
		child == dialect.Int && parent == dialect.Decimal || child == dialect.Decimal && parent == dialect.Int
}

// rule returns the policy's entry for a table; an empty one where it has none,
// which coverage has reported.
func (r *resolved) rule(n dialect.Name) *PolicyTable {
	if rule := r.rules[n]; rule != nil {
		return rule
	}
	return &PolicyTable{Name: n.String()}
}

// via returns the decision for one reference, or nil.
func (t *PolicyTable) via(columns []string) *PolicyVia {
	for i := range t.Via {
		if sameSet(t.Via[i].Columns, columns) {
			return &t.Via[i]
		}
	}
	return nil
}

func sameSet(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for _, x := range a {
		if !slices.Contains(b, x) {
			return false
		}
	}
	return true
}

package plan

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
)

// resolved is a policy whose names have been looked up in a schema.
type resolved struct {
	policy  *Policy // in canonical form, so that a plan doesn't depend on the file's order
	schema  *dialect.Schema
	rules   map[dialect.Name]*PolicyTable
	subject *dialect.Table               // nil where the policy's subject is not in the schema
	into    map[dialect.Name][]*relation // every reference between tables, declared or linked, by what it refers to
	from    map[dialect.Name][]*relation // the same by the table that it belongs to
	owns    map[dialect.Name][]*relation // by owner
	grouped map[anonymise.Consistency]*group
	stuck   map[*relation]string // why a reference can't be set NULL, as far as that was asked
	found   problems
}

// relation is a reference with what Build needs to know of it beyond the plan.
type relation struct {
	Reference
	name       string         // for people
	pos        Pos            // of the link, or zero
	deferrable bool           // its check can wait for the end of the transaction
	onDelete   dialect.Action // NoAction for a link
	onUpdate   dialect.Action // the same
	period     bool           // the last column isn't equal to what it refers to, but within it
}

// resolvePolicy looks up all names of the policy, and reports those that the schema lacks.
func resolvePolicy(p *Policy, s *dialect.Schema) *resolved {
	r := &resolved{
		policy: p.canonicalForm(), schema: s,
		rules: map[dialect.Name]*PolicyTable{},
		into:  map[dialect.Name][]*relation{}, from: map[dialect.Name][]*relation{}, owns: map[dialect.Name][]*relation{},
		stuck: map[*relation]string{},
	}
	p = r.policy
	r.wellFormed()
	for i := range p.Tables {
		rule := &p.Tables[i]
		t := r.resolveTable(rule.Name, rule.Pos)
		if t == nil {
			continue
		}
		if r.rules[t.Name] != nil {
			r.found.add(rule.Pos, t.Name, "the policy has this table twice: merge the two entries")
			continue
		}
		r.rules[t.Name] = rule
	}
	if p.Subject.Table != "" && p.Subject.Table != PIIUndecided {
		r.subject = r.resolveTable(p.Subject.Table, p.Subject.Pos)
	}
	if r.subject != nil {
		r.checkColumns(r.subject, p.Subject.Key, p.Subject.Pos, "subject.key")
		r.checkColumns(r.subject, p.Subject.Identifiers, p.Subject.Pos, "subject.identifiers")
	}
	r.addRelations()
	return r
}

// wellFormed holds a policy that was made in Go, wholly or in part, to the
// rules that ParsePolicy has for a file, and reports what a draft left open.
func (r *resolved) wellFormed() {
	r.found = append(r.found, undecidedProblems(r.policy)...)
	if !r.policy.madeInGo() {
		return
	}
	text, err := r.policy.YAML()
	if err == nil {
		_, err = ParsePolicy(bytes.NewReader(text))
	}
	var refused *PolicyError
	switch {
	case errors.As(err, &refused):
		for _, problem := range refused.Problems {
			problem.Pos = Pos{} // of a text that nobody wrote
			if !slices.ContainsFunc(r.found, func(f Problem) bool { return f.Table == problem.Table && f.Reason == problem.Reason }) {
				r.found = append(r.found, problem)
			}
		}
	case err != nil:
		r.found.add(Pos{}, dialect.Name{}, "%s", err)
	}
}

// madeInGo reports whether some part of the policy wasn't read from a file.
func (p *Policy) madeInGo() bool {
	none := Pos{}
	for _, t := range p.Tables {
		if t.Pos == none ||
			t.Hold != nil && t.Hold.Pos == none ||
			slices.ContainsFunc(t.Columns, func(c PolicyColumn) bool { return c.Pos == none }) ||
			slices.ContainsFunc(t.Via, func(v PolicyVia) bool { return v.Pos == none }) {
			return true
		}
	}
	return p.Subject.Table != "" && p.Subject.Pos == none ||
		slices.ContainsFunc(p.Links, func(l PolicyLink) bool { return l.Pos == none }) ||
		slices.ContainsFunc(p.Owns, func(o PolicyOwns) bool { return o.Pos == none }) ||
		slices.ContainsFunc(p.Retention, func(x PolicyRetention) bool { return x.Pos == none })
}

// resolveTable finds a table by the name in the policy: schema.table, or a bare name
// that means the default schema, or the only table so called.
func (r *resolved) resolveTable(name string, pos Pos) *dialect.Table {
	t, reason := findTable(r.schema, name)
	if t == nil {
		r.found.add(pos, dialect.Name{}, "%s", reason)
	}
	return t
}

func findTable(s *dialect.Schema, name string) (*dialect.Table, string) {
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
	var names []string
	for _, t := range s.Tables {
		names = append(names, displayName(t.Name, s.Default))
	}
	if meant := nearestWord(name, names); meant != "" {
		return nil, "there is no table " + name + " in the schema: did you mean " + meant + "?"
	}
	return nil, "there is no table " + name + " in the schema"
}

// checkColumns reports names that the table lacks; what says where in the policy they stand.
func (r *resolved) checkColumns(t *dialect.Table, names []string, pos Pos, what string) bool {
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
	var names []string
	for _, c := range t.Columns {
		if strings.EqualFold(c.Name, name) {
			return ": names are case-sensitive, did you mean " + c.Name + "?"
		}
		names = append(names, c.Name)
	}
	if meant := nearestWord(name, names); meant != "" {
		return ": did you mean " + meant + "?"
	}
	return ""
}

// ruleOf returns the policy's entry for a table; an empty one where it has none,
// which coverage has reported.
func (r *resolved) ruleOf(n dialect.Name) *PolicyTable {
	if rule := r.rules[n]; rule != nil {
		return rule
	}
	return &PolicyTable{Name: n.String()}
}

// viaFor returns the decision for one reference, or nil.
func (t *PolicyTable) viaFor(columns []string) *PolicyVia {
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

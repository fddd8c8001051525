package plan

import (
	"slices"
	"strings"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/internal/word"
	"github.com/expungedb/expunge/plan/policy"
)

// resolved is a policy whose names have been looked up in a schema.
type resolved struct {
	policy  *policy.Policy // in canonical form, so that a plan doesn't depend on the file's order
	schema  *dialect.Schema
	rules   map[dialect.Name]*policy.Table
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
	pos        policy.Pos     // of the link, or zero
	deferrable bool           // its check can wait for the end of the transaction
	onDelete   dialect.Action // NoAction for a link
	onUpdate   dialect.Action // the same
	period     bool           // the last column isn't equal to what it refers to, but within it
}

// resolvePolicy looks up all names of the policy, and reports those that the schema lacks.
func resolvePolicy(p *policy.Policy, s *dialect.Schema) *resolved {
	r := &resolved{
		policy: p.Canonical(), schema: s,
		rules: map[dialect.Name]*policy.Table{},
		into:  map[dialect.Name][]*relation{}, from: map[dialect.Name][]*relation{}, owns: map[dialect.Name][]*relation{},
		stuck: map[*relation]string{},
	}
	p = r.policy
	r.found = append(r.found, p.Problems()...)
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
	if p.Subject.Table != "" && p.Subject.Table != policy.PIIUndecided {
		r.subject = r.resolveTable(p.Subject.Table, p.Subject.Pos)
	}
	if r.subject != nil {
		r.checkColumns(r.subject, p.Subject.Key, p.Subject.Pos, "subject.key")
		r.checkColumns(r.subject, p.Subject.Identifiers, p.Subject.Pos, "subject.identifiers")
	}
	r.addRelations()
	return r
}

// resolveTable finds a table by the name in the policy: schema.table, or a bare name
// that means the default schema, or the only table so called.
func (r *resolved) resolveTable(name string, pos policy.Pos) *dialect.Table {
	t, reason := policy.FindTable(r.schema, name)
	if t == nil {
		r.found.add(pos, dialect.Name{}, "%s", reason)
	}
	return t
}

// checkColumns reports names that the table lacks; what says where in the policy they stand.
func (r *resolved) checkColumns(t *dialect.Table, names []string, pos policy.Pos, what string) bool {
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
	if meant := word.Nearest(name, names); meant != "" {
		return ": did you mean " + meant + "?"
	}
	return ""
}

// ruleOf returns the policy's entry for a table; an empty one where it has none,
// which coverage has reported.
func (r *resolved) ruleOf(n dialect.Name) *policy.Table {
	if rule := r.rules[n]; rule != nil {
		return rule
	}
	return &policy.Table{Name: n.String()}
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

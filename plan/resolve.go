package plan

import (
	"slices"
	"strings"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/internal/word"
	"github.com/expungedb/expunge/plan/policy"
)

// resolved is a policy with its names resolved in a schema.
type resolved struct {
	policy  *policy.Policy // in canonical form, so that the plan doesn't depend on the file's order
	schema  *dialect.Schema
	rules   map[dialect.Name]*policy.Table
	subject *dialect.Table               // nil if the policy's subject is not in the schema, or no kind of it is chosen
	kinds   map[dialect.Name]bool        // the tables of all kinds of subject
	fence   map[dialect.Name]bool        // those whose rows the closure never enters, except the root's own
	into    map[dialect.Name][]*relation // every reference between tables, declared or linked, by the table it refers to
	from    map[dialect.Name][]*relation // the same by the referring table
	owns    map[dialect.Name][]*relation // by owner
	grouped map[anonymise.Consistency]*group
	stuck   map[*relation]string // why a reference can't be set NULL, as far as known
	found   problems
}

// relation is a reference with what Build has to know of it beyond the plan.
type relation struct {
	Reference
	name       string         // for people
	pos        policy.Pos     // of the link, or zero
	deferrable bool           // its check can wait for the end of the transaction
	onDelete   dialect.Action // NoAction for a link
	onUpdate   dialect.Action // the same
	period     bool           // the last column isn't equal to the one it refers to, but within it
}

// resolvePolicy resolves all names of the policy, and reports those missing from the schema.
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
	r.resolveFence()
	r.addRelations()
	return r
}

// resolveTable finds a table by its name in the policy: schema.table, or a bare name, meaning the
// default schema or the only table of the name.
func (r *resolved) resolveTable(name string, pos policy.Pos) *dialect.Table {
	t, reason := policy.FindTable(r.schema, name)
	if t == nil {
		r.found.add(pos, dialect.Name{}, "%s", reason)
	}
	return t
}

// checkColumns reports names missing from the table; what is their place in the policy.
func (r *resolved) checkColumns(t *dialect.Table, names []string, pos policy.Pos, what string) bool {
	ok := true
	for _, n := range names {
		if t.Column(n) == nil {
			r.found.add(pos, t.Name, "%s: column %s not found%s", what, n, nearColumn(t, n))
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

// ruleOf returns the policy's entry for a table. Without one it returns an empty entry: coverage
// has reported it.
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

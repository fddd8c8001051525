package plan

import (
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/policy"
)

// Unlinked is a table outside of the closure, and not known to be free of personal data: a run
// searches no subject's rows in it, for the given reason.
type Unlinked struct {
	Table  dialect.Name `json:"table"`
	Reason string       `json:"reason"`
}

// checkReach reports every table outside of the closure with personal columns, or with a decision
// about a subject's rows. It returns those for which the policy gives a reason.
func (b *builder) checkReach(reached map[dialect.Name]bool) []Unlinked {
	referring, subject := b.referringTables(b.subject.Name), policy.TableName(b.subject.Name, b.schema.Default)
	others := b.referringTables(b.otherKinds()...)
	complete := len(b.beyond) == 0 && !b.stopped // else a table may be missing because of a reported problem
	var out []Unlinked
	for _, t := range b.schema.Tables {
		rule := b.rules[t.Name]
		if rule == nil || rule.PII == policy.PIINone && !rule.DecidesRows() {
			continue
		}
		switch {
		case reached[t.Name]:
			if rule.Unlinked != "" {
				b.found.add(rule.Pos, t.Name, "`unlinked`, but the table is reached from %s: remove the line", subject)
			}
		case rule.Unlinked != "":
			out = append(out, Unlinked{t.Name, rule.Unlinked})
		case !rule.DecidesRows() && len(rule.PersonalColumns()) == 0:
		case !rule.DecidesRows() && b.hasRetention(t.Name):
			out = append(out, Unlinked{t.Name, "a retention period applies to its rows"})
		case others[t.Name]:
			out = append(out, Unlinked{t.Name, "its rows belong to another kind of subject"})
		case referring[t.Name] && complete:
			b.found.add(rule.Pos, t.Name, "the table isn't reached, because the tables it refers to are detached or owned: %s", b.wayOut(rule, t, reached))
		case referring[t.Name]:
		default:
			b.found.addLines(rule.Pos, t.Name, b.unlinkedLines(rule, t, reached), "%s, but no foreign key or link connects it to %s: %s",
				claimText(rule), subject, b.wayOut(rule, t, reached))
		}
	}
	return out
}

// reachedBy are the tables in which a root's batches search rows.
func reachedBy(r *Root) map[dialect.Name]bool {
	out := map[dialect.Name]bool{}
	for _, t := range r.Tables {
		out[t.Name] = true
	}
	for _, s := range r.Steps {
		out[s.Table] = true
	}
	return out
}

// referringTables are the tables whose rows refer to the subject's, directly or through others and
// for any decision, and the tables they own.
func (b *builder) referringTables(subjects ...dialect.Name) map[dialect.Name]bool {
	out := map[dialect.Name]bool{}
	for _, n := range subjects {
		out[n] = true
	}
	for next := subjects; len(next) > 0; next = next[1:] {
		var near []dialect.Name
		for _, ref := range b.into[next[0]] {
			near = append(near, ref.Table)
		}
		for _, own := range b.owns[next[0]] {
			near = append(near, own.RefTable)
		}
		for _, n := range near {
			if !out[n] {
				out[n] = true
				next = append(next, n)
			}
		}
	}
	return out
}

// claimText is why the table may have a subject's rows.
func claimText(t *policy.Table) string {
	switch {
	case t.Erase != "":
		return "`erase: " + string(t.Erase) + "`"
	case len(t.Via) > 0:
		return "`via` decides about a subject's rows"
	}
	return "it has personal columns (" + joinColumns(t.PersonalColumns()) + ")"
}

// hasRetention reports whether rows of the table have a retention period.
func (r *resolved) hasRetention(table dialect.Name) bool {
	return slices.ContainsFunc(r.policy.Retention, func(x policy.Retention) bool {
		t, _ := policy.FindTable(r.schema, x.Table)
		return t != nil && t.Name == table
	})
}

// wayOut says what to do about a table that no reference connects to the subject.
func (b *builder) wayOut(rule *policy.Table, t *dialect.Table, reached map[dialect.Name]bool) string {
	if t.Unerasable != "" {
		return "the engine doesn't erase its rows (" + t.Unerasable + "): say after `unlinked:` under tables." + rule.Name + " how a subject's data is erased from it"
	}
	out := "add a link to the table its rows belong to"
	if s := b.suggestLink(rule, t, reached); s.line != "" {
		out = "add `" + s.line + "` if its rows belong there" + s.evidence
	}
	return out + ", or `unlinked:` under tables." + rule.Name + " with the reason why no subject's data is in it"
}

// unlinkedLines are the lines to add for a table that no reference connects to the subject.
func (b *builder) unlinkedLines(rule *policy.Table, t *dialect.Table, reached map[dialect.Name]bool) string {
	if section, line, ok := strings.Cut(b.suggestLink(rule, t, reached).line, ": "); ok && t.Unerasable == "" {
		return section + ":\n  - " + line
	}
	return "    unlinked: …"
}

// suggestLink is a line of `owns` or `links` to reach the table, as its references, names or values
// suggest it; empty if they suggest none.
func (b *builder) suggestLink(rule *policy.Table, t *dialect.Table, reached map[dialect.Name]bool) suggestion {
	for _, ref := range b.into[t.Name] {
		if reached[ref.Table] && ref.Table != t.Name {
			return suggestion{line: "owns: " + policy.Owns{Table: b.ruleOf(ref.Table).Name, Columns: ref.Columns, RefTable: rule.Name}.String()}
		}
	}
	targets := []*dialect.Table{b.subject}
	for _, o := range b.schema.Tables {
		if reached[o.Name] && o != b.subject {
			targets = append(targets, o)
		}
	}
	if s, ok := b.suggestByName(rule, t, targets); ok {
		return s
	}
	s, _ := b.suggestByValues(rule, t, targets)
	return s
}

// namedAfter is the column of a table to which another one refers by its name: user_id to users.id,
// e_mail or contact_email to an identifier email.
func (b *builder) namedAfter(c *dialect.Column, to *dialect.Table) string {
	name := plainName(c.Name)
	fits := func(column string) bool { return canJoin(c.Kind, to.Column(column).Kind) }
	if key := to.Key(); len(key) == 1 && fits(key[0]) {
		plain := plainName(key[0])
		for _, table := range singularNames(plainName(to.Name.Table)) {
			if name == table+plain || plain != "id" && name == plain {
				return key[0]
			}
		}
	}
	if to != b.subject {
		return ""
	}
	for _, column := range b.policy.Subject.Identifiers {
		if to.Column(column) != nil && strings.HasSuffix(name, plainName(column)) && fits(column) {
			return column
		}
	}
	return ""
}

// plainName is a name without spelling differences: e_mail is email.
func plainName(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r == ' ' {
			return -1
		}
		return r
	}, strings.ToLower(name))
}

// singularNames are the possible words for a table's rows.
func singularNames(table string) []string {
	out := []string{table}
	for _, ending := range [][2]string{{"ies", "y"}, {"es", ""}, {"s", ""}} {
		if stem, ok := strings.CutSuffix(table, ending[0]); ok && stem != "" {
			out = append(out, stem+ending[1])
		}
	}
	return out
}

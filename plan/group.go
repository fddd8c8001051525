package plan

import (
	"cmp"
	"maps"
	"slices"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/policy"
)

// group is the columns of one consistent strategy. Equal values in them stay equal, so their
// replacements are made alike: short enough for the shortest column, and unique if one of the
// columns is.
type group struct {
	name     string
	declared bool // the policy says `consistent`; otherwise only the strategy implies it
	members  []member
}

type member struct {
	table  *dialect.Table
	rule   *policy.Column
	spec   anonymise.Spec
	inside bool // the strategy is for a part of the column's value
}

// columnOf is the column as the strategy sees it.
func (m member) columnOf() *dialect.Column { return m.spec.Sees(m.table.Column(m.rule.Name)) }

func (m member) columnName() ColumnName { return ColumnName{m.table.Name, m.rule.Name} }

// buildGroups are the groups of the policy, for any scope: each scope makes the same values.
func (r *resolved) buildGroups() map[anonymise.Consistency]*group {
	if r.grouped != nil {
		return r.grouped
	}
	r.grouped = map[anonymise.Consistency]*group{}
	for _, t := range r.schema.Tables {
		rule := r.ruleOf(t.Name)
		for i := range rule.Columns {
			c := &rule.Columns[i]
			if t.Column(c.Name) == nil || c.Overwrite == nil {
				continue
			}
			r.joinMember(member{table: t, rule: c, spec: *c.Overwrite})
			for _, inner := range c.Overwrite.Nested() {
				r.joinMember(member{table: t, rule: c, spec: inner, inside: true})
			}
		}
	}
	return r.grouped
}

func (r *resolved) joinMember(m member) {
	of, ok := m.spec.Consistency()
	if !ok {
		return
	}
	g := r.grouped[of]
	if g == nil {
		g = &group{name: of.Group}
		r.grouped[of] = g
	}
	g.declared = g.declared || m.spec.Modifiers.Consistent || of.Group != ""
	g.members = append(g.members, m)
}

// madeAlike are the other columns of a column's group with values possibly equal to its own.
func (r *resolved) madeAlike(c ColumnName) []ColumnName {
	t := r.schema.Table(c.Table)
	rule := r.ruleOf(c.Table).Column(c.Column)
	if rule == nil || rule.Overwrite == nil || t.Column(c.Column) == nil {
		return nil
	}
	of, ok := rule.Overwrite.Consistency()
	if !ok {
		return nil
	}
	var out []ColumnName
	for _, m := range r.buildGroups()[of].members {
		if !m.inside && m.columnName() != c && m.columnOf().Kind == rule.Overwrite.Sees(t.Column(c.Column)).Kind {
			out = append(out, m.columnName())
		}
	}
	return out
}

// unlessAlone returns the columns a strategy has to agree with, if it would fit its column without
// them; else "".
func (b *builder) unlessAlone(t *dialect.Table, c *dialect.Column, a Assignment) string {
	if _, _, err := Bind(t, a.Strategy, c); err != nil || len(a.Joined) == 0 {
		return ""
	}
	names := make([]string, len(a.Joined))
	for i, j := range a.Joined {
		names[i] = policy.TableName(j.Table, b.schema.Default) + "." + j.Column
	}
	return "; it has to agree with " + joinColumns(names) + ": give columns whose values are never compared groups of their own (`consistent: NAME`)"
}

// checkGroups reports groups whose equal values would get different replacements.
func (r *resolved) checkGroups() {
	byName := func(a, b anonymise.Consistency) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Strategy, b.Strategy))
	}
	for _, of := range slices.SortedFunc(maps.Keys(r.buildGroups()), byName) {
		g := r.grouped[of]
		for i, m := range g.members {
			for _, other := range g.members[:i] {
				if why := g.whyApart(other, m); why != "" {
					r.found.add(m.rule.Pos, m.table.Name, "column %s and %s.%s are overwritten by one consistent strategy, `%s`, and %s: give columns whose values are never compared groups of their own (`consistent: NAME`)",
						m.rule.Name, policy.TableName(other.table.Name, r.schema.Default), other.rule.Name, writtenSpec(m.spec), why)
					break
				}
			}
		}
	}
}

// whyApart returns why equal values of two members would get different replacements, or "".
func (g *group) whyApart(a, b member) string {
	switch x, y := a.columnOf(), b.columnOf(); {
	case a.inside && b.inside:
		return ""
	case a.spec.Modifiers.Fold != b.spec.Modifiers.Fold:
		return "their `fold` differs"
	case a.inside:
		return g.partsInside(b)
	case b.inside:
		return g.partsInside(a)
	case x.Kind != y.Kind:
		if !g.mayCompare(a, b) {
			return ""
		}
		return "columns of the types " + x.Type + " and " + y.Type + " get different replacements"
	case !anonymise.Alike(x, y):
		return "columns of the types " + x.Type + " and " + y.Type + " hold different values, so they get different replacements"
	}
	return ""
}

// roomInside is a length sufficient for any keyed replacement, and for most made-up ones.
const roomInside = 64

// partsInside returns why a part of a document and a column would get different replacements, or
// "". The part is a text of any length without a collation.
func (g *group) partsInside(m member) string {
	c := m.columnOf()
	fold := m.spec.Modifiers.Fold
	switch {
	case c.Kind != dialect.Text:
		return ""
	case m.spec.Modifiers.Consistent && len(m.table.UniqueIndexes(c.Name)) > 0:
		return "only one of them is unique"
	case fold == "" && (c.FoldsCase || c.FoldsAccents):
		return "only one of them compares without case or accents: say `fold: true` or `fold: false` at both"
	case c.Length > 0 && c.Length < roomInside:
		return "only one of them is short"
	}
	return ""
}

// mayCompare reports whether values of two kinds in the group may be copies of each other. A named
// group says so. Otherwise, if the policy says `consistent`, a text may be a copy of a number or a
// UUID.
func (g *group) mayCompare(a, b member) bool {
	number := func(k dialect.Kind) bool { return k == dialect.Int || k == dialect.Decimal }
	asText := func(k dialect.Kind) bool { return k == dialect.Text || k == dialect.UUID || number(k) }
	x, y := a.columnOf().Kind, b.columnOf().Kind
	if number(x) && number(y) {
		return a.spec.Name != "pseudonym" // a number has one pseudonym in both types
	}
	return g.name != "" || g.declared && asText(x) && asText(y)
}

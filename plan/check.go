package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/policy"
)

// Check compares a policy with a schema, for every scope. It checks that each table and column is
// decided, each rule's names exist, each strategy fits its column, and each table reached from the
// subject has a decision. It returns a *policy.Error with every problem, or nil.
func Check(p *policy.Policy, s *dialect.Schema, e Capabilities) error {
	return checkKinds(p, s, e, func(*builder) {})
}

// checkKinds checks the policy for each kind of its subjects.
func checkKinds(p *policy.Policy, s *dialect.Schema, e Capabilities, prepare func(*builder)) error {
	var found problems
	for _, one := range p.EachKind() {
		b := newBuilder(one, s, e)
		prepare(b)
		b.checkAll()
		found.addNew(b.found)
	}
	return found.err(s.Default)
}

func (b *builder) checkAll() {
	b.all = true
	b.checkCoverage()
	b.checkConditions()
	b.scopeRoots(ScopeSubjects)
	b.scopeRoots(ScopeExpired)
	b.scopeRoots(ScopeEverything)
}

// checkCoverage fails closed: a name that the policy doesn't classify is a problem.
func (r *resolved) checkCoverage() {
	if r.schema.Partial {
		r.found.add(policy.Pos{}, dialect.Name{}, "tables may be missing, because the user can't see every table of the database: grant SELECT on the whole database, or build the plan as a user who can read it")
	}
	for _, t := range r.schema.Tables {
		rule := r.rules[t.Name]
		if rule == nil {
			r.found.addLines(policy.Pos{}, t.Name, policy.DraftLines(t, r.schema.Default), "the table is not in the policy: add it under tables, with its columns or with `pii: none`")
			continue
		}
		if rule.PII != policy.PIINone {
			r.checkClassified(t, rule)
		}
		r.checkVias(t, rule)
		r.checkHold(t, rule.Hold)
	}
	r.checkGroups()
}

// checkClassified reports columns missing from the rule, and columns missing from the table.
func (r *resolved) checkClassified(t *dialect.Table, rule *policy.Table) {
	for _, c := range t.Columns {
		if rule.Column(c.Name) == nil {
			r.found.addLines(rule.Pos, t.Name, policy.DraftLine(c.Name), "column %s is not classified: add `%s: {pii: …}` under tables.%s.columns", c.Name, c.Name, rule.Name)
		}
	}
	for i := range rule.Columns {
		if c := &rule.Columns[i]; t.Column(c.Name) == nil {
			r.found.add(c.Pos, t.Name, "column %s not found%s", c.Name, nearColumn(t, c.Name))
		}
	}
}

// checkVias reports decisions for references the table doesn't have.
func (r *resolved) checkVias(t *dialect.Table, rule *policy.Table) {
	for i := range rule.Via {
		v := &rule.Via[i]
		if !r.checkColumns(t, v.Columns, v.Pos, "via") {
			continue
		}
		if !slices.ContainsFunc(r.from[t.Name], func(ref *relation) bool { return sameSet(ref.Columns, v.Columns) }) {
			r.found.add(v.Pos, t.Name, "via: no foreign key or link has the columns (%s): declare one under links, or remove the line",
				strings.Join(v.Columns, ", "))
		}
	}
}

func (r *resolved) checkHold(t *dialect.Table, h *policy.Hold) {
	if h == nil {
		return
	}
	r.checkColumns(t, h.Keep, h.Pos, "hold.keep")
	if h.Until != nil && h.Until.Column != "" && r.checkColumns(t, []string{h.Until.Column}, h.Pos, "hold.until") {
		r.checkMomentColumn(t, h.Until.Column, h.Pos, "hold.until")
		rule := r.rules[t.Name].Column(h.Until.Column)
		if rule != nil && rule.Overwrite != nil && rule.Overwrite.Name != "keep" && !h.KeepsColumns([]string{h.Until.Column}) {
			r.found.add(h.Pos, t.Name, "hold.until: overwriting column %s would change the hold's end: name it in hold.keep", h.Until.Column)
		}
	}
}

// checkMomentColumn reports a column that doesn't compare with a point in time.
func (r *resolved) checkMomentColumn(t *dialect.Table, column string, pos policy.Pos, what string) {
	switch c := t.Column(column); c.Kind {
	case dialect.Date, dialect.Timestamp, dialect.TimestampTZ:
	default:
		r.found.add(pos, t.Name, "%s: column %s is a %s: use a date or a timestamp", what, column, c.Type)
	}
}

// problems collects each problem once: the scopes share most of them.
type problems []policy.Problem

func (p *problems) add(pos policy.Pos, table dialect.Name, format string, args ...any) {
	p.addLines(pos, table, "", format, args...)
}

// addLines adds a problem with the lines to solve it.
func (p *problems) addLines(pos policy.Pos, table dialect.Name, lines, format string, args ...any) {
	problem := policy.Problem{Pos: pos, Reason: fmt.Sprintf(format, args...), Lines: lines}
	if table != (dialect.Name{}) {
		problem.Table = table.String()
	}
	if !slices.Contains(*p, problem) {
		*p = append(*p, problem)
	}
}

// addNew adds the problems that aren't there yet.
func (p *problems) addNew(others problems) {
	for _, problem := range others {
		if !slices.Contains(*p, problem) {
			*p = append(*p, problem)
		}
	}
}

// err is the error of the problems, without the default schema in table names.
func (p *problems) err(usual string) error {
	out := slices.Clone(*p)
	for i := range out {
		if usual != "" {
			out[i].Table = strings.TrimPrefix(out[i].Table, usual+".")
		}
	}
	return policy.NewError(out)
}

package plan

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/policy"
)

// String is the plan for a person to review: every step with the path to its table, every hazard,
// and the digest to approve.
func (p *Plan) String() string { return p.renderText(nil) }

// TextSince is String with the hazards missing from the approved plan first.
func (p *Plan) TextSince(approved *Plan) string { return p.renderText(approved) }

func (p *Plan) renderText(approved *Plan) string {
	var b strings.Builder
	fprintPrintable(&b, "Plan for %s on %s, scope %s\n", p.Database, p.Engine, p.Scope)
	if p.OnlyOn != "" {
		fprintPrintable(&b, "Runs only on the database %s\n", p.OnlyOn)
	}
	if p.Subject != nil {
		of := "A subject"
		if p.Subject.Kind != "" {
			of += " of the kind " + p.Subject.Kind
		}
		fprintPrintable(&b, "%s is a row of %s, named by %s", of, policy.TableName(p.Subject.Table, p.Default), joinColumns(p.Subject.Key))
		if len(p.Subject.Identifiers) > 0 {
			fprintPrintable(&b, " (or by %s)", joinColumns(p.Subject.Identifiers))
		}
		b.WriteByte('\n')
	}
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for i := range p.Roots {
		r := &p.Roots[i]
		if p.Scope != ScopeEverything {
			fprintPrintable(w, "\n%s\n", r.textHeading(p.Default))
		} else if i == 0 {
			fmt.Fprintln(w)
		}
		for _, s := range r.Steps {
			fprintPrintable(w, "  %s\t%s\t%s\t%s\n", s.ID, s.Op, s.textObject(p.Default), s.textMeaning(p, r))
			for _, a := range s.Set {
				fprintPrintable(w, "  \t\t  %s\t%s, %s\n", a.Column, a.Written(), a.Way)
			}
		}
	}
	w.Flush()
	if conditions := slices.DeleteFunc(p.Conditions(), func(c Condition) bool { return c.inStep }); len(conditions) > 0 {
		b.WriteString("\nConditions, in the database's SQL:\n")
		for _, c := range conditions {
			fprintPrintable(&b, "  %s: where %s\n", c.Of, c.SQL)
		}
	}
	if len(p.Unlinked) > 0 {
		b.WriteString("\nNot searched for a subject's rows:\n")
		for _, u := range p.Unlinked {
			fprintPrintable(&b, "  %s: %s\n", policy.TableName(u.Table, p.Default), u.Reason)
		}
	}
	if len(p.Untried) > 0 {
		b.WriteString("\nNot tried, for lack of rows:\n")
		for _, u := range p.Untried {
			fprintPrintable(&b, "  %s: %s\n", policy.TableName(u.Table, p.Default), u.Reason)
		}
	}
	hazards := p.Hazards
	if approved != nil {
		fresh := p.NewHazards(approved)
		if len(fresh) == 0 {
			b.WriteString("\nNo new hazards since the approved plan\n")
		}
		p.printHazards(&b, "New hazards since the approved plan, each to be allowed by name:", fresh)
		hazards = slices.DeleteFunc(slices.Clone(hazards), func(h Hazard) bool { return slices.Contains(fresh, h) })
	}
	p.printHazards(&b, "Hazards, each to be allowed by name:", hazards)
	p.printHazards(&b, "Optional, to run faster:", p.OptionalHazards())
	fprintPrintable(&b, "\nDigest %s\n", p.Digest())
	return b.String()
}

func (p *Plan) printHazards(w io.Writer, heading string, hazards []Hazard) {
	if len(hazards) > 0 {
		fmt.Fprintf(w, "\n%s\n", heading)
	}
	for _, g := range GroupHazards(hazards) {
		var tables []string
		for _, t := range g.Tables {
			tables = append(tables, policy.TableName(t, p.Default))
		}
		fprintPrintable(w, "  --allow %s  %s: %s\n", g.Name, joinColumns(tables), g.Reason)
	}
}

// fprintPrintable writes a line. Names from the catalogue and texts of the policy can't break lines
// in it, or control the reviewer's terminal.
func fprintPrintable(w io.Writer, format string, args ...any) {
	for i, a := range args {
		args[i] = strings.Map(func(r rune) rune {
			if !unicode.IsPrint(r) {
				return unicode.ReplacementChar
			}
			return r
		}, fmt.Sprint(a))
	}
	fmt.Fprintf(w, format, args...)
}

// Written is the strategy as a policy says it. It has no braces if one name and one word are
// enough: fake: email.
func (a Assignment) Written() string {
	s := a.Strategy
	text, err := policy.StrategyText(s)
	if err != nil {
		return strings.TrimSpace(s.Name + " " + s.Modifiers.When)
	}
	if _, nested := s.Params.(map[string]any); s.Modifiers == (anonymise.Modifiers{}) && !nested {
		text = strings.TrimSuffix(strings.TrimPrefix(text, "{"), "}")
	}
	return text
}

func (r *Root) textHeading(usual string) string {
	name := policy.TableName(r.Table, usual)
	switch {
	case r.Ended:
		return fmt.Sprintf("For each row of %s left by an erasure because of a hold, once the hold has ended:", name)
	case r.Older != nil && r.Older.Lookup != nil:
		l := r.Older.Lookup
		return fmt.Sprintf("For each row of %s with %s older than %s.%s says for its %s:", name, r.Older.Column, policy.TableName(l.Table, usual), l.Column, l.Key)
	case r.Older != nil:
		return fmt.Sprintf("For each row of %s with %s older than %s:", name, r.Older.Column, r.Older.Period)
	case r.Whole:
		return fmt.Sprintf("For all rows of %s, in one transaction:", name)
	}
	return fmt.Sprintf("For each given row of %s:", name)
}

func (s *Step) textObject(usual string) string {
	if s.Detach != nil {
		return policy.TableName(s.Table, usual) + "(" + joinColumns(s.Detach.Columns) + ")"
	}
	return policy.TableName(s.Table, usual)
}

// textMeaning says in words which rows a step is for.
func (s *Step) textMeaning(p *Plan, r *Root) string {
	out := s.Path
	switch {
	case s.Op == Detach && s.Rows == Going:
		out += ": among deleted rows, to break a cycle"
	case s.Op == Detach && s.Rows == Staying && p.Scope == ScopeEverything:
		out += ": in every row" + s.Detach.whereText() + ", since every row of " + policy.TableName(s.Detach.RefTable, p.Default) + " is deleted"
	case s.Op == Detach && s.Rows == Staying:
		out += ": in remaining rows that refer to a deleted one"
	case s.Rows == Following && s.Set[0].Way == InDatabase:
		out += ": rows that refer to an overwritten one follow it, by the foreign key's cascade"
	case s.Rows == Following:
		out += ": rows that refer to an overwritten one follow it"
	case s.Rows == Held:
		out += ": rows under the hold"
	case s.Rows == Freed:
		out += ": what the hold kept, in rows that still have to be kept"
	case s.Op == Overwrite && r.Ended:
		out += ": rows kept whole so far that still have to be kept"
	case s.Op == Overwrite && r.hasStep(Delete, s.Table):
		out += ": rows that can't be deleted, because a remaining row refers to them"
	}
	if s.Again {
		out += ", including those written by triggers meanwhile"
	}
	if h := r.tableOf(s.Table); h != nil && h.Hold != nil && s.Op != Detach {
		out += " (hold: " + h.Hold.Because + untilText(h.Hold) + ")"
	}
	return out
}

// whereText is the link's condition as the end of a sentence.
func (r *Reference) whereText() string {
	if r.Where == "" {
		return ""
	}
	return " where " + r.Where
}

func untilText(h *policy.Hold) string {
	switch {
	case h.Until == nil:
		return ""
	case h.Until.Date != "":
		return ", until " + h.Until.Date
	}
	return fmt.Sprintf(", until %s + %s", h.Until.Column, h.Until.Period)
}

// hasStep reports whether the root has a step with the operation on the table.
func (r *Root) hasStep(op Op, t dialect.Name) bool {
	for i := range r.Steps {
		if r.Steps[i].Op == op && r.Steps[i].Table == t {
			return true
		}
	}
	return false
}

func (r *Root) tableOf(n dialect.Name) *Table {
	for i := range r.Tables {
		if r.Tables[i].Name == n {
			return &r.Tables[i]
		}
	}
	return nil
}

// pathTo is the path to the node's rows, in texts for people.
func (c *closure) pathTo(n *node) string {
	name := policy.TableName(n.table.Name, c.schema.Default)
	switch {
	case n.parent == nil:
		return name
	case n.owned:
		return c.pathTo(n.parent) + "(" + n.via + ") → " + name
	}
	return c.pathTo(n.parent) + " ← " + name + "(" + n.via + ")"
}

// TableName is a table's name in the plan's text: without the schema of the connection.
func (p *Plan) TableName(n dialect.Name) string { return policy.TableName(n, p.Default) }

func joinColumns(columns []string) string { return strings.Join(columns, ", ") }

package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/policy"
)

// Mermaid is the plan as a flowchart in the Mermaid language
// (https://mermaid.js.org/syntax/flowchart.html). Each table is a node, coloured by its operations.
// Each reference is an edge, from the row reached first.
//
// Detached references are dashed, and those followed forwards thick. The edges of Following rows
// end in a cross. A condition is on its link's edge, or in a flag beside the chart. Roots after the
// first are charts of their own within it.
func (p *Plan) Mermaid() string {
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	for i := range p.Roots {
		r := &p.Roots[i]
		chart := &flowchart{Builder: &b, plan: p, root: i, indent: "  ", ids: map[dialect.Name]string{}}
		if len(p.Roots) > 1 && p.Scope != ScopeEverything {
			fmt.Fprintf(&b, "  subgraph r%d[%s]\n", i+1, mermaidText(strings.TrimSuffix(r.textHeading(p.Default), ":")))
			chart.indent = "    "
		}
		chart.drawRoot(r)
		if chart.indent == "    " {
			b.WriteString("  end\n")
		}
	}
	for _, class := range []string{
		"delete fill:#f8c9c4,stroke:#a4262c,color:#000",
		"overwrite fill:#fbe3b5,stroke:#986f0b,color:#000",
		"both fill:#f9d6bd,stroke:#a4262c,color:#000,stroke-dasharray:4 2",
		"keep fill:#cfe8cf,stroke:#0b6a0b,color:#000",
		"detach fill:#dbe7f5,stroke:#2b5797,color:#000",
	} {
		b.WriteString("  classDef " + class + "\n")
	}
	return b.String()
}

// flowchart draws one root.
type flowchart struct {
	*strings.Builder
	plan   *Plan
	root   int
	indent string
	ids    map[dialect.Name]string
	shown  []Condition // on edges
}

func (f *flowchart) drawRoot(r *Root) {
	for i := range r.Tables {
		f.drawNode(r, r.Tables[i].Name)
	}
	for i := range r.Steps {
		f.drawNode(r, r.Steps[i].Table) // a table with nothing but a reference to set NULL
	}
	for i := range r.Tables {
		for _, w := range r.Tables[i].Reach {
			arrow := "-->"
			if w.Forwards {
				arrow = "==>"
			}
			f.drawEdge(w.From(), arrow, &w.Reference, r.Tables[i].Name)
		}
		for _, ref := range r.Tables[i].AnchoredBy {
			f.drawEdge(r.Tables[i].Name, "--o", &ref, ref.Table)
		}
	}
	for i := range r.Steps {
		s := &r.Steps[i]
		if s.Detach != nil && s.Rows == Reached {
			f.drawEdge(s.Detach.RefTable, "-.->", s.Detach, s.Table)
		}
		if s.Follow != nil {
			f.drawEdge(s.Follow.RefTable, "--x", s.Follow, s.Table)
		}
	}
	n := 0
	for _, c := range r.conditionsOf(f.plan.Default) {
		if !slices.Contains(f.shown, c) {
			n++
			fmt.Fprintf(f, "%sr%dc%d>%s]\n", f.indent, f.root+1, n, mermaidText(c.Of, "where "+c.SQL))
		}
	}
}

// drawNode draws a table once.
func (f *flowchart) drawNode(r *Root, table dialect.Name) {
	if f.ids[table] != "" {
		return
	}
	id := fmt.Sprintf("r%dt%d", f.root+1, len(f.ids)+1)
	f.ids[table] = id
	label := policy.TableName(table, f.plan.Default)
	ops := r.operationsOn(table)
	shape := [2]string{"[", "]"}
	if table == r.Table {
		shape = [2]string{"([", "])"}
	}
	if t := r.tableOf(table); t != nil && t.Hold != nil {
		ops = append(ops, "hold")
	}
	fmt.Fprintf(f, "%s%s%s%s%s:::%s\n", f.indent, id, shape[0], mermaidText(label, strings.Join(ops, ", ")), shape[1], colourOf(ops))
}

func (f *flowchart) drawEdge(from dialect.Name, arrow string, ref *Reference, to dialect.Name) {
	if f.ids[from] == "" || f.ids[to] == "" {
		return
	}
	lines := []string{joinColumns(ref.Columns)}
	if ref.Where != "" {
		lines = append(lines, "where "+ref.Where)
		f.shown = append(f.shown, ref.condition(f.plan.Default))
	}
	fmt.Fprintf(f, "%s%s %s|%s| %s\n", f.indent, f.ids[from], arrow, mermaidText(lines...), f.ids[to])
}

// operationsOn are the operations of the steps on a table, each once, in their order.
func (r *Root) operationsOn(table dialect.Name) []string {
	var out []string
	for i := range r.Steps {
		if s := &r.Steps[i]; s.Table == table && !slices.Contains(out, string(s.Op)) {
			out = append(out, string(s.Op))
		}
	}
	return out
}

// colourOf is the class of a table's node. It shows detach only if there is no other operation.
func colourOf(ops []string) string {
	has := func(o Op) bool { return slices.Contains(ops, string(o)) }
	switch {
	case has(Delete) && has(Overwrite):
		return "both"
	case has(Delete):
		return "delete"
	case has(Overwrite):
		return "overwrite"
	case has(Keep):
		return "keep"
	}
	return "detach"
}

// mermaidText is a text in quotes, line by line. It writes markup, and characters able to end the
// text, as character codes.
func mermaidText(lines ...string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i, line := range lines {
		if i > 0 {
			b.WriteString("<br/>")
		}
		for _, r := range line {
			if r < ' ' || r == 0x7f || strings.ContainsRune("\"#&<>;`\\[]{}|", r) {
				fmt.Fprintf(&b, "#%d;", r)
				continue
			}
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

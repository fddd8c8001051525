package policy

import (
	"strings"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/internal/word"
)

// Change is one difference between a policy and a schema: a table or column the schema has gained
// or lost since the policy was written.
type Change struct {
	Kind   ChangeKind
	Pos    Pos          // where the policy names a lost one; zero for a new one
	Table  dialect.Name // as the schema has it; a lost table as the policy writes it
	Column string       // "" for a whole table
	// Lines are what to add to the policy for a new one, indented for their place in the file; ""
	// for a lost one.
	Lines string
	// Meant is the new name probably replacing a lost one, or "".
	Meant string
}

// ChangeKind says what changed.
type ChangeKind string

// The changes.
const (
	TableCame  ChangeKind = "new table"
	ColumnCame ChangeKind = "new column"
	TableWent  ChangeKind = "table gone"
	ColumnWent ChangeKind = "column gone"
)

// Diff compares the names of a policy with those of a schema: tables and columns found in only one
// of them, in the schema's order, lost tables last. It decides nothing: the lines for new ones say
// `undecided`, and Check refuses this until a person decides.
func Diff(p *Policy, s *dialect.Schema) []Change {
	rules := map[dialect.Name]*Table{}
	var gone []*Table
	for i := range p.Tables {
		rule := &p.Tables[i]
		if t, _ := FindTable(s, rule.Name); t != nil {
			rules[t.Name] = rule
		} else {
			gone = append(gone, rule)
		}
	}
	var out []Change
	var came []string
	for _, t := range s.Tables {
		rule := rules[t.Name]
		switch {
		case rule == nil:
			out = append(out, Change{Kind: TableCame, Table: t.Name, Lines: DraftLines(t, s.Default)})
			came = append(came, TableName(t.Name, s.Default))
		case rule.PII != PIINone:
			out = append(out, columnChanges(t, rule)...)
		}
	}
	for _, rule := range gone {
		out = append(out, Change{Kind: TableWent, Pos: rule.Pos, Table: dialect.Name{Table: rule.Name}, Meant: word.Nearest(rule.Name, came)})
	}
	for i := range out {
		if out[i].Table.Schema == s.Default {
			out[i].Table.Schema = ""
		}
	}
	return out
}

func columnChanges(t *dialect.Table, rule *Table) []Change {
	var out []Change
	var came []string
	for _, c := range t.Columns {
		if rule.Column(c.Name) == nil {
			out = append(out, Change{Kind: ColumnCame, Table: t.Name, Column: c.Name, Lines: DraftLine(c.Name)})
			came = append(came, c.Name)
		}
	}
	for _, c := range rule.Columns {
		if t.Column(c.Name) == nil {
			out = append(out, Change{Kind: ColumnWent, Pos: c.Pos, Table: t.Name, Column: c.Name, Meant: word.Nearest(c.Name, came)})
		}
	}
	return out
}

// DraftLines are the lines to add under tables for a table missing from the policy.
func DraftLines(t *dialect.Table, usual string) string {
	rule := draftTable(t, usual)
	tables, w := &yamlNode{}, &yamlPrinter{}
	(&policyWriter{}).addTable(tables, &rule)
	w.print(tables.children[0], 1, false)
	return w.String()
}

// DraftLine is the line to add under a table's columns for a column missing from the policy.
func DraftLine(name string) string {
	columns, w := &yamlNode{}, &yamlPrinter{}
	(&policyWriter{}).addColumn(columns, &Column{Name: name, PII: PIIUndecided})
	w.print(columns.children[0], 3, false)
	return w.String()
}

// String is the change for people, with the lines to add below it:
//
//	new column customer.mobile: under tables.customer.columns add
//	      mobile: {pii: undecided}
func (c Change) String() string {
	name := c.Table.String()
	if c.Column != "" {
		name += "." + c.Column
	}
	text := string(c.Kind) + " " + name
	switch c.Kind {
	case TableCame:
		return text + ": under tables add\n" + strings.TrimSuffix(c.Lines, "\n")
	case ColumnCame:
		return text + ": under tables." + c.Table.String() + ".columns add\n" + strings.TrimSuffix(c.Lines, "\n")
	}
	if c.Pos != (Pos{}) {
		text = c.Pos.String() + ": " + text
	}
	if c.Meant != "" {
		return text + ": rename it to " + c.Meant + ", or remove it"
	}
	return text + ": remove it"
}

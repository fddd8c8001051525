package policy

import (
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/internal/word"
)

// Draft is a first policy for a database: every table with every column, nothing decided.
// [Policy.YAML] writes it as a file to complete. Parse and Check refuse it until its last
// `undecided` is replaced.
func Draft(s *dialect.Schema) *Policy {
	p := &Policy{Version: policyVersion, Database: PIIUndecided, Subject: Subject{Table: PIIUndecided}}
	for _, t := range s.Tables {
		p.Tables = append(p.Tables, draftTable(t, s.Default))
	}
	return p
}

// draftTable is a table with nothing decided; usual is the default schema.
func draftTable(t *dialect.Table, usual string) Table {
	rule := Table{Name: TableName(t.Name, usual)}
	for _, c := range t.Columns {
		rule.Columns = append(rule.Columns, Column{Name: c.Name, PII: PIIUndecided})
	}
	if len(rule.Columns) == 0 {
		rule.PII = PIIUndecided
	}
	return rule
}

// undecidedProblems lists the undecided entries of a draft.
func undecidedProblems(p *Policy) []Problem {
	var out []Problem
	if p.Database == PIIUndecided {
		out = append(out, Problem{Reason: "decide: the database's name, which receipts give (database)"})
	}
	subjects := p.Subjects
	if len(subjects) == 0 {
		subjects = []Subject{p.Subject}
	}
	for _, s := range subjects {
		if s.Table == PIIUndecided {
			out = append(out, Problem{Pos: s.Pos, Reason: "decide: which table has one row for each subject, such as customer (subject.table)"})
		}
	}
	for i := range p.Tables {
		t := &p.Tables[i]
		if t.PII == PIIUndecided {
			out = append(out, Problem{Pos: t.Pos, Table: t.Name, Reason: "decide: pii: none if the table holds nothing personal, else a category for each of its columns"})
		}
		for _, c := range t.Columns {
			if c.PII == PIIUndecided {
				out = append(out, Problem{Pos: c.Pos, Table: t.Name,
					Reason: "decide: what is in column " + word.Printable(c.Name) + "? its pii is a category, or none"})
			}
		}
	}
	return out
}

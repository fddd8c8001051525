package policy

import "github.com/expungedb/expunge/plan/internal/word"

// readNone reads `none: [a, b]`, a table's columns without anything personal.
func (p *policyReader) readNone(e entry) []Column {
	var out []Column
	for _, in := range p.readNames(e) {
		out = append(out, Column{Name: in.key, PII: PIINone, Pos: in.pos})
	}
	return out
}

// readNothingPersonal reads `nothing personal: [a, b]`, tables without anything personal and
// without other decisions.
func (p *policyReader) readNothingPersonal(e entry, tables []Table) []Table {
	decided := map[string]Pos{}
	for _, t := range tables {
		decided[t.Name] = t.Pos
	}
	var out []Table
	for _, in := range p.readNames(e) {
		if first, twice := decided[in.key]; twice {
			p.failAt(in.pos, "table %s is decided twice, first at %s: remove one of the two", word.Printable(in.key), first)
			continue
		}
		out = append(out, Table{Name: in.key, PII: PIINone, Pos: in.pos})
	}
	return out
}

// checkDecidedOnce reports columns in the list with a rule of their own.
func (p *policyReader) checkDecidedOnce(columns []Column) {
	decided := map[string]Pos{}
	for _, c := range columns {
		if first, twice := decided[c.Name]; twice {
			p.failAt(c.Pos, "column %s is decided twice, first at %s: remove one of the two", word.Printable(c.Name), first)
			continue
		}
		decided[c.Name] = c.Pos
	}
}

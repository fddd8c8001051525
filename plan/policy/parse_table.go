package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

var (
	tableShape = shape{"a table", nil, []string{"pii", "because", "erase", "everything", "via", "unlinked", "hold", "none", "columns"}}
	holdShape  = shape{"a hold", []string{"because"}, []string{"basis", "until", "keep", "where"}}
)

func (p *policyReader) readTables(e entry) []Table {
	if e.value == nil {
		return nil
	}
	entries, ok := p.readEntries(e, "a mapping such as {customer: {erase: delete}}")
	if ok && len(entries) == 0 {
		p.failAt(e.posOf(), "tables is empty: list every table of the database")
	}
	out := make([]Table, 0, len(entries))
	for _, in := range entries {
		p.table = in.key
		out = append(out, p.tableEntry(in))
		p.table = ""
	}
	return out
}

func (p *policyReader) tableEntry(e entry) Table {
	t := Table{Name: e.key, Pos: e.pos}
	m, ok := p.readMapping(e, tableShape)
	if !ok {
		return t
	}
	if n, ok := e.value.(*ast.MappingNode); ok && len(n.Values) == 0 {
		p.failAt(e.pos, "the table has no rules: classify its columns under columns, or write pii: none")
		return t
	}
	t.PII = p.tablePII(m)
	t.Because = p.readText(m["because"])
	t.Erase = p.readErase(m["erase"], EraseDelete, EraseOverwrite, EraseKeep)
	t.Everything = p.readEverything(m["everything"])
	t.Via = p.readVia(m["via"])
	t.Unlinked = p.readText(m["unlinked"])
	t.Hold = p.readHold(m["hold"])
	t.Columns = append(p.readNone(m["none"]), p.readColumns(m["columns"])...)
	p.checkDecidedOnce(t.Columns)
	p.checkNothingToOverwrite(&t, m)
	return t
}

func (p *policyReader) tablePII(m mapping) string {
	e := m["pii"]
	if e.value == nil {
		if because, ok := m["because"]; ok {
			p.failAt(because.pos, "because needs pii: none, whose reason it is: write the reason for a hold in hold")
		}
		return ""
	}
	pii := p.readText(e)
	switch pii {
	case "", PIIUndecided:
		return pii
	case PIINone:
	default:
		p.failAt(e.posOf(), "pii of a table can only be none: write categories at its columns")
		return ""
	}
	for _, key := range []string{"none", "columns"} {
		if other, ok := m[key]; ok {
			p.failAt(other.pos, "%s contradicts pii: none, which applies to all columns: remove one of the two", key)
		}
	}
	return pii
}

// checkNothingToOverwrite refuses to overwrite rows of a table without a personal column.
func (p *policyReader) checkNothingToOverwrite(t *Table, m mapping) {
	if t.PII != PIINone {
		return
	}
	const reason = "contradicts pii: none: the table has no column to overwrite: write delete or keep"
	if t.Erase == EraseOverwrite {
		p.failAt(m["erase"].posOf(), "erase: overwrite "+reason)
	}
	for _, v := range t.Via {
		if v.Erase == EraseOverwrite {
			p.failAt(v.Pos, "via: overwrite "+reason)
		}
	}
}

// readErase reads a decision; detach is one for references only.
func (p *policyReader) readErase(e entry, words ...Erase) Erase {
	if n, ok := e.value.(*ast.StringNode); ok && n.Value == string(EraseDetach) && !slices.Contains(words, EraseDetach) {
		p.failAt(e.posOf(), "erase can't be detach: a reference is detached, under via: {column: detach}")
		return ""
	}
	text := make([]string, len(words))
	for i, w := range words {
		text[i] = string(w)
	}
	return Erase(p.readWord(e, text...))
}

func (p *policyReader) readEverything(e entry) Erase {
	if n, ok := e.value.(*ast.StringNode); ok && (n.Value == string(EraseOverwrite) || n.Value == string(EraseKeep)) {
		p.failAt(e.posOf(), "everything can only be delete: without it, scope everything applies each column's overwrite")
		return ""
	}
	return Erase(p.readWord(e, string(EraseDelete)))
}

func (p *policyReader) readVia(e entry) []Via {
	if e.value == nil {
		return nil
	}
	entries, _ := p.readEntries(e, "a mapping such as {sender_id: delete}")
	var out []Via
	for _, in := range entries {
		v := Via{Pos: in.pos, Erase: p.readErase(in, EraseDelete, EraseOverwrite, EraseKeep, EraseDetach)}
		var err error
		if v.Columns, err = parseColumns(in.key); err != nil {
			p.failAt(in.pos, "via: %v", err)
			continue
		}
		if slices.ContainsFunc(out, func(o Via) bool {
			return slices.Equal(slices.Sorted(slices.Values(o.Columns)), slices.Sorted(slices.Values(v.Columns)))
		}) {
			p.failAt(in.pos, "via has a second decision for the columns %s", strings.Join(v.Columns, ", "))
			continue
		}
		out = append(out, v)
	}
	return out
}

func sortedNames(names []string) []string { return slices.Sorted(slices.Values(names)) }

func (p *policyReader) readHold(e entry) *Hold {
	if e.value == nil {
		return nil
	}
	m, ok := p.readMapping(e, holdShape)
	if !ok {
		return nil
	}
	h := &Hold{
		Because: p.readText(m["because"]), Basis: p.readText(m["basis"]),
		Until: p.readUntil(m["until"]), Keep: p.readTexts(m["keep"]), Pos: e.pos,
	}
	if where := m["where"]; where.value != nil {
		h.Where = strings.TrimSpace(p.readText(where))
		if why := CheckCondition(h.Where); h.Where != "" && why != "" {
			p.failAt(where.posOf(), "the hold's condition %s", why)
		}
	}
	return h
}

func (p *policyReader) readUntil(e entry) *Until {
	text := p.readText(e)
	if text == "" {
		return nil
	}
	u, err := parseUntil(text)
	if err != nil {
		p.failAt(e.posOf(), "until: %v", err)
		return nil
	}
	return &u
}

// parseUntil reads `2030-12-31`, `invoice_date + 6y` or `paid_until`, with names as in links.
func parseUntil(text string) (Until, error) {
	text = strings.TrimSpace(text)
	day, err := time.Parse(time.DateOnly, text)
	if err == nil {
		return Until{Date: day.Format(time.DateOnly)}, nil
	}
	if len(text) == len(time.DateOnly) && text[4] == '-' && text[7] == '-' {
		return Until{}, fmt.Errorf("%s is not a calendar date", text)
	}
	s := &scanner{rest: text}
	u := Until{Column: s.scanName()}
	if s.takeMark("+") {
		period, err := ParsePeriod(s.rest)
		if err != nil {
			return Until{}, err
		}
		u.Period, s.rest = period, ""
	}
	s.expectEnd("a date such as 2030-12-31, or a column and a period such as invoice_date + 6y")
	return u, s.err
}

// String is the end as a policy writes it.
func (u Until) String() string {
	switch {
	case u.Date != "":
		return u.Date
	case u.Period.IsZero():
		return quoteName(u.Column)
	}
	return quoteName(u.Column) + " + " + u.Period.String()
}

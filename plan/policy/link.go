package policy

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/expungedb/expunge/plan/internal/word"
)

// The grammar of references in a policy:
//
//	link    = side "->" target [ "where" condition ]
//	owns    = side "->" target
//	side    = table "(" columns ")"
//	target  = table [ "(" columns ")" ]       without columns: the primary key
//	table   = name { "." name }               schema.table, or the table alone
//	columns = name { "," name }
//	name    = letters, digits, _ and $, or anything between double quotes, "" for one of them
//
// Names keep their case. The condition is the rest of the text, in the engine's SQL. A policy keeps
// a table's quoted name without its quotes: "a.b" and a.b are one, and the schema resolves them.

// parseLink reads `audit_log(entity_id) -> customer(customer_id) where entity_type = 'customer'`.
func parseLink(text string) (Link, error) {
	s := &scanner{rest: text}
	l := Link{}
	s.scanReference(&l.Table, &l.Columns, &l.RefTable, &l.RefColumns)
	if s.takeWord("where") {
		l.Where = strings.TrimSpace(s.rest)
		s.rest = ""
		if why := CheckCondition(l.Where); s.err == nil && why != "" {
			return Link{}, fmt.Errorf("the link's condition %s", why)
		}
	}
	s.expectEnd("where and a condition")
	if s.err != nil {
		return Link{}, fmt.Errorf("%w: a link reads table(column) -> table(column) where condition, with unusual names in double quotes", s.err)
	}
	return l, nil
}

// parseOwns reads `customer(address_id) -> address`.
func parseOwns(text string) (Owns, error) {
	s := &scanner{rest: text}
	o := Owns{}
	s.scanReference(&o.Table, &o.Columns, &o.RefTable, &o.RefColumns)
	s.expectEnd("the end")
	if s.err != nil {
		return Owns{}, fmt.Errorf("%w: owns reads table(column) -> table, with unusual names in double quotes", s.err)
	}
	return o, nil
}

// parseColumns reads the key of a decision under `via:`: `sender_id`, or `tenant_id, order_id`. A
// name outside of this grammar may stand alone without quotes, as the keys of `columns:` do.
func parseColumns(text string) ([]string, error) {
	if text != "" && !strings.ContainsAny(text, `,"`) && strings.TrimSpace(text) == text {
		return []string{text}, nil
	}
	s := &scanner{rest: text}
	columns := s.scanNames()
	s.expectEnd("a comma")
	return columns, s.err
}

// String is the link as a policy writes it.
func (l Link) String() string {
	text := referenceText(l.Table, l.Columns, l.RefTable, l.RefColumns)
	if l.Where != "" {
		text += " where " + l.Where
	}
	return text
}

// String is the reference as a policy writes it.
func (o Owns) String() string {
	return referenceText(o.Table, o.Columns, o.RefTable, o.RefColumns)
}

func referenceText(table string, columns []string, refTable string, refColumns []string) string {
	text := quotePath(table) + "(" + quoteColumns(columns) + ") -> " + quotePath(refTable)
	if len(refColumns) > 0 {
		text += "(" + quoteColumns(refColumns) + ")"
	}
	return text
}

// quotePath writes a table's name: part by part, or as a whole if a part is empty.
func quotePath(table string) string {
	parts := strings.Split(table, ".")
	if slices.Contains(parts, "") {
		return quoteIdent(table)
	}
	for i, p := range parts {
		parts[i] = quoteName(p)
	}
	return strings.Join(parts, ".")
}

func quoteColumns(columns []string) string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = quoteName(c)
	}
	return strings.Join(names, ", ")
}

func quoteName(name string) string {
	if name != "" && !strings.ContainsFunc(name, func(r rune) bool { return !nameRune(r) }) {
		return name
	}
	return quoteIdent(name)
}

func quoteIdent(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func nameRune(r rune) bool {
	return r == '_' || r == '$' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
}

// scanner reads a text from its left. After the first error it reads nothing more.
type scanner struct {
	rest string
	err  error
}

func (s *scanner) failExpected(expected string) {
	if s.err != nil {
		return
	}
	found := "the end"
	if s.rest != "" {
		found = word.Printable(s.rest)
	}
	s.err = fmt.Errorf("expected %s, found %s", expected, found)
}

func (s *scanner) skipSpace() { s.rest = strings.TrimLeftFunc(s.rest, unicode.IsSpace) }

// takeMark reads the mark if it is next.
func (s *scanner) takeMark(mark string) bool {
	s.skipSpace()
	if s.err != nil || !strings.HasPrefix(s.rest, mark) {
		return false
	}
	s.rest = s.rest[len(mark):]
	return true
}

func (s *scanner) expectMark(mark string) {
	if !s.takeMark(mark) {
		s.failExpected(mark)
	}
}

// takeWord reads a keyword, in any case, if it is next.
func (s *scanner) takeWord(keyword string) bool {
	s.skipSpace()
	if found := leadingRunes(s.rest, nameRune); s.err != nil || !strings.EqualFold(found, keyword) {
		return false
	}
	s.rest = s.rest[len(keyword):]
	return true
}

func (s *scanner) expectEnd(expected string) {
	if s.skipSpace(); s.rest != "" {
		s.failExpected(expected)
	}
}

func (s *scanner) scanName() string {
	s.skipSpace()
	if s.err != nil {
		return ""
	}
	if strings.HasPrefix(s.rest, `"`) {
		return s.quotedName()
	}
	name := leadingRunes(s.rest, nameRune)
	if name == "" {
		s.failExpected("a name")
		return ""
	}
	s.rest = s.rest[len(name):]
	return name
}

func (s *scanner) quotedName() string {
	var name strings.Builder
	rest := s.rest[1:]
	for {
		part, after, closed := strings.Cut(rest, `"`)
		name.WriteString(part)
		if !closed {
			s.failExpected("a closing double quote")
			return ""
		}
		if rest = after; !strings.HasPrefix(rest, `"`) {
			break
		}
		name.WriteByte('"')
		rest = rest[1:]
	}
	if name.Len() == 0 {
		s.failExpected("a name between the double quotes")
		return ""
	}
	s.rest = rest
	return name.String()
}

func (s *scanner) scanTable() string {
	name := s.scanName()
	for s.takeMark(".") {
		name += "." + s.scanName()
	}
	return name
}

func (s *scanner) scanNames() []string {
	names := []string{s.scanName()}
	for s.takeMark(",") {
		names = append(names, s.scanName())
	}
	for i, name := range names {
		if s.err == nil && slices.Contains(names[:i], name) {
			s.err = fmt.Errorf("column %s is named twice", word.Printable(name))
		}
	}
	return names
}

func (s *scanner) scanReference(table *string, columns *[]string, refTable *string, refColumns *[]string) {
	*table = s.scanTable()
	s.expectMark("(")
	*columns = s.scanNames()
	s.expectMark(")")
	s.expectMark("->")
	*refTable = s.scanTable()
	if !s.takeMark("(") {
		return
	}
	*refColumns = s.scanNames()
	s.expectMark(")")
	if s.err == nil && len(*columns) != len(*refColumns) {
		s.err = fmt.Errorf("%d and %d columns on the two sides", len(*columns), len(*refColumns))
	}
}

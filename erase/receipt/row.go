package receipt

import (
	"errors"
	"fmt"
	"strings"
)

// ParseRow reads a row in people's notation, for Disclose: table:key:operation, as
// order:order_id=17:delete. Commas separate the columns of a key (shop_id=7,order_id=17); within a
// value, \, is a comma and \\ a backslash. The table is one of the receipt's, with its schema where
// two have that name. Names that don't fit this form (an = in a column's name) need JSON, in the
// form of Row. Errors don't quote the text, because it names a person's row.
func ParseRow(s *Statement, text string) (Row, error) {
	if strings.HasPrefix(text, "{") {
		var row Row
		if err := decodeStrict([]byte(text), &row); err != nil {
			return Row{}, fmt.Errorf("row: %w", err)
		}
		if _, err := row.canonical(); err != nil {
			return Row{}, err
		}
		return row, nil
	}
	end := strings.LastIndexByte(text, ':')
	if end < 0 {
		return Row{}, errors.New("row isn't in the form table:column=value:operation")
	}
	row := Row{Operation: Operation(text[end+1:]), Key: map[string]string{}}
	switch row.Operation {
	case Delete, Overwrite, Detach:
	default:
		return Row{}, fmt.Errorf("row ends with no operation: write :%s, :%s or :%s behind the key", Delete, Overwrite, Detach)
	}
	key, err := row.inTable(s, text[:end])
	if err != nil {
		return Row{}, err
	}
	for _, pair := range unescapedSplit(key) {
		column, value, ok := strings.Cut(pair, "=")
		_, twice := row.Key[column]
		if !ok || column == "" || twice {
			return Row{}, errors.New("row's key isn't in the form column=value, with a comma between columns")
		}
		row.Key[column] = value
	}
	return row, nil
}

// inTable finds the receipt's table at the start of the text, and returns the rest behind its
// colon. Names may contain dots and colons, so the longest one counts.
func (r *Row) inTable(s *Statement, text string) (rest string, err error) {
	longest, others := 0, false
	for _, a := range s.Predicate.Actions {
		for _, name := range []string{a.Schema + "." + a.Table, a.Table} {
			if len(name) < longest || !strings.HasPrefix(text, name+":") {
				continue
			}
			others = len(name) == longest && (r.Schema != a.Schema || r.Table != a.Table)
			longest, r.Schema, r.Table = len(name), a.Schema, a.Table
		}
	}
	switch {
	case longest == 0:
		return "", errors.New("the receipt has no table of that name: write table:column=value:operation")
	case others:
		return "", errors.New("row's table is in two schemas: write schema.table:column=value:operation")
	}
	return text[longest+1:], nil
}

// unescapedSplit splits at commas without a backslash, and removes backslashes.
func unescapedSplit(text string) []string {
	var parts []string
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && i+1 < len(text):
			i++
			b.WriteByte(text[i])
		case text[i] == ',':
			parts = append(parts, b.String())
			b.Reset()
		default:
			b.WriteByte(text[i])
		}
	}
	return append(parts, b.String())
}

// TableName is a table's name for people. It omits the plan's default schema, as the paths of the
// receipt's actions do.
func (p *Predicate) TableName(schema, table string) string {
	full := schema + "." + table
	if schema == "" {
		return table
	}
	for i := range p.Actions {
		a := &p.Actions[i]
		if a.Schema != schema || a.Table != table || a.Path == "" {
			continue
		}
		last := a.Path
		for _, arrow := range []string{" ← ", " → "} {
			if at := strings.LastIndex(last, arrow); at >= 0 {
				last = last[at+len(arrow):]
			}
		}
		if last == full || strings.HasPrefix(last, full+"(") {
			return full
		}
		return table
	}
	return full
}

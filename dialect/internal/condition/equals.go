package condition

import (
	"regexp"
	"strings"
)

// plainName is a name without quotes on any engine, apart from words of its SQL.
var plainName = regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)

// Equals renders the condition that a column has a text.
func (r Rules) Equals(column, text string) string {
	if !plainName.MatchString(column) {
		column = r.Quotes[r.NameQuote].enclose(r.NameQuote, column)
	}
	return column + " = " + r.Quotes['\''].enclose('\'', text)
}

// enclose renders a text or a name in quotes.
func (q Quote) enclose(begin byte, s string) string {
	if q.Escapes {
		s = strings.ReplaceAll(s, `\`, `\\`)
	}
	end := string(q.End)
	return string(begin) + strings.ReplaceAll(s, end, end+end) + end
}

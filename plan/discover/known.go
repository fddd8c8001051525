package discover

import (
	"slices"

	"github.com/expungedb/expunge/dialect"
)

// isSessions reports whether the table keeps sessions of a web application: what it knows
// of whoever has a browser open, in one column.
func (t *table) isSessions() bool {
	w := t.nameWords()
	return len(w) > 0 && slices.Contains([]string{"session", "sessions", "sitzung", "sitzungen"}, w[len(w)-1]) && len(t.columns) <= 10
}

var sessionContents = wordSet(`data vars payload session content contents value values state attributes`)

// judgeSession settles what a session holds, and its key, which lets in who knows it.
func (c *column) judgeSession() bool {
	if !c.table.isSessions() || c.kind != dialect.Text && c.kind != dialect.JSON || c.Length > 0 && c.Length < 32 || len(c.words) == 0 {
		return false
	}
	last := c.words[len(c.words)-1]
	switch {
	case sessionContents[last] && (c.Length == 0 || c.Length > 255):
		c.verdict.is(cookie, likely)
		c.verdict.because("it is what a session holds")
	case slices.Contains(c.table.PrimaryKey, c.Name), c.words[0] == "sess" || c.words[0] == "session":
		c.verdict.is(secret, likely)
		c.verdict.because("it names a session, and lets in who knows it")
	default:
		return false
	}
	return true
}

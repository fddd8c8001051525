package sqlite

import (
	"strconv"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

const (
	// positive is a random integer from 0 to 2^63-1. abs(random()) would fail once
	// in 2^64 times, and favour nothing but 0.
	positive = "(random() & 9223372036854775807)"
	// random has the 53 bits that a double keeps.
	random = "((random() & 9007199254740991) / 9007199254740992.0)"
	// randomUUID is of version 4 and variant 10 (RFC 9562, section 5.4).
	randomUUID = "(lower(hex(randomblob(4))) || '-' || lower(hex(randomblob(2))) || '-4' || substr(lower(hex(randomblob(2))), 2)" +
		" || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(lower(hex(randomblob(2))), 2) || '-' || lower(hex(randomblob(6))))"
)

func randomInt(low, high int64) string {
	if n := high - low + 1; n > 0 {
		return "(" + strconv.FormatInt(low, 10) + " + " + positive + " % " + strconv.FormatInt(n, 10) + ")"
	}
	return positive // from 0 to the very end
}

// step is how many characters one round of RandomLike replaces: a round of a
// recursive query costs as much as a few characters.
const step = 10

// randomLike takes the text apart in rounds of a recursive query. What is left of
// it travels along, so that no round has to count characters from the start.
// char() gives garbage behind the text's end, which the outer substr cuts.
func (b *builder) randomLike(e dialect.RandomLike, c *dialect.Column) {
	b.write("(WITH RECURSIVE c(s) AS (SELECT ")
	b.expr(e.Of, c)
	b.write(" WHERE ", perRow(c), " UNION ALL SELECT substr(s, ", strconv.Itoa(step+1), ") FROM c WHERE length(s) > ", strconv.Itoa(step), ")",
		" SELECT substr(group_concat(char(")
	for i := range step {
		if i > 0 {
			b.write(", ")
		}
		b.write(randomChar("unicode(substr(s, " + strconv.Itoa(i+1) + ", 1))"))
	}
	b.write("), ''), 1, max(length(s))) FROM c)")
}

// randomChar is the code of a random character of the class of code u.
func randomChar(u string) string {
	of := func(first rune, n int) string {
		return strconv.Itoa(int(first)) + " + (random() & 2147483647) % " + strconv.Itoa(n)
	}
	var b strings.Builder
	b.WriteString("CASE WHEN " + u + " BETWEEN 97 AND 122 THEN " + of('a', 26) +
		" WHEN " + u + " BETWEEN 48 AND 57 THEN " + of('0', 10) +
		" WHEN " + u + " BETWEEN 65 AND 90 THEN " + of('A', 26) +
		" WHEN " + u + " < 128 THEN " + u + " WHEN " + u + " IS NOT NULL THEN CASE WHEN 0")
	for _, r := range signs {
		b.WriteString(" OR " + u + " BETWEEN " + strconv.Itoa(int(r[0])) + " AND " + strconv.Itoa(int(r[1])))
	}
	b.WriteString(" THEN " + u + " ELSE " + of('a', 26) + " END END")
	return b.String()
}

// signs are the ranges beyond ASCII that stay as they are: SQLite knows no
// character classes, and these hold no letter and no digit. Signs outside of
// them are replaced like letters, which hides more than it must.
var signs = [][2]rune{
	{0x80, 0xa9}, {0xab, 0xb4}, {0xb6, 0xb9}, {0xbb, 0xbf}, {0xd7, 0xd7}, {0xf7, 0xf7},
	{0x300, 0x36f}, {0x2000, 0x2070}, {0x20a0, 0x20ff}, {0x2190, 0x2bff}, {0x3000, 0x3004},
	{0xfe00, 0xfe6f}, {0xfff9, 0xffff}, {0x1f000, 0x1faff},
}

// choices gives the values of a Choose, each as often as its weight says, so
// that one draw picks one.
func choices(e dialect.Choose) ([]dialect.Value, bool) {
	const most = 10_000 // the list is one parameter
	if len(e.Values) == 0 || (len(e.Weights) > 0 && len(e.Weights) != len(e.Values)) {
		return nil, false
	}
	if len(e.Weights) == 0 {
		return e.Values, true
	}
	divisor, total := 0, 0
	for _, w := range e.Weights {
		if w < 0 {
			return nil, false
		}
		for a := w; a != 0; { // greatest common divisor
			divisor, a = a, divisor%a
		}
		total += w
	}
	if total == 0 || total/divisor > most {
		return nil, false
	}
	var out []dialect.Value
	for i, w := range e.Weights {
		for range w / divisor {
			out = append(out, e.Values[i])
		}
	}
	return out, true
}

func (b *builder) choose(e dialect.Choose, c *dialect.Column) {
	values, ok := choices(e)
	if !ok {
		b.fail(refused(dialect.Fatal, "render an expression for", b.rel.name, "no values to choose from, or weights that don't fit them"))
		return
	}
	if e.Column != nil {
		c = e.Column
	}
	index := positive + " % " + strconv.Itoa(len(values))
	rows := make([][]dialect.Value, len(values))
	for i, v := range values {
		rows[i] = []dialect.Value{v}
	}
	doc, tagged, err := encodeRows([]dialect.Kind{c.Kind}, rows)
	if err != nil {
		b.fail(err)
		return
	}
	if !tagged[0] {
		b.write("(")
		b.bind(doc)
		b.write(" ->> (", index, "))")
		return
	}
	b.write("CASE ", index)
	for i, v := range values {
		b.write(" WHEN ", strconv.Itoa(i), " THEN ")
		b.literal(v, c, c)
	}
	b.write(" END")
}

package postgres

import (
	"fmt"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// maxBytes bounds the text of one statement's parameters; a message may have
// at most 1 GB, and the server holds it more than once.
var maxBytes = 32 << 20

// array is one column of rows as an array parameter.
func (b *builder) array(c *column, rows []dialect.Row, i int) string {
	return b.arg(arrayLiteral(c.kind, rows, i), c.element()+"[]")
}

// unnest is rows as a table of the given columns. Several arrays as arguments of
// one call are only understood of an unnest without a schema.
// https://www.postgresql.org/docs/current/queries-table-expressions.html#QUERIES-TABLEFUNCTIONS
func (b *builder) unnest(columns []*column, rows []dialect.Row) string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = "pg_catalog.unnest(" + b.array(c, rows, i) + ")"
	}
	if len(out) == 1 {
		return out[0]
	}
	return "ROWS FROM (" + strings.Join(out, ", ") + ")"
}

// names gives the columns of unnested arrays their names: k1, k2, …
func names(prefix string, n int) string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("%s%d", prefix, i+1)
	}
	return strings.Join(out, ", ")
}

// bulk renders the rows of a BulkUpdate as a table v (v1, v2, …), its key's columns first.
func (b *builder) bulk(r *relation, u dialect.BulkUpdate) (key, set []*column, from string) {
	for _, n := range u.Key {
		key = append(key, b.column(r, n))
	}
	for _, n := range u.Set {
		set = append(set, b.column(r, n))
	}
	all := append(append([]*column(nil), key...), set...)
	for _, row := range u.Rows {
		if len(row) != len(all) {
			b.wrong(u.Table, "a row has %d values for %d columns", len(row), len(all))
			return key, set, ""
		}
	}
	return key, set, b.unnest(all, u.Rows) + " AS v(" + names("v", len(all)) + ")"
}

func (b *builder) bulkUpdate(u dialect.BulkUpdate) (statement, error) {
	r := b.relation(u.Table)
	key, set, from := b.bulk(r, u)
	if len(u.Key) == 0 || len(u.Set) == 0 {
		b.wrong(u.Table, "a bulk update needs a key and columns to set")
	}
	b.WriteString("UPDATE " + r.from() + " AS t SET ")
	for i, c := range set {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(ident(c.name) + " = " + c.cast(fmt.Sprintf("v.v%d", len(key)+i+1)))
	}
	b.WriteString(" FROM " + from + " WHERE " + b.joined(key, "t", "v.v"))
	return b.done(u.Table)
}

// parts cuts rows into runs of at most maxBytes; there is at least one.
func parts(rows []dialect.Row) [][]dialect.Row {
	var out [][]dialect.Row
	start, size := 0, 0
	for i, r := range rows {
		n := 0
		for _, v := range r {
			switch v := v.(type) {
			case string:
				n += len(v)
			case []byte:
				n += 2 * len(v)
			default:
				n += 8
			}
		}
		if size+n > maxBytes && i > start {
			out = append(out, rows[start:i])
			start, size = i, 0
		}
		size += n
	}
	return append(out, rows[start:])
}

package postgres

import (
	"fmt"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// maxBytes limits the text of one statement's parameters. A message has at most 1 GB, and the
// server holds it more than once.
var maxBytes = 32 << 20

// renderArray renders one column of rows as an array parameter.
func (b *builder) renderArray(c *column, rows []dialect.Row, i int) string {
	return b.addArg(arrayLiteral(c.kind, rows, i), c.elementType()+"[]")
}

// renderUnnest renders rows as a table of the given columns. Only an unnest without a schema
// accepts several arrays in one call.
// https://www.postgresql.org/docs/current/queries-table-expressions.html#QUERIES-TABLEFUNCTIONS
func (b *builder) renderUnnest(columns []*column, rows []dialect.Row) string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = "pg_catalog.unnest(" + b.renderArray(c, rows, i) + ")"
	}
	if len(out) == 1 {
		return out[0]
	}
	return "ROWS FROM (" + strings.Join(out, ", ") + ")"
}

// numberedNames returns the names of unnested arrays' columns: k1, k2, …
func numberedNames(prefix string, n int) string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("%s%d", prefix, i+1)
	}
	return strings.Join(out, ", ")
}

// renderBulk renders the rows of a BulkUpdate as a table v (v1, v2, …), its key's columns first.
func (b *builder) renderBulk(r *relation, u dialect.BulkUpdate) (key, set []*column, from string) {
	for _, n := range u.Key {
		key = append(key, b.columnOf(r, n))
	}
	for _, n := range u.Set {
		set = append(set, b.columnOf(r, n))
	}
	all := append(append([]*column(nil), key...), set...)
	for _, row := range u.Rows {
		if len(row) != len(all) {
			b.Unsupported(u.Table, "a row has %d values for %d columns", len(row), len(all))
			return key, set, ""
		}
	}
	return key, set, b.renderUnnest(all, u.Rows) + " AS v(" + numberedNames("v", len(all)) + ")"
}

func (b *builder) bulkUpdate(u dialect.BulkUpdate) (statement, error) {
	r := b.relationOf(u.Table)
	key, set, from := b.renderBulk(r, u)
	if len(u.Key) == 0 || len(u.Set) == 0 {
		b.Unsupported(u.Table, "a bulk update needs a key and columns to set")
	}
	b.WriteString("UPDATE " + r.fromClause() + " AS t SET ")
	for i, c := range set {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(quoteIdent(c.name) + " = " + c.castElement(fmt.Sprintf("v.v%d", len(key)+i+1)))
	}
	b.WriteString(" FROM " + from + " WHERE " + b.renderKeyEquals(key, "t", "v.v"))
	return b.finishStatement(u.Table)
}

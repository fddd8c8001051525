package sqlite

import (
	"context"
	"strconv"

	"github.com/expungedb/expunge/dialect"
)

// bulkBytes is the approximate size of one statement's JSON. SQLite parses it as a whole, and needs
// several times its size in memory.
var bulkBytes = 8 << 20

// encodeRows makes one parameter for all rows: a JSON array of values where a row has one value,
// else of arrays. tagged says for each position whether some value there is an object.
func encodeRows(kinds []dialect.Kind, rows [][]dialect.Value) (doc string, tagged []bool, err error) {
	tagged = make([]bool, len(kinds))
	b := []byte{'['}
	for i, r := range rows {
		if len(r) != len(kinds) {
			return "", nil, refusedError(dialect.Fatal, "send rows", dialect.Name{}, "a row has as many values as columns")
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = appendRow(b, kinds, r, tagged, len(kinds) > 1)
	}
	return string(append(b, ']')), tagged, nil
}

func appendRow(b []byte, kinds []dialect.Kind, r []dialect.Value, tagged []bool, list bool) []byte {
	if list {
		b = append(b, '[')
	}
	for j, v := range r {
		if j > 0 {
			b = append(b, ',')
		}
		var object bool
		b, object = appendJSON(b, toEngine(kinds[j], v))
		tagged[j] = tagged[j] || object
	}
	if list {
		b = append(b, ']')
	}
	return b
}

// eachChunk splits rows into parts with JSON of about bulkBytes, and calls f for each.
func eachChunk(kinds []dialect.Kind, rows []dialect.Row, f func(doc string, tagged []bool) error) error {
	for len(rows) > 0 {
		tagged := make([]bool, len(kinds))
		b := []byte{'['}
		n := 0
		for ; n < len(rows) && len(b) < bulkBytes; n++ {
			if len(rows[n]) != len(kinds) {
				return refusedError(dialect.Fatal, "send rows", dialect.Name{}, "a row has as many values as columns")
			}
			if n > 0 {
				b = append(b, ',')
			}
			b = appendRow(b, kinds, rows[n], tagged, true)
		}
		if err := f(string(append(b, ']')), tagged); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// kindsOf returns the kinds of the columns of a BulkUpdate's rows.
func (b *builder) kindsOf(u dialect.BulkUpdate) []dialect.Kind {
	var out []dialect.Kind
	for _, cols := range [][]string{u.Key, u.Set} {
		for _, c := range cols {
			out = append(out, b.columnOf(b.rel, c).Kind)
		}
	}
	return out
}

// bulkUpdates renders an UPDATE with each row's values from the JSON.
func (b *builder) bulkUpdates(u dialect.BulkUpdate, doc string, tagged []bool) {
	b.Append(b.rel.updateVerb(), quoteTable(u.Table), " AS ", self, " SET ")
	for i, c := range u.Set {
		if i > 0 {
			b.Append(", ")
		}
		b.Append(quoteIdent(c), " = v.v", strconv.Itoa(len(u.Key)+i))
	}
	b.renderSource(" FROM ", doc, tagged)
	b.Append(" WHERE ")
	for i, k := range u.Key {
		if i > 0 {
			b.Append(" AND ")
		}
		b.Append(self, ".", quoteIdent(k), " = v.v", strconv.Itoa(i))
	}
}

// renderSource renders the JSON's rows as a table. Without the OFFSET, json_each would write a
// row's text again for each mention of the row.
func (b *builder) renderSource(before, doc string, tagged []bool) {
	b.Append(before, "(SELECT ")
	b.renderElements(len(tagged), tagged, "v")
	b.Append(" FROM (SELECT value FROM json_each(")
	b.addArg(doc)
	b.Append(") LIMIT -1 OFFSET 0) AS j) AS v")
}

// BulkUpdate overwrites rows by their keys. It doesn't count missing rows.
func (t *tx) BulkUpdate(ctx context.Context, u dialect.BulkUpdate) (int64, error) {
	if len(u.Key) == 0 {
		return 0, refusedError(dialect.Fatal, "overwrite", u.Table, "rows need a key, or the row address")
	}
	first := t.newBuilder(ctx)
	first.renderFrom(u.Table)
	kinds := first.kindsOf(u)
	if first.Err != nil {
		return 0, first.Err
	}
	var sum int64
	err := eachChunk(kinds, u.Rows, func(doc string, tagged []bool) error {
		b := t.newBuilder(ctx)
		b.renderFrom(u.Table)
		b.bulkUpdates(u, doc, tagged)
		n, err := t.execStatement(ctx, "overwrite", u.Table, b)
		sum += n
		return err
	})
	return sum, err
}

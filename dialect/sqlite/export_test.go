package sqlite

import (
	"testing"

	"github.com/expungedb/expunge/dialect"
)

// Explain returns the lines of the engine's query plan for a Select.
func Explain(t testing.TB, db dialect.DB, s dialect.Select) []string {
	t.Helper()
	return explain(t, db.(*DB), func(b *builder) { b.renderSelect(s) })
}

func explain(t testing.TB, db *DB, build func(*builder)) []string {
	t.Helper()
	tx, err := db.beginTx(t.Context(), dialect.TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }()
	b := tx.newBuilder(t.Context())
	build(b)
	if b.Err != nil {
		t.Fatal(b.Err)
	}
	rows, err := tx.conn.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+b.String(), b.Args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		out = append(out, detail)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// PragmaOf reads a pragma on a transaction's connection.
func PragmaOf(t testing.TB, of dialect.Tx, name string) int64 {
	t.Helper()
	v, err := readPragma(t.Context(), of.(*tx).conn, name)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// SplitAt splits rows into parts of about that many bytes until the test ends.
func SplitAt(t testing.TB, bytes int) {
	was := bulkBytes
	bulkBytes = bytes
	t.Cleanup(func() { bulkBytes = was })
}

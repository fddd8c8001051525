package dialecttest

import (
	"testing"

	"github.com/expungedb/expunge/dialect"
)

// testNulls: a NULL equals nothing in a search, and NULL in a comparison of old and new values
// (pitfall 9).
func (s *suite) testNulls(t *testing.T) {
	env := s.openEnv(t, compositeTable("line"))
	n := env.Name("line")
	inWriteTx(t, env.DB, func(tx dialect.Tx) {
		insertRow(t, tx, n, []string{"tenant", "code", "note", "amount"}, int64(1), "a", nil, nil)
		insertRow(t, tx, n, []string{"tenant", "code", "note", "amount"}, int64(1), "b", "x", nil)
		insertRow(t, tx, n, []string{"tenant", "code", "note", "amount"}, int64(2), "a", nil, int64(5))
	})
	s.runSub(t, "in a key", func(_ *suite, t *testing.T) {
		inReadTx(t, env.DB, func(tx dialect.Tx) {
			for _, in := range []dialect.In{{Columns: []string{"note"}, Keys: []dialect.Key{{nil}}}, {Columns: []string{"tenant", "note"}, Keys: []dialect.Key{{int64(1), nil}}}} {
				if got := deleteRows(t, tx, dialect.Delete{Table: n, Where: []dialect.Cond{in}}); got != 0 {
					t.Errorf("a NULL among %d key columns removed %d rows", len(in.Columns), got)
				}
			}
		})
	})
	s.runSub(t, "among values that are compared", func(_ *suite, t *testing.T) {
		tab := tableOf(t, env, n.Table)
		inReadTx(t, env.DB, func(tx dialect.Tx) {
			b := dialect.BulkUpdate{Table: n, Key: []string{"tenant", "code"}, Set: []string{"note", "amount"},
				Rows: []dialect.Row{{int64(1), "a", nil, nil}, {int64(1), "b", nil, nil}, {int64(2), "a", "y", int64(5)}}}
			if got := countStored(t, tx, tab, b); got != 1 {
				t.Errorf("%d rows are equal, want 1", got)
			}
		})
	})
	s.runSub(t, "all values of a column", func(_ *suite, t *testing.T) {
		inReadTx(t, env.DB, func(tx dialect.Tx) {
			b := dialect.BulkUpdate{Table: n, Key: []string{"tenant", "code"}, Set: []string{"note", "amount"},
				Rows: []dialect.Row{{int64(1), "b", nil, nil}, {int64(2), "a", nil, nil}}}
			if got, err := tx.BulkUpdate(contextFor(t), b); err != nil || got != 2 {
				t.Fatalf("overwrote %d rows, want 2 (%v)", got, err)
			}
			if got := countRows(t, tx, n, dialect.IsNull{Column: "note"}, dialect.IsNull{Column: "amount"}); got != 3 {
				t.Errorf("%d rows are all NULL, want 3", got)
			}
		})
	})
	s.runSub(t, "a read that stops early", func(_ *suite, t *testing.T) {
		inReadTx(t, env.DB, func(tx dialect.Tx) {
			for _, err := range tx.Query(contextFor(t), dialect.Select{Table: n, Columns: []string{"note"}}) {
				if err != nil {
					t.Fatal(err)
				}
				break
			}
			if got := countRows(t, tx, n); got != 3 {
				t.Errorf("afterwards the transaction counts %d rows, want 3", got)
			}
		})
	})
}

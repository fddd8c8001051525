package dialecttest

import (
	"context"
	"flag"
	"testing"

	"github.com/expungedb/expunge/dialect"
)

// runFilter is the value of -run, "" for none.
func runFilter() string {
	if f := flag.Lookup("test.run"); f != nil {
		return f.Value.String()
	}
	return ""
}

// beginTx starts a transaction; it rolls back at the test's end.
func beginTx(t testing.TB, db dialect.DB, o dialect.TxOptions) dialect.Tx {
	t.Helper()
	tx, err := db.Begin(contextFor(t), o)
	if err != nil {
		t.Fatalf("begin: %v", err)
	}
	t.Cleanup(func() { _ = tx.Rollback(context.Background()) })
	return tx
}

// inWriteTx runs f in a transaction and commits it.
func inWriteTx(t testing.TB, db dialect.DB, f func(tx dialect.Tx)) {
	t.Helper()
	tx := beginTx(t, db, dialect.TxOptions{})
	f(tx)
	if t.Failed() {
		t.FailNow()
	}
	if err := tx.Commit(contextFor(t)); err != nil {
		t.Fatalf("commit: %v", err)
	}
}

// inReadTx runs f in a transaction and rolls it back.
func inReadTx(t testing.TB, db dialect.DB, f func(tx dialect.Tx)) {
	t.Helper()
	tx := beginTx(t, db, dialect.TxOptions{})
	f(tx)
	if err := tx.Rollback(contextFor(t)); err != nil {
		t.Fatalf("rollback: %v", err)
	}
}

// readRows reads a Select to its end.
func readRows(t testing.TB, tx dialect.Reader, s dialect.Select) []dialect.Row {
	t.Helper()
	out := []dialect.Row{}
	for r, err := range tx.Query(contextFor(t), s) {
		if err != nil {
			t.Fatalf("select from %s: %v", s.Table, err)
		}
		out = append(out, append(dialect.Row(nil), r...))
	}
	return out
}

// selectRows reads a Select in its own transaction.
func selectRows(t testing.TB, db dialect.DB, s dialect.Select) (out []dialect.Row) {
	t.Helper()
	inReadTx(t, db, func(tx dialect.Tx) { out = readRows(t, tx, s) })
	return out
}

func countRows(t testing.TB, tx dialect.Reader, n dialect.Name, where ...dialect.Cond) int64 {
	t.Helper()
	c, err := tx.Count(contextFor(t), n, where)
	if err != nil {
		t.Fatalf("count %s: %v", n, err)
	}
	return c
}

// countStored counts the stored rows with exactly b's values.
func countStored(t testing.TB, tx dialect.Reader, tab *dialect.Table, b dialect.BulkUpdate) int64 {
	t.Helper()
	found, err := dialect.CountStored(contextFor(t), tx, tab, b, nil)
	if err != nil {
		t.Fatalf("compare rows of %s: %v", b.Table, err)
	}
	if found.Undecided > 0 {
		t.Errorf("%d rows can't be compared", found.Undecided)
	}
	return found.Same
}

func deleteRows(t testing.TB, tx dialect.Writer, d dialect.Delete) int64 {
	t.Helper()
	n, err := tx.Delete(contextFor(t), d)
	if err != nil {
		t.Fatalf("delete from %s: %v", d.Table, err)
	}
	return n
}

func insertRow(t testing.TB, tx dialect.Writer, n dialect.Name, columns []string, r ...dialect.Value) {
	t.Helper()
	if err := tx.Insert(contextFor(t), dialect.Insert{Table: n, Columns: columns, Rows: []dialect.Row{r}}); err != nil {
		t.Fatalf("insert into %s: %v", n, err)
	}
}

func inspectDB(t testing.TB, db dialect.DB) *dialect.Schema {
	t.Helper()
	s, err := db.Inspect(contextFor(t))
	if err != nil {
		t.Fatalf("inspect: %v", err)
	}
	return s
}

// tableOf inspects the database and returns one of its tables.
func tableOf(t testing.TB, env *Env, name string) *dialect.Table {
	t.Helper()
	tab := inspectDB(t, env.DB).Table(env.Name(name))
	if tab == nil {
		t.Fatalf("inspect: table %q is not in the schema", name)
	}
	return tab
}

// wantClass fails the test unless err is an error of that class.
func wantClass(t testing.TB, err error, want dialect.Class) {
	t.Helper()
	if got := dialect.ClassOf(err); got != want {
		t.Errorf("the error is of class %q, want %q: %v", got, want, err)
	}
}

func intKeys(from, to int) []dialect.Key {
	var out []dialect.Key
	for i := from; i <= to; i++ {
		out = append(out, dialect.Key{int64(i)})
	}
	return out
}

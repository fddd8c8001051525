package dialecttest

import (
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect"
)

// testJournal creates tables like the journal's and works with them.
func (s *suite) testJournal(t *testing.T) {
	tables := func(db dialect.DB) []*dialect.Table {
		run, batch := db.JournalTable("run"), db.JournalTable("batch")
		return []*dialect.Table{
			{Name: run, PrimaryKey: []string{"id"}, Columns: []*dialect.Column{
				{Name: "id", Kind: dialect.Text, Length: 100}, {Name: "epoch", Kind: dialect.Int, Precision: 64}, {Name: "started", Kind: dialect.TimestampTZ},
				{Name: "plan", Kind: dialect.Text, Nullable: true}, {Name: "done", Kind: dialect.Bool}, {Name: "secret", Kind: dialect.Bytes, Nullable: true}}},
			{Name: batch, PrimaryKey: []string{"run", "number"}, Columns: []*dialect.Column{
				{Name: "run", Kind: dialect.Text, Length: 100}, {Name: "number", Kind: dialect.Int, Precision: 64}, {Name: "bound", Kind: dialect.Text, Nullable: true}},
				ForeignKeys: []*dialect.ForeignKey{{Name: "batch_run", Table: batch, Columns: []string{"run"}, RefTable: run, RefColumns: []string{"id"}, OnDelete: dialect.NoAction, OnUpdate: dialect.NoAction}}},
		}
	}
	ensure := func(t *testing.T, db dialect.DB) {
		if err := db.EnsureJournal(contextFor(t), tables(db)); err != nil {
			t.Errorf("ensure the journal: %v", err)
		}
	}
	runColumns := []string{"id", "epoch", "started", "plan", "done", "secret"}
	runRow := dialect.Row{"case-1", int64(1), "2024-01-02 03:04:05.678901+00", "{\n\t\"plan\": true}", "false", []byte{0, 1, 255}}
	s.runSub(t, "made twice", func(s *suite, t *testing.T) {
		env := s.Open(t)
		ensure(t, env.DB)
		ensure(t, env.DB)
		ensure(t, env.Second)
	})
	s.runSub(t, "made by several at once", func(s *suite, t *testing.T) {
		env := s.Open(t)
		var wg sync.WaitGroup
		for i := range 6 {
			wg.Go(func() { ensure(t, []dialect.DB{env.DB, env.Second}[i%2]) })
		}
		wg.Wait()
	})
	s.runSub(t, "made beforehand from its DDL", func(s *suite, t *testing.T) {
		env := s.Open(t)
		ddl := env.DB.JournalDDL(tables(env.DB))
		env.Exec(t, ddl...)
		env.Exec(t, ddl...)
		ensure(t, env.DB)
		s.journalWorks(t, env, runColumns, runRow)
	})
	s.runSub(t, "not part of the schema", func(s *suite, t *testing.T) {
		env := s.openEnv(t, parent)
		before := inspectDB(t, env.DB)
		ensure(t, env.DB)
		if d := cmp.Diff(before, inspectDB(t, env.DB)); d != "" {
			t.Errorf("the journal changes what is inspected (-before +after):\n%s", d)
		}
	})
	s.runSub(t, "rows", func(s *suite, t *testing.T) {
		env := s.Open(t)
		ensure(t, env.DB)
		s.journalWorks(t, env, runColumns, runRow)
	})
}

func (s *suite) journalWorks(t *testing.T, env *Env, columns []string, row dialect.Row) {
	t.Helper()
	run, batch := env.DB.JournalTable("run"), env.DB.JournalTable("batch")
	inWriteTx(t, env.DB, func(tx dialect.Tx) {
		insertRow(t, tx, run, columns, row...)
		several := dialect.Insert{Table: batch, Columns: []string{"run", "number", "bound"}, Rows: []dialect.Row{{"case-1", int64(1), nil}, {"case-1", int64(2), "i7"}}}
		if err := tx.Insert(contextFor(t), several); err != nil {
			t.Fatal(err)
		}
	})
	if n := len(selectRows(t, env.DB, dialect.Select{Table: batch, Columns: []string{"number"}})); n != 2 {
		t.Fatalf("%d rows, want 2", n)
	}
	sel := dialect.Select{Table: run, Columns: columns, Where: []dialect.Cond{dialect.In{Columns: []string{"id"}, Keys: []dialect.Key{{"case-1"}}}}, Lock: dialect.Share}
	if d := cmp.Diff([]dialect.Row{row}, selectRows(t, env.DB, sel)); d != "" {
		t.Errorf("the journal's row (-want +got):\n%s", d)
	}
	// The unique key resolves a commit whose outcome is unknown.
	tx := beginTx(t, env.DB, dialect.TxOptions{})
	wantClass(t, tx.Insert(contextFor(t), dialect.Insert{Table: batch, Columns: []string{"run", "number"}, Rows: []dialect.Row{{"case-1", int64(1)}}}), dialect.UniqueViolation)
	_ = tx.Rollback(contextFor(t))
	inWriteTx(t, env.DB, func(tx dialect.Tx) {
		epoch := &dialect.Column{Name: "epoch", Kind: dialect.Int, Precision: 64}
		u, err := tx.Update(contextFor(t), dialect.Update{Table: run, Where: sel.Where, Set: []dialect.Assign{{Column: epoch, Expr: dialect.Literal{Value: int64(2), Column: epoch}}}})
		if err != nil || u.Rows != 1 {
			t.Errorf("update: %d rows, %v", u.Rows, err)
		}
		if n, err := tx.BulkUpdate(contextFor(t), dialect.BulkUpdate{Table: batch, Key: []string{"run", "number"}, Set: []string{"bound"}, Rows: []dialect.Row{{"case-1", int64(1), "i5"}}}); err != nil || n != 1 {
			t.Errorf("bulk update: %d rows, %v", n, err)
		}
	})
	if got := selectRows(t, env.DB, dialect.Select{Table: run, Columns: []string{"epoch"}}); got[0][0] != int64(2) {
		t.Errorf("the epoch is %v, want 2", got[0][0])
	}
}

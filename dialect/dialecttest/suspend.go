package dialecttest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect"
)

// suspended has indexes of the portable kinds; an engine's own tests cover its other kinds.
var suspended = Table{
	Name: "guest",
	Columns: []Column{{Name: "id", Type: integer, NotNull: true}, {Name: "email", Type: text(40), NotNull: true},
		{Name: "name", Type: text(40)}, {Name: "town", Type: text(20)}},
	Primary: []string{"id"},
}

// suspendedIndexes are the names of its indexes, in order.
var suspendedIndexes = []string{"ix_guest_name", "ix_guest_town", "uq_guest_email"}

func (s *suite) testSuspension(t *testing.T) {
	prepare := func(t *testing.T) *Env {
		t.Helper()
		tab := suspended
		tab.Indexes = []Index{
			{Name: "ix_guest_name", Parts: []string{s.Quote("name") + " DESC", s.Quote("id")}},
			{Name: "ix_guest_town", Parts: []string{s.Quote("town")}},
			{Name: "uq_guest_email", Unique: true, Parts: []string{s.Quote("email")}},
		}
		env := s.openEnv(t, tab)
		s.fillTable(t, env, "guest", []string{"id", "email", "name", "town"}, 50, func(i int) []any {
			return []any{i, "guest" + string(rune('A'+i%26)) + string(rune('a'+i/26)), "name", nil}
		})
		return env
	}
	defined := func(t *testing.T, env *Env, names ...string) []dialect.SuspendedIndex {
		t.Helper()
		out, err := env.DB.Definitions(contextFor(t), env.Name("guest"), names)
		if err != nil {
			t.Fatalf("definitions: %v", err)
		}
		return out
	}
	suspend := func(t *testing.T, env *Env, indexes []dialect.SuspendedIndex) {
		t.Helper()
		if err := env.DB.Suspend(contextFor(t), env.Name("guest"), indexes, time.Minute); err != nil {
			t.Fatalf("suspend: %v", err)
		}
	}
	restore := func(t *testing.T, env *Env, indexes []dialect.SuspendedIndex) {
		t.Helper()
		if err := env.Second.Restore(contextFor(t), env.Name("guest"), indexes, time.Minute); err != nil {
			t.Fatalf("restore: %v", err)
		}
	}
	there := func(t *testing.T, env *Env, want ...string) {
		t.Helper()
		var got []string
		for _, ix := range tableOf(t, env, "guest").Indexes {
			if !ix.Primary {
				got = append(got, ix.Name)
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("indexes (-want +got):\n%s", d)
		}
	}

	s.runSub(t, "away and back", func(_ *suite, t *testing.T) {
		env := prepare(t)
		before := withoutEstimates(t, env.DB)
		indexes := defined(t, env, "uq_guest_email", "ix_guest_town", "ix_guest_name", "ix_not_there")
		if d := cmp.Diff(suspendedIndexes, namesOf(indexes)); d != "" {
			t.Fatalf("defined (-want +got):\n%s", d)
		}
		suspend(t, env, indexes)
		there(t, env)
		inWriteTx(t, env.DB, func(tx dialect.Tx) {
			insertRow(t, tx, env.Name("guest"), []string{"id", "email", "name"}, int64(1000), "late@guest.example", "Late")
		})
		restore(t, env, indexes)
		if d := cmp.Diff(before, withoutEstimates(t, env.DB)); d != "" {
			t.Errorf("the schema (-before +after):\n%s", d)
		}
		if d := cmp.Diff(indexes, defined(t, env, suspendedIndexes...)); d != "" {
			t.Errorf("the definitions (-before +after):\n%s", d)
		}
		inReadTx(t, env.DB, func(tx dialect.Tx) {
			where := dialect.In{Columns: []string{"email"}, Keys: []dialect.Key{{"late@guest.example"}}}
			if n := countRows(t, tx, env.Name("guest"), where); n != 1 {
				t.Errorf("%d rows are found by the unique index, want 1", n)
			}
		})
	})
	s.runSub(t, "twice is as good as once", func(_ *suite, t *testing.T) {
		env := prepare(t)
		indexes := defined(t, env, suspendedIndexes...)
		restore(t, env, indexes)
		there(t, env, suspendedIndexes...)
		suspend(t, env, indexes[:1])
		suspend(t, env, indexes[:2])
		there(t, env, "uq_guest_email")
		restore(t, env, indexes[:1])
		restore(t, env, indexes)
		restore(t, env, indexes)
		there(t, env, suspendedIndexes...)
	})
	s.runSub(t, "duplicates stop a rebuild", func(_ *suite, t *testing.T) {
		env := prepare(t)
		indexes := defined(t, env, suspendedIndexes...)
		suspend(t, env, indexes)
		inWriteTx(t, env.DB, func(tx dialect.Tx) {
			insertRow(t, tx, env.Name("guest"), []string{"id", "email"}, int64(1000), "guestAa")
		})
		err := env.DB.Restore(contextFor(t), env.Name("guest"), indexes, time.Minute)
		wantClass(t, err, dialect.UniqueViolation)
		if e, ok := errors.AsType[*dialect.Error](err); ok && e.Object != "uq_guest_email" {
			t.Errorf("the error names %q, want the index", e.Object)
		}
		restore(t, env, indexes[:2])
		there(t, env, suspendedIndexes[:2]...)
		inWriteTx(t, env.DB, func(tx dialect.Tx) { deleteRows(t, tx, dialect.Delete{Table: env.Name("guest"), Where: keysIn(1000)}) })
		restore(t, env, indexes)
		there(t, env, suspendedIndexes...)
	})
	s.runSub(t, "another index of that name", func(s *suite, t *testing.T) {
		env := prepare(t)
		indexes := defined(t, env, "ix_guest_town")
		suspend(t, env, indexes)
		// A SQLite connection notices the dropped index with a statement like the first.
		env.Exec(t, "UPDATE "+s.Quote("guest")+" SET id = id WHERE 1 = 0",
			"CREATE INDEX "+s.Quote("ix_guest_town")+" ON "+s.Quote("guest")+" ("+s.Quote("name")+")")
		for doing, do := range map[string]func() error{
			"restore": func() error { return env.DB.Restore(contextFor(t), env.Name("guest"), indexes, time.Minute) },
			"suspend": func() error { return env.DB.Suspend(contextFor(t), env.Name("guest"), indexes, time.Minute) },
		} {
			err := do()
			wantClass(t, err, dialect.Fatal)
			if e, ok := errors.AsType[*dialect.Error](err); ok && (e.Object != "ix_guest_town" || e.Detail == "") {
				t.Errorf("%s: the error doesn't say which index differs: %v", doing, err)
			}
		}
		there(t, env, suspendedIndexes...)
	})
	s.runSub(t, "the table is in use", func(_ *suite, t *testing.T) {
		env := prepare(t)
		indexes := defined(t, env, suspendedIndexes...)
		tx := beginTx(t, env.Second, dialect.TxOptions{})
		insertRow(t, tx, env.Name("guest"), []string{"id", "email"}, int64(1000), "busy@guest.example")
		wantClass(t, env.DB.Suspend(contextFor(t), env.Name("guest"), indexes, 200*time.Millisecond), dialect.LockTimeout)
		if err := tx.Rollback(contextFor(t)); err != nil {
			t.Fatalf("rollback: %v", err)
		}
		there(t, env, suspendedIndexes...)
		suspend(t, env, indexes)
		there(t, env)
	})
	s.runSub(t, "hostile names", func(s *suite, t *testing.T) {
		env := s.Open(t)
		name, column := `q'; DROP "x`, "order by"
		s.makeTables(t, env, Table{Name: "select", Columns: []Column{{Name: "id", Type: integer, NotNull: true}, {Name: column, Type: text(20)}},
			Primary: []string{"id"}, Indexes: []Index{{Name: name, Parts: []string{s.Quote(column)}}}})
		before := withoutEstimates(t, env.DB)
		indexes, err := env.DB.Definitions(contextFor(t), env.Name("select"), []string{name})
		if err != nil || len(indexes) != 1 {
			t.Fatalf("%d definitions, %v", len(indexes), err)
		}
		for _, do := range []func() error{
			func() error { return env.DB.Suspend(contextFor(t), env.Name("select"), indexes, time.Minute) },
			func() error { return env.DB.Restore(contextFor(t), env.Name("select"), indexes, time.Minute) },
		} {
			if err := do(); err != nil {
				t.Fatal(err)
			}
		}
		if d := cmp.Diff(before, withoutEstimates(t, env.DB)); d != "" {
			t.Errorf("the schema (-before +after):\n%s", d)
		}
	})
	s.runSub(t, "the table is gone", func(s *suite, t *testing.T) {
		env := prepare(t)
		indexes := defined(t, env, suspendedIndexes...)
		env.Exec(t, "DROP TABLE "+s.Quote("guest"))
		wantClass(t, env.DB.Restore(contextFor(t), env.Name("guest"), indexes, time.Minute), dialect.Fatal)
	})
}

// withoutEstimates inspects the database, without the engine's guesses.
func withoutEstimates(t testing.TB, db dialect.DB) *dialect.Schema {
	t.Helper()
	s := inspectDB(t, db)
	for _, tab := range s.Tables {
		tab.RowEstimate = 0
	}
	return s
}

func namesOf(indexes []dialect.SuspendedIndex) []string {
	var out []string
	for _, ix := range indexes {
		out = append(out, ix.Name)
	}
	return out
}

func keysIn(id int) []dialect.Cond {
	return []dialect.Cond{dialect.In{Columns: []string{"id"}, Keys: intKeys(id, id)}}
}

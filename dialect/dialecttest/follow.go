package dialecttest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect"
)

// rekeyTables are people, identified by their e-mail address and possibly invited by another, and
// the tables that refer to them: directly, through an account, by two columns, by one column of a
// composite key.
func rekeyTables(action string) []Table {
	address := text(60)
	id := Column{Name: "id", Type: integer, NotNull: true}
	to := func(name, column, table string) Foreign {
		return Foreign{Name: name, Columns: []string{column}, Table: table, RefColumns: []string{"email"}, Actions: action}
	}
	return []Table{
		{
			Name: "person", Primary: []string{"id"}, Unique: [][]string{{"email"}, {"tenant", "email"}},
			Columns: []Column{id, {Name: "tenant", Type: integer, NotNull: true}, {Name: "email", Type: address, NotNull: true}, {Name: "invited_by", Type: address}, {Name: "name", Type: text(40)}},
			Foreign: []Foreign{to("fk_invited", "invited_by", "person")},
		},
		{
			Name: "account", Primary: []string{"id"}, Unique: [][]string{{"email"}},
			Columns: []Column{id, {Name: "email", Type: address, NotNull: true}},
			Foreign: []Foreign{to("fk_account", "email", "person")},
		},
		{
			Name: "message", Primary: []string{"id"},
			Columns: []Column{id, {Name: "sender", Type: address}, {Name: "recipient", Type: address}},
			Foreign: []Foreign{to("fk_sender", "sender", "account"), to("fk_recipient", "recipient", "person")},
		},
		{
			Name: "seat", Primary: []string{"id"},
			Columns: []Column{id, {Name: "tenant", Type: integer}, {Name: "holder", Type: address}},
			Foreign: []Foreign{{Name: "fk_seat", Columns: []string{"tenant", "holder"}, Table: "person", RefColumns: []string{"tenant", "email"}, Actions: action}},
		},
	}
}

// testRekey changes referenced values together with the referring ones, whatever the keys' ON
// UPDATE actions.
func (s *suite) testRekey(t *testing.T) {
	for _, action := range []string{"", "ON UPDATE CASCADE", "ON UPDATE SET NULL", "ON UPDATE RESTRICT"} {
		name := action
		if name == "" {
			name = "NO ACTION"
		}
		s.runSub(t, name, func(s *suite, t *testing.T) {
			env := s.rekeyableEnv(t, action)
			inWriteTx(t, env.DB, func(tx dialect.Tx) {
				got, err := rekeyerOf(env).Rekey(contextFor(t), tx, rekeyUpdates(env, 0, 1, 2))
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff([]int64{3, 3, 3, 3, 3, 3}, got); d != "" {
					t.Errorf("rows found by each update (-want +got):\n%s", d)
				}
				if err := tx.CheckConstraints(contextFor(t)); err != nil {
					t.Error(err)
				}
			})
			want := []dialect.Row{}
			for i := range 5 {
				want = append(want, dialect.Row{int64(i), addressOf(i), addressOf((i + 4) % 5), nullUnless(i < 3, fmt.Sprintf("name %d", i))})
			}
			by := func(table string, columns ...string) []dialect.Row {
				return selectRows(t, env.DB, dialect.Select{Table: env.Name(table), Columns: append([]string{"id"}, columns...), Order: []string{"id"}})
			}
			if d := cmp.Diff(want, by("person", "email", "invited_by", "name")); d != "" {
				t.Errorf("person (-want +got):\n%s", d)
			}
			want = nil
			for i := range 5 {
				want = append(want, dialect.Row{int64(i), addressOf(i), addressOf((i + 1) % 5)})
			}
			if d := cmp.Diff(want, by("message", "sender", "recipient")); d != "" {
				t.Errorf("message (-want +got):\n%s", d)
			}
			want = nil
			for i := range 5 {
				want = append(want, dialect.Row{int64(i), int64(i % 2), addressOf(i)})
			}
			if d := cmp.Diff(want, by("seat", "tenant", "holder")); d != "" {
				t.Errorf("seat (-want +got):\n%s", d)
			}
		})
	}
	for _, action := range []string{"", "ON UPDATE CASCADE", "ON UPDATE RESTRICT"} {
		s.runSub(t, strings.TrimSpace("a row that refers to itself, beside another "+action), func(s *suite, t *testing.T) {
			env := s.rekeyableEnv(t, action)
			inWriteTx(t, env.DB, func(tx dialect.Tx) {
				self := dialect.BulkUpdate{Table: env.Name("person"), Key: []string{"id"}, Set: []string{"invited_by"}, Rows: []dialect.Row{{int64(0), "old 0"}}}
				if _, err := tx.BulkUpdate(contextFor(t), self); err != nil {
					t.Fatal(err)
				}
			})
			inWriteTx(t, env.DB, func(tx dialect.Tx) {
				got, err := rekeyerOf(env).Rekey(contextFor(t), tx, rekeyUpdates(env, 0))
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff([]int64{1, 1, 1, 1, 2, 1}, got); d != "" {
					t.Errorf("rows found by each update (-want +got):\n%s", d)
				}
				if err := tx.CheckConstraints(contextFor(t)); err != nil {
					t.Error(err)
				}
			})
		})
	}
	s.runSub(t, "a reference that is left behind", func(s *suite, t *testing.T) {
		env := s.rekeyableEnv(t, "")
		tx := beginTx(t, env.DB, dialect.TxOptions{})
		updates := rekeyUpdates(env, 0, 1)
		_, err := rekeyerOf(env).Rekey(contextFor(t), tx, updates[1:]) // without the messages' senders
		for _, end := range []func() error{func() error { return tx.CheckConstraints(contextFor(t)) }, func() error { return tx.Commit(contextFor(t)) }} {
			if err == nil {
				err = end()
			}
		}
		wantClass(t, err, dialect.ForeignKeyViolation)
	})
	s.runSub(t, "a value that another row has", func(s *suite, t *testing.T) {
		env := s.rekeyableEnv(t, "")
		tx := beginTx(t, env.DB, dialect.TxOptions{})
		_, err := rekeyerOf(env).Rekey(contextFor(t), tx, []dialect.BulkUpdate{
			{Table: env.Name("person"), Key: []string{"id"}, Set: []string{"email"}, Rows: []dialect.Row{{int64(0), "old 4"}}},
		})
		wantClass(t, err, dialect.UniqueViolation)
	})
	s.runSub(t, "a cascade by itself", func(s *suite, t *testing.T) {
		env := s.Open(t)
		// Numbers, since not every engine with cascades can check a reference between texts of
		// special collations.
		id, number := Column{Name: "id", Type: integer, NotNull: true}, Column{Name: "number", Type: integer, NotNull: true}
		s.makeTables(t, env, Table{Name: "parent", Primary: []string{"id"}, Unique: [][]string{{"number"}}, Columns: []Column{id, number}})
		s.makeTables(t, env, Table{Name: "child", Primary: []string{"id"}, Columns: []Column{id, number},
			Foreign: []Foreign{{Name: "fk_child", Columns: []string{"number"}, Table: "parent", RefColumns: []string{"number"}, Actions: "ON UPDATE CASCADE"}}})
		s.fillTable(t, env, "parent", []string{"id", "number"}, 3, func(i int) []any { return []any{i, 10 + i} })
		s.fillTable(t, env, "child", []string{"id", "number"}, 6, func(i int) []any { return []any{i, 10 + i%3} })
		if fk := tableOf(t, env, "child").ForeignKeys[0]; fk.OnUpdate != dialect.Cascade {
			t.Errorf("ON UPDATE CASCADE reads %q", fk.OnUpdate)
		}
		inWriteTx(t, env.DB, func(tx dialect.Tx) {
			n, err := tx.BulkUpdate(contextFor(t), dialect.BulkUpdate{Table: env.Name("parent"), Key: []string{"id"}, Set: []string{"number"},
				Rows: []dialect.Row{{int64(0), int64(20)}, {int64(1), int64(21)}}})
			if err != nil || n != 2 {
				t.Errorf("the update found %d rows, want 2, those of the cascade not counted (%v)", n, err)
			}
			if n := countRows(t, tx, env.Name("child"), dialect.In{Columns: []string{"number"}, Keys: intKeys(20, 21)}); n != 4 {
				t.Errorf("%d rows follow within the transaction, want 4", n)
			}
		})
	})
	s.runSub(t, "none", func(s *suite, t *testing.T) {
		env := s.rekeyableEnv(t, "")
		inReadTx(t, env.DB, func(tx dialect.Tx) {
			if got, err := rekeyerOf(env).Rekey(contextFor(t), tx, nil); err != nil || len(got) != 0 {
				t.Errorf("no update: got %v, %v", got, err)
			}
		})
	})
}

// rekeyableEnv opens a database with five rows in each table, or skips an engine without Rekey.
func (s *suite) rekeyableEnv(t *testing.T, action string) *Env {
	t.Helper()
	env := s.Open(t)
	if _, able := dialect.AsRekeyer(env.DB); !able {
		t.Skipf("EXCUSED on %s: its DB is no Rekeyer", s.Engine)
	}
	s.makeTables(t, env, rekeyTables(action)...)
	old := func(i int) string { return fmt.Sprintf("old %d", i%5) }
	s.fillTable(t, env, "person", []string{"id", "tenant", "email"}, 5, func(i int) []any { return []any{i, i % 2, old(i)} })
	inWriteTx(t, env.DB, func(tx dialect.Tx) {
		b := dialect.BulkUpdate{Table: env.Name("person"), Key: []string{"id"}, Set: []string{"invited_by"}}
		for i := range 5 {
			b.Rows = append(b.Rows, dialect.Row{int64(i), old(i + 4)})
		}
		if _, err := tx.BulkUpdate(contextFor(t), b); err != nil {
			t.Fatal(err)
		}
	})
	s.fillTable(t, env, "account", []string{"id", "email"}, 5, func(i int) []any { return []any{i, old(i)} })
	s.fillTable(t, env, "message", []string{"id", "sender", "recipient"}, 5, func(i int) []any { return []any{i, old(i), old(i + 1)} })
	s.fillTable(t, env, "seat", []string{"id", "tenant", "holder"}, 5, func(i int) []any { return []any{i, i % 2, old(i)} })
	return env
}

// rekeyerOf is the ability of a database that rekeyableEnv opened.
func rekeyerOf(env *Env) dialect.Rekeyer {
	r, _ := dialect.AsRekeyer(env.DB)
	return r
}

// rekeyUpdates changes some people's addresses and the references to them.
func rekeyUpdates(env *Env, people ...int) []dialect.BulkUpdate {
	following := func(table, column string) dialect.BulkUpdate {
		u := dialect.BulkUpdate{Table: env.Name(table), Key: []string{column}, Set: []string{column}}
		for _, i := range people {
			u.Rows = append(u.Rows, dialect.Row{fmt.Sprintf("old %d", i), addressOf(i)})
		}
		return u
	}
	seats := dialect.BulkUpdate{Table: env.Name("seat"), Key: []string{"tenant", "holder"}, Set: []string{"holder"}}
	own := dialect.BulkUpdate{Table: env.Name("person"), Key: []string{"id"}, Set: []string{"email", "name"}}
	for _, i := range people {
		seats.Rows = append(seats.Rows, dialect.Row{int64(i % 2), fmt.Sprintf("old %d", i), addressOf(i)})
		own.Rows = append(own.Rows, dialect.Row{int64(i), addressOf(i), fmt.Sprintf("name %d", i)})
	}
	return []dialect.BulkUpdate{
		following("message", "sender"), following("message", "recipient"), seats,
		following("account", "email"), following("person", "invited_by"), own,
	}
}

// addressOf is the new address of people 0 to 2, the old one of others.
func addressOf(i int) string {
	if i < 3 {
		return fmt.Sprintf("new %d", i)
	}
	return fmt.Sprintf("old %d", i)
}

func nullUnless(ok bool, v dialect.Value) dialect.Value {
	if ok {
		return v
	}
	return nil
}

package dialecttest

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect"
)

// testOverwrite writes many rows' values at once, and checks each of them.
func (s *suite) testOverwrite(t *testing.T) {
	for _, n := range sizes {
		s.runSub(t, fmt.Sprintf("%d rows by single key", n), func(s *suite, t *testing.T) {
			env := s.openEnv(t, Table{Name: "item", Columns: []Column{{Name: "id", Type: integer, NotNull: true}, {Name: "note", Type: text(100)}, {Name: "amount", Type: integer}}, Primary: []string{"id"}})
			s.fillTable(t, env, "item", []string{"id", "note", "amount"}, 6000, func(i int) []any { return []any{i, "old", i} })
			b := dialect.BulkUpdate{Table: env.Name("item"), Key: []string{"id"}, Set: []string{"note", "amount"}}
			for i := range n {
				b.Rows = append(b.Rows, dialect.Row{int64(i), fmt.Sprintf("new %d", i), nullEvery(3, i, int64(-i))})
			}
			s.checkOverwritten(t, env, b, 6000)
		})
		s.runSub(t, fmt.Sprintf("%d rows by composite key", n), func(s *suite, t *testing.T) {
			env := s.openEnv(t, compositeTable("line"))
			s.fillTable(t, env, "line", []string{"tenant", "code"}, 6000, compositeRow)
			b := dialect.BulkUpdate{Table: env.Name("line"), Key: []string{"tenant", "code"}, Set: []string{"note", "amount"}}
			for i := range n {
				r := compositeRow(i)
				b.Rows = append(b.Rows, dialect.Row{int64(r[0].(int)), r[1], nullEvery(4, i, fmt.Sprintf("new %d", i)), int64(i)})
			}
			s.checkOverwritten(t, env, b, 6000)
		})
	}
	s.runSub(t, "a key that no row has", func(s *suite, t *testing.T) {
		env := s.openEnv(t, parent)
		s.fillTable(t, env, "parent", []string{"id"}, 3, func(i int) []any { return []any{i} })
		inWriteTx(t, env.DB, func(tx dialect.Tx) {
			got, err := tx.BulkUpdate(contextFor(t), dialect.BulkUpdate{Table: env.Name("parent"), Key: []string{"id"}, Set: []string{"name"},
				Rows: []dialect.Row{{int64(1), "a"}, {int64(99), "b"}}})
			if err != nil || got != 1 {
				t.Errorf("one of two rows is there: got %d, %v", got, err)
			}
		})
	})
	s.runSub(t, "rows that have the values already count as found", func(s *suite, t *testing.T) {
		env := s.openEnv(t, parent)
		s.fillTable(t, env, "parent", []string{"id", "name"}, 3, func(i int) []any { return []any{i, "same"} })
		b := dialect.BulkUpdate{Table: env.Name("parent"), Key: []string{"id"}, Set: []string{"name"}, Rows: []dialect.Row{{int64(0), "same"}, {int64(1), "same"}}}
		inWriteTx(t, env.DB, func(tx dialect.Tx) {
			if got, err := tx.BulkUpdate(contextFor(t), b); err != nil || got != 2 {
				t.Errorf("found %d rows, want 2 (%v)", got, err)
			}
			u, err := tx.Update(contextFor(t), dialect.Update{Table: env.Name("parent"), Set: []dialect.Assign{
				{Column: &dialect.Column{Name: "name", Kind: dialect.Text}, Expr: dialect.Literal{Value: "same", Column: &dialect.Column{Name: "name", Kind: dialect.Text}}}}})
			if err != nil || u.Rows != 3 {
				t.Errorf("the update met %d rows, want 3 (%v)", u.Rows, err)
			}
		})
	})
	s.runSub(t, "no rows", func(s *suite, t *testing.T) {
		env := s.openEnv(t, parent)
		inWriteTx(t, env.DB, func(tx dialect.Tx) {
			b := dialect.BulkUpdate{Table: env.Name("parent"), Key: []string{"id"}, Set: []string{"name"}}
			if got, err := tx.BulkUpdate(contextFor(t), b); err != nil || got != 0 {
				t.Errorf("got %d, %v", got, err)
			}
		})
	})
	s.runSub(t, "by row address", func(s *suite, t *testing.T) {
		env := s.openEnv(t, Table{Name: "keyless", Columns: []Column{{Name: "note", Type: text(50)}}})
		tab := tableOf(t, env, "keyless")
		if tab.Address == "" {
			t.Skipf("EXCUSED on %s: rows without a key have no address", s.Engine)
		}
		s.fillTable(t, env, "keyless", []string{"note"}, 5, func(int) []any { return []any{"same"} })
		inWriteTx(t, env.DB, func(tx dialect.Tx) {
			b := dialect.BulkUpdate{Table: env.Name("keyless"), Key: []string{tab.Address}, Set: []string{"note"}}
			got := readRows(t, tx, dialect.Select{Table: b.Table, Columns: []string{tab.Address}, Lock: dialect.Exclusive})
			for i, r := range got {
				b.Rows = append(b.Rows, dialect.Row{r[0], fmt.Sprintf("new %d", i)})
			}
			if n, err := tx.BulkUpdate(contextFor(t), b); err != nil || n != 5 {
				t.Errorf("overwrote %d of 5 rows (%v)", n, err)
			}
		})
		if got := selectRows(t, env.DB, dialect.Select{Table: env.Name("keyless"), Columns: []string{"note"}, Order: []string{"note"}}); len(got) != 5 || got[4][0] != "new 4" {
			t.Errorf("each row must have its own value")
		}
	})
}

// checkOverwritten runs a BulkUpdate on a table with that many rows and checks every row.
func (s *suite) checkOverwritten(t *testing.T, env *Env, b dialect.BulkUpdate, all int) {
	t.Helper()
	n := int64(len(b.Rows))
	tab := tableOf(t, env, b.Table.Table)
	inWriteTx(t, env.DB, func(tx dialect.Tx) {
		if got := countStored(t, tx, tab, b); got != 0 {
			t.Errorf("before the overwrite %d rows are equal, want 0", got)
		}
		if got, err := tx.BulkUpdate(contextFor(t), b); err != nil || got != n {
			t.Fatalf("the overwrite found %d rows, want %d (%v)", got, n, err)
		}
		if got := countStored(t, tx, tab, b); got != n {
			t.Errorf("%d rows have their very values, want %d", got, n)
		}
	})
	columns := append(append([]string(nil), b.Key...), b.Set...)
	got := map[string]dialect.Row{}
	for _, r := range selectRows(t, env.DB, dialect.Select{Table: b.Table, Columns: columns}) {
		got[dialect.EncodeKey(r[:len(b.Key)])] = r
	}
	if len(got) != all {
		t.Errorf("%d rows are there, want %d", len(got), all)
	}
	for i, want := range b.Rows {
		if d := cmp.Diff(want, got[dialect.EncodeKey(want[:len(b.Key)])]); d != "" {
			t.Fatalf("row %d (-want +got):\n%s", i, d)
		}
	}
}

func nullEvery(n, i int, v dialect.Value) dialect.Value {
	if i%n == 0 {
		return nil
	}
	return v
}

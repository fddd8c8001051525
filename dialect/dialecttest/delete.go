package dialecttest

import (
	"fmt"
	"testing"

	"github.com/expungedb/expunge/dialect"
)

// sizes are numbers of keys to test statements with: one, the most rows of a batch, and one more.
var sizes = []int{1, 5000, 5001}

func (s *suite) testDelete(t *testing.T) {
	s.runSub(t, "single key", func(s *suite, t *testing.T) {
		env := s.openEnv(t, Table{Name: "item", Columns: []Column{{Name: "id", Type: integer, NotNull: true}}, Primary: []string{"id"}})
		s.fillTable(t, env, "item", []string{"id"}, 12000, func(i int) []any { return []any{i + 1} })
		left := int64(12000)
		next := 1
		for _, n := range sizes {
			inWriteTx(t, env.DB, func(tx dialect.Tx) {
				keys := intKeys(next, next+n-1)
				// Keys without a row are no error and aren't counted.
				keys = append(keys, dialect.Key{int64(-5)})
				if got := deleteRows(t, tx, dialect.Delete{Table: env.Name("item"), Where: []dialect.Cond{dialect.In{Columns: []string{"id"}, Keys: keys}}}); got != int64(n) {
					t.Errorf("deleting %d rows by key removed %d", n, got)
				}
				left -= int64(n)
				next += n
				if got := countRows(t, tx, env.Name("item")); got != left {
					t.Errorf("after deleting %d rows %d are left, want %d", n, got, left)
				}
			})
		}
	})
	s.runSub(t, "composite key", func(s *suite, t *testing.T) {
		env := s.openEnv(t, compositeTable("line"))
		s.fillTable(t, env, "line", []string{"tenant", "code"}, 12000, compositeRow)
		next := 0
		for _, n := range sizes {
			inWriteTx(t, env.DB, func(tx dialect.Tx) {
				in := dialect.In{Columns: []string{"tenant", "code"}}
				for i := next; i < next+n; i++ {
					r := compositeRow(i)
					in.Keys = append(in.Keys, dialect.Key{int64(r[0].(int)), r[1]})
				}
				next += n
				if got := deleteRows(t, tx, dialect.Delete{Table: env.Name("line"), Where: []dialect.Cond{in}}); got != int64(n) {
					t.Errorf("deleting %d rows by composite key removed %d", n, got)
				}
				if got := countRows(t, tx, env.Name("line")); got != int64(12000-next) {
					t.Errorf("%d rows are left, want %d: a row was addressed by a part of its key", got, 12000-next)
				}
			})
		}
	})
	s.runSub(t, "returning", func(s *suite, t *testing.T) {
		env := s.openEnv(t, compositeTable("line"))
		returner, able := dialect.AsReturner(env.DB)
		if !able {
			t.Skipf("EXCUSED on %s: its DB is no Returner", s.Engine)
		}
		s.fillTable(t, env, "line", []string{"tenant", "code"}, 20, compositeRow)
		inWriteTx(t, env.DB, func(tx dialect.Tx) {
			for _, limit := range []int{0, 3} {
				before := countRows(t, tx, env.Name("line"))
				r := compositeRow(2 * limit)
				d := dialect.Delete{Table: env.Name("line"), Where: []dialect.Cond{dialect.In{Columns: []string{"tenant"}, Keys: []dialect.Key{{int64(r[0].(int))}}}}, Limit: limit}
				same := countRows(t, tx, env.Name("line"), d.Where...)
				if limit > 0 {
					same = int64(limit)
				}
				gone := map[string]bool{}
				for row, err := range returner.DeleteReturning(contextFor(t), tx, d, []string{"code", "tenant"}) {
					if err != nil {
						t.Fatal(err)
					}
					if row[1] != int64(r[0].(int)) {
						t.Error("a row of another tenant went")
					}
					gone[dialect.EncodeKey(row)] = true
				}
				if left := countRows(t, tx, env.Name("line")); same == 0 || int64(len(gone)) != same || left != before-same {
					t.Errorf("limit %d: %d rows were returned and %d went, want %d", limit, len(gone), before-left, same)
				}
			}
		})
	})
	s.runSub(t, "limit", func(s *suite, t *testing.T) {
		env := s.openEnv(t, compositeTable("line"))
		s.fillTable(t, env, "line", []string{"tenant", "code"}, 20, compositeRow)
		inWriteTx(t, env.DB, func(tx dialect.Tx) {
			d := dialect.Delete{Table: env.Name("line"), Where: []dialect.Cond{dialect.In{Columns: []string{"tenant"}, Keys: intKeys(0, 1)}}, Limit: 5}
			for _, want := range []int64{5, 5, 0} {
				if got := deleteRows(t, tx, d); got != want {
					t.Errorf("a delete of at most 5 rows removed %d, want %d", got, want)
				}
			}
			if got := countRows(t, tx, env.Name("line")); got != 10 {
				t.Errorf("%d rows are left, want 10", got)
			}
		})
	})
	s.runSub(t, "all rows", func(s *suite, t *testing.T) {
		env := s.openEnv(t, compositeTable("line"))
		s.fillTable(t, env, "line", []string{"tenant", "code"}, 20, compositeRow)
		inWriteTx(t, env.DB, func(tx dialect.Tx) {
			if got := deleteRows(t, tx, dialect.Delete{Table: env.Name("line")}); got != 20 {
				t.Errorf("a delete without condition removed %d rows, want 20", got)
			}
		})
	})
	s.runSub(t, "rows removed by a cascade are not counted", func(s *suite, t *testing.T) {
		env := s.openEnv(t, parent, childTable("ON DELETE CASCADE"))
		s.fillTable(t, env, "parent", []string{"id"}, 2, func(i int) []any { return []any{i} })
		s.fillTable(t, env, "child", []string{"id", "parent_id"}, 10, func(i int) []any { return []any{i, i % 2} })
		inWriteTx(t, env.DB, func(tx dialect.Tx) {
			if got := deleteRows(t, tx, dialect.Delete{Table: env.Name("parent"), Where: []dialect.Cond{dialect.In{Columns: []string{"id"}, Keys: intKeys(1, 1)}}}); got != 1 {
				t.Errorf("deleting one row reported %d", got)
			}
			if got := countRows(t, tx, env.Name("child")); got != 5 {
				t.Errorf("%d children are left, want 5", got)
			}
		})
	})
	s.runSub(t, "a rolled back delete deletes nothing", func(s *suite, t *testing.T) {
		env := s.openEnv(t, parent)
		s.fillTable(t, env, "parent", []string{"id"}, 3, func(i int) []any { return []any{i} })
		inReadTx(t, env.DB, func(tx dialect.Tx) { deleteRows(t, tx, dialect.Delete{Table: env.Name("parent")}) })
		if got := selectRows(t, env.DB, dialect.Select{Table: env.Name("parent"), Columns: []string{"id"}}); len(got) != 3 {
			t.Errorf("%d rows are there, want 3", len(got))
		}
	})
}

var parent = Table{Name: "parent", Columns: []Column{{Name: "id", Type: integer, NotNull: true}, {Name: "name", Type: text(40)}}, Primary: []string{"id"}}

func childTable(actions string) Table {
	return Table{Name: "child", Columns: []Column{{Name: "id", Type: integer, NotNull: true}, {Name: "parent_id", Type: integer}, {Name: "name", Type: text(40)}},
		Primary: []string{"id"}, Foreign: []Foreign{{Name: "child_parent", Columns: []string{"parent_id"}, Table: "parent", RefColumns: []string{"id"}, Actions: actions}}}
}

// compositeTable is a table in which each part of the key alone addresses many rows.
func compositeTable(name string) Table {
	return Table{Name: name, Columns: []Column{
		{Name: "tenant", Type: integer, NotNull: true},
		{Name: "code", Type: text(20), NotNull: true},
		{Name: "note", Type: text(100)},
		{Name: "amount", Type: integer},
	}, Primary: []string{"tenant", "code"}}
}

// compositeRow is the key of row i of a composite table: five codes a tenant.
func compositeRow(i int) []any { return []any{i / 5, fmt.Sprintf("c%d", i%5)} }

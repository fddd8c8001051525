package dialecttest

import (
	"fmt"
	"testing"

	"github.com/expungedb/expunge/dialect"
)

// queryPlan asks for the plan of a search for 500 keys in a table of 20,000 rows: without an index
// each batch of a run would read the whole table.
func (s *suite) queryPlan(t *testing.T) {
	const n, keys = 20_000, 500
	code := func(i int) string { return fmt.Sprintf("code-%05d", i) }
	id := func(i int) string { return fmt.Sprintf("%08x-1111-4222-8333-444455556666", i) }
	env := s.openEnv(t,
		Table{Name: "numbered", Columns: []Column{{Name: "id", Type: integer, NotNull: true}, {Name: "filler", Type: text(100)}}, Primary: []string{"id"}},
		Table{Name: "coded", Columns: []Column{{Name: "code", Type: text(20), NotNull: true}, {Name: "filler", Type: text(100)}}, Primary: []string{"code"}},
		Table{Name: "identified", Columns: []Column{{Name: "id", Type: uuid, NotNull: true}, {Name: "filler", Type: text(100)}}, Primary: []string{"id"}},
		Table{Name: "paired", Columns: []Column{{Name: "tenant", Type: integer, NotNull: true}, {Name: "code", Type: text(20), NotNull: true}, {Name: "filler", Type: text(100)}}, Primary: []string{"tenant", "code"}},
		Table{Name: "referring", Columns: []Column{{Name: "id", Type: integer, NotNull: true}, {Name: "numbered_id", Type: integer}, {Name: "filler", Type: text(100)}}, Primary: []string{"id"},
			Foreign: []Foreign{{Name: "referring_numbered", Columns: []string{"numbered_id"}, Table: "numbered", RefColumns: []string{"id"}}},
			Indexes: []Index{{Name: "referring_numbered_ix", Parts: []string{s.Quote("numbered_id")}}}},
	)
	const filler = "some text to make the rows of a real size"
	s.fillTable(t, env, "numbered", []string{"id", "filler"}, n, func(i int) []any { return []any{i, filler} })
	s.fillTable(t, env, "coded", []string{"code", "filler"}, n, func(i int) []any { return []any{code(i), filler} })
	s.fillTable(t, env, "identified", []string{"id", "filler"}, n, func(i int) []any { return []any{id(i), filler} })
	s.fillTable(t, env, "paired", []string{"tenant", "code", "filler"}, n, func(i int) []any { return []any{i / 100, code(i), filler} })
	s.fillTable(t, env, "referring", []string{"id", "numbered_id", "filler"}, n, func(i int) []any { return []any{i, i, filler} })
	for _, c := range []struct {
		name, table string
		columns     []string
		key         func(i int) dialect.Key
	}{
		{"integer key", "numbered", []string{"id"}, func(i int) dialect.Key { return dialect.Key{int64(i)} }},
		{"text key", "coded", []string{"code"}, func(i int) dialect.Key { return dialect.Key{code(i)} }},
		{"uuid key", "identified", []string{"id"}, func(i int) dialect.Key { return dialect.Key{id(i)} }},
		{"composite key", "paired", []string{"tenant", "code"}, func(i int) dialect.Key { return dialect.Key{int64(i / 100), code(i)} }},
		{"foreign key column", "referring", []string{"numbered_id"}, func(i int) dialect.Key { return dialect.Key{int64(i)} }},
	} {
		s.runSub(t, c.name, func(s *suite, t *testing.T) {
			in := dialect.In{Columns: c.columns}
			for i := range keys {
				in.Keys = append(in.Keys, c.key(i*37))
			}
			sel := dialect.Select{Table: env.Name(c.table), Columns: append(c.columns, "filler"), Where: []dialect.Cond{in}}
			if got := len(selectRows(t, env.DB, sel)); got != keys {
				t.Errorf("found %d rows, want %d", got, keys)
			}
			if !s.UsesIndex(t, env, sel) {
				t.Errorf("a search for %d keys doesn't use the index", keys)
			}
		})
		s.runSub(t, c.name+" after", func(s *suite, t *testing.T) {
			sel := dialect.Select{Table: env.Name(c.table), Columns: c.columns, Order: c.columns, Limit: 100,
				Where: []dialect.Cond{dialect.After{Columns: c.columns, Key: c.key(n - 2000)}, dialect.UpTo{Columns: c.columns, Key: c.key(n - 1900)}}}
			if got := len(selectRows(t, env.DB, sel)); got != 100 {
				t.Errorf("found %d rows, want 100", got)
			}
			if !s.UsesIndex(t, env, sel) {
				t.Error("the next range of keys isn't found by the index")
			}
		})
	}
}

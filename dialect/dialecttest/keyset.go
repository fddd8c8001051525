package dialecttest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/expungedb/expunge/dialect"
)

// testKeyset walks tables in key order, as a run does: Order, After and Limit visit every row
// exactly once, whatever the chunk's size and the key's type.
func (s *suite) testKeyset(t *testing.T) {
	cases := []struct {
		name    string
		columns []Column
		rows    []dialect.Row
	}{
		{"integers", []Column{{Name: "k", Type: integer, NotNull: true}},
			[]dialect.Row{{int64(-9223372036854775808)}, {int64(-1)}, {int64(0)}, {int64(2)}, {int64(10)}, {int64(9223372036854775807)}}},
		{"text with collation", []Column{{Name: "k", Type: text(20), NotNull: true}},
			[]dialect.Row{{"a"}, {"B"}, {"b1"}, {"Z z"}, {"z-z"}, {"é"}, {"ß1"}, {"10"}, {"9"}, {"_"}, {"日本"}, {"%"}, {"O'Neill"}, {`back\slash`}, {"😀"}}},
		{"folding text", []Column{{Name: "k", Type: Type{Kind: dialect.Text, Length: 20, FoldsCase: true}, NotNull: true}},
			[]dialect.Row{{"a"}, {"B"}, {"c"}, {"D"}, {"_"}, {"Zz"}, {"zy"}}},
		{"uuid", []Column{{Name: "k", Type: uuid, NotNull: true}}, uuidRows(15)},
		{"date", []Column{{Name: "k", Type: date, NotNull: true}}, []dialect.Row{{"1999-12-31"}, {"2000-01-01"}, {"2024-02-29"}, {"2038-01-20"}}},
		{"timestamps", []Column{{Name: "k", Type: timestamp, NotNull: true}},
			[]dialect.Row{{"2024-01-01 00:00:00"}, {"2024-01-01 00:00:00.000001"}, {"2024-01-01 00:00:00.1"}, {"2024-01-01 00:00:01"}, {"2024-03-31 02:30:00"}, {"2024-10-27 02:30:00.999999"}}},
		{"timestamps with zone", []Column{{Name: "k", Type: momentTZ, NotNull: true}},
			[]dialect.Row{{"2024-01-01 00:00:00+00"}, {"2024-01-01 00:00:00.000001+00"}, {"2024-03-31 01:30:00+00"}, {"2024-10-27 00:30:00+00"}, {"2024-10-27 01:30:00+00"}}},
		{"decimal", []Column{{Name: "k", Type: decimal, NotNull: true}}, []dialect.Row{{"-10.25"}, {"-0.01"}, {"0.1"}, {"9.99"}, {"10.5"}, {"1234567890.12"}}},
		{"bytes", []Column{{Name: "k", Type: Type{Kind: dialect.Bytes, Length: 16}, NotNull: true}},
			[]dialect.Row{{[]byte{0}}, {[]byte{0, 1}}, {[]byte{1}}, {[]byte("a'b")}, {[]byte{0xff, 0xfe}}}},
		{"composite", []Column{{Name: "a", Type: integer, NotNull: true}, {Name: "b", Type: text(20), NotNull: true}, {Name: "c", Type: date, NotNull: true}}, compositeRows()},
	}
	for _, c := range cases {
		s.runSub(t, c.name, func(s *suite, t *testing.T) {
			for _, col := range c.columns {
				if s.Type(col.Type) == "" {
					t.Skipf("EXCUSED on %s: it has no column type for this", s.Engine)
				}
			}
			var key []string
			for _, col := range c.columns {
				key = append(key, col.Name)
			}
			env := s.openEnv(t, Table{Name: "walked", Columns: append(c.columns, Column{Name: "seq", Type: integer}), Primary: key})
			inWriteTx(t, env.DB, func(tx dialect.Tx) {
				for i, r := range c.rows {
					insertRow(t, tx, env.Name("walked"), append(append([]string(nil), key...), "seq"), append(append(dialect.Row(nil), r...), int64(i))...)
				}
			})
			s.testWalk(t, env, env.Name("walked"), key, len(c.rows))
		})
	}
}

func (s *suite) testWalk(t *testing.T, env *Env, name dialect.Name, key []string, n int) {
	t.Helper()
	all := selectRows(t, env.DB, dialect.Select{Table: name, Columns: key, Order: key})
	if len(all) != n {
		t.Fatalf("reading in key order gives %d rows, want %d", len(all), n)
	}
	for _, chunk := range []int{1, 2, 7} {
		t.Run(fmt.Sprintf("chunks of %d", chunk), func(t *testing.T) {
			var seen []dialect.Row
			var last dialect.Key
			for len(seen) <= n {
				part := selectRows(t, env.DB, dialect.Select{Table: name, Columns: key, Order: key, Limit: chunk,
					Where: []dialect.Cond{dialect.After{Columns: key, Key: last}}})
				if len(part) == 0 {
					break
				}
				seen = append(seen, part...)
				last = part[len(part)-1]
			}
			if d := cmp.Diff(all, seen); d != "" {
				t.Errorf("the walk doesn't visit every row exactly once (-want +got):\n%s", d)
			}
		})
	}
	t.Run("an offset passes rows over", func(t *testing.T) {
		for i := range n + 1 {
			got := selectRows(t, env.DB, dialect.Select{Table: name, Columns: key, Order: key, Limit: 1, Offset: i,
				Where: []dialect.Cond{dialect.After{Columns: key}}})
			if d := cmp.Diff(all[i:min(i+1, n)], got, cmpopts.EquateEmpty()); d != "" {
				t.Errorf("after %d rows (-want +got):\n%s", i, d)
			}
		}
	})
	t.Run("from the end", func(t *testing.T) {
		got := selectRows(t, env.DB, dialect.Select{Table: name, Columns: key, Order: key, Descending: true, Limit: n})
		slices.Reverse(got)
		if d := cmp.Diff(all, got); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	})
	t.Run("up to is inclusive", func(t *testing.T) {
		inReadTx(t, env.DB, func(tx dialect.Tx) {
			for i, r := range all {
				if got := countRows(t, tx, name, dialect.UpTo{Columns: key, Key: r}); got != int64(i+1) {
					t.Errorf("%d rows come up to key %d, want %d", got, i+1, i+1)
				}
				if got := countRows(t, tx, name, dialect.After{Columns: key, Key: r}); got != int64(n-i-1) {
					t.Errorf("%d rows come after key %d, want %d", got, i+1, n-i-1)
				}
			}
			if got := countRows(t, tx, name, dialect.UpTo{Columns: key}); got != int64(n) {
				t.Errorf("an empty UpTo holds for %d rows, want %d", got, n)
			}
		})
	})
	t.Run("a range of keys", func(t *testing.T) {
		lo, hi := all[0], all[len(all)-2]
		between := dialect.Select{Table: name, Columns: key, Order: key,
			Where: []dialect.Cond{dialect.After{Columns: key, Key: lo}, dialect.UpTo{Columns: key, Key: hi}}}
		for _, between.Lock = range []dialect.Lock{dialect.NoLock, dialect.Exclusive} {
			inWriteTx(t, env.DB, func(tx dialect.Tx) {
				if d := cmp.Diff(all[1:len(all)-1], readRows(t, tx, between)); d != "" {
					t.Errorf("with lock %d (-want +got):\n%s", between.Lock, d)
				}
			})
		}
	})
}

func uuidRows(n int) []dialect.Row {
	var out []dialect.Row
	for i := range n {
		out = append(out, dialect.Row{fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", uint32(i)*2654435761, i*7919&0xffff, i*31&0xfff, i*17&0xfff, i*104729)})
	}
	return out
}

func compositeRows() []dialect.Row {
	var out []dialect.Row
	for _, a := range []int64{-1, 0, 7} {
		for _, b := range []string{"", "x", "x y"} {
			for _, c := range []string{"2020-01-01", "2021-06-30"} {
				out = append(out, dialect.Row{a, b, c})
			}
		}
	}
	return out
}

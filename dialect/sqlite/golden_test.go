package sqlite

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/expungedb/expunge/dialect"
)

var update = flag.Bool("update", false, "rewrite testdata/*.golden")

// TestGolden compares the SQL of every shape of statement with a file, so that a change shows.
func TestGolden(t *testing.T) {
	people := dialect.Name{Table: `peo"ple`}
	post := dialect.Name{Table: "post"}
	relations := map[string]*relation{}
	for _, r := range []*relation{
		{name: people, address: "rowid", columns: map[string]*dialect.Column{"id": {Name: "id", Kind: dialect.Int}, "email": {Name: "email", Kind: dialect.Text}, "ok": {Name: "ok", Kind: dialect.Bool}, "born": {Name: "born", Kind: dialect.Date}}},
		{name: post, key: []string{"a", "b"}, columns: map[string]*dialect.Column{"a": {Name: "a", Kind: dialect.Int}, "b": {Name: "b", Kind: dialect.Text}, "person": {Name: "person", Kind: dialect.Int}}},
	} {
		relations[r.name.Table] = r
	}
	email := relations[people.Table].columns["email"]
	in := dialect.In{Columns: []string{"id"}, Keys: []dialect.Key{{int64(1)}, {int64(2)}}}
	pair := dialect.In{Columns: []string{"a", "b"}, Keys: []dialect.Key{{int64(1), "x"}}}
	expr := func(e dialect.Expr) func(*builder) {
		return func(b *builder) {
			b.renderUpdate(dialect.Update{Table: people, Set: []dialect.Assign{{Column: email, Expr: e}}, Where: []dialect.Cond{in}})
		}
	}
	cur := dialect.Current{Column: email}
	for _, c := range []struct {
		name  string
		build func(*builder)
	}{
		{"select", func(b *builder) {
			b.renderSelect(dialect.Select{Table: people, Columns: []string{"id", "email"}, Flags: []dialect.Cond{dialect.IsNull{Column: "email"}}, Where: []dialect.Cond{dialect.After{Columns: []string{"id"}, Key: dialect.Key{int64(7)}}}, Order: []string{"id"}, Limit: 10, Lock: dialect.Exclusive})
		}},
		{"select_offset", func(b *builder) {
			b.renderSelect(dialect.Select{Table: people, Columns: []string{"id"}, Order: []string{"id"}, Limit: 1, Offset: 499})
		}},
		{"select_descending", func(b *builder) {
			b.renderSelect(dialect.Select{Table: post, Columns: []string{"a"}, Order: []string{"a", "b"}, Descending: true, Limit: 1})
		}},
		{"select_composite", func(b *builder) {
			b.renderSelect(dialect.Select{Table: post, Columns: []string{"a"}, Where: []dialect.Cond{pair, dialect.After{Columns: []string{"a", "b"}, Key: dialect.Key{int64(1), "x"}}}, Order: []string{"a", "b"}})
		}},
		{"count", func(b *builder) {
			b.renderCount(people, []dialect.Cond{dialect.Not{Cond: in}, dialect.Any{dialect.Compare{Column: "ok", Op: "=", Value: "true"}, dialect.Match{SQL: "born IS NULL"}, dialect.LongerThan{Column: "email", N: 3}}})
		}},
		{"count_referenced", func(b *builder) {
			b.renderCount(people, []dialect.Cond{dialect.Referenced{Table: post, Columns: []string{"person"}, RefColumns: []string{"id"}, Where: "b = 'x'", Except: &pair}})
		}},
		{"count_moment", func(b *builder) {
			b.renderCount(people, []dialect.Cond{dialect.Compare{Column: "born", Op: "<", Value: "2020-02-29"}})
		}},
		{"count_orphan", func(b *builder) {
			b.renderCount(post, []dialect.Cond{dialect.Orphan{Columns: []string{"person"}, RefTable: people, RefColumns: []string{"id"}}})
		}},
		{"delete", func(b *builder) { b.renderDelete(dialect.Delete{Table: people, Where: []dialect.Cond{in}}) }},
		{"delete_limit", func(b *builder) { b.renderDelete(dialect.Delete{Table: people, Where: []dialect.Cond{in}, Limit: 5}) }},
		{"delete_limit_without_rowid", func(b *builder) { b.renderDelete(dialect.Delete{Table: post, Limit: 5}) }},
		{"delete_tagged_key", func(b *builder) {
			b.renderDelete(dialect.Delete{Table: people, Where: []dialect.Cond{dialect.In{Columns: []string{"email"}, Keys: []dialect.Key{{[]byte{1, 255}}, {"a\x00b"}, {0.1}}}}})
		}},
		{"insert", func(b *builder) {
			b.renderInsert(dialect.Insert{Table: people, Columns: []string{"id", "ok"}, Rows: []dialect.Row{{int64(1), "false"}}})
		}},
		{"bulk_update", func(b *builder) {
			u := dialect.BulkUpdate{Table: post, Key: []string{"a", "b"}, Set: []string{"person"}}
			b.renderFrom(post)
			b.bulkUpdates(u, `[[1,"x",2]]`, make([]bool, 3))
		}},
		{"update_literal", expr(dialect.If{Cond: dialect.IsNull{Column: "email"}, Then: dialect.Null{}, Else: dialect.Literal{Value: "x", Column: email}})},
		{"update_mask", expr(dialect.Concat{dialect.Left{Of: cur, N: 1}, dialect.Repeat{Of: cur, With: "*", Less: 3}, dialect.Right{Of: cur, N: 2}})},
		{"update_choose", expr(dialect.Choose{Values: []dialect.Value{"a", "b"}, Weights: []int{4, 2}, Column: email})},
		{"update_floor", expr(dialect.Floor{Of: dialect.Random{}})},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := &builder{lookup: func(n dialect.Name) (*relation, error) { return relations[n.Table], nil }}
			c.build(b)
			if b.Err != nil {
				t.Fatal(b.Err)
			}
			var out strings.Builder
			fmt.Fprintln(&out, b.String())
			for i, a := range b.Args {
				fmt.Fprintf(&out, "-- ?%d: %T %v\n", i+1, a, a)
			}
			file := filepath.Join("testdata", c.name+".golden")
			if *update {
				if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if out.String() != string(want) {
				t.Errorf("got:\n%s\nwant:\n%s", out.String(), want)
			}
		})
	}
}

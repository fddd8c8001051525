package mysql

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect"
)

// TestSQLGolden compares the SQL of every kind of statement with a file. Refresh it with -update.
func TestSQLGolden(t *testing.T) {
	id := &dialect.Column{Name: "id", Kind: dialect.Int, Type: "bigint", Precision: 64}
	email := &dialect.Column{Name: "e-mail", Kind: dialect.Text, Type: "varchar(20)", Length: 20, Charset: "latin1", Collation: "latin1_swedish_ci"}
	born := &dialect.Column{Name: "born", Kind: dialect.Date, Type: "date", Nullable: true}
	at := &dialect.Column{Name: "at", Kind: dialect.TimestampTZ, Type: "timestamp", TouchedOnUpdate: true}
	customer := &dialect.Table{Name: dialect.Name{Table: "customer"}, Columns: []*dialect.Column{id, email, born, at}, PrimaryKey: []string{"id"},
		Indexes: []*dialect.Index{{Name: "PRIMARY", Primary: true, Unique: true, Method: "btree", Parts: []dialect.IndexPart{{Column: "id"}}}}}
	invoice := &dialect.Table{Name: dialect.Name{Schema: "books", Table: "invoice"}, Columns: []*dialect.Column{id}, PrimaryKey: []string{"id"}}
	db := New(nil)
	db.catalog.cacheTables(customer, invoice)
	ids := dialect.In{Columns: []string{"id"}, Keys: []dialect.Key{{int64(20)}, {int64(3)}}}
	emails := dialect.In{Columns: []string{"e-mail"}, Keys: []dialect.Key{{"a@b.c"}}}
	referenced := dialect.Referenced{Table: invoice.Name, Columns: []string{"id"}, RefColumns: []string{"id"}, Where: "paid", Except: &ids}
	like := func(of *dialect.Column) dialect.Expr { return dialect.Current{Column: of} }

	statements := []struct {
		name   string
		render func(b *builder) string
	}{
		{"select by keys, locked", func(b *builder) string {
			s, _ := b.renderSelect(customer, dialect.Select{Table: customer.Name, Columns: []string{"id", "e-mail", "born", "at"}, Where: []dialect.Cond{ids}, Order: []string{"id"}, Lock: dialect.Exclusive})
			return s
		}},
		{"select by keys that no index serves, with flags", func(b *builder) string {
			s, _ := b.renderSelect(customer, dialect.Select{Table: customer.Name, Columns: []string{"id"}, Flags: []dialect.Cond{referenced, dialect.IsNull{Column: "born"}}, Where: []dialect.Cond{emails}, Lock: dialect.Share})
			return s
		}},
		{"select the next range", func(b *builder) string {
			key := []string{"born", "id"}
			s, _ := b.renderSelect(customer, dialect.Select{Table: customer.Name, Columns: []string{"id"}, Order: key, Limit: 100, Where: []dialect.Cond{
				dialect.After{Columns: key, Key: dialect.Key{"2000-01-01", int64(1)}}, dialect.UpTo{Columns: []string{"id"}, Key: dialect.Key{int64(9)}}}})
			return s
		}},
		{"select where a table ends", func(b *builder) string {
			s, _ := b.renderSelect(customer, dialect.Select{Table: customer.Name, Columns: []string{"id"}, Order: []string{"born", "id"}, Descending: true, Limit: 1})
			return s
		}},
		{"select where a range ends", func(b *builder) string {
			s, _ := b.renderSelect(customer, dialect.Select{Table: customer.Name, Columns: []string{"id"}, Order: []string{"id"}, Limit: 1, Offset: 499})
			return s
		}},
		{"conditions", func(b *builder) string {
			return b.renderAll(customer, target, []dialect.Cond{
				dialect.Not{Cond: dialect.Any{ids, dialect.Compare{Column: "at", Op: "<", Value: "2020-01-01 00:00:00+00"}}},
				dialect.Match{SQL: "born > '1990-01-01' -- young"}, dialect.Orphan{Columns: []string{"id"}, RefTable: invoice.Name, RefColumns: []string{"id"}},
				dialect.LongerThan{Column: "e-mail", N: 3}, dialect.Any{}, dialect.All{},
			})
		}},
		{"delete with a limit", func(b *builder) string { return b.renderChosen(customer, []dialect.Cond{ids}, nil, 50) }},
		{"assignments", func(b *builder) string {
			return b.renderAssignments(customer, []dialect.Assign{
				{Column: email, Expr: dialect.Concat{dialect.Left{Of: like(email), N: 1}, dialect.Repeat{Of: like(email), With: "*", Less: 1}}},
				{Column: born, Expr: dialect.TruncateMoment{Of: like(born), Unit: "month"}},
			})
		}},
		{"random values", func(b *builder) string {
			return b.renderAssignments(customer, []dialect.Assign{
				{Column: id, Expr: dialect.RandomInt{Low: -9223372036854775808, High: 9223372036854775807}},
				{Column: email, Expr: dialect.RandomLike{Of: dialect.Left{Of: like(email), N: 1}}},
				{Column: email, Expr: dialect.RandomUUID{}},
				{Column: email, Expr: dialect.Choose{Values: []dialect.Value{"x", "y"}, Weights: []int{1, 9}, Column: email}},
				{Column: born, Expr: dialect.RandomMoment{Low: "1950-01-01", High: "1999-12-31", Column: born}},
				{Column: at, Expr: dialect.ShiftMoment{Of: like(at), Seconds: dialect.RandomInt{Low: -60, High: 60}}},
			})
		}},
		{"rows of a bulk update", func(b *builder) string {
			d := newDocument(customer, []*dialect.Column{id}, []*dialect.Column{email, born})
			row := dialect.Row{int64(1), "a@b.c", nil}
			var encoded encodedRow
			_, err := d.encodeRow(row, &encoded)
			if err != nil {
				b.Fail(err)
			}
			d.addRow(row, &encoded)
			return d.renderFrom() + "\n" + d.json.String() + "]"
		}},
	}
	for _, s := range []*server{{mariadb: true, number: [3]int{10, 6, 0}}, {number: [3]int{9, 7, 0}}} {
		t.Run(s.engine(), func(t *testing.T) {
			var out strings.Builder
			for _, st := range statements {
				b := (&tx{session: &session{db: db, server: s}}).newBuilder(t.Context())
				sql := st.render(b)
				if b.Err != nil {
					t.Fatal(b.Err)
				}
				fmt.Fprintf(&out, "-- %s\n%s\n", st.name, sql)
				if len(b.Args) > 0 {
					fmt.Fprintf(&out, "-- arguments: %v\n", b.Args)
				}
				out.WriteByte('\n')
				if strings.Count(sql, "?") != len(b.Args) && !strings.HasPrefix(st.name, "rows") {
					t.Errorf("%s: %d placeholders for %d arguments", st.name, strings.Count(sql, "?"), len(b.Args))
				}
			}
			path := filepath.Join("testdata", "sql-"+s.engine()+".golden")
			if f := flag.Lookup("update"); f != nil && f.Value.String() == "true" {
				if err := os.WriteFile(path, []byte(out.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), out.String()); d != "" {
				t.Errorf("%s (-want +got):\n%s", path, d)
			}
		})
	}
}

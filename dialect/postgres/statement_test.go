package postgres

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

var update = flag.Bool("update", false, "write the golden files anew")

// shop is the relations of the tables in these tests.
var shop = map[string]*relation{
	"customer": relationOf("customer", true,
		&column{name: "id", kind: dialect.Int, base: "pg_catalog.int8", elements: true, leads: true},
		&column{name: "email", kind: dialect.Text, base: "ext.citext", operators: operators{"OPERATOR(ext.<)", "OPERATOR(ext.<=)", "OPERATOR(ext.=)", "OPERATOR(ext.>=)", "OPERATOR(ext.>)"}, elements: true},
		&column{name: "name", kind: dialect.Text, base: "pg_catalog.varchar", elements: true},
		&column{name: "tags", kind: dialect.Array, base: "pg_catalog._text"},
		&column{name: "doc", kind: dialect.JSON, base: "pg_catalog.json", elements: true, incomparable: true},
		&column{name: "credit", kind: dialect.Decimal, base: "pg_catalog.money", money: true, elements: true},
		&column{name: "photo", kind: dialect.Bytes, base: "pg_catalog.bytea", elements: true},
		&column{name: "born", kind: dialect.Date, base: "pg_catalog.date", elements: true},
		&column{name: `select "x"; --`, kind: dialect.Int, base: "pg_catalog.int4", elements: true},
		&column{name: "ctid", kind: dialect.RowAddress, base: "pg_catalog.tid", elements: true}),
	"event": relationOf("event", false,
		&column{name: "tenant", kind: dialect.Int, base: "pg_catalog.int4", elements: true, leads: true},
		&column{name: "code", kind: dialect.Text, base: "pg_catalog.text", elements: true},
		&column{name: "customer_id", kind: dialect.Int, base: "pg_catalog.int8", elements: true, leads: true},
		&column{name: "subject", kind: dialect.Text, base: "pg_catalog.text", elements: true}),
}

func relationOf(name string, only bool, columns ...*column) *relation {
	r := &relation{name: dialect.Name{Schema: "public", Table: name}, only: only, columns: map[string]*column{}}
	for _, c := range columns {
		r.columns[c.name] = c
	}
	return r
}

func fixture() *builder {
	return &builder{lookup: func(n dialect.Name) (*relation, error) { return shop[n.Table], nil }}
}

var (
	customer = dialect.Name{Schema: "public", Table: "customer"}
	event    = dialect.Name{Schema: "public", Table: "event"}
	ids      = dialect.In{Columns: []string{"id"}, Keys: []dialect.Key{{int64(1)}, {int64(2)}}}
	lines    = dialect.In{Columns: []string{"tenant", "code"}, Keys: []dialect.Key{{int64(1), "a"}, {int64(1), `b"\`}}}
	nameText = &dialect.Column{Name: "name", Kind: dialect.Text, Type: "character varying(40)", Length: 40}
	bornDate = &dialect.Column{Name: "born", Kind: dialect.Date, Type: "date"}
)

func selecting(where ...dialect.Cond) dialect.Select {
	return dialect.Select{Table: customer, Columns: []string{"id"}, Where: where}
}

func overwriting(c *dialect.Column, e dialect.Expr) dialect.Update {
	return dialect.Update{Table: customer, Set: []dialect.Assign{{Column: c, Expr: e}}, Where: []dialect.Cond{ids}}
}

// shapes are all kinds of statements, one golden file for each group.
var shapes = map[string][]struct {
	name string
	of   any
}{
	"select": {
		{"columns of every kind", dialect.Select{Table: customer, Columns: []string{"id", "email", "credit", "doc", `select "x"; --`, "ctid"}}},
		{"in key order, locked", dialect.Select{Table: event, Columns: []string{"tenant"}, Order: []string{"tenant", "code"}, Where: []dialect.Cond{
			dialect.After{Columns: []string{"tenant", "code"}, Key: dialect.Key{int64(1), "x"}},
			dialect.UpTo{Columns: []string{"tenant", "code"}, Key: dialect.Key{int64(9), "x"}}}, Limit: 500, Lock: dialect.Exclusive}},
		{"where a table ends", dialect.Select{Table: event, Columns: []string{"tenant", "code"}, Order: []string{"tenant", "code"}, Descending: true, Limit: 1}},
		{"where a range ends", dialect.Select{Table: event, Columns: []string{"tenant", "code"}, Order: []string{"tenant", "code"}, Limit: 1, Offset: 499}},
		{"a flag", dialect.Select{Table: customer, Columns: []string{"id"}, Flags: []dialect.Cond{dialect.IsNull{Column: "name"}}, Lock: dialect.Share}},
	},
	"cond": {
		{"In, one column", selecting(ids)},
		{"In, several columns", dialect.Delete{Table: event, Where: []dialect.Cond{lines}}},
		{"In, an extension's type", selecting(dialect.In{Columns: []string{"email"}, Keys: []dialect.Key{{"a@b"}}})},
		{"In, an array", selecting(dialect.In{Columns: []string{"tags"}, Keys: []dialect.Key{{"{a}"}}})},
		{"In, no equality", selecting(dialect.In{Columns: []string{"doc"}, Keys: []dialect.Key{{"{}"}}})},
		{"In, money", selecting(dialect.In{Columns: []string{"credit"}, Keys: []dialect.Key{{"1.50"}}})},
		{"In, no keys", selecting(dialect.In{Columns: []string{"id"}})},
		{"In, row addresses", selecting(dialect.In{Columns: []string{"ctid"}, Keys: []dialect.Key{{"(0,1)"}}})},
		{"After and UpTo, empty", selecting(dialect.After{Columns: []string{"id"}}, dialect.UpTo{Columns: []string{"id"}})},
		{"After, an extension's type", selecting(dialect.After{Columns: []string{"email", "id"}, Key: dialect.Key{"a", int64(1)}})},
		{"Compare", selecting(dialect.Compare{Column: "born", Op: "<", Value: "2020-01-01"}, dialect.Compare{Column: "photo", Op: "=", Value: []byte{0, 255}})},
		{"Longer", selecting(dialect.LongerThan{Column: "name", N: 3})},
		{"Match, ending in a comment", selecting(dialect.Match{SQL: "name = 'x' -- really"})},
		{"Not, Any, All", selecting(dialect.Not{Cond: dialect.Any{ids, dialect.All{dialect.IsNull{Column: "name"}, dialect.Any{}, dialect.All{}}}})},
		{"Any of keys", dialect.Select{Table: event, Columns: []string{"code"}, Where: []dialect.Cond{dialect.Any{
			dialect.In{Columns: []string{"tenant"}, Keys: ids.Keys}, dialect.In{Columns: []string{"customer_id"}, Keys: ids.Keys}}}}},
		{"Referenced", selecting(dialect.Referenced{Table: event, Columns: []string{"customer_id"}, RefColumns: []string{"id"}, Where: "code = 'x'", Except: &lines})},
		{"Referenced, from a text", selecting(dialect.Referenced{Table: event, Columns: []string{"subject"}, RefColumns: []string{"id"}})},
		{"Orphan", dialect.Delete{Table: event, Where: []dialect.Cond{dialect.Orphan{Columns: []string{"customer_id"}, RefTable: customer, RefColumns: []string{"id"}}}}},
	},
	"delete": {
		{"everything", dialect.Delete{Table: customer}},
		{"with a limit", dialect.Delete{Table: event, Where: []dialect.Cond{lines}, Limit: 100}},
	},
	"update": {
		{"null and default", dialect.Update{Table: customer, Set: []dialect.Assign{{Column: nameText, Expr: dialect.Null{}}, {Column: bornDate, Expr: dialect.Default{}}}}},
		{"compared", dialect.Update{Table: customer, Compare: true, Set: []dialect.Assign{{Column: nameText, Expr: dialect.RandomUUID{}}, {Column: bornDate, Expr: dialect.Null{}}}, Where: []dialect.Cond{ids}}},
		{"compared, from version 18 on", on18{dialect.Update{Table: customer, Compare: true, Set: []dialect.Assign{{Column: nameText, Expr: dialect.RandomUUID{}}, {Column: bornDate, Expr: dialect.Null{}}}, Where: []dialect.Cond{ids}}}},
	},
	"expr": {
		{"Literal", overwriting(nameText, dialect.Literal{Value: "x", Column: nameText})},
		{"If", overwriting(nameText, dialect.If{Cond: dialect.IsNull{Column: "name"}, Then: dialect.Null{}, Else: dialect.Current{Column: nameText}})},
		{"Concat, Left, Right, Fill", overwriting(nameText, dialect.Concat{dialect.Left{Of: dialect.Current{Column: nameText}, N: 2}, dialect.Repeat{Of: dialect.Current{Column: nameText}, With: "*", Less: 4}, dialect.Right{Of: dialect.Current{Column: nameText}, N: 2}})},
		{"RandomLike", overwriting(nameText, dialect.RandomLike{Of: dialect.Current{Column: nameText}})},
		{"RandomInt", overwriting(nameText, dialect.Cast{Of: dialect.RandomInt{Low: -5, High: 5}, Column: nameText})},
		{"RandomInt, all of them", overwriting(nameText, dialect.RandomInt{Low: -1 << 63, High: 1<<63 - 1})},
		{"RandomBytes", overwriting(&dialect.Column{Name: "photo", Kind: dialect.Bytes, Type: "bytea"}, dialect.RandomBytes{Of: dialect.Current{Column: &dialect.Column{Name: "photo", Kind: dialect.Bytes}}})},
		{"RandomMoment", overwriting(bornDate, dialect.RandomMoment{Low: "1950-01-01", High: "1999-12-31", Column: bornDate})},
		{"Choose", overwriting(nameText, dialect.Choose{Values: []dialect.Value{"a", "b", nil}, Column: nameText})},
		{"Choose, weighted", overwriting(nameText, dialect.Choose{Values: []dialect.Value{"a", "b"}, Weights: []int{1, 3}, Column: nameText})},
		{"Arith, Round, Floor", overwriting(nameText, dialect.Round{Digits: 2, Of: dialect.Arith{Op: '*', A: dialect.Floor{Of: dialect.Random{}}, B: dialect.RandomInt{Low: 1, High: 6}}})},
		{"TruncateMoment, ShiftMoment", overwriting(bornDate, dialect.ShiftMoment{Of: dialect.TruncateMoment{Of: dialect.Current{Column: bornDate}, Unit: "month"}, Seconds: dialect.RandomInt{Low: 0, High: 86400}})},
	},
	"bulk": {
		{"BulkUpdate", dialect.BulkUpdate{Table: event, Key: []string{"tenant", "code"}, Set: []string{"subject"}, Rows: []dialect.Row{{int64(1), "a", nil}, {int64(2), "b", "x"}}}},
		{"BulkUpdate by row address", dialect.BulkUpdate{Table: customer, Key: []string{"ctid"}, Set: []string{"tags", "credit", "photo"}, Rows: []dialect.Row{{"(0,1)", "{a}", "1.5", []byte("x")}}}},
		{"Insert", dialect.Insert{Table: customer, Columns: []string{"id", "photo", "credit"}, Rows: []dialect.Row{{int64(1), nil, "3"}}}},
		{"Trial", dialect.Trial{Table: customer, Check: &dialect.Check{Name: "c", Condition: "(((name)::text <> ''::text) OR (credit > '0'::money))"}, Columns: []string{"name", "credit"}, Rows: []dialect.Row{{"n", "1.5"}, {nil, nil}}}},
		{"Trial of a domain's check", dialect.Trial{Table: customer, Check: &dialect.Check{Name: "c", Condition: "((VALUE)::text ~~ '+%'::text)", Column: "name"}, Columns: []string{"name"}, Rows: []dialect.Row{{"n"}}}},
	},
	"rekey": {
		{"two tables, one of them twice", []dialect.BulkUpdate{
			{Table: event, Key: []string{"customer_id"}, Set: []string{"customer_id"}, Rows: []dialect.Row{{int64(1), int64(5)}}},
			{Table: event, Key: []string{"tenant", "subject"}, Set: []string{"subject"}, Rows: []dialect.Row{{int64(1), "a", "b"}}},
			{Table: customer, Key: []string{"id"}, Set: []string{"id", "name", "credit"}, Rows: []dialect.Row{{int64(1), int64(5), "n", "2"}}},
		}},
	},
}

// on18 is an update on a server with old values in RETURNING.
type on18 struct{ dialect.Update }

func renderStatement(of any) (statement, error) {
	b := fixture()
	switch of := of.(type) {
	case dialect.Select:
		s, _, err := b.renderSelect(of)
		return s, err
	case dialect.Delete:
		s, _, err := b.renderDelete(of, nil)
		return s, err
	case dialect.Update:
		return b.renderUpdate(of)
	case on18:
		b.returnsOld = true
		return b.renderUpdate(of.Update)
	case dialect.BulkUpdate:
		return b.bulkUpdate(of)
	case []dialect.BulkUpdate:
		return b.renderRekey(of)
	case dialect.Insert:
		return b.renderInsert(of)
	case dialect.Trial:
		return b.refused(of)
	}
	panic("no such statement")
}

func TestStatementsReadAsTheGoldenFilesSay(t *testing.T) {
	for group, cases := range shapes {
		t.Run(group, func(t *testing.T) {
			var got strings.Builder
			for _, c := range cases {
				s, err := renderStatement(c.of)
				if err != nil {
					t.Errorf("%s: %v", c.name, err)
				}
				fmt.Fprintf(&got, "-- %s\n%s\n", c.name, s.sql)
				for i, a := range s.args {
					if a == nil {
						a = []byte("NULL")
					}
					fmt.Fprintf(&got, "--   $%d = %.60s\n", i+1, a)
				}
				got.WriteString("\n")
			}
			file := filepath.Join("testdata", group+".golden")
			if *update {
				if err := os.WriteFile(file, []byte(got.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), got.String()); d != "" {
				t.Errorf("run with -update where this is meant (-want +got):\n%s", d)
			}
		})
	}
}

func TestStatementTextIsTheSameForAnyNumberOfKeys(t *testing.T) {
	few, err := renderStatement(selecting(ids))
	if err != nil {
		t.Fatal(err)
	}
	many := ids
	for i := range 5000 {
		many.Keys = append(many.Keys, dialect.Key{int64(i)})
	}
	if more, err := renderStatement(selecting(many)); err != nil || more.sql != few.sql || len(more.args) != len(few.args) {
		t.Errorf("the text depends on the number of keys: %v", err)
	}
}

func TestMalformedStatementsAreErrorsWithoutValues(t *testing.T) {
	for name, of := range map[string]any{
		"a key that is too short":  dialect.Delete{Table: event, Where: []dialect.Cond{dialect.In{Columns: []string{"tenant", "code"}, Keys: []dialect.Key{{"canary"}}}}},
		"a start that is too long": dialect.Delete{Table: event, Where: []dialect.Cond{dialect.After{Columns: []string{"tenant"}, Key: dialect.Key{"canary", "canary"}}}},
		"no such column":           dialect.Select{Table: customer, Columns: []string{"nope"}},
		"no such comparison":       selecting(dialect.Compare{Column: "name", Op: "~", Value: "canary"}),
		"a row that is too short":  dialect.BulkUpdate{Table: customer, Key: []string{"id"}, Set: []string{"name"}, Rows: []dialect.Row{{"canary"}}},
		"no key":                   dialect.BulkUpdate{Table: customer, Set: []string{"name"}, Rows: []dialect.Row{{"canary"}}},
		"weights without values":   overwriting(nameText, dialect.Choose{Values: []dialect.Value{"canary"}, Weights: []int{1, 2}, Column: nameText}),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := renderStatement(of)
			if dialect.ClassOf(err) != dialect.Fatal || strings.Contains(fmt.Sprint(err), "canary") {
				t.Errorf("err = %v, want a fatal one without values", err)
			}
		})
	}
}

package sqlserver

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	mssql "github.com/microsoft/go-mssqldb"

	"github.com/expungedb/expunge/dialect"
)

var update = flag.Bool("update", false, "rewrite testdata/*.golden")

const ci = "Latin1_General_100_CI_AS"

func columnOf(name, typ string, bytes, precision, scale int) *column {
	c := &column{name: name, sqlType: sqlType{name: typ, maxLength: bytes, precision: precision, scale: scale}}
	if c.kindOf() == dialect.Text {
		c.collation, c.codePage = ci, 1252
	}
	return c
}

func leading(c *column) *column {
	c.leads = true
	return c
}

func relationOf(name string, columns ...*column) *relation {
	r := &relation{name: dialect.Name{Schema: "dbo", Table: name}, columns: map[string]*column{}}
	for _, c := range columns {
		r.columns[c.name] = c
	}
	return r
}

// shop is the relations in the golden files' statements.
var shop = func() map[string]*relation {
	of := map[string]*relation{
		"customer": relationOf("customer",
			leading(columnOf("id", "bigint", 8, 19, 0)), columnOf("small", "smallint", 2, 5, 0), columnOf("name", "nvarchar", 80, 0, 0),
			leading(columnOf("email", "varchar", 120, 0, 0)), columnOf("code", "char", 8, 0, 0), columnOf("born", "date", 3, 0, 0),
			columnOf("at", "datetime2", 8, 27, 6), columnOf("since", "datetime", 8, 23, 3), columnOf("seen", "datetimeoffset", 10, 34, 6), columnOf("opens", "time", 5, 16, 7),
			columnOf("credit", "money", 8, 19, 4), columnOf("rate", "decimal", 9, 12, 2), columnOf("ratio", "float", 8, 53, 0), columnOf("ok", "bit", 1, 1, 0),
			leading(columnOf("ident", "uniqueidentifier", 16, 0, 0)), columnOf("photo", "varbinary", 100, 0, 0), columnOf("doc", "xml", -1, 0, 0),
			columnOf("note", "ntext", 16, 0, 0), columnOf("path", "hierarchyid", 892, 0, 0), columnOf("any", "sql_variant", 8016, 0, 0), columnOf("version", "timestamp", 8, 0, 0),
			columnOf("select [x]; --", "int", 4, 10, 0)),
		"event": relationOf("event",
			leading(columnOf("tenant", "int", 4, 10, 0)), columnOf("code", "nvarchar", 40, 0, 0), leading(columnOf("customer_id", "bigint", 8, 19, 0)), columnOf("subject", "nvarchar", -1, 0, 0)),
		"cache":   relationOf("cache", leading(columnOf("id", "bigint", 8, 19, 0))),
		"virtual": relationOf("virtual", leading(columnOf("id", "bigint", 8, 19, 0)), columnOf("name", "nvarchar", 80, 0, 0)),
	}
	of["cache"].memory = true
	of["virtual"].insteadOfUpdate, of["virtual"].insteadOfDelete = true, true
	return of
}()

func fixture() *builder {
	return &builder{lookup: func(n dialect.Name) (*relation, error) { return shop[n.Table], nil }}
}

var (
	customer = dialect.Name{Schema: "dbo", Table: "customer"}
	event    = dialect.Name{Schema: "dbo", Table: "event"}
	cache    = dialect.Name{Schema: "dbo", Table: "cache"}
	virtual  = dialect.Name{Schema: "dbo", Table: "virtual"}
	ids      = dialect.In{Columns: []string{"id"}, Keys: []dialect.Key{{int64(2)}, {int64(10)}, {int64(1)}}}
	lines    = dialect.In{Columns: []string{"tenant", "code"}, Keys: []dialect.Key{{int64(1), `b"\`}, {int64(1), "a"}}}
	nameText = &dialect.Column{Name: "name", Kind: dialect.Text, Type: "nvarchar(40)", Length: 4}
	bornDate = &dialect.Column{Name: "born", Kind: dialect.Date, Type: "date"}
	atMoment = &dialect.Column{Name: "at", Kind: dialect.Timestamp, Type: "datetime2(6)"}
	seenTZ   = &dialect.Column{Name: "seen", Kind: dialect.TimestampTZ, Type: "datetimeoffset(6)"}
	idInt    = &dialect.Column{Name: "id", Kind: dialect.Int, Type: "bigint"}
	rateDec  = &dialect.Column{Name: "rate", Kind: dialect.Decimal, Type: "decimal(12,2)", Precision: 12, Scale: 2}
	photo    = &dialect.Column{Name: "photo", Kind: dialect.Bytes, Type: "varbinary(100)", Length: 100}
)

func selecting(where ...dialect.Cond) dialect.Select {
	return dialect.Select{Table: customer, Columns: []string{"id"}, Where: where}
}

func keyed(column string, v dialect.Value) dialect.Select {
	return selecting(dialect.In{Columns: []string{column}, Keys: []dialect.Key{{v}}})
}

func overwriting(c *dialect.Column, e dialect.Expr) dialect.Update {
	return dialect.Update{Table: customer, Set: []dialect.Assign{{Column: c, Expr: e}}, Where: []dialect.Cond{ids}}
}

func current(c *dialect.Column) dialect.Expr { return dialect.Current{Column: c} }

func literal(c *dialect.Column, v dialect.Value) dialect.Expr {
	return dialect.Literal{Value: v, Column: c}
}

// shapes are all kinds of statements, one golden file for each group.
var shapes = map[string][]struct {
	name string
	of   any
}{
	"select": {
		{"columns of every kind", dialect.Select{Table: customer, Columns: []string{"id", "name", "email", "code", "born", "at", "since", "seen", "opens", "credit", "rate", "ratio", "ok", "ident", "photo", "doc", "note", "path", "any", "version", "select [x]; --", "%%physloc%%"}}},
		{"in key order, locked", dialect.Select{Table: event, Columns: []string{"tenant"}, Order: []string{"tenant", "code"}, Where: []dialect.Cond{
			dialect.After{Columns: []string{"tenant", "code"}, Key: dialect.Key{int64(1), "x"}},
			dialect.UpTo{Columns: []string{"tenant", "code"}, Key: dialect.Key{int64(9), "x"}}}, Limit: 500, Lock: dialect.Exclusive}},
		{"where a table ends", dialect.Select{Table: event, Columns: []string{"tenant", "code"}, Order: []string{"tenant", "code"}, Descending: true, Limit: 1}},
		{"where a range ends", dialect.Select{Table: event, Columns: []string{"tenant", "code"}, Order: []string{"tenant", "code"}, Limit: 1, Offset: 499}},
		{"by keys, locked in their order", dialect.Select{Table: customer, Columns: []string{"id", "name"}, Where: []dialect.Cond{dialect.Not{Cond: dialect.IsNull{Column: "name"}}, ids}, Order: []string{"id"}, Lock: dialect.Exclusive}},
		{"a flag, share-locked", dialect.Select{Table: customer, Columns: []string{"id"}, Flags: []dialect.Cond{dialect.IsNull{Column: "name"}}, Lock: dialect.Share}},
		{"a memory-optimised table", dialect.Select{Table: cache, Columns: []string{"id"}, Where: []dialect.Cond{ids}}},
		{"a memory-optimised table, locked", dialect.Select{Table: cache, Columns: []string{"id"}, Lock: dialect.Exclusive}},
	},
	"keys": {
		{"text", keyed("name", "x")},
		{"varchar, of its code page", keyed("email", "x")},
		{"int out of its range, which equals nothing", keyed("small", int64(70000))},
		{"decimal", keyed("rate", "1.50")},
		{"decimal with more digits, which equals nothing", keyed("rate", "1.505")},
		{"money", keyed("credit", "1.5")},
		{"float", keyed("ratio", "1e+100")},
		{"bool", keyed("ok", "true")},
		{"uuid", keyed("ident", "0188a5eb-1111-7222-8333-444455556666")},
		{"date", keyed("born", "2020-02-29")},
		{"datetime2", keyed("at", "2020-02-29 01:02:03.5")},
		{"datetime", keyed("since", "2020-02-29 01:02:03.003")},
		{"datetimeoffset", keyed("seen", "2020-02-29 01:02:03+00")},
		{"time", keyed("opens", "01:02:03")},
		{"bytes", keyed("photo", []byte{0, 255})},
		{"hierarchyid", keyed("path", []byte{88})},
		{"xml", keyed("doc", "<a/>")},
		{"ntext", keyed("note", "x")},
		{"row addresses", keyed("%%physloc%%", []byte{1, 2, 3, 4, 5, 6, 7, 8})},
	},
	"cond": {
		{"In, several columns", dialect.Delete{Table: event, Where: []dialect.Cond{lines}}},
		{"In, no keys", selecting(dialect.In{Columns: []string{"id"}})},
		{"In, not first", selecting(dialect.In{Columns: []string{"small"}, Keys: ids.Keys}, ids)},
		{"In twice", selecting(ids, dialect.In{Columns: []string{"ident"}, Keys: []dialect.Key{{"0188a5eb-1111-7222-8333-444455556666"}}})},
		{"After and UpTo, empty", selecting(dialect.After{Columns: []string{"id"}}, dialect.UpTo{Columns: []string{"id"}})},
		{"UpTo, one column", selecting(dialect.UpTo{Columns: []string{"id"}, Key: dialect.Key{int64(7)}})},
		{"After, three columns", selecting(dialect.After{Columns: []string{"small", "email", "id"}, Key: dialect.Key{int64(1), "x", int64(2)}})},
		{"After and UpTo, in one tenant", dialect.Select{Table: event, Columns: []string{"tenant"}, Where: []dialect.Cond{
			dialect.After{Columns: []string{"tenant", "code"}, Key: dialect.Key{int64(1), "a"}}, dialect.IsNull{Column: "subject"},
			dialect.UpTo{Columns: []string{"tenant", "code"}, Key: dialect.Key{int64(1), "x"}}}}},
		{"Compare", selecting(dialect.Compare{Column: "born", Op: "<", Value: "2020-01-01"}, dialect.Compare{Column: "photo", Op: "=", Value: []byte{0, 255}}, dialect.Compare{Column: "email", Op: "=", Value: "x"}, dialect.Compare{Column: "id", Op: "=", Value: nil})},
		{"Compare, finer than the column", selecting(dialect.Compare{Column: "rate", Op: "<", Value: "1.505"}, dialect.Compare{Column: "at", Op: ">=", Value: "2020-01-01 00:00:00.1234567"})},
		{"Longer", selecting(dialect.LongerThan{Column: "name", N: 3})},
		{"Match, ending in a comment", selecting(dialect.Match{SQL: "name = 'x' -- really"})},
		{"Not, Any, All", selecting(dialect.Not{Cond: dialect.Any{ids, dialect.All{dialect.IsNull{Column: "name"}, dialect.Any{}, dialect.All{}}}})},
		{"Referenced", selecting(dialect.Referenced{Table: event, Columns: []string{"customer_id"}, RefColumns: []string{"id"}, Where: "code = 'x'", Except: &lines})},
		{"Referenced, except nothing", selecting(dialect.Referenced{Table: event, Columns: []string{"customer_id"}, RefColumns: []string{"id"}, Except: &dialect.In{Columns: []string{"tenant"}}})},
		{"Referenced, from a text", selecting(dialect.Referenced{Table: event, Columns: []string{"subject"}, RefColumns: []string{"id"}})},
		{"Orphan", dialect.Delete{Table: event, Where: []dialect.Cond{dialect.Orphan{Columns: []string{"customer_id"}, RefTable: customer, RefColumns: []string{"id"}}}}},
		{"Orphan, from a text", dialect.Delete{Table: event, Where: []dialect.Cond{dialect.Orphan{Columns: []string{"subject"}, RefTable: customer, RefColumns: []string{"id"}}}}},
		{"count", counting{customer, []dialect.Cond{ids}}},
	},
	"delete": {
		{"everything", dialect.Delete{Table: customer}},
		{"by keys", dialect.Delete{Table: customer, Where: []dialect.Cond{ids}}},
		{"with a limit", dialect.Delete{Table: event, Where: []dialect.Cond{lines}, Limit: 100}},
		{"replaced by an INSTEAD OF trigger", dialect.Delete{Table: virtual, Where: []dialect.Cond{ids}}},
		{"from a memory-optimised table", dialect.Delete{Table: cache, Where: []dialect.Cond{ids}}},
	},
	"update": {
		{"null and default", dialect.Update{Table: customer, Set: []dialect.Assign{{Column: nameText, Expr: dialect.Null{}}, {Column: bornDate, Expr: dialect.Default{}}}}},
		{"compared", dialect.Update{Table: customer, Compare: true, Set: []dialect.Assign{{Column: nameText, Expr: dialect.RandomUUID{}}, {Column: bornDate, Expr: dialect.Null{}}, {Column: photo, Expr: dialect.Null{}}}, Where: []dialect.Cond{ids}}},
		{"not compared: an INSTEAD OF trigger", dialect.Update{Table: virtual, Compare: true, Set: []dialect.Assign{{Column: nameText, Expr: dialect.Null{}}}}},
	},
	"expr": {
		{"Literal", overwriting(nameText, literal(nameText, "x"))},
		{"Literal of a varchar", overwriting(&dialect.Column{Name: "email", Kind: dialect.Text}, literal(nameText, "x"))},
		{"If", overwriting(nameText, dialect.If{Cond: dialect.IsNull{Column: "name"}, Then: dialect.Null{}, Else: literal(nameText, "x")})},
		{"Concat, Left, Right, Fill", overwriting(nameText, dialect.Concat{dialect.Left{Of: current(nameText), N: 2}, dialect.Repeat{Of: current(nameText), With: "*", Less: 4}, dialect.Right{Of: current(nameText), N: 2}})},
		{"RandomLike", overwriting(nameText, dialect.RandomLike{Of: dialect.Left{Of: current(nameText), N: 2}})},
		{"RandomInt", overwriting(nameText, dialect.Cast{Of: dialect.RandomInt{Low: -5, High: 5}, Column: nameText})},
		{"RandomInt, all of them", overwriting(idInt, dialect.RandomInt{Low: -1 << 63, High: 1<<63 - 1})},
		{"RandomUUID as a text", overwriting(nameText, dialect.RandomUUID{})},
		{"RandomBytes", overwriting(photo, dialect.RandomBytes{Of: current(photo)})},
		{"RandomMoment, a date", overwriting(bornDate, dialect.RandomMoment{Low: "1950-01-01", High: "1999-12-31", Column: bornDate})},
		{"RandomMoment, a short range", overwriting(seenTZ, dialect.RandomMoment{Low: "2020-01-01 00:00:00+00", High: "2020-12-31 23:59:59+00", Column: seenTZ})},
		{"RandomMoment, a long range", overwriting(atMoment, dialect.RandomMoment{Low: "1900-01-01 00:00:00", High: "2020-12-31 23:59:59", Column: atMoment})},
		{"Choose", overwriting(nameText, dialect.Choose{Values: []dialect.Value{"a", "b", nil}, Column: nameText})},
		{"Choose, weighted", overwriting(nameText, dialect.Choose{Values: []dialect.Value{"a", "b", "never"}, Weights: []int{1, 3, 0}, Column: nameText})},
		{"Arith", overwriting(rateDec, dialect.Arith{Op: '/', A: dialect.Arith{Op: '*', A: current(rateDec), B: literal(idInt, int64(15))}, B: literal(rateDec, "2.5")})},
		{"Random, Floor, Round", overwriting(rateDec, dialect.Round{Digits: 1, Of: dialect.Arith{Op: '*', A: dialect.Floor{Of: dialect.Random{}}, B: dialect.RandomInt{Low: 1, High: 6}}})},
		{"TruncateMoment, a date", overwriting(bornDate, dialect.TruncateMoment{Of: current(bornDate), Unit: "month"})},
		{"TruncateMoment, with a zone", overwriting(seenTZ, dialect.TruncateMoment{Of: current(seenTZ), Unit: "hour"})},
		{"ShiftMoment, a date", overwriting(bornDate, dialect.ShiftMoment{Of: current(bornDate), Seconds: dialect.Arith{Op: '*', A: dialect.RandomInt{Low: -30, High: 30}, B: literal(idInt, int64(86400))}})},
		{"ShiftMoment, by a known number", overwriting(atMoment, dialect.ShiftMoment{Of: current(atMoment), Seconds: literal(idInt, int64(10_000_000_000))})},
		{"ShiftMoment, by a random number", overwriting(atMoment, dialect.ShiftMoment{Of: current(atMoment), Seconds: dialect.RandomInt{Low: 0, High: 86400}})},
		{"Cast", overwriting(rateDec, dialect.Cast{Of: current(nameText), Column: rateDec})},
	},
	"bulk": {
		{"BulkUpdate", dialect.BulkUpdate{Table: event, Key: []string{"tenant", "code"}, Set: []string{"subject"}, Rows: []dialect.Row{{int64(1), "a", nil}, {int64(2), "b", "x"}}}},
		{"BulkUpdate by row address", dialect.BulkUpdate{Table: customer, Key: []string{"%%physloc%%"}, Set: []string{"name", "email", "credit", "photo", "since", "doc", "path", "ok"}, Rows: []dialect.Row{{[]byte("12345678"), "n", "e", "1.5", []byte("x"), "2020-01-01 00:00:00", "<a/>", nil, "false"}}}},
		{"Insert", dialect.Insert{Table: customer, Columns: []string{"id", "photo", "credit", "email", "seen"}, Rows: []dialect.Row{{int64(1), nil, "3", "e", "2020-01-01 00:00:00+00"}}}},
		{"Trial", dialect.Trial{Table: customer, Check: &dialect.Check{Name: "c", Condition: "([email] LIKE '%@%' OR [credit]>(0))"}, Columns: []string{"email", "credit", "since"},
			Rows: []dialect.Row{{"e", "1.5", "2020-01-01 00:00:00"}, {nil, nil, nil}}}},
	},
}

type (
	counting struct {
		table dialect.Name
		where []dialect.Cond
	}
)

func renderStatement(b *builder, of any) (statement, error) {
	switch of := of.(type) {
	case dialect.Select:
		s, _, err := b.renderSelect(of)
		return s, err
	case counting:
		return b.renderCount(of.table, of.where)
	case dialect.Delete:
		return b.renderDelete(of)
	case dialect.Update:
		return b.renderUpdate(of)
	case dialect.BulkUpdate:
		return b.bulkUpdate(of)
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
				s, err := renderStatement(fixture(), c.of)
				if err != nil {
					t.Errorf("%s: %v", c.name, err)
				}
				fmt.Fprintf(&got, "-- %s\n%s\n", c.name, s.sql)
				for i, a := range s.args {
					fmt.Fprintf(&got, "--   @p%d = %T %.60v\n", i+1, a, a)
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
	few, err := renderStatement(fixture(), selecting(ids))
	if err != nil {
		t.Fatal(err)
	}
	many := ids
	for i := range 5000 {
		many.Keys = append(many.Keys, dialect.Key{int64(i)})
	}
	if more, err := renderStatement(fixture(), selecting(many)); err != nil || more.sql != few.sql || len(more.args) != len(few.args) {
		t.Errorf("the text depends on the number of keys: %v", err)
	}
}

// A statement has at most 2,100 parameters, for any number of rows and columns.
func TestParametersAreFewerThanTheServerTakes(t *testing.T) {
	rows := make([]dialect.Row, 4000)
	for i := range rows {
		rows[i] = dialect.Row{int64(i), "x"}
	}
	choices := make([]dialect.Value, mostChoices)
	for i := range choices {
		choices[i] = fmt.Sprint(i)
	}
	wide := overwriting(nameText, nil)
	wide.Set = wide.Set[:0]
	for range 20 {
		wide.Set = append(wide.Set, dialect.Assign{Column: nameText, Expr: dialect.Choose{Values: choices, Column: nameText}})
	}
	for name, of := range map[string]any{"4,000 rows": dialect.BulkUpdate{Table: customer, Key: []string{"id"}, Set: []string{"name"}, Rows: rows}, "20 columns of choices": wide} {
		if s, err := renderStatement(fixture(), of); err != nil || len(s.args) > mostParameters {
			t.Errorf("%s: %d parameters (%v)", name, len(s.args), err)
		}
	}
	if computesNode(dialect.Choose{Values: append(choices, "one more"), Column: nameText}) {
		t.Error("a statement with too many values is rendered")
	}
	wide.Set = append(wide.Set, wide.Set...)
	if _, err := renderStatement(fixture(), wide); err == nil || !strings.Contains(err.Error(), "fewer values") {
		t.Errorf("too many parameters: error %v", err)
	}
}

func TestMalformedStatementsAreErrorsWithoutValues(t *testing.T) {
	for name, c := range map[string]struct {
		class dialect.Class
		of    any
	}{
		"a key that is too short":    {dialect.Fatal, dialect.Delete{Table: event, Where: []dialect.Cond{dialect.In{Columns: []string{"tenant", "code"}, Keys: []dialect.Key{{"canary"}}}}}},
		"a start that is too long":   {dialect.Fatal, dialect.Delete{Table: event, Where: []dialect.Cond{dialect.After{Columns: []string{"tenant"}, Key: dialect.Key{"canary", "canary"}}}}},
		"no such column":             {dialect.Fatal, dialect.Select{Table: customer, Columns: []string{"nope"}}},
		"no such comparison":         {dialect.Fatal, selecting(dialect.Compare{Column: "name", Op: "~", Value: "canary"})},
		"a row that is too short":    {dialect.Fatal, dialect.BulkUpdate{Table: customer, Key: []string{"id"}, Set: []string{"name"}, Rows: []dialect.Row{{"canary"}}}},
		"no key":                     {dialect.Fatal, dialect.BulkUpdate{Table: customer, Set: []string{"name"}, Rows: []dialect.Row{{"canary"}}}},
		"weights without values":     {dialect.Fatal, overwriting(nameText, dialect.Choose{Values: []dialect.Value{"canary"}, Weights: []int{1, 2}, Column: nameText})},
		"weights that are all zero":  {dialect.Fatal, overwriting(nameText, dialect.Choose{Values: []dialect.Value{"canary"}, Weights: []int{0}, Column: nameText})},
		"a value of another type":    {dialect.DoesNotFit, dialect.BulkUpdate{Table: customer, Key: []string{"id"}, Set: []string{"rate"}, Rows: []dialect.Row{{int64(1), "canary"}}}},
		"a bound of another type":    {dialect.DoesNotFit, selecting(dialect.UpTo{Columns: []string{"ident"}, Key: dialect.Key{"canary"}})},
		"a range from end to start":  {dialect.Fatal, overwriting(bornDate, dialect.RandomMoment{Low: "2020-01-01", High: "1999-01-01", Column: bornDate})},
		"a random text without end":  {dialect.Fatal, overwriting(nameText, dialect.RandomLike{Of: current(&dialect.Column{Name: "subject", Kind: dialect.Text})})},
		"random bytes without end":   {dialect.Fatal, overwriting(photo, dialect.RandomBytes{Of: current(&dialect.Column{Name: "photo", Kind: dialect.Bytes})})},
		"a moment cut to no unit":    {dialect.Fatal, overwriting(bornDate, dialect.TruncateMoment{Of: current(bornDate), Unit: "canary"})},
		"a default inside of others": {dialect.Fatal, overwriting(nameText, dialect.Concat{dialect.Default{}})},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := renderStatement(fixture(), c.of)
			if dialect.ClassOf(err) != c.class || strings.Contains(fmt.Sprint(err), "canary") {
				t.Errorf("err = %v, want one of class %q without values", err, c.class)
			}
		})
	}
}

// Each draw is used once: a server computes it again for every use (pitfall 21).
func TestRandomExpressionsDrawOncePerUse(t *testing.T) {
	for name, c := range map[string]struct {
		expr  dialect.Expr
		draws int
	}{
		"a choice of three":  {dialect.Choose{Values: []dialect.Value{"a", "b", "c"}, Column: nameText}, 2},
		"a number":           {dialect.RandomInt{Low: 0, High: 9}, 1},
		"a large number":     {dialect.RandomInt{Low: 0, High: 1 << 62}, 2},
		"a shift of a date":  {dialect.ShiftMoment{Of: current(bornDate), Seconds: dialect.RandomInt{Low: 0, High: 9}}, 1},
		"a shift of seconds": {dialect.ShiftMoment{Of: current(atMoment), Seconds: dialect.RandomInt{Low: 0, High: 9}}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			b := fixture()
			sql := b.renderExpr(shop["customer"], c.expr)
			if got := strings.Count(sql, "NEWID()"); got != c.draws || b.Err != nil {
				t.Errorf("%d draws, want %d (%v)", got, c.draws, b.Err)
			}
			if strings.Contains(sql, "RAND(") || strings.Contains(sql, "CHOOSE(") {
				t.Error("RAND() is drawn once a statement, and CHOOSE draws for each of its values")
			}
		})
	}
}

func TestTheLettersFitAPattern(t *testing.T) {
	if n := utf8.RuneCountInString(letters); n > 4000 {
		t.Errorf("the pattern of all letters has %d characters; LIKE and PATINDEX take 4000", n)
	}
}

func TestKeysAreSortedAsTheyAreLocked(t *testing.T) {
	s, err := renderStatement(fixture(), selecting(ids))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := s.args[0], mssql.NVarCharMax(`[["1"],["2"],["10"]]`); got != want {
		t.Errorf("keys travel as %v, want %v", got, want)
	}
}

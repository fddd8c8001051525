package anonymise

import (
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect"
)

func text(n int) *dialect.Column {
	return &dialect.Column{Name: "x", Kind: dialect.Text, Type: "varchar", Length: n}
}

func integer(bits int) *dialect.Column {
	return &dialect.Column{Name: "x", Kind: dialect.Int, Type: "integer", Precision: bits}
}

func TestBindSaysWhyNot(t *testing.T) {
	generated := text(10)
	generated.Generated = true
	identity := integer(32)
	identity.ReadOnly = true
	mood := &dialect.Column{Name: "x", Kind: dialect.Enum, Labels: []string{"sad", "ok"}}
	for _, c := range []struct {
		name, spec string
		to         Target
		want       string
	}{
		{"fake text into a number", `{"fake":"email"}`, Target{Column: integer(32)}, "fake: email: email makes text; column x is an int"},
		{"pitfall 9: null on NOT NULL", `"null"`, Target{Column: text(10)}, "column x is NOT NULL: use fixed, random or fake"},
		{"pitfall 12: a generated column", `"random"`, Target{Column: generated}, "computed by the database"},
		{"pitfall 12: a column that is numbered by the database", `"pseudonym"`, Target{Column: identity}, "numbered by the database"},
		{"fixed is too long", `{"fixed":"abcdef"}`, Target{Column: text(5)}, "too long"},
		{"fixed is no label", `{"fixed":"gay"}`, Target{Column: mood}, "one of sad, ok"},
		{"fixed is out of range", `{"fixed":40000}`, Target{Column: integer(16)}, "from -32768 to 32767"},
		{"fixed in a unique column", `{"fixed":"a"}`, Target{Column: text(5), Unique: true, Sole: true, Rows: 2}, "is unique"},
		{"default without a default", `"default"`, Target{Column: text(5)}, "has no default"},
		{"pitfall 7: random in a unique varchar(2)", `"random"`, Target{Column: text(2), Unique: true, Sole: true, Rows: 5000}, "unique with about 5000 rows, and there are only 3844"},
		{"pitfall 7: random in a unique smallint", `"random"`, Target{Column: integer(16), Unique: true, Sole: true, Rows: 40000}, "only 32767"},
		{"pitfall 7: fake in a short unique column", `{"fake":"email"}`, Target{Column: text(14), Unique: true, Sole: true, Rows: 10}, "too few to make email unique"},
		{"pick in a unique column", `{"pick":["a"]}`, Target{Column: text(5), Unique: true, Sole: true, Rows: 2}, "is unique"},
		{"pick without a list", `"pick"`, Target{Column: text(5)}, "no labels"},
		{"pseudonym: an e-mail address needs room", `{"pseudonym":"email"}`, Target{Column: text(12)}, "needs 20"},
		{"pseudonym: a date", `"pseudonym"`, Target{Column: &dialect.Column{Name: "x", Kind: dialect.Date}}, "works on text, int, decimal, uuid, bytes"},
		{"mask keeps everything", `{"mask":{"first":2,"last":2}}`, Target{Column: text(4)}, "keep fewer"},
		{"shift: hours of a date", `{"shift":{"hours":5}}`, Target{Column: &dialect.Column{Name: "x", Kind: dialect.Date}}, "whole days"},
		{"generalise: no width", `{"generalise":"year"}`, Target{Column: integer(32)}, "step: 10"},
		{"generalise keeps everything", `{"generalise":{"prefix":5}}`, Target{Column: text(5)}, "keeps all of it"},
		{"noise is rounded away", `{"noise":{"absolute":0.1}}`, Target{Column: integer(32)}, "rounded away"},
		{"sequence: no key", `"sequence"`, Target{Column: text(20)}, "no key of one column"},
		{"template is too long", `{"template":"{{uuid}}"}`, Target{Column: text(20)}, "at least 36 characters"},
		{"json: a path's strategy makes nothing that fits", `{"json":{"paths":{"a":{"shift":3}},"others":"keep"}}`, Target{Column: text(0)}, "path a: shift"},
		{"json: a path looks at other columns", `{"json":{"paths":{"a":{"sequence":{"by":"id"}}},"others":"keep"}}`, Target{Column: text(0)}, "can't be done inside of a document"},
		{"scrub: a column out of itself", `{"scrub":{"columns":["x"]}}`, Target{Column: text(0)}, "out of itself"},
		{"random: a range for text", `{"random":{"min":1}}`, Target{Column: text(0)}, "for numbers"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.to.Rows == 0 {
				c.to.Rows = -1
			}
			r, err := strategy(t, c.spec).Bind(c.to)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: got %T and error %v, want one with %q", c.spec, r, err, c.want)
			}
		})
	}
}

func TestClassOnAColumn(t *testing.T) {
	folding := text(40)
	folding.FoldsCase = true
	for _, c := range []struct {
		name, spec string
		to         Target
		want       Class
	}{
		{"random, long enough", `"random"`, Target{Column: text(40), Unique: true, Rows: 1_000_000}, LikelyUnique},
		{"random, short", `"random"`, Target{Column: text(8), Unique: true, Rows: 1_000_000}, Lossy},
		{"random, short, few rows", `"random"`, Target{Column: text(15), Unique: true, Rows: 1000}, LikelyUnique},
		{"random int", `"random"`, Target{Column: integer(32), Unique: true, Rows: 100_000}, Lossy},
		{"random bigint", `"random"`, Target{Column: integer(64), Unique: true, Rows: 1_000_000}, LikelyUnique},
		{"pitfall 7: fixed in a composite unique index", `{"fixed":"a"}`, Target{Column: text(2), Unique: true, Rows: 5000}, Lossy},
		{"pitfall 7: random in a short column of a composite unique index", `"random"`, Target{Column: text(2), Unique: true, Rows: 5000}, Lossy},
		{"pick in a composite unique index", `{"pick":["a"]}`, Target{Column: text(2), Unique: true, Rows: 5000}, Lossy},
		{"pseudonym of a number", `"pseudonym"`, Target{Column: integer(16), Unique: true, Rows: 30_000}, Unique},
		{"pitfall 7: random of a few in a composite unique index", `"random"`, Target{Column: &dialect.Column{Name: "x", Kind: dialect.Bool}, Unique: true, Rows: 5000}, Lossy},
		{"random documents", `"random"`, Target{Column: &dialect.Column{Name: "x", Kind: dialect.JSON}, Unique: true, Rows: 10}, Lossy},
		{"pseudonym of a decimal without a fraction", `"pseudonym"`, Target{Column: &dialect.Column{Name: "x", Kind: dialect.Decimal, Precision: 12}, Unique: true, Rows: 30_000}, Unique},
		{"pseudonym of a decimal, whose fraction is short", `"pseudonym"`, Target{Column: &dialect.Column{Name: "x", Kind: dialect.Decimal, Precision: 18, Scale: 2}, Unique: true, Rows: 100}, Lossy},
		{"pseudonym of a text", `"pseudonym"`, Target{Column: folding, Unique: true, Rows: 100_000_000}, LikelyUnique},
		{"fake, not unique", `{"fake":"email"}`, Target{Column: text(80), Rows: 10}, Lossy},
		{"fake e-mail in a unique column", `{"fake":"email"}`, Target{Column: text(80), Unique: true, Rows: 1_000_000}, LikelyUnique},
		{"fake e-mail in a short unique column", `{"fake":"email"}`, Target{Column: text(20), Unique: true, Rows: 1_000_000}, Lossy},
		{"sequence by the key", `{"sequence":"user-"}`, Target{Column: text(30), Unique: true, Rows: -1, Key: []string{"id"}}, Unique},
		{"sequence by another column", `{"sequence":{"by":"n"}}`, Target{Column: text(30), Rows: -1, Key: []string{"id"}}, Lossy},
		{"template with the row's number", `{"template":"u{{seq}}@x.example"}`, Target{Column: text(60), Rows: -1, Key: []string{"id"}}, Unique},
		{"template with digits beside the row's number", `{"template":"{{digits 1}}{{seq}}"}`, Target{Column: text(60), Rows: -1, Key: []string{"id"}}, LikelyUnique},
		{"template with little that is random", `{"template":"u{{digits 3}}"}`, Target{Column: text(60), Rows: 10}, Lossy},
		{"hash, cut", `{"hash":{"length":8}}`, Target{Column: text(60), Rows: 100_000}, Lossy},
		{"fixed shift", `{"shift":30}`, Target{Column: &dialect.Column{Name: "x", Kind: dialect.Date}}, Unique},
		{"mask", `"mask"`, Target{Column: text(9)}, Lossy},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := bind(t, c.spec, c.to).Class(); got != c.want {
				t.Errorf("%s is %q, want %q", c.spec, got, c.want)
			}
		})
	}
}

func TestExpressions(t *testing.T) {
	c := text(0)
	c.Nullable = true
	old := dialect.Current{Column: c}
	keepNull := func(e dialect.Expr) dialect.Expr {
		return dialect.If{Cond: dialect.IsNull{Column: "x"}, Then: dialect.Null{}, Else: e}
	}
	for _, tc := range []struct {
		name, spec string
		want       dialect.Expr
	}{
		{"null", `"null"`, dialect.Null{}},
		{"random", `"random"`, keepNull(dialect.RandomLike{Of: old})},
		{"null: fill", `{"fixed":"a","null":"fill"}`, dialect.Literal{Value: "a", Column: c}},
		{"when", `{"fixed":"a","null":"fill","when":"y = 1"}`, dialect.If{
			Cond: dialect.Match{SQL: "y = 1"}, Then: dialect.Literal{Value: "a", Column: c}, Else: old,
		}},
		{"mask hides short values as a whole", `{"mask":{"first":1,"last":2}}`, keepNull(dialect.If{
			Cond: dialect.LongerThan{Column: "x", N: 3},
			Then: dialect.Concat{dialect.Left{Of: old, N: 1}, dialect.Repeat{Of: old, With: "*", Less: 3}, dialect.Right{Of: old, N: 2}},
			Else: dialect.Repeat{Of: old, With: "*"},
		})},
		{"pick", `{"pick":{"from":["a","b"],"weights":[1,3]}}`, keepNull(dialect.Choose{Values: []dialect.Value{"a", "b"}, Weights: []int{1, 3}, Column: c})},
		{"generalise", `{"generalise":{"prefix":2,"fill":"x"}}`, keepNull(dialect.Concat{dialect.Left{Of: old, N: 2}, dialect.Repeat{Of: old, With: "x", Less: 2}})},
		{"consistent", `{"random":null,"consistent":true}`, nil},
		{"pseudonym", `"pseudonym"`, nil},
		{"fake", `{"fake":"city"}`, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, _ := bind(t, tc.spec, Target{Column: c, Rows: -1}).Expr()
			if diff := gocmp.Diff(tc.want, got); diff != "" {
				t.Errorf("difference (-want +got):\n%s", diff)
			}
		})
	}
	notNull := text(0)
	got, _ := bind(t, `"random"`, Target{Column: notNull, Rows: -1}).Expr()
	if diff := gocmp.Diff(dialect.Expr(dialect.RandomLike{Of: dialect.Current{Column: notNull}}), got); diff != "" {
		t.Errorf("a column that can't be NULL needs no test for it:\n%s", diff)
	}
}

func TestWhenIsForTheCaller(t *testing.T) {
	r := bind(t, `{"fake":"city","when":"country = 'DE'"}`, Target{Column: text(40), Rows: -1})
	if got := r.(Conditional).When(); got != "country = 'DE'" {
		t.Errorf("When is %q", got)
	}
}

func TestDefaultThroughTheClient(t *testing.T) {
	for _, c := range []struct {
		kind dialect.Kind
		sql  string
		want dialect.Value
		ok   bool
	}{
		{dialect.Text, `'it''s'::character varying`, "it's", true},
		{dialect.Text, `(N'new')`, "new", true},
		{dialect.Text, `NULL::character varying`, nil, true},
		{dialect.Int, `((0))`, int64(0), true},
		{dialect.Int, `nextval('a')`, nil, false},
		{dialect.Bool, `true`, "true", true},
		{dialect.Timestamp, `now()`, nil, false},
	} {
		col := &dialect.Column{Name: "x", Kind: c.kind, Default: &c.sql}
		got, err := bind(t, `"default"`, Target{Column: col, Rows: -1}).Replace(source(t), "old")
		if got != c.want || (err == nil) != c.ok {
			t.Errorf("DEFAULT %s is %v with error %v, want %v", c.sql, got, err, c.want)
		}
	}
}

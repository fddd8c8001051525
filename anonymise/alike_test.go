package anonymise

import (
	"strings"
	"testing"

	"github.com/expungedb/expunge/dialect"
)

// TestColumnsOfAGroupAgree: one consistent strategy overwrites two different columns. Equal values
// get equal replacements, or the columns aren't Alike.
func TestColumnsOfAGroupAgree(t *testing.T) {
	text := func(length int, change func(*dialect.Column)) *dialect.Column {
		c := &dialect.Column{Name: "c", Kind: dialect.Text, Type: "text", Length: length, Nullable: true}
		if change != nil {
			change(c)
		}
		return c
	}
	number := func(kind dialect.Kind, precision, scale int, unsigned bool) *dialect.Column {
		return &dialect.Column{Name: "c", Kind: kind, Type: string(kind), Precision: precision, Scale: scale, Unsigned: unsigned, Nullable: true}
	}
	sets := map[string]struct {
		columns []*dialect.Column
		values  []dialect.Value
	}{
		"text": {
			[]*dialect.Column{
				text(0, nil), text(60, nil), text(24, nil), text(80, func(c *dialect.Column) { c.LengthInBytes = true }),
				text(40, func(c *dialect.Column) { c.Fixed = true }), text(90, func(c *dialect.Column) { c.FoldsCase = true }),
				text(90, func(c *dialect.Column) { c.FoldsCase, c.FoldsAccents, c.Charset = true, true, "latin1" }),
			},
			[]dialect.Value{"ada", "Ada Example", "ada@mail.example", "5550123", "x", "ada lovelace of a very long name"},
		},
		"int": {
			[]*dialect.Column{
				number(dialect.Int, 64, 0, false), number(dialect.Int, 32, 0, true), number(dialect.Int, 16, 0, false), number(dialect.Int, 16, 0, true), number(dialect.Int, 0, 0, false),
			},
			[]dialect.Value{int64(1), int64(42), int64(12345)},
		},
		"decimal": {
			[]*dialect.Column{number(dialect.Decimal, 10, 2, false), number(dialect.Decimal, 8, 4, false), number(dialect.Decimal, 0, 0, false), number(dialect.Decimal, 12, 2, true)},
			[]dialect.Value{"1.25", "17", "942.50"},
		},
		"date": {
			[]*dialect.Column{{Name: "c", Kind: dialect.Date, Type: "date"}, {Name: "c", Kind: dialect.Date, Type: "date", Nullable: true}},
			[]dialect.Value{"1984-03-04"},
		},
		"timestamp": {
			[]*dialect.Column{
				{Name: "c", Kind: dialect.Timestamp, Type: "timestamp(6) without time zone"}, {Name: "c", Kind: dialect.Timestamp, Type: "datetime"}, {Name: "c", Kind: dialect.Timestamp, Type: "smalldatetime"},
			},
			[]dialect.Value{"1984-03-04 05:06:00"},
		},
		"bytes": {
			[]*dialect.Column{{Name: "c", Kind: dialect.Bytes, Type: "blob"}, {Name: "c", Kind: dialect.Bytes, Type: "varbinary", Length: 8}, {Name: "c", Kind: dialect.Bytes, Type: "binary", Length: 8, Fixed: true}},
			[]dialect.Value{[]byte("ada12345")},
		},
	}
	specs := []string{
		"pseudonym", `{"pseudonym":"digits"}`, `{"hash":{"length":20}}`, `{"random":null,"consistent":true}`, `{"random":{"min":1,"max":40000},"consistent":true}`,
		`{"fake":"email","consistent":true}`, `{"fake":"first-name","consistent":"g"}`, `{"fake":"phone","consistent":true}`, `{"fake":"username","consistent":true}`,
		`{"noise":0.1,"consistent":true}`, `{"template":"u-{{letters 8}}","consistent":true}`, `{"pick":["a","b"],"consistent":true}`, `{"shift":{"within":30},"consistent":true}`,
	}
	secret, err := NewSecret([]byte(strings.Repeat("secret ", 8)))
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for name, set := range sets {
		for _, written := range specs {
			var spec Spec
			if !strings.HasPrefix(written, "{") {
				spec.Name = written
			} else if err := spec.UnmarshalJSON([]byte(written)); err != nil {
				t.Fatal(err)
			}
			strategy, err := New(spec)
			if err != nil {
				t.Fatal(err)
			}
			for i, a := range set.columns {
				for _, b := range set.columns[:i] {
					for _, unique := range []bool{false, true} {
						if !Alike(a, b) {
							continue
						}
						x, errX := strategy.Bind(Target{Column: a, Joined: []*dialect.Column{b}, Unique: unique, Sole: unique, Rows: 100})
						y, errY := strategy.Bind(Target{Column: b, Joined: []*dialect.Column{a}, Unique: unique, Rows: 1000})
						if errX != nil || errY != nil {
							continue // a problem of the plan
						}
						for _, v := range set.values {
							one, err := x.Replace(NewSource(secret, nil), v)
							if err != nil {
								t.Fatalf("%s, %s: %v", name, written, err)
							}
							other, err := y.Replace(NewSource(secret, nil), v)
							if err != nil {
								t.Fatalf("%s, %s: %v", name, written, err)
							}
							compared++
							if same, also := textOf(one), textOf(other); strings.TrimRight(same, " ") != strings.TrimRight(also, " ") {
								t.Errorf("%s, unique %t: equal values of %+v and %+v are parted by %s", name, unique, *a, *b, written)
							}
							if e, ok := x.Expr(); ok {
								t.Errorf("%s, %s: a consistent strategy became the expression %T", name, written, e)
							}
						}
					}
				}
			}
		}
	}
	if compared < 500 {
		t.Errorf("only %d values were compared", compared)
	}
}

func textOf(v dialect.Value) string {
	s, _ := dialect.TextOf(v)
	return s
}

package anonymise

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/expungedb/expunge/dialect"
)

// source makes a Source that always draws the same.
func source(t testing.TB) *Source {
	return NewSource(testSecret(t), rand.NewPCG(1, 2))
}

func strategy(t testing.TB, spec string) Strategy {
	t.Helper()
	var s Spec
	if err := s.UnmarshalJSON([]byte(spec)); err != nil {
		t.Fatalf("%s: %v", spec, err)
	}
	st, err := New(s)
	if err != nil {
		t.Fatalf("%s: %v", spec, err)
	}
	return st
}

func bind(t testing.TB, spec string, to Target) Replacer {
	t.Helper()
	r, err := strategy(t, spec).Bind(to)
	if err != nil {
		t.Fatalf("%s: %v", spec, err)
	}
	return r
}

func replace(t testing.TB, r Replacer, s *Source, old dialect.Value) dialect.Value {
	t.Helper()
	v, err := r.Replace(s, old)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// sampleColumns has a column of every kind, with a value in its canonical form.
func sampleColumns() []struct {
	Column *dialect.Column
	Value  dialect.Value
} {
	type column = struct {
		Column *dialect.Column
		Value  dialect.Value
	}
	text := func(n int) *dialect.Column {
		return &dialect.Column{Kind: dialect.Text, Type: fmt.Sprintf("varchar(%d)", n), Length: n}
	}
	columns := []column{
		{text(80), "Ann.Smith@mail.test"},
		{&dialect.Column{Kind: dialect.Int, Type: "integer", Precision: 32}, int64(48151623)},
		{&dialect.Column{Kind: dialect.Decimal, Type: "numeric(12,2)", Precision: 12, Scale: 2}, "48151.62"},
		{&dialect.Column{Kind: dialect.Float, Type: "double precision", Precision: 64}, "48.25"},
		{&dialect.Column{Kind: dialect.Bool, Type: "boolean"}, "true"},
		{&dialect.Column{Kind: dialect.Date, Type: "date"}, "1984-06-30"},
		{&dialect.Column{Kind: dialect.Time, Type: "time"}, "10:11:12"},
		{&dialect.Column{Kind: dialect.Timestamp, Type: "timestamp"}, "1984-06-30 10:11:12.5"},
		{&dialect.Column{Kind: dialect.TimestampTZ, Type: "timestamptz"}, "1984-06-30 10:11:12.5+00"},
		{&dialect.Column{Kind: dialect.UUID, Type: "uuid"}, "0b8f1c5e-5ad5-4d4c-9b0e-3f9a1e0d7c11"},
		{&dialect.Column{Kind: dialect.Bytes, Type: "bytea"}, []byte("forty-eight bytes")},
		{&dialect.Column{Kind: dialect.Bits, Type: "bit(12)", Length: 12}, "101010101010"},
		{&dialect.Column{Kind: dialect.JSON, Type: "jsonb"}, `{"name":"Ann Smith","tags":["red",12],"on":null}`},
		{&dialect.Column{Kind: dialect.XML, Type: "xml"}, `<p name="Ann">Smith &amp; Co</p>`},
		{&dialect.Column{Kind: dialect.Inet, Type: "inet"}, "192.0.2.44"},
		{&dialect.Column{Kind: dialect.Enum, Type: "mood", Labels: []string{"sad", "ok", "happy"}}, "ok"},
		{&dialect.Column{Kind: dialect.Set, Type: "set", Labels: []string{"a", "b", "c"}}, "a,c"},
		{&dialect.Column{Kind: dialect.Array, Type: "text[]", Element: text(0)}, `{ann,"smith, jr",NULL}`},
		{&dialect.Column{Kind: dialect.Interval, Type: "interval"}, "1 day"},
		{&dialect.Column{Kind: dialect.Unknown, Type: "tsvector"}, "'ann':1"},
	}
	for i := range columns {
		columns[i].Column.Name = "c_" + strings.ReplaceAll(string(columns[i].Column.Kind), " ", "_")
		columns[i].Column.Nullable = true
	}
	return columns
}

// TestEveryStrategyOnEveryKind binds each strategy to a column of each kind:
// it works, keeps NULL and gives what the column can store, or it says the
// column's name and why not.
func TestEveryStrategyOnEveryKind(t *testing.T) {
	specs := map[string]string{
		"fixed": `{"fixed":"1"}`, "fake": `{"fake":"email"}`, "shift": `{"shift":{"within":30}}`,
	}
	for _, d := range Strategies() {
		if strings.HasPrefix(d.Name, "test-") {
			continue
		}
		spec, ok := specs[d.Name]
		if !ok {
			spec = `"` + d.Name + `"`
		}
		for _, c := range sampleColumns() {
			t.Run(d.Name+" on "+string(c.Column.Kind), func(t *testing.T) {
				r, err := strategy(t, spec).Bind(Target{Column: c.Column, Rows: 1000})
				if err != nil {
					if !strings.Contains(err.Error(), c.Column.Name) || !strings.HasPrefix(err.Error(), d.Name) {
						t.Errorf("the error doesn't say where: %v", err)
					}
					return
				}
				if d.Name == "default" {
					return
				}
				s := source(t)
				if v := replace(t, r, s, nil); v != nil {
					t.Errorf("NULL became %v", v)
				}
				v := replace(t, r, s, c.Value)
				if d.Name == "null" || c.Column.Kind == dialect.Unknown {
					return
				}
				if _, err := constantOf(c.Column, v); err != nil {
					t.Errorf("%v is not canonical: %v", v, err)
				}
				if same(v, c.Value) && !fewValues(c.Column) && d.Name != "keep" {
					t.Errorf("the value came out as it was")
				}
			})
		}
	}
}

// constantOf checks that a value is in the canonical form of its column.
func constantOf(c *dialect.Column, v dialect.Value) (dialect.Value, error) {
	if _, isBytes := v.([]byte); isBytes != (c.Kind == dialect.Bytes) {
		return nil, fmt.Errorf("a %T in a column of kind %s", v, c.Kind)
	}
	text, _ := dialect.TextOf(v)
	got, err := constant(c, text)
	if err == nil && c.Kind != dialect.JSON {
		if back, _ := dialect.TextOf(got); back != text {
			err = fmt.Errorf("its canonical form is %q", back)
		}
	}
	return got, err
}

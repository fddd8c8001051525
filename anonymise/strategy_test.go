package anonymise

import (
	"cmp"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

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

// specOn returns a strategy with parameters that suit a kind.
func specOn(name string, kind dialect.Kind) string {
	switch name {
	case "fixed":
		switch kind {
		case dialect.Bool:
			return `{"fixed":true}`
		case dialect.Date:
			return `{"fixed":"2000-01-01"}`
		case dialect.Time:
			return `{"fixed":"12:00:00"}`
		case dialect.Timestamp, dialect.TimestampTZ:
			return `{"fixed":"2000-01-01 12:00:00"}`
		case dialect.UUID:
			return `{"fixed":"00000000-0000-4000-8000-000000000000"}`
		case dialect.Inet:
			return `{"fixed":"10.0.0.1"}`
		case dialect.Enum:
			return `{"fixed":"sad"}`
		case dialect.Set:
			return `{"fixed":"a"}`
		case dialect.Array:
			return `{"fixed":"{}"}`
		case dialect.Interval:
			return `{"fixed":"2 days"}`
		}
		return `{"fixed":"1"}`
	case "fake":
		switch kind {
		case dialect.Int, dialect.Decimal, dialect.Float:
			return `{"fake":{"number":{"min":1,"max":99}}}`
		case dialect.Bool:
			return `{"fake":"bool"}`
		case dialect.Date, dialect.Timestamp, dialect.TimestampTZ:
			return `{"fake":"past-date"}`
		case dialect.Time:
			return `{"fake":"time"}`
		case dialect.UUID:
			return `{"fake":"uuid"}`
		case dialect.Inet:
			return `{"fake":"ipv4-address"}`
		case dialect.JSON:
			return `{"fake":"address"}`
		case dialect.Enum:
			return `{"fake":{"randomstring":{"strs":["sad","ok"]}}}`
		}
		return `{"fake":"email"}`
	case "shift":
		return `{"shift":{"within":30}}`
	case "noise":
		return `{"noise":0.1}`
	case "generalise":
		switch kind {
		case dialect.Date, dialect.Timestamp, dialect.TimestampTZ:
			return `{"generalise":"year"}`
		case dialect.Int, dialect.Decimal, dialect.Float:
			return `{"generalise":{"step":100}}`
		}
		return `{"generalise":{"prefix":3}}`
	case "pick":
		if kind == dialect.Enum || kind == dialect.Set {
			return `"pick"`
		}
		fixed := specOn("fixed", kind)
		return `{"pick":[` + fixed[len(`{"fixed":`):len(fixed)-1] + `]}`
	case "template":
		return `{"template":"user-{{chars 20}}"}`
	case "json":
		return `{"json":{"paths":{"name":{"fake":"name"},"tags[]":"random"},"others":"drop"}}`
	case "array":
		return `{"array":"random"}`
	case "scrub":
		return `{"scrub":{"patterns":["email"]}}`
	}
	return `"` + name + `"`
}

var update = flag.Bool("update", false, "write testdata anew")

// TestEveryStrategyOnEveryKind binds each strategy to a column of each kind. Either it keeps NULL
// and makes storable values in canonical form, or its error names the column and the reason.
// testdata/kinds.golden has the results.
func TestEveryStrategyOnEveryKind(t *testing.T) {
	var table strings.Builder
	for _, d := range Strategies() {
		if strings.HasPrefix(d.Name, "test-") {
			continue
		}
		var client, database []string
		for _, c := range sampleColumns() {
			kind := cmp.Or(string(c.Column.Kind), "unknown")
			c.Column.Default = new(string)
			r, err := strategy(t, specOn(d.Name, c.Column.Kind)).Bind(Target{Column: c.Column, Rows: 1000, Key: []string{"id"}})
			if err != nil {
				if !strings.Contains(err.Error(), c.Column.Name) || !strings.HasPrefix(err.Error(), d.Name) {
					t.Errorf("%s on %s: the error doesn't say where: %v", d.Name, kind, err)
				}
				continue
			}
			if e, ok := r.Expr(); ok {
				database = append(database, kind)
				if _, guarded := e.(dialect.If); !guarded && d.Name != "null" && d.Name != "default" {
					t.Errorf("%s on %s: the expression doesn't keep NULL: %#v", d.Name, kind, e)
				}
			} else {
				client = append(client, kind)
			}
			if d.Name == "default" {
				continue
			}
			t.Run(d.Name+" on "+kind, func(t *testing.T) { checkReplacement(t, d.Name, r, c.Column, c.Value) })
		}
		fmt.Fprintf(&table, "%s\n  in the database: %s\n  through the client: %s\n", d.Name, strings.Join(database, " "), strings.Join(client, " "))
	}
	golden(t, "kinds.golden", table.String())
}

func checkReplacement(t *testing.T, name string, r Replacer, c *dialect.Column, old dialect.Value) {
	t.Helper()
	s := source(t)
	apply := func(old dialect.Value) dialect.Value {
		if row, ok := r.(RowReplacer); ok {
			v, err := row.ReplaceRow(s, old, func(string) dialect.Value { return int64(4815) })
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		return replace(t, r, s, old)
	}
	if v := apply(nil); v != nil {
		t.Errorf("NULL became %v", v)
	}
	v := apply(old)
	if name == "null" || c.Kind == dialect.Unknown {
		return
	}
	if _, err := constantOf(c, v); err != nil {
		t.Errorf("%v is not canonical: %v", v, err)
	}
	if sameValue(v, old) && !fewValues(c) && name != "keep" {
		t.Error("the value came out as it was")
	}
}

// Combining marks and numbers of any script are replaced like letters.
func TestRandomLeavesNothingOfAnyScript(t *testing.T) {
	for _, name := range []string{"नीलिमा", "สุดารัตน์", "שָׂרָה", "فَاطِمَة", "Бори\u0301с", "①②③", "Ⅳ²"} {
		got := replace(t, bind(t, `"random"`, Target{Column: text(0)}), source(t), name).(string)
		if strings.ContainsAny(got, name) || len([]rune(got)) != len([]rune(name)) {
			t.Errorf("a name of %d characters came out as %q", len([]rune(name)), got)
		}
	}
}

// TestPitfall24NoValueInErrors gives every strategy values of other kinds than the column's, as
// SQLite can have them: no error quotes one.
func TestPitfall24NoValueInErrors(t *testing.T) {
	const canary = "Canary-48151623"
	failed := 0
	for _, d := range Strategies() {
		if strings.HasPrefix(d.Name, "test-") {
			continue
		}
		for _, c := range sampleColumns() {
			c.Column.Default = new(string)
			c.Column.Length = 8
			r, err := strategy(t, specOn(d.Name, c.Column.Kind)).Bind(Target{Column: c.Column, Rows: 1000, Key: []string{"id"}})
			if err != nil {
				continue
			}
			for _, old := range []dialect.Value{canary, `{"` + canary, "<" + canary, []byte(canary), -48151623.5, int64(-48151623)} {
				_, err := r.Replace(source(t), old)
				if row, ok := r.(RowReplacer); ok {
					_, err = row.ReplaceRow(source(t), old, func(string) dialect.Value { return canary })
				}
				if err == nil {
					continue
				}
				failed++
				if strings.Contains(err.Error(), "anary") || strings.Contains(err.Error(), "48151623") {
					t.Errorf("%s on %s quotes the value", d.Name, c.Column.Kind)
				}
			}
		}
	}
	if failed == 0 {
		t.Error("nothing failed: the test shows nothing")
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s is out of date (go test ./anonymise -update):\n%s", path, diff)
	}
}

// constantOf checks that a value is in the canonical form of its column.
func constantOf(c *dialect.Column, v dialect.Value) (dialect.Value, error) {
	if _, isBytes := v.([]byte); isBytes != (c.Kind == dialect.Bytes) {
		return nil, fmt.Errorf("a %T in a column of kind %s", v, c.Kind)
	}
	text, _ := dialect.TextOf(v)
	got, err := constantValue(c, text)
	if err == nil && c.Kind != dialect.JSON {
		if back, _ := dialect.TextOf(got); back != text {
			err = fmt.Errorf("its canonical form is %q", back)
		}
	}
	return got, err
}

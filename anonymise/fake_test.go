package anonymise

import (
	"fmt"
	"maps"
	"net/mail"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/brianvoe/gofakeit/v7"

	"github.com/expungedb/expunge/dialect"
)

// TestFakeFunctions tests gofakeit's whole table: New accepts a function for a text column, or
// returns the reason; a consistent one repeats its values.
func TestFakeFunctions(t *testing.T) {
	refused := []string{}
	for _, name := range slices.Sorted(maps.Keys(gofakeit.FuncLookups)) {
		st, err := New(Spec{Name: "fake", Params: name})
		if err != nil {
			refused = append(refused, name)
			continue
		}
		if _, err := New(Spec{Name: "fake", Params: name, Modifiers: Modifiers{Consistent: true}}); err != nil {
			if !slices.Contains(clocked, name) && name != "daterange" {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		r, err := st.Bind(Target{Column: text(0), Rows: -1})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		a, b := source(t), source(t)
		for range 20 {
			if x, y := replace(t, r, a, "x"), replace(t, r, b, "x"); x != y {
				t.Errorf("%s gives two values for one seed", name)
				break
			}
		}
	}
	golden(t, "fake-refused.golden", strings.Join(refused, "\n")+"\n")
}

func TestFakeNamesAreWrittenAsPeopleDo(t *testing.T) {
	for _, name := range []string{"first-name", "first_name", "firstName", "FirstName", "firstname", "First Name"} {
		if _, err := New(Spec{Name: "fake", Params: name}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFakeWithParameters(t *testing.T) {
	for _, c := range []struct {
		spec   string
		column *dialect.Column
		want   string
	}{
		{`{"fake":{"number":{"min":7,"max":9}}}`, integer(16), `^[789]$`},
		{`{"fake":{"int-range":{"min":-3,"max":-1}}}`, integer(16), `^-[123]$`},
		{`{"fake":{"price":{"min":10,"max":20}}}`, &dialect.Column{Name: "x", Kind: dialect.Decimal, Precision: 4, Scale: 1}, `^(1\d|20)(\.\d)?$`},
		{`{"fake":{"random-string":{"strs":["a","b"]}}}`, text(1), `^[ab]$`},
		{`{"fake":{"numerify":{"str":"##-##"}}}`, text(10), `^\d\d-\d\d$`},
		{`{"fake":{"regex":{"str":"[ab]{5}"}}}`, text(10), `^[ab]{5}$`},
		{`{"fake":"address"}`, &dialect.Column{Name: "x", Kind: dialect.JSON}, `^{.*"city":.*}$`},
		{`{"fake":"past-date"}`, &dialect.Column{Name: "x", Kind: dialect.Date}, `^\d{4}-\d\d-\d\d$`},
		{`{"fake":"date"}`, &dialect.Column{Name: "x", Kind: dialect.TimestampTZ}, `^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+00$`},
		{`{"fake":"paragraph"}`, text(12), `^.{12}$`},
		{`{"fake":"email"}`, text(12), `^[^@]+@[^@]+\.example$`},
	} {
		r := bind(t, c.spec, Target{Column: c.column, Rows: -1})
		s := source(t)
		for range 50 {
			v, _ := dialect.TextOf(replace(t, r, s, "old"))
			if !regexp.MustCompile(c.want).MatchString(v) {
				t.Errorf("%s makes %q, want %s", c.spec, v, c.want)
				break
			}
		}
	}
}

// TestFakeEMailReachesNoOne: a test system's mail must not reach a stranger whose address a
// generator happened to make.
func TestFakeEMailReachesNoOne(t *testing.T) {
	for _, spec := range []string{`{"fake":"email"}`, `{"fake":"email","consistent":true}`} {
		for _, to := range []Target{{Column: text(80), Rows: -1}, {Column: text(80), Unique: true, Rows: 1000}, {Column: text(24), Unique: true, Rows: 10}} {
			r := bind(t, spec, to)
			s := source(t)
			for i := range 300 {
				v := replace(t, r, s, fmt.Sprint(i)).(string)
				a, err := mail.ParseAddress(v)
				if err != nil || a.Address != v || !strings.HasSuffix(v, ".example") || len(v) > to.Column.Length {
					t.Fatalf("%q is no address under .example of at most %d characters", v, to.Column.Length)
				}
			}
		}
	}
}

func TestFakeFitsCharset(t *testing.T) {
	c := text(20)
	c.Charset = "latin1"
	r := bind(t, `{"fake":"emoji"}`, Target{Column: c, Rows: -1})
	if v := replace(t, r, source(t), "x").(string); !isASCII(v) {
		t.Error("a character that the column's charset lacks")
	}
}

func TestFakerVersionIsThatOfGoMod(t *testing.T) {
	mod, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(regexp.QuoteMeta(fakerModule) + ` (v\S+)`).FindSubmatch(mod)
	if m == nil || string(m[1]) != fakerKnown || FakerVersion() != fakerKnown {
		t.Errorf("go.mod says %s, the package knows %s and says %s", m, fakerKnown, FakerVersion())
	}
}

func TestAUserNameHasNoBlank(t *testing.T) {
	for _, unique := range []bool{false, true} {
		r, err := strategy(t, `{"fake":"username"}`).Bind(Target{Column: text(40), Unique: unique, Sole: unique, Rows: 1000})
		if err != nil {
			t.Fatal(err)
		}
		s := source(t)
		for range 2000 {
			v, err := r.Replace(s, "ada")
			if err != nil {
				t.Fatal(err)
			}
			if strings.ContainsAny(v.(string), " \t") {
				t.Fatalf("unique %v: %q has a blank", unique, v)
			}
		}
	}
}

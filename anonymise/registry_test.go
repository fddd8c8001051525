package anonymise

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/expungedb/expunge/dialect"
)

func TestRegister(t *testing.T) {
	RegisterFunc("test-reverse", Info{Technique: "masking", Class: Lossy}, func(_ *Source, old dialect.Value) (dialect.Value, error) {
		text, _ := dialect.TextOf(old)
		b := []byte(text)
		slices.Reverse(b)
		return string(b), nil
	})
	c := text(10)
	c.Nullable = true
	r := bind(t, `"test-reverse"`, Target{Column: c, Rows: -1})
	if v := replace(t, r, source(t), "abc"); v != "cba" {
		t.Errorf("abc became %v", v)
	}
	if v := replace(t, r, source(t), nil); v != nil {
		t.Errorf("NULL became %v", v)
	}
	if _, err := New(Spec{Name: "test-reverse", Params: map[string]any{"x": 1.0}}); err == nil {
		t.Error("a parameter that the function hasn't was taken")
	}
	for _, name := range []string{"test-reverse", "random", "when", "null", ""} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q could be registered", name)
				}
			}()
			Register(name, func(any) (Strategy, error) { return keepStrategy{}, nil })
		}()
	}
}

// TestRegisteredStrategiesCanBeConsistent: the modifier makes a strategy consistent that draws from
// Source.Rand.
func TestRegisteredStrategiesCanBeConsistent(t *testing.T) {
	RegisterFunc("test-draw", Info{Technique: "randomization", Class: Lossy}, func(s *Source, _ dialect.Value) (dialect.Value, error) {
		return s.Faker().Word() + randomToken(s, 4), nil
	})
	r := bind(t, `{"test-draw":null,"consistent":true}`, Target{Column: text(40), Rows: -1})
	s := NewSource(testSecret(t), nil)
	if a, b := replace(t, r, s, "ann"), replace(t, r, s, "ann"); a != b {
		t.Errorf("one value became %v and %v", a, b)
	}
	if a, b := replace(t, r, s, "ann"), replace(t, r, s, "bob"); a == b {
		t.Errorf("two values became %v", a)
	}
}

// techniques are the names of ISO/IEC 20889 that Info.Technique may have.
var techniques = []string{
	"randomization", "pseudonymization", "masking", "generalization", "suppression", "noise addition", "permutation", "synthetic data", "none",
}

func TestStrategiesAreDescribed(t *testing.T) {
	names := map[string]bool{}
	for _, d := range Strategies() {
		if strings.HasPrefix(d.Name, "test-") {
			continue
		}
		names[d.Name] = true
		if d.Doc == "" || d.Class == "" || d.Consistent == "" || !slices.Contains(techniques, d.Technique) {
			t.Errorf("%s is described incompletely: %+v", d.Name, d)
		}
		for _, kind := range []dialect.Kind{dialect.Text, dialect.Int, dialect.Date, dialect.Array, dialect.JSON} {
			st := strategy(t, specOn(d.Name, kind))
			if got := st.Info(); got.Technique != d.Technique && d.Name != "array" && d.Name != "json" {
				t.Errorf("%s is %s by its description and %s by its Info", d.Name, d.Technique, got.Technique)
			}
		}
	}
	for _, name := range []string{
		"random", "null", "default", "fixed", "fake", "pseudonym", "hash", "mask", "shift", "noise", "generalise", "pick",
		"sequence", "template", "json", "array", "scrub", "card", "iban", "keep",
	} {
		if !names[name] {
			t.Errorf("there is no strategy %s", name)
		}
	}
}

// TestEveryFamilyIsInTheTable: a policy couldn't find a strategy whose definition isn't listed.
func TestEveryFamilyIsInTheTable(t *testing.T) {
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		src, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?s)var \w+Definition = definition\{.*?Name: "(\w+)"`).FindAllSubmatch(src, -1) {
			found++
			if _, ok := builtin[string(m[1])]; !ok {
				t.Errorf("%s: %s is not in the table", f.Name(), m[1])
			}
		}
	}
	if found != len(builtin) {
		t.Errorf("%d definitions in files, %d in the table", found, len(builtin))
	}
}

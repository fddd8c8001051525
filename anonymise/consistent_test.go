package anonymise

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"golang.org/x/text/unicode/norm"

	"github.com/expungedb/expunge/dialect"
)

// TestGoldenVectors pins the replacements of given values under one secret. A release that changes
// a line here changes every existing pseudonym: give the domain a new version (keyLabel) and
// announce it.
func TestGoldenVectors(t *testing.T) {
	decimalColumn := &dialect.Column{Name: "x", Kind: dialect.Decimal, Precision: 30, Scale: 4}
	uuidColumn := &dialect.Column{Name: "x", Kind: dialect.UUID}
	bytesColumn := &dialect.Column{Name: "x", Kind: dialect.Bytes, Length: 16, Fixed: true}
	date := &dialect.Column{Name: "x", Kind: dialect.Date}
	var b strings.Builder
	for _, c := range []struct {
		spec   string
		column *dialect.Column
		values []dialect.Value
	}{
		{`"pseudonym"`, text(80), []dialect.Value{"ann@mail.test", "Zoë", "0", ""}},
		{`"pseudonym"`, text(8), []dialect.Value{"ann@mail.test"}},
		{`{"pseudonym":"email"}`, text(80), []dialect.Value{"ann@mail.test"}},
		{`{"pseudonym":"digits"}`, text(80), []dialect.Value{"+44 20 7946 0000"}},
		{`{"pseudonym":"uuid"}`, text(36), []dialect.Value{"0B8F1C5E-5AD5-4D4C-9B0E-3F9A1E0D7C11"}},
		{`{"pseudonym":null,"consistent":"customers"}`, text(80), []dialect.Value{"ann@mail.test"}},
		{`"pseudonym"`, integer(64), []dialect.Value{int64(0), int64(1), int64(9), int64(42), int64(127), int64(128), int64(65535), int64(48151623), int64(-1), int64(-128), int64(9007199254740993)}},
		{`"pseudonym"`, decimalColumn, []dialect.Value{"42.0000", "18446744073709551615", "184467440737095516150", "12.34", "12.3400", "-0.5"}},
		{`"pseudonym"`, uuidColumn, []dialect.Value{"0b8f1c5e-5ad5-4d4c-9b0e-3f9a1e0d7c11"}},
		{`"pseudonym"`, bytesColumn, []dialect.Value{[]byte("0123456789abcdef")}},
		{`"hash"`, text(0), []dialect.Value{"ann@mail.test"}},
		{`{"hash":{"encoding":"base64","length":12}}`, text(0), []dialect.Value{"ann@mail.test"}},
		{`{"random":null,"consistent":true}`, text(0), []dialect.Value{"Ann Smith, 12"}},
		{`{"fake":"email","consistent":true}`, text(80), []dialect.Value{"ann@mail.test", "bob@mail.test"}},
		{`{"fake":"name","consistent":true}`, text(80), []dialect.Value{"Ann"}},
		{`{"fake":"phone","consistent":true}`, text(80), []dialect.Value{"Ann"}},
		{`{"pick":["a","b","c","d"],"consistent":true}`, text(80), []dialect.Value{"Ann", "Bob"}},
		{`{"shift":{"within":100},"consistent":true}`, date, []dialect.Value{"1984-06-30"}},
		{`{"card":null,"consistent":true}`, text(0), []dialect.Value{"4111 1111 1111 1111"}},
		{`{"iban":null,"consistent":true}`, text(0), []dialect.Value{"GB82 WEST 1234 5698 7654 32"}},
	} {
		r := bind(t, c.spec, Target{Column: c.column, Rows: -1})
		for _, v := range c.values {
			fmt.Fprintf(&b, "%s %s %#v → %#v\n", c.spec, c.column.Kind, v, replace(t, r, source(t), v))
		}
	}
	row := bind(t, `{"shift":{"within":100,"by":"id"}}`, Target{Column: date, Rows: -1}).(RowReplacer)
	v, err := row.ReplaceRow(source(t), "1984-06-30", func(string) dialect.Value { return int64(7) })
	fmt.Fprintf(&b, "shift by id 7 → %v %v\n", v, err)
	seq := bind(t, `{"sequence":"user-"}`, Target{Column: text(40), Rows: -1, Key: []string{"id"}}).(RowReplacer)
	v, err = seq.ReplaceRow(source(t), "x", func(string) dialect.Value { return int64(4711) })
	fmt.Fprintf(&b, "sequence of 4711 → %v %v\n", v, err)
	golden(t, "pseudonyms.golden", b.String())
}

// TestOnePersonIsOneInput: the same person gets the same pseudonym whatever the column's charset,
// padding and collation.
func TestOnePersonIsOneInput(t *testing.T) {
	folding, accents, char := text(80), text(80), text(80)
	folding.FoldsCase = true
	accents.FoldsCase, accents.FoldsAccents = true, true
	char.Fixed = true
	latin1 := text(80)
	latin1.Charset = "latin1"
	for _, c := range []struct {
		name   string
		spec   string
		a, b   Target
		va, vb string
		same   bool
	}{
		{"composed and decomposed", `"pseudonym"`, Target{Column: text(80)}, Target{Column: text(80)}, norm.NFC.String("Zoë"), norm.NFD.String("Zoë"), true},
		{"latin1 and utf8", `"pseudonym"`, Target{Column: latin1}, Target{Column: text(80)}, "Zoë", "Zoë", true},
		{"CHAR and VARCHAR", `"pseudonym"`, Target{Column: char}, Target{Column: text(80)}, "Zoë   ", "Zoë", true},
		{"trailing spaces of a VARCHAR are not padding", `"pseudonym"`, Target{Column: text(80)}, Target{Column: text(80)}, "Zoë ", "Zoë", false},
		{"case where the column folds it", `"pseudonym"`, Target{Column: folding}, Target{Column: folding}, "ANN@mail.test", "ann@MAIL.test", true},
		{"case where it doesn't", `"pseudonym"`, Target{Column: text(80)}, Target{Column: text(80)}, "ANN@mail.test", "ann@mail.test", false},
		{"ß where the column folds case", `"pseudonym"`, Target{Column: folding}, Target{Column: folding}, "STRASSE", "straße", true},
		{"accents where the column folds them", `"pseudonym"`, Target{Column: accents}, Target{Column: accents}, "ZOË", "zoe", true},
		{"accents where it folds case only", `"pseudonym"`, Target{Column: folding}, Target{Column: folding}, "ZOË", "zoe", false},
		{"one side of a join folds", `"pseudonym"`, Target{Column: text(80), Joined: []*dialect.Column{folding}}, Target{Column: folding, Joined: []*dialect.Column{text(80)}}, "ANN", "ann", true},
		{"one side of a join is padded", `"pseudonym"`, Target{Column: text(80), Joined: []*dialect.Column{char}}, Target{Column: char}, "ann  ", "ann", true},
		{"one side of a join is shorter", `"pseudonym"`, Target{Column: text(80), Joined: []*dialect.Column{text(6)}}, Target{Column: text(6), Joined: []*dialect.Column{text(80)}}, "ann", "ann", true},
		{"fold: true", `{"pseudonym":null,"fold":true}`, Target{Column: text(80)}, Target{Column: folding}, "ANN", "ann", true},
		{"fold: false", `{"pseudonym":null,"fold":false}`, Target{Column: folding}, Target{Column: folding}, "ANN", "ann", false},
		{"a consistent fake", `{"fake":"email","consistent":true}`, Target{Column: accents}, Target{Column: accents}, "ZOË", "zoe", true},
		{"a consistent fake, one side of a join is shorter", `{"fake":"email","consistent":true}`, Target{Column: text(80), Joined: []*dialect.Column{text(18)}}, Target{Column: text(18), Joined: []*dialect.Column{text(80)}}, "ann", "ann", true},
		{"a consistent random", `{"random":null,"consistent":true}`, Target{Column: accents}, Target{Column: accents}, "ZOË", "zoe", true},
		{"a hash", `"hash"`, Target{Column: folding}, Target{Column: folding}, "ANN", "ann", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.a.Rows, c.b.Rows = -1, -1
			a := replace(t, bind(t, c.spec, c.a), source(t), c.va)
			b := replace(t, bind(t, c.spec, c.b), source(t), c.vb)
			if (a == b) != c.same {
				t.Errorf("the replacements are %v and %v, want them equal: %v", a, b, c.same)
			}
		})
	}
}

func TestTwoSecretsOrGroupsAreUnrelated(t *testing.T) {
	other, err := NewSecret([]byte(strings.ToUpper(testKey)))
	if err != nil {
		t.Fatal(err)
	}
	to := Target{Column: text(80), Rows: -1}
	first := replace(t, bind(t, `"pseudonym"`, to), source(t), "ann")
	seen := map[dialect.Value]string{first: "the default group"}
	for _, c := range []struct {
		name, spec string
		secret     Secret
	}{
		{"another secret", `"pseudonym"`, other},
		{"a group", `{"pseudonym":null,"consistent":"a"}`, testSecret(t)},
		{"another group", `{"pseudonym":null,"consistent":"b"}`, testSecret(t)},
	} {
		v := replace(t, bind(t, c.spec, to), NewSource(c.secret, nil), "ann")
		if was, taken := seen[v]; taken {
			t.Errorf("%s gives the value of %s", c.name, was)
		}
		seen[v] = c.name
	}
	again := replace(t, bind(t, `{"pseudonym":null,"consistent":true}`, to), NewSource(testSecret(t), nil), "ann")
	if again != first {
		t.Error("the default group isn't that of consistent: true")
	}
}

func TestDomainsDoNotRunIntoEachOther(t *testing.T) {
	seen := map[string]bool{}
	for _, d := range []string{string(newDomain("ab", "c")) + "d", string(newDomain("a", "bc")) + "d", string(newDomain("a", "b")) + "cd", string(newDomain("", "abc")) + "d"} {
		if seen[d] {
			t.Error("two domains with a value give one message")
		}
		seen[d] = true
	}
}

func TestKeyedStrategiesNeedASecret(t *testing.T) {
	none := NewSource(Secret{}, nil)
	for _, spec := range []string{`"pseudonym"`, `"hash"`, `{"fake":"email","consistent":true}`, `{"random":null,"consistent":"g"}`} {
		st := strategy(t, spec)
		if i := st.Info(); !i.Keyed || !i.Consistent {
			t.Errorf("%s: keyed %v, consistent %v", spec, i.Keyed, i.Consistent)
		}
		r := bind(t, spec, Target{Column: text(80), Rows: -1})
		if _, err := r.Replace(none, "ann"); !errors.Is(err, ErrNoSecret) {
			t.Errorf("%s without a secret: %v", spec, err)
		}
	}
}

// TestTemplateWithARowNumberIsConsistentToo: the row's number is keyed by itself, the rest of the
// template by the modifier.
func TestTemplateWithARowNumberIsConsistentToo(t *testing.T) {
	r := bind(t, `{"template":"{{fake first-name}}{{digits 9}}-{{seq}}","consistent":true}`, Target{Column: text(80), Rows: -1, Key: []string{"id"}}).(RowReplacer)
	s := NewSource(testSecret(t), nil)
	seen := map[dialect.Value]bool{}
	for range 3 {
		v, err := r.ReplaceRow(s, "ann", func(string) dialect.Value { return int64(7) })
		if err != nil {
			t.Fatal(err)
		}
		seen[v] = true
	}
	if len(seen) != 1 {
		t.Errorf("one value became %d", len(seen))
	}
}

// TestPermutationIsOneToOne permutes whole bands: every number gets a different number of the same
// band, and none keeps its own.
func TestPermutationIsOneToOne(t *testing.T) {
	s := source(t)
	key, err := s.permutation(newDomain("", "whole number"))
	if err != nil {
		t.Fatal(err)
	}
	for _, negative := range []bool{false, true} {
		starts := bandStarts
		if negative {
			starts = negativeStarts
		}
		seen := map[uint64]bool{}
		for n := uint64(1); n < 10_000; n++ {
			m := permuteNumber(key, &s.block, n, negative)
			bandOfN, _, size := bandOf(starts, n)
			if bandOfM, _, _ := bandOf(starts, m); bandOfM != bandOfN {
				t.Fatalf("%d leaves its band", n)
			}
			if seen[m] || m == n && size > 1 {
				t.Fatalf("%d and another number become one, or it stays", n)
			}
			seen[m] = true
		}
	}
}

func TestNumbersFitWhereTheyWere(t *testing.T) {
	s := source(t)
	r := bind(t, `"pseudonym"`, Target{Column: integer(64), Rows: -1})
	rng := rand.New(rand.NewPCG(3, 4))
	for range 20_000 {
		n := int64(rng.Uint64()) >> rng.IntN(64)
		m := replace(t, r, s, n).(int64)
		for _, bits := range []int{8, 16, 24, 32} {
			for _, unsigned := range []bool{false, true} {
				c := integer(bits)
				c.Unsigned = unsigned
				if fits := n >= minInt(c) && n <= maxInt(c); fits != (m >= minInt(c) && m <= maxInt(c)) {
					t.Fatalf("a number moves into or out of %d bits, unsigned %v", bits, unsigned)
				}
			}
		}
		if (n < 0) != (m < 0) || len(fmt.Sprint(n)) != len(fmt.Sprint(m)) || (n == m) != (n == 0) {
			t.Fatal("a number changes its sign or its length, or stays")
		}
	}
	for _, n := range []dialect.Value{"18446744073709551615", "9223372036854775808"} {
		v := replace(t, r, s, n)
		if text, ok := v.(string); !ok || len(text) < 19 || v == n {
			t.Errorf("an unsigned bigint became %v", v)
		}
	}
}

// TestSharedByGoroutines: goroutines share strategies, each with its own Source; the race detector
// checks them.
func TestSharedByGoroutines(t *testing.T) {
	specs := []string{
		`"pseudonym"`, `"random"`, `{"fake":"email"}`, `{"fake":"email","consistent":true}`, `"hash"`, `"mask"`,
		`{"template":"{{chars 9}}-{{fake first-name}}"}`, `"scrub"`, `{"json":{"paths":{"a":{"fake":"name"}},"others":"random"}}`, `"card"`,
	}
	var bound []Replacer
	for _, spec := range specs {
		bound = append(bound, bind(t, spec, Target{Column: text(80), Unique: true, Rows: 100}))
	}
	var want sync.Map
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			s := NewSource(testSecret(t), nil)
			for i := range 200 {
				for j, r := range bound {
					old := fmt.Sprintf(`{"a":"ann%d@mail.test"}`, i)
					v, err := r.Replace(s, old)
					if err != nil {
						t.Error(err)
						return
					}
					if specs[j] == `"pseudonym"` {
						if first, loaded := want.LoadOrStore(old, v); loaded && first != v {
							t.Error("two goroutines give one value two pseudonyms")
						}
					}
				}
			}
		})
	}
	wg.Wait()
}

// TestStreamsNest: a keyed stream within another one doesn't change the outer one's position.
func TestStreamsNest(t *testing.T) {
	s := source(t)
	outer, inner := newDomain("", "outer"), newDomain("", "inner")
	draw := func(nested bool) (a, b uint64) {
		was, err := s.keyedBy(outer, "x")
		if err != nil {
			t.Fatal(err)
		}
		defer s.resume(was)
		a = s.rng.Uint64()
		if nested {
			was, err := s.keyedBy(inner, "y")
			if err != nil {
				t.Fatal(err)
			}
			s.rng.Uint64()
			s.resume(was)
		}
		return a, s.rng.Uint64()
	}
	a1, b1 := draw(false)
	a2, b2 := draw(true)
	if a1 != a2 || b1 != b2 {
		t.Error("the outer stream went on elsewhere")
	}
}

func FuzzCanonical(f *testing.F) {
	for _, seed := range []string{"", "ann", "Zoë", "STRASSE ", "İstanbul", "\xff\xfe", "ﬁ", "Å", "ΌΣΟΣ"} {
		f.Add(seed, true, true, true)
	}
	f.Fuzz(func(t *testing.T, in string, trim, foldCase, foldAccents bool) {
		c := canon{trim, foldCase, foldAccents}
		once := c.canonicalText(in)
		if twice := c.canonicalText(once); twice != once {
			t.Fatalf("%q → %q → %q", in, once, twice)
		}
	})
}

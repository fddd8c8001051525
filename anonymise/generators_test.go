package anonymise

import (
	"slices"
	"testing"

	"github.com/brianvoe/gofakeit/v7"
)

// Values that nothing is compared with don't depend on their generator's version.
func TestOnlyConsistentFakesDependOnTheirGenerator(t *testing.T) {
	for _, c := range []struct {
		written string
		want    []string
	}{
		{`{"fake":"email"}`, nil},
		{`"random"`, nil},
		{`{"pseudonym":"email"}`, nil},
		{`{"fake":"email","consistent":true}`, []string{"fake: email"}},
		{`{"fake":"email","consistent":"people"}`, []string{"fake: email"}},
		{`{"json":{"$.mail":{"fake":"email","consistent":true},"$.name":{"fake":"name"}}}`, []string{"fake: email"}},
		{`{"fake":{"number":{"min":1,"max":9}},"consistent":true}`, []string{`fake: {"number":{"max":9,"min":1}}`}},
	} {
		var s Spec
		if err := s.UnmarshalJSON([]byte(c.written)); err != nil {
			t.Fatal(err)
		}
		var got []string
		for name := range Generators(s) {
			got = append(got, name)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s depends on %v, want %v", c.written, got, c.want)
		}
	}
}

func TestAGeneratorThatMakesOtherValuesHasAnotherDigest(t *testing.T) {
	spec := Spec{Name: "fake", Params: "pastime", Modifiers: Modifiers{Consistent: true}}
	info := gofakeit.Info{Display: "Pastime", Output: "string"}
	digest := func(values ...string) string {
		info.Generate = func(f *gofakeit.Faker, _ *gofakeit.MapParams, _ *gofakeit.Info) (any, error) {
			return values[f.IntN(len(values))], nil
		}
		gofakeit.AddFuncLookup("pastime", info)
		defer gofakeit.RemoveFuncLookup("pastime")
		return Generators(spec)["fake: pastime"]
	}
	was := digest("chess", "go", "tea")
	if was == "" || was != digest("chess", "go", "tea") || was == digest("chess", "go", "ale") || was == digest("chess", "go") {
		t.Error("the digest doesn't tell generators from each other")
	}
}

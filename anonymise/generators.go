package anonymise

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
)

// generatorSample is the number of values in a generator's digest.
const generatorSample = 1000

// Generators names the generators that the strategy's replacements depend on, each with a digest of
// its values from a fixed seed. These are consistent fakes, also within a JSON document or an
// array: no two values of other fakes are ever compared. The result is nil where there are none.
//
// The digest covers values, and not the version that a binary was built with: a test binary doesn't
// know the version, and most versions make the same values.
func Generators(s Spec) map[string]string {
	found := map[string]string{}
	collectFakes(map[string]any{s.Name: s.Params}, s.Modifiers.Consistent, found)
	if len(found) == 0 {
		return nil
	}
	return found
}

// collectFakes searches a strategy's parameters, which may contain other strategies.
func collectFakes(v any, consistent bool, found map[string]string) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			collectFakes(e, consistent, found)
		}
	case map[string]any:
		if c, ok := v["consistent"]; ok && c != false {
			consistent = true
		}
		if f, ok := v["fake"]; ok && consistent {
			spec := Spec{Name: "fake", Params: f}
			if made, err := makeFake(f, Modifiers{}); err == nil {
				found[fmt.Sprintf("fake: %s", fakeTitle(spec))] = generatorDigest(made.(fakeStrategy))
			}
		}
		for _, e := range v {
			collectFakes(e, consistent, found)
		}
	}
}

// fakeTitle is the function, with its parameters where it has some.
func fakeTitle(s Spec) string {
	if name, ok := s.Params.(string); ok {
		return name
	}
	data, err := encodeJSON(s.Params)
	if err != nil {
		return s.Name
	}
	return string(data)
}

func generatorDigest(f fakeStrategy) string {
	sum := sha256.New()
	source := NewSource(Secret{}, rand.NewPCG(1, 2))
	for range generatorSample {
		text, err := f.makeFake(source)
		if err != nil {
			text = "refused"
		}
		_, _ = io.WriteString(sum, text+"\x00") // never fails
	}
	return hex.EncodeToString(sum.Sum(nil)[:16])
}

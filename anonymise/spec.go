package anonymise

import (
	"encoding/json"
)

// Spec is a strategy as a policy and a plan write it: a bare name, or a name
// with parameters. In JSON (and YAML) a Spec without parameters is a string
// ("random"), one with parameters an object with one entry ({"fake":"email"},
// {"mask":{"first":1}}). The null strategy may be written as JSON null or
// "null", and is encoded as "null". The zero Spec is no strategy.
type Spec struct {
	Name   string
	Params any // what JSON makes of the parameters: string, float64, bool, nil, []any, map[string]any
}

// String is the spec in its JSON form.
func (s Spec) String() string {
	b, err := json.Marshal(s)
	if err != nil {
		return s.Name
	}
	return string(b)
}

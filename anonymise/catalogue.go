package anonymise

import (
	"runtime/debug"

	"github.com/expungedb/expunge/dialect"
)

// Description describes a strategy, for people and for generated tables.
type Description struct {
	Name      string         `json:"name"`
	Doc       string         `json:"doc"`       // one sentence
	Technique string         `json:"technique"` // ISO/IEC 20889
	Class     Class          `json:"class"`     // at best; a column can make it worse
	Keyed     bool           `json:"keyed,omitempty"`
	Kinds     []dialect.Kind `json:"kinds,omitempty"` // empty: every kind
	Params    []Param        `json:"params,omitempty"`
	// Consistent says whether equal values get equal replacements: "always", "with consistent:
	// true", or "no".
	Consistent string `json:"consistent"`
	// Reversible: someone with the parameters can compute the old value.
	Reversible bool `json:"reversible,omitempty"`
	// Partial strategies keep parts of a text or document.
	Partial bool `json:"partial,omitempty"`
	// InDatabase says whether it can compile to an expression.
	InDatabase bool `json:"inDatabase,omitempty"`
}

// Param is one parameter of a strategy.
type Param struct {
	Name string `json:"name"`
	Doc  string `json:"doc"`
}

func (d Description) info() Info {
	return Info{
		Technique:  d.Technique,
		Class:      d.Class,
		Consistent: d.Consistent == always,
		Reversible: d.Reversible,
		Keyed:      d.Keyed,
	}
}

const (
	always       = "always"
	withModifier = "with consistent: true"
	never        = "no"
)

// Strategies lists all strategies by name, registered ones included.
func Strategies() []Description {
	var out []Description
	for _, name := range strategyNames() {
		d, _ := lookUp(name)
		out = append(out, d.Description)
	}
	return out
}

// fakerModule makes the values of `fake`.
const fakerModule = "github.com/brianvoe/gofakeit/v7"

// fakerKnown is the version in go.mod, for binaries without build information (a test binary lists
// no dependencies).
const fakerKnown = "v7.18.1"

// FakerVersion returns the version of the linked gofakeit. A plan records it, because another
// version can make other values of the same input.
func FakerVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return fakerKnown
	}
	for _, m := range info.Deps {
		if m.Path == fakerModule {
			if m.Replace != nil {
				m = m.Replace
			}
			return m.Version
		}
	}
	return fakerKnown
}

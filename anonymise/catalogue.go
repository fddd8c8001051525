package anonymise

import (
	"runtime/debug"

	"github.com/expungedb/expunge/dialect"
)

// Description is what a strategy is, for people and for generated tables.
type Description struct {
	Name      string         `json:"name"`
	Doc       string         `json:"doc"`       // one sentence
	Technique string         `json:"technique"` // ISO/IEC 20889
	Class     Class          `json:"class"`     // at best; a column can make it less
	Keyed     bool           `json:"keyed,omitempty"`
	Kinds     []dialect.Kind `json:"kinds,omitempty"` // empty: every kind
	Params    []Param        `json:"params,omitempty"`
	// Consistent says whether equal values come out equal: "always",
	// "with consistent: true", or "no".
	Consistent string `json:"consistent"`
	// Reversible strategies let someone who knows the parameters get the old value back.
	Reversible bool `json:"reversible,omitempty"`
	// Partial strategies leave parts of a text or document as they were.
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

// Strategies lists what there is, registered ones included, by name.
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

// fakerKnown is the version that go.mod names, for binaries without build
// information (a test binary has none of its dependencies).
const fakerKnown = "v7.18.1"

// FakerVersion is the version of gofakeit that is linked: another one can make
// other values of the same input, which is why a plan records it.
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

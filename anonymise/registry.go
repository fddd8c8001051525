package anonymise

import (
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/expungedb/expunge/dialect"
)

// builtin is the table of strategies: one line each.
var builtin map[string]definition

func init() {
	builtin = map[string]definition{}
	for _, d := range []definition{
		randomDefinition,
		nullDefinition,
		fixedDefinition,
		defaultDefinition,
		keepDefinition,
		fakeDefinition,
		pseudonymDefinition,
		maskDefinition,
		shiftDefinition,
		hashDefinition,
		noiseDefinition,
		generaliseDefinition,
		pickDefinition,
		sequenceDefinition,
		templateDefinition,
		jsonDefinition,
		arrayDefinition,
		scrubDefinition,
		cardDefinition,
		ibanDefinition,
	} {
		builtin[d.Name] = d
	}
}

// definition describes a built-in or registered strategy.
type definition struct {
	Description
	make func(params any, m Modifiers) (Strategy, error)
	// fills: Replace makes a value of NULL too.
	fills bool
	// consistent: the strategy draws only from Source.Rand, so that the modifier makes it
	// consistent.
	consistent bool
	// refuses lists the oddities of a column's values that Replace can't replace; nil: it replaces
	// every value.
	refuses func(c *dialect.Column) []dialect.Oddity
	// redraw: draw again where the replacement equals the old value.
	redraw bool
}

var (
	registerMu sync.RWMutex
	registered = map[string]definition{}
)

// Register adds a strategy under a name for policies. Modifiers apply to it as to built-in
// strategies: it keeps NULL unless the policy says `null: fill`, and `consistent` works if the
// strategy draws only from Source.Rand. Register panics where the name is taken or a modifier's. It
// is safe for concurrent use; call it before you parse policies.
func Register(name string, build func(params any) (Strategy, error)) {
	if name == "" || slices.Contains(modifierNames, name) {
		panic(fmt.Sprintf("anonymise: a strategy can't be named %q", name))
	}
	registerMu.Lock()
	defer registerMu.Unlock()
	if _, taken := builtin[name]; taken || registered[name].make != nil {
		panic(fmt.Sprintf("anonymise: there is a strategy %s already", name))
	}
	registered[name] = definition{
		Description: Description{Name: name, Doc: "registered by the application", Partial: true},
		make:        func(params any, _ Modifiers) (Strategy, error) { return build(params) },
		fills:       true,
		consistent:  true,
	}
}

// refusesNumbers lists the values without an arithmetic result.
func refusesNumbers(*dialect.Column) []dialect.Oddity {
	return []dialect.Oddity{dialect.NaN, dialect.Infinite, dialect.TooLarge, dialect.Misfit}
}

// RegisterFunc registers a strategy of one function without parameters, called for every value
// through the client. The function must be safe for concurrent use, return values in the column's
// canonical form, and not quote the old value in its error.
func RegisterFunc(name string, info Info, replace func(s *Source, old dialect.Value) (dialect.Value, error)) {
	Register(name, func(params any) (Strategy, error) {
		if err := readParams(name, params, "").done(); err != nil {
			return nil, err
		}
		return funcStrategy{info, replace}, nil
	})
}

type funcStrategy struct {
	info    Info
	replace func(s *Source, old dialect.Value) (dialect.Value, error)
}

func (f funcStrategy) Info() Info { return f.info }

func (f funcStrategy) Bind(Target) (Replacer, error) {
	return clientReplacer{class: f.info.Class, replace: f.replace}, nil
}

func lookUp(name string) (definition, bool) {
	if d, ok := builtin[name]; ok {
		return d, true
	}
	registerMu.RLock()
	defer registerMu.RUnlock()
	d, ok := registered[name]
	return d, ok
}

func strategyNames() []string {
	registerMu.RLock()
	defer registerMu.RUnlock()
	return slices.Sorted(slices.Values(slices.AppendSeq(slices.Collect(maps.Keys(builtin)), maps.Keys(registered))))
}

// New makes the strategy of a spec. An error about the spec is a *SpecError and names the unknown
// strategy, parameter or generator, or the modifier that the strategy can't have.
func New(s Spec) (Strategy, error) {
	if s.IsZero() {
		return nil, specErrorf(nil, "no strategy")
	}
	d, ok := lookUp(s.Name)
	if !ok {
		return nil, specErrorf([]string{s.Name}, "%s", unknownName("strategy", s.Name, strategyNames()))
	}
	s.Modifiers.Consistent = s.Modifiers.Consistent || s.Modifiers.Group != ""
	inner, err := d.make(s.Params, s.Modifiers)
	if err != nil {
		return nil, err
	}
	if err := d.allows(s.Modifiers, inner.Info().Keyed); err != nil {
		return nil, err
	}
	return modified{inner: inner, spec: s, definition: d}, nil
}

// allows checks the modifiers.
func (d definition) allows(m Modifiers, keyed bool) error {
	switch {
	case m.FillNull && !d.fills:
		return specErrorf([]string{"null"}, "%s makes nothing of NULL: leave `null: fill` out", d.Name)
	case m.Consistent && !d.consistent && !d.Keyed:
		return specErrorf([]string{"consistent"}, "%s can't be consistent: use pseudonym, or fake, random, pick or noise with this modifier", d.Name)
	case m.FillNull && m.Consistent:
		return specErrorf([]string{"null"}, "a consistent strategy would give all NULLs one value: leave `null: fill` out")
	case m.Fold != "" && !m.Consistent && !keyed:
		return specErrorf([]string{"fold"}, "only a consistent strategy folds: add `consistent: true`")
	case m.Fold != "" && m.Fold != "true" && m.Fold != "false":
		return specErrorf([]string{"fold"}, "true or false")
	case m.As != "" && m.As != "text":
		return specErrorf([]string{"as"}, "text")
	case m.Locale != "" && d.Name != "fake":
		return specErrorf([]string{"locale"}, "only fake has locales")
	}
	return nil
}

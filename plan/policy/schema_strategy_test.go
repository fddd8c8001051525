package policy

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/anonymise"
)

// strategyDefs is the schema's part about strategies.
type strategyDefs struct {
	StrategyName    struct{ Enum []string }
	StrategyMapping struct {
		Properties map[string]strategyDef
		OneOf      []struct{ Required []string }
	}
}

type strategyDef struct {
	Properties map[string]json.RawMessage
	AnyOf      []struct{ Properties map[string]json.RawMessage }
}

// params are the names of a strategy's parameters.
func (d strategyDef) params() []string {
	var out []string
	for _, properties := range append([]struct{ Properties map[string]json.RawMessage }{{d.Properties}}, d.AnyOf...) {
		for name := range properties.Properties {
			out = append(out, name)
		}
	}
	return sortedNames(out)
}

func schemaStrategies(t *testing.T) strategyDefs {
	t.Helper()
	var schema struct {
		Defs strategyDefs `json:"$defs"`
	}
	if err := json.Unmarshal(Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	return schema.Defs
}

// The schema has the strategies of the registry, each with its parameters.
func TestSchemaKnowsEveryStrategy(t *testing.T) {
	defs := schemaStrategies(t)
	var names, bare, chosen []string
	for _, s := range anonymise.Strategies() {
		names = append(names, s.Name)
		if _, err := anonymise.New(anonymise.Spec{Name: s.Name}); err == nil {
			bare = append(bare, s.Name)
		}
		var params []string
		for _, p := range s.Params {
			if !strings.HasPrefix(p.Name, "<") { // not a parameter, but its replacement
				params = append(params, strings.Split(p.Name, ", ")...)
			}
		}
		if d := cmp.Diff(sortedNames(params), defs.StrategyMapping.Properties[s.Name].params()); d != "" {
			t.Errorf("parameters of %s (-registry +schema):\n%s", s.Name, d)
		}
	}
	if d := cmp.Diff(bare, defs.StrategyName.Enum); d != "" {
		t.Errorf("strategies without parameters (-registry +schema):\n%s", d)
	}
	for _, one := range defs.StrategyMapping.OneOf {
		chosen = append(chosen, one.Required...)
	}
	if d := cmp.Diff(names, chosen); d != "" {
		t.Errorf("strategies (-registry +schema):\n%s", d)
	}
	var rest []string
	for name := range defs.StrategyMapping.Properties {
		if !slices.Contains(names, name) {
			rest = append(rest, name)
		}
	}
	if d := cmp.Diff([]string{"as", "consistent", "fold", "locale", "otherwise", "when"}, sortedNames(rest)); d != "" {
		t.Errorf("modifiers (-want +schema):\n%s", d)
	}
}

// Schema and registry accept the same, and refuse a mistyped name or parameter.
func TestSchemaAndRegistryAgreeOnStrategies(t *testing.T) {
	schema := compiledSchema(t)
	for strategy, good := range map[string]bool{
		"random": true, "randm": false, "fake": false, "{fake: email}": true, "{fak: email}": false, "{fake: {number: {min: 1, max: 9}}}": true, "{fake: {}}": false,
		"{mask: {first: 1, last: 2, with: x}}": true, "{mask: {frist: 1}}": false, "{mask: {first: -1}}": false, "{mask: 3}": false, "mask: ": false,
		"{shift: 30}": true, "{shift: {days: 1, hours: -2}}": true, "{shift: {day: 1}}": false, "{shift: {within: 30, by: tenant}}": true, "{shift: [1]}": false,
		"{noise: 0.1}": true, "{noise: {absolute: 5}}": true, "{noise: {factor: 5}}": false, "{generalise: month}": true, "{generalise: week}": false,
		"{generalise: {step: 10}}": true, "{generalise: {step: 0}}": false, "{hash: hex}": true, "{hash: md5}": false, "{hash: {length: 12}}": true,
		"{json: {paths: {\"contact.email\": {fake: email}}, others: keep}}": true, "{json: {others: forget}}": false, "{json: {path: {}}}": false,
		"{json: {paths: {email: randm}, others: keep}}": false, "{array: {fake: email}}": true, "{array: fack}": false,
		"{pick: [a, b]}": true, "{pick: []}": false, "{pick: {from: [a, b], weights: [1, 2]}}": true, "{pick: {values: [a]}}": false,
		"pseudonym": true, "{pseudonym: email}": true, "{pseudonym: mail}": false, "{pseudonym: {as: token, length: 12}}": true, "{pseudonym: {lenght: 12}}": false,
		"{random: {min: 1, max: 9}}": true, "{random: {minimum: 1}}": false, "{scrub: {patterns: [email]}}": true, "{scrub: {patterns: [mail]}}": false,
		"{sequence: user-}": true, "{sequence: {by: id}}": true, "{sequence: {from: 1}}": false, "{template: 'user-{{seq}}'}": true, "{template: {txt: x}}": false,
		"null": true, "~": true, "{\"null\": , when: a > 1}": true, "{random: , \"null\": fill}": true, "{random: , \"null\": maybe}": false,
		"{fake: email, locale: en, consistent: true}": true, "{random: , lokale: de}": false, "{random: , mask: }": false, "{locale: de}": false,
		"{fixed: x}": true, "{fixed: {value: 1}}": true, "{fixed: {}}": false, "{fixed: {valu: 1}}": false, "{card: }": true, "{card: 4}": false, "iban": true, "keep": true, "default": true,
	} {
		text := "version: 1\ndatabase: d\ntables: {t: {columns: {c: {pii: other, overwrite: " + strategy + "}}}}\n"
		if err := validate(t, schema, []byte(text)); (err == nil) != good {
			t.Errorf("%s: the schema says %v, want it taken: %t", strategy, err, good)
		}
		p, err := Parse(strings.NewReader(text))
		if err == nil {
			_, err = anonymise.New(*p.Tables[0].Columns[0].Overwrite)
		}
		if (err == nil) != good {
			t.Errorf("%s: the registry says %v, want it taken: %t", strategy, err, good)
		}
	}
}

// An application's own strategy is in the schema too, with any parameters.
func TestSchemaHasRegisteredStrategies(t *testing.T) {
	schema := compiled(t, schemaWith(append(anonymise.Strategies(), anonymise.Description{Name: "shout", Doc: "registered by the application"})))
	for _, strategy := range []string{"shout", "{shout: {loud: true}, when: a > 1}"} {
		if err := validate(t, schema, []byte("version: 1\ndatabase: d\ntables: {t: {columns: {c: {pii: other, overwrite: "+strategy+"}}}}\n")); err != nil {
			t.Errorf("%s: %v", strategy, err)
		}
	}
}

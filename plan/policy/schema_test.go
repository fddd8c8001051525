package policy

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

func compiledSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	return compiled(t, Schema())
}

func compiled(t *testing.T, text []byte) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("policy.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	return c.MustCompile("policy.schema.json")
}

// validate checks a policy's text against the schema, as an editor does.
func validate(t *testing.T, schema *jsonschema.Schema, text []byte) error {
	t.Helper()
	var v any
	if err := yaml.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	doc, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(instance)
}

func TestSchemaTakesTheSamplePolicies(t *testing.T) {
	schema := compiledSchema(t)
	examples, err := filepath.Glob("../../examples/policies/*.yaml")
	if err != nil || len(examples) == 0 {
		t.Fatalf("no example policies: %v", err)
	}
	for _, file := range slices.Concat(policyFiles(t, "good"), policyFiles(t, "format"), examples) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := validate(t, schema, text); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestSchemaRefusesADraft(t *testing.T) {
	text, err := Draft(draftSchema()).YAML()
	if err != nil {
		t.Fatal(err)
	}
	if validate(t, compiledSchema(t), text) == nil {
		t.Error("the schema takes a draft")
	}
}

// The parser and the schema have the same mappings with the same keys.
func TestSchemaHasTheKeysOfTheParser(t *testing.T) {
	type object struct {
		Required             []string
		Properties           map[string]json.RawMessage
		AdditionalProperties any
		AnyOf                []object
	}
	var schema struct {
		Defs map[string]object `json:"$defs"`
	}
	if err := json.Unmarshal(Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	shapes := map[string]shape{
		"policy": policyShape, "subject": subjectShape, "table": tableShape, "hold": holdShape, "column": columnShape,
		"retention": retentionShape, "lookup": lookupShape, "backup": backupShape, "replica": replicaShape, "recipient": recipientShape, "due": dueShape,
	}
	for name, s := range shapes {
		def := schema.Defs[name]
		for _, alternative := range def.AnyOf {
			if alternative.Properties != nil {
				def = alternative
			}
		}
		var keys []string
		for key := range def.Properties {
			keys = append(keys, key)
		}
		if diff := cmp.Diff(sortedNames(s.keyNames()), sortedNames(keys)); diff != "" {
			t.Errorf("keys of %s (-parser +schema):\n%s", name, diff)
		}
		if diff := cmp.Diff(sortedNames(s.required), sortedNames(def.Required)); diff != "" {
			t.Errorf("required keys of %s (-parser +schema):\n%s", name, diff)
		}
		if def.AdditionalProperties != false {
			t.Errorf("the schema takes any key in %s", name)
		}
	}
	for name, def := range schema.Defs {
		if _, known := shapes[name]; !known && name != "strategyMapping" && def.AdditionalProperties == false {
			t.Errorf("the schema has a mapping %s that this test does not know", name)
		}
	}
}

func TestSchemaHasTheCategoriesOfTheParser(t *testing.T) {
	var schema struct {
		Defs struct{ Category struct{ Enum []string } } `json:"$defs"`
	}
	if err := json.Unmarshal(Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(categoryNames(), schema.Defs.Category.Enum); diff != "" {
		t.Errorf("categories (-parser +schema):\n%s", diff)
	}
}

// Each case is one line in an otherwise good policy.
func TestSchemaAndParserAgree(t *testing.T) {
	const table = "tables: {t: {columns: {c: {pii: name, overwrite: random}}}}"
	in := func(table string) string { return "tables: {t: " + table + "}" }
	column := func(column string) string { return in("{columns: {c: " + column + "}}") }
	hold := func(hold string) string { return in("{erase: keep, hold: " + hold + "}") }
	schema := compiledSchema(t)
	for _, tt := range []struct {
		good  bool
		lines string
	}{
		{true, table},
		{false, ""},
		{false, "tables: {}"},
		{false, "tables: []"},
		{false, table + "\nnotes: x"},
		{true, table + "\ncontroller: x"},
		{false, table + "\ncontroller: ' '"},
		{false, table + "\ncontroller: 5"},
		{false, table + "\nprocessor: [x]"},
		{true, table + "\nsubject: {table: t}"},
		{true, table + "\nsubject: {table: t, key: id, identifiers: [email]}"},
		{true, table + "\nsubject: {table: t, key: [a, b]}"},
		{false, table + "\nsubject: {table: t, key: [a, a]}"},
		{false, table + "\nsubject: {table: t, key: []}"},
		{false, table + "\nsubject: {table: t, identifiers: email}"},
		{false, table + "\nsubject: {key: id}"},
		{false, table + "\nsubject: {table: undecided}"},
		{false, table + "\nsubject: t"},
		{true, table + "\nsubjects: {user: {table: t, identifiers: [email]}, tenant: {table: u}}"},
		{true, table + "\nsubjects: {user: {table: t}}"},
		{false, table + "\nsubjects: {}"},
		{false, table + "\nsubjects: [t]"},
		{false, table + "\nsubjects: {user: {key: id}}"},
		{false, table + "\nsubjects: {user: {table: undecided}}"},
		{false, table + "\nsubject: {table: t}\nsubjects: {user: {table: u}}"},
		{false, in("{}")},
		{false, in("none")},
		{true, in("{pii: none}")},
		{true, in("{pii: none, because: x}")},
		{false, in("{pii: contact}")},
		{false, in("{pii: undecided}")},
		{true, in("{pii: none, erase: delete}")},
		{true, in("{pii: none, via: {a: delete, b: detach}, everything: delete, unlinked: why}")},
		{false, in("{pii: none, erase: overwrite}")},
		{false, in("{pii: none, via: {a: overwrite}}")},
		{false, in("{pii: none, none: [a]}")},
		{true, in("{none: [a, b]}")},
		{true, in("{none: [a, b], columns: {c: name}}")},
		{false, in("{none: []}")},
		{false, in("{none: [a, a]}")},
		{false, in("{none: a}")},
		{true, table + "\nnothing personal: [a, b]"},
		{false, table + "\nnothing personal: []"},
		{false, table + "\nnothing personal: {a: x}"},
		{false, in("{erase: delete, because: x}")},
		{true, in("{erase: delete}")},
		{true, in("{erase: overwrite}")},
		{true, in("{erase: keep}")},
		{false, in("{erase: detach}")},
		{false, in("{erase: drop}")},
		{true, in("{erase: delete, everything: delete}")},
		{false, in("{everything: overwrite}")},
		{true, in("{via: {a: delete, 'b, c': detach, d: keep, e: overwrite}}")},
		{false, in("{via: {a: cascade}}")},
		{false, in("{via: [a]}")},
		{true, hold("{because: x}")},
		{true, hold("{because: x, basis: y, until: d + 6y, keep: [a], where: a = 1}")},
		{false, hold("{basis: y}")},
		{false, hold("{because: x, keep: []}")},
		{false, hold("{because: x, keep: a}")},
		{false, hold("{because: x, reason: y}")},
		{false, hold("x")},
		{true, column("none")},
		{true, column("contact")},
		{false, column("undecided")},
		{false, column("random")},
		{false, column("null")},
		{false, column("{}")},
		{false, column("{overwrite: random}")},
		{false, column("{pii: contakt}")},
		{false, column("{pii: name, mask: 1}")},
		{false, in("{columns: {}}")},
		{true, column("{pii: name, overwrite: null}")},
		{true, column("{pii: name, overwrite: {fake: email}}")},
		{true, column("{pii: name, overwrite: {mask: {first: 1}, when: a = 1, 'null': fill, consistent: true, fold: false, locale: de}}")},
		{false, column("{pii: name, overwrite: ''}")},
		{false, column("{pii: name, overwrite: 7}")},
		{false, column("{pii: name, overwrite: [random]}")},
		{false, column("{pii: name, overwrite: {}}")},
		{false, column("{pii: name, overwrite: {fake: name, fold: maybe}}")},
		{false, column("{pii: name, overwrite: {fake: name, locale: 3}}")},
		{true, table + "\nlinks: [a(b) -> c]\nowns: [a(b) -> c]"},
		{false, table + "\nlinks: a(b) -> c"},
		{false, table + "\nlinks: [a(b)]"},
		{false, table + "\nowns: [3]"},
		{true, table + "\nretention: [{table: t, by: c, older_than: 90d, erase: overwrite}]"},
		{false, table + "\nretention: [{table: t, by: c, older_than: 90d, erase: keep}]"},
		{false, table + "\nretention: [{table: t, by: c, older_than: 90, erase: delete}]"},
		{false, table + "\nretention: [{table: t, older_than: 90d, erase: delete}]"},
		{true, table + "\nbackups: [{name: n, kept: 1 year 2 weeks}]"},
		{false, table + "\nbackups: [{name: n, kept: 3m}]"},
		{false, table + "\nbackups: [{kept: 14d}]"},
		{true, table + "\nreplicas: [{name: n}]"},
		{false, table + "\nreplicas: [n]"},
		{true, table + "\nrecipients: [{name: n, category: c}, {name: m}]"},
		{false, table + "\nrecipients: [{category: c}]"},
		{true, table + "\ndue: {within: 1 month}"},
		{false, table + "\ndue: {extension: 1 month}"},
		{false, table + "\ndue: 1 month"},
	} {
		t.Run(tt.lines, func(t *testing.T) {
			text := "version: 1\ndatabase: d\n" + tt.lines + "\n"
			if _, err := Parse(strings.NewReader(text)); (err == nil) != tt.good {
				t.Errorf("the parser says %v", err)
			}
			if err := validate(t, schema, []byte(text)); (err == nil) != tt.good {
				t.Errorf("the schema says %v", err)
			}
		})
	}
}

func TestSchemaIsTheCallersToChange(t *testing.T) {
	clear(Schema())
	if !slices.Contains(Schema(), '{') {
		t.Error("a caller's change is seen by the next")
	}
}

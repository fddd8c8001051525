package policy

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"slices"

	"github.com/expungedb/expunge/anonymise"
)

// SchemaComment is the line for an editor to check and complete a policy by: it names the schema's
// file, beside the policy.
const SchemaComment = "yaml-language-server: $schema=policy.schema.json"

//go:embed policy.schema.json
var policySchema []byte

// Schema returns the JSON Schema (2020-12) of the policy file, for editors and other tools. It is
// as strict as Parse on keys and words, and knows every strategy with its parameters, the
// application's included. Only Parse and plan.Check fully know the small languages inside texts
// (links, conditions). The caller may change the slice.
func Schema() []byte { return schemaWith(anonymise.Strategies()) }

// schemaWith is the schema with the strategies missing from it.
func schemaWith(strategies []anonymise.Description) []byte {
	var schema map[string]any
	if err := json.Unmarshal(policySchema, &schema); err != nil {
		panic("policy: the schema is JSON: " + err.Error())
	}
	if !addStrategies(schema["$defs"].(map[string]any), strategies) {
		return bytes.Clone(policySchema)
	}
	out, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		panic("policy: the schema is JSON: " + err.Error())
	}
	return append(out, '\n')
}

// addStrategies adds the unknown strategies, registered by an application; it returns false if
// there are none.
func addStrategies(defs map[string]any, strategies []anonymise.Description) bool {
	names, mapping := defs["strategyName"].(map[string]any), defs["strategyMapping"].(map[string]any)
	properties, added := mapping["properties"].(map[string]any), false
	for _, s := range strategies {
		if properties[s.Name] != nil {
			continue
		}
		added = true
		properties[s.Name] = map[string]any{"description": s.Doc}
		names["enum"] = append(slices.Clip(names["enum"].([]any)), s.Name)
		mapping["oneOf"] = append(slices.Clip(mapping["oneOf"].([]any)), map[string]any{"required": []string{s.Name}})
	}
	return added
}

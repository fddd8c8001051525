package plan

import (
	"bytes"
	_ "embed"
)

//go:embed policy.schema.json
var policySchema []byte

// PolicySchema returns the JSON Schema (2020-12) of the policy file, for
// editors and other tools. It is as strict as ParsePolicy on keys and words; the
// small languages inside texts (links, conditions, strategies' parameters) only
// ParsePolicy and Check know whole. The caller may change the slice.
func PolicySchema() []byte { return bytes.Clone(policySchema) }

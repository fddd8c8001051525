package policy

import (
	"bytes"
	_ "embed"
)

//go:embed policy.schema.json
var policySchema []byte

// Schema returns the JSON Schema (2020-12) of the policy file, for
// editors and other tools. It is as strict as Parse on keys and words; the
// small languages inside texts (links, conditions, strategies' parameters) only
// Parse and Check know whole. The caller may change the slice.
func Schema() []byte { return bytes.Clone(policySchema) }

package receipt

import (
	"bytes"
	_ "embed"
)

//go:embed schema.json
var schema []byte

// Schema returns the JSON Schema (draft 2020-12) of the statement within a receipt's envelope.
// Validate checks the properties that a schema can't express, sums and the subject's digest.
func Schema() []byte { return bytes.Clone(schema) }

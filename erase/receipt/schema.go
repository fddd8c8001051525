package receipt

import (
	"bytes"
	_ "embed"
)

//go:embed schema.json
var schema []byte

// Schema returns the JSON Schema (draft 2020-12) of the statement within a
// receipt's envelope. What it can't say, sums and the subject's digest, Validate
// checks.
func Schema() []byte { return bytes.Clone(schema) }

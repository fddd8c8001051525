// Package policy is the file format of a policy: the personal data in a database, and what must
// happen to it.
//
// [Parse] reads a file and lists every mistake with its line and column. [Policy.YAML] writes a
// policy as a file, [Draft] makes a first one from a schema, [Diff] lists what a schema has and the
// policy doesn't know yet, and [Schema] is the JSON Schema for editors.
//
// The package checks the file alone. Package plan checks its names against a schema, and whether it
// covers the schema. [Policy.Digest] is over the meaning of a policy: layout, comments and order
// don't count.
package policy

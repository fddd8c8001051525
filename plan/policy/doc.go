// Package policy is the policy's file format: what a database holds about people, and what
// must happen to it.
//
// [Parse] reads a file and lists every mistake with its line and column. [Policy.YAML] writes a policy as a
// file, [Draft] makes a first one from a schema, [Diff] says what a schema has that the policy
// doesn't know yet, and [Schema] is the JSON Schema for editors.
//
// The package looks at the file alone. Whether the names are in a schema, and whether the policy covers it, package plan decides.
// [Policy.Digest] is of what the policy says: neither layout, comments nor order count.
package policy

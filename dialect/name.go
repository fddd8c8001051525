package dialect

import "strings"

// Name names a table or view as the catalogue spells it, case kept. Schema is empty on an engine
// without schemas (SQLite). On MySQL and MariaDB it is empty for the tables of the connected
// database, so that a plan fits a copy under another name, and the database's name for tables of
// other databases. The zero Name names nothing.
type Name struct {
	Schema string `json:"schema,omitempty"`
	Table  string `json:"table"`
}

// String is the name for people: schema.table, or the bare table where there is no schema. It is
// never used in SQL: dialects quote both parts.
func (n Name) String() string {
	if n.Schema == "" {
		return n.Table
	}
	return n.Schema + "." + n.Table
}

// Compare orders names by schema, then by table, bytewise.
func (n Name) Compare(o Name) int {
	if c := strings.Compare(n.Schema, o.Schema); c != 0 {
		return c
	}
	return strings.Compare(n.Table, o.Table)
}

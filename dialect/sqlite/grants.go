package sqlite

import "github.com/expungedb/expunge/dialect"

// Grants is empty: SQLite has no privileges.
func (db *DB) Grants([]dialect.Access, []*dialect.Table, string) []string { return nil }

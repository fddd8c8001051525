package sqlserver

import "github.com/expungedb/expunge/dialect"

// Oddities are none. No type has a value that isn't one of its kind.
func (db *DB) Oddities(*dialect.Column) []dialect.Oddity { return nil }

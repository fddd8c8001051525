package sqlserver

import "github.com/expungedb/expunge/dialect"

// Oddities lists none: every value of a type is of its kind.
func (db *DB) Oddities(*dialect.Column) []dialect.Oddity { return nil }

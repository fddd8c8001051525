package sqlite

import (
	"context"

	"github.com/expungedb/expunge/dialect"
)

// Grants returns none: SQLite has no privileges.
func (db *DB) Grants(context.Context, dialect.Grant) ([]string, error) { return nil, nil }

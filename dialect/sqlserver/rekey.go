package sqlserver

import (
	"context"

	"github.com/expungedb/expunge/dialect"
)

// Rekey can't be: SQL Server checks foreign keys after each statement, and one changes one table.
// https://learn.microsoft.com/sql/relational-databases/tables/primary-and-foreign-key-constraints
func (t *tx) Rekey(_ context.Context, updates []dialect.BulkUpdate) ([]int64, error) {
	if len(updates) == 0 {
		return nil, nil
	}
	e := dialect.NewError(dialect.Fatal, "", "overwrite", updates[len(updates)-1].Table, nil)
	e.Detail = "foreign keys can't be deferred: declare them ON UPDATE CASCADE"
	return nil, e
}

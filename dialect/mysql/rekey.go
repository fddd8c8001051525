package mysql

import (
	"context"

	"github.com/expungedb/expunge/dialect"
)

// Rekey can't be: InnoDB checks foreign keys row by row, and has nothing that defers it.
// https://dev.mysql.com/doc/refman/8.4/en/ansi-diff-foreign-keys.html
func (t *tx) Rekey(_ context.Context, updates []dialect.BulkUpdate) ([]int64, error) {
	if len(updates) == 0 {
		return nil, nil
	}
	e := dialect.NewError(dialect.Fatal, "", "overwrite", updates[len(updates)-1].Table, nil)
	e.Detail = "foreign keys can't be deferred: declare them ON UPDATE CASCADE"
	return nil, e
}

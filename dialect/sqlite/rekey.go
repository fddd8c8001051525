package sqlite

import (
	"context"

	"github.com/expungedb/expunge/dialect"
)

// Rekey carries the updates out one by one, with every foreign key deferred. ON
// UPDATE RESTRICT and CASCADE can't be, and find no row that refers to the old values
// any more, since the rows referred to change last. What is still broken when the
// transaction commits fails that.
//
// The keys stay deferred to the transaction's end, when that is over by itself:
// switching it off forgets what was broken meanwhile.
// https://www.sqlite.org/pragma.html#pragma_defer_foreign_keys
func (t *tx) Rekey(ctx context.Context, updates []dialect.BulkUpdate) ([]int64, error) {
	if err := writePragma(ctx, t.conn, "defer_foreign_keys", 1); err != nil {
		return nil, failed(ctx, "overwrite", dialect.Name{}, err)
	}
	out := make([]int64, len(updates))
	for i, u := range updates {
		var err error
		if out[i], err = t.BulkUpdate(ctx, u); err != nil {
			return nil, err
		}
	}
	return out, nil
}

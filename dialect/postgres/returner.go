package postgres

import (
	"context"
	"iter"

	"github.com/expungedb/expunge/dialect"
)

// DeleteReturning implements dialect.Returner.
func (db *DB) DeleteReturning(ctx context.Context, in dialect.Tx, d dialect.Delete, columns []string) iter.Seq2[dialect.Row, error] {
	t := in.(*tx)
	st, read, err := t.newBuilder(ctx).renderDelete(d, columns)
	return t.decodedRows(ctx, "delete from", st, read, err)
}

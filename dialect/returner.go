package dialect

import (
	"context"
	"iter"
)

// Returner is a DB that returns the rows of a delete.
type Returner interface {
	// DeleteReturning deletes as Writer.Delete does, in a transaction of this DB, and yields the
	// values of the columns for each deleted row, in no order. It deletes the rows also where the
	// loop ends early.
	DeleteReturning(ctx context.Context, tx Tx, d Delete, columns []string) iter.Seq2[Row, error]
}

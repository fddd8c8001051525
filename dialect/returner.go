package dialect

import (
	"context"
	"iter"
)

// Returner is a Tx whose engine tells which rows a statement deleted.
type Returner interface {
	// DeleteReturning deletes as Delete does, and yields the values of the columns
	// for each row that goes, in no order. The rows go also where the loop ends early.
	DeleteReturning(ctx context.Context, d Delete, columns []string) iter.Seq2[Row, error]
}

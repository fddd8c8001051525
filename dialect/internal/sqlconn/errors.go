package sqlconn

import (
	"context"
	"errors"

	"github.com/expungedb/expunge/dialect"
)

// Settled returns the error of a statement where no engine has to classify it, else nil: it is
// already the dialect's, or its context has ended. When a context ends, a driver closes the
// connection or interrupts the statement, and may report that instead.
func Settled(ctx context.Context, err error, doing string, table dialect.Name) error {
	if e, ok := errors.AsType[*dialect.Error](err); ok {
		return e
	}
	if end := ctx.Err(); end != nil {
		return dialect.NewError(dialect.Cancelled, "", doing, table, end)
	}
	return nil
}

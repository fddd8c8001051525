// Package transaction runs a function in one transaction of a database.
package transaction

import (
	"context"
	"errors"

	"github.com/expungedb/expunge/dialect"
)

// Run begins a transaction, hands it to do and commits it.
func Run(ctx context.Context, db dialect.DB, o dialect.TxOptions, do func(tx dialect.Tx) error) error {
	tx, err := db.Begin(ctx, o)
	if err != nil {
		return err
	}
	err = do(tx)
	if err == nil && !o.ReadOnly {
		err = tx.Commit(ctx)
	}
	// A commit that failed may have left the transaction open: the connection is given back in any case.
	return errors.Join(err, IgnoreLost(tx.Rollback(ctx)))
}

// Read begins a read-only transaction and hands it to do.
func Read(ctx context.Context, db dialect.DB, do func(tx dialect.Reader) error) error {
	return Run(ctx, db, dialect.TxOptions{ReadOnly: true}, func(tx dialect.Tx) error { return do(tx) })
}

// IgnoreLost drops the error of a rollback on a lost connection: the server has rolled back.
func IgnoreLost(err error) error {
	if dialect.ClassOf(err) == dialect.LostConnection {
		return nil
	}
	return err
}

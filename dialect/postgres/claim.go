package postgres

import (
	"context"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/claimlimit"
)

// Claim acquires an advisory lock, keyed by the name's 64-bit hash in the key space of
// hashtextextended('expunge ' || name, 0), within this database. A transaction without other
// statements holds it, on its own connection. PgBouncer in transaction mode would lose a session's
// lock, and a transaction without a snapshot doesn't delay vacuum. The server releases the lock
// when the connection ends; release then returns an error: the connection, and with it the claim,
// was lost.
func (db *DB) Claim(ctx context.Context, name string) (func() error, error) {
	pool := claimlimit.Pool{Of: db.pool, Connections: int(db.pool.Config().MaxConns), Setting: "MaxConns"}
	return claimlimit.Claim(ctx, pool, func() (func() error, error) { return db.tryClaim(ctx, name) })
}

// tryClaim acquires the claim, or returns dialect.ErrClaimed.
func (db *DB) tryClaim(ctx context.Context, name string) (func() error, error) {
	t, err := db.beginCatalogue(ctx, dialect.TxOptions{})
	if err != nil {
		return nil, err
	}
	t.doing = "claim"
	if err := t.runScript(ctx, "claim", "SET LOCAL idle_in_transaction_session_timeout = 0"); err != nil {
		return nil, errorOr(err, t.Rollback(ctx))
	}
	// transaction_timeout is new in 17; this query is no error before.
	const off = "SELECT set_config('transaction_timeout', '0', true) WHERE current_setting('transaction_timeout', true) IS NOT NULL"
	if _, err := t.oneRow(ctx, statement{sql: off}); err != nil {
		return nil, errorOr(err, t.Rollback(ctx))
	}
	n, err := t.oneNumber(ctx, statement{
		sql:  "SELECT pg_try_advisory_xact_lock(hashtextextended('expunge ' || $1::text, 0))::int",
		args: [][]byte{[]byte(name)},
	})
	switch {
	case err != nil:
		return nil, errorOr(err, t.Rollback(ctx))
	case n != 1:
		return nil, errorOr(dialect.ErrClaimed, t.Rollback(ctx))
	}
	return func() error {
		if t.conn == nil {
			return nil // already released
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		return t.Commit(ctx)
	}, nil
}

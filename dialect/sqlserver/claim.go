package sqlserver

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"sync"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/alive"
	"github.com/expungedb/expunge/dialect/internal/spare"
)

// Claim takes an application lock of the session, within this database, on a
// connection that the claim keeps, so that the server gives it up when the
// process dies. A lock's name may have 255 characters, so that what is locked is a
// hash of the name. It has the database's before it for Babelfish, on which all
// databases share their locks.
// https://learn.microsoft.com/sql/relational-databases/system-stored-procedures/sp-getapplock-transact-sql
func (d *DB) Claim(ctx context.Context, name string) (func() error, error) {
	const doing = "claim"
	if d.pool.Stats().MaxOpenConnections == 1 {
		e := dialect.NewError(dialect.Fatal, "", doing, dialect.Name{}, nil)
		e.Detail = "a claim takes a connection for itself: the pool's MaxOpenConns has to be 2 at least"
		return nil, e
	}
	return spare.Claim(ctx, d.pool, d.pool.Stats().MaxOpenConnections, func() (func() error, error) { return d.tryClaim(ctx, name) })
}

// tryClaim makes the claim.
func (d *DB) tryClaim(ctx context.Context, name string) (func() error, error) {
	const doing = "claim"
	conn, _, err := d.openSession(ctx, doing, nil)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(name))
	const lock = `DECLARE @got int, @name nvarchar(255) = DB_NAME() + N' ' + @p1;
EXEC @got = sp_getapplock @Resource = @name, @LockMode = 'Exclusive', @LockOwner = 'Session', @LockTimeout = 0;
SELECT @got`
	rows, err := queryAll(ctx, conn, lock, "expunge-"+hex.EncodeToString(sum[:]))
	switch {
	case err != nil || len(rows) == 0:
		discardConn(conn)
		return nil, engineError(ctx, err, doing, dialect.Name{})
	case rows[0][0] != "0" && rows[0][0] != "1":
		discardConn(conn)
		return nil, dialect.ErrClaimed
	}
	stop := alive.Keep(conn)
	return sync.OnceValue(func() error {
		stop()
		discardConn(conn) // without the session the lock is gone too
		return nil
	}), nil
}

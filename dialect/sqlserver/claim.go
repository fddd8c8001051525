package sqlserver

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"sync"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/claimlimit"
	"github.com/expungedb/expunge/dialect/internal/sqlconn"
)

// Claim takes an application lock of the session, within this database, on a
// connection that the claim keeps, so that the server gives it up when the
// process dies. A lock's name may have 255 characters, so that what is locked is a
// hash of the name. It has the database's before it for Babelfish, on which all
// databases share their locks.
// https://learn.microsoft.com/sql/relational-databases/system-stored-procedures/sp-getapplock-transact-sql
func (d *DB) Claim(ctx context.Context, name string) (func() error, error) {
	pool := claimlimit.Pool{Of: d.pool, Connections: d.pool.Stats().MaxOpenConnections, Setting: "MaxOpenConns"}
	return claimlimit.Claim(ctx, pool, func() (func() error, error) { return d.tryClaim(ctx, name) })
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
		sqlconn.Discard(conn)
		return nil, engineError(ctx, err, doing, dialect.Name{})
	case rows[0][0] != "0" && rows[0][0] != "1":
		sqlconn.Discard(conn)
		return nil, dialect.ErrClaimed
	}
	stop := sqlconn.KeepAlive(conn)
	return sync.OnceValue(func() error {
		stop()
		sqlconn.Discard(conn) // without the session the lock is gone too
		return nil
	}), nil
}

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

// Claim acquires an application lock of the session, within this database, on a connection kept by
// the claim. So the server releases the lock when the process dies. A lock's name has at most 255
// characters: it contains a hash of the claim's name. The database's name precedes it for
// Babelfish, where all databases share their locks.
// https://learn.microsoft.com/sql/relational-databases/system-stored-procedures/sp-getapplock-transact-sql
func (d *DB) Claim(ctx context.Context, name string) (func() error, error) {
	pool := claimlimit.Pool{Of: d.pool, Connections: d.pool.Stats().MaxOpenConnections, Setting: "MaxOpenConns"}
	return claimlimit.Claim(ctx, pool, func() (func() error, error) { return d.tryClaim(ctx, name) })
}

// tryClaim acquires the claim, or returns dialect.ErrClaimed.
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
		sqlconn.Discard(conn) // the lock ends with the session
		return nil
	}), nil
}

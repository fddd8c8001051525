package mysql

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"sync"
	"time"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/claimlimit"
	"github.com/expungedb/expunge/dialect/internal/sqlconn"
)

// Claim implements dialect.DB with GET_LOCK on a connection kept by the claim, so the server
// releases the lock when the process dies. A lock's name is valid on the whole server, and has at
// most 64 characters: it is a hash of database and claim.
func (d *DB) Claim(ctx context.Context, name string) (func() error, error) {
	pool := claimlimit.Pool{Of: d.pool, Connections: d.pool.Stats().MaxOpenConnections, Setting: "MaxOpenConns"}
	return claimlimit.Claim(ctx, pool, func() (func() error, error) { return d.tryClaim(ctx, name) })
}

// tryClaim acquires the claim, or returns dialect.ErrClaimed.
func (d *DB) tryClaim(ctx context.Context, name string) (func() error, error) {
	const doing = "claim"
	// The server's maximum: the connection is idle as long as the claim is held, and a server may
	// close idle ones within a minute.
	s, err := d.openSession(ctx, doing, variable{"wait_timeout", "2147483"})
	if err != nil {
		return nil, err
	}
	conn := s.conn
	got, err := s.getLock(ctx, name, 0)
	if err != nil || !got {
		s.closeSession(err == nil)
		if err == nil {
			return nil, dialect.ErrClaimed
		}
		return nil, engineError(ctx, err, doing, dialect.Name{})
	}
	stop := sqlconn.KeepAlive(conn)
	return sync.OnceValue(func() error {
		stop()
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		// A failed connection is closed, and so loses its lock.
		_, err := conn.ExecContext(ctx, "DO RELEASE_ALL_LOCKS()")
		s.closeSession(err == nil)
		return nil
	}), nil
}

// lockName is the server's name for a lock of the database.
func (s *session) lockName(name string) string {
	sum := sha256.Sum256([]byte(s.database + "\x00" + name))
	return "expunge-" + hex.EncodeToString(sum[:24])
}

// getLock waits for the lock of that name, for whole seconds.
func (s *session) getLock(ctx context.Context, name string, wait time.Duration) (bool, error) {
	var got sql.NullInt64 // NULL where the server ran out of memory, or the session was killed
	err := s.conn.QueryRowContext(ctx, "SELECT GET_LOCK(?, ?)", s.lockName(name), int(wait.Seconds())).Scan(&got)
	return got.Int64 == 1, err
}

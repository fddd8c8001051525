// Package sqlconn holds what the engines over database/sql share: opening a connection with its
// settings, small queries, and keeping an idle connection alive. It links no driver and knows no
// engine.
package sqlconn

import (
	"context"
	"database/sql"
	"database/sql/driver"

	"github.com/expungedb/expunge/dialect"
)

// attempts is how many connections Open tries.
const attempts = 4

// Open takes a connection from the pool, and prepare makes its settings. The pool may hold
// connections that a restarted server has forgotten: Open discards those and tries others. classify
// converts an error to the dialect's, nil to nil.
func Open(ctx context.Context, pool *sql.DB, classify func(error) error, prepare func(*sql.Conn) error) (*sql.Conn, error) {
	for attempt := 1; ; attempt++ {
		conn, err := pool.Conn(ctx)
		if err != nil {
			return nil, classify(err)
		}
		if err = classify(prepare(conn)); err == nil {
			return conn, nil
		}
		Discard(conn)
		if dialect.ClassOf(err) != dialect.LostConnection || attempt == attempts {
			return nil, err
		}
	}
}

// Discard closes a connection: the pool opens another one.
func Discard(c *sql.Conn) {
	_ = c.Raw(func(any) error { return driver.ErrBadConn })
	_ = c.Close() // the error says only that it is closed already
}

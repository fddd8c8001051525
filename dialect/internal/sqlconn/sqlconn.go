// Package sqlconn holds what the engines over database/sql share: taking a connection and making its
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

// Open takes a connection from the pool and has prepare make its settings. The pool may hold
// connections that a restarted server has forgotten: Open discards those and tries others. classify
// makes the dialect's error of one, nil of nil.
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

// Discard closes a connection: the pool makes another one.
func Discard(c *sql.Conn) {
	_ = c.Raw(func(any) error { return driver.ErrBadConn })
	_ = c.Close() // which says that it is closed already
}

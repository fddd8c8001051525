// Package sqlite is the SQLite dialect (3.41 or newer). It works with any
// database/sql driver and imports none.
//
// # One writer
//
// SQLite has one writer per database file. Writing transactions of one [DB]
// queue for it in turn, each takes one connection of the pool from Begin to its
// end, and starts with BEGIN IMMEDIATE, so that a transaction never finds
// half-way that another one writes. A pool of one connection works (and is
// what an in-memory database needs); Inspect, Check and Identity then wait for
// an open transaction, so don't call them inside of one.
//
// # Pragmas
//
// A transaction's connection has foreign_keys and secure_delete on,
// busy_timeout from TxOptions.LockTimeout and query_only as TxOptions.ReadOnly says. A writing
// one's cache_size is raised to 64 MiB of pages where it is less: memory that is taken as pages
// are needed (twice as much by modernc.org/sqlite, whose allocator rounds up to powers of two),
// and given back with the transaction's end. Each is read before it is set and read back
// afterwards (a build without foreign keys ignores the pragma in silence), and put back before the
// connection returns to the pool. A connection on which that fails is closed instead.
//
// # Values
//
// SQLite stores any class of value in any column. Values travel with their
// class: a key is found again although it is a text in an integer column.
// Booleans, which SQLite stores as 1 and 0, are "true" and "false" outside; the
// texts 'true' and 'false' in a boolean column can be read, but not be told from them in a key. A
// decimal is an integer or a double inside, hence exact to 15 digits only.
// Timestamps are what the application stored: texts as they are, numbers as int64.
package sqlite

import (
	"database/sql"
	"time"

	"github.com/expungedb/expunge/dialect"
)

// DB is a SQLite database. It is safe for concurrent use.
type DB struct {
	pool   *sql.DB
	writer chan struct{} // holds a token while a writing transaction is open
	cache  cache
}

var _ dialect.DB = (*DB)(nil)

// New makes a DB of the caller's pool, which stays the caller's to close. It
// doesn't connect. Only the pool's main database is worked on, no attached one.
func New(pool *sql.DB) *DB {
	return &DB{pool: pool, writer: make(chan struct{}, 1)}
}

// Engine says what SQLite can do. Every foreign key but a RESTRICT can be
// deferred (PRAGMA defer_foreign_keys); see tx.CheckConstraints for when it is checked.
//
// A transaction locks the whole database, however few its rows are, and at its commit writes
// every page that it has changed to the disk twice: the fewer transactions, the
// less. MaxRows bounds what the client holds of their rows.
func (db *DB) Engine() dialect.Engine {
	return dialect.Engine{Name: "sqlite", MaxRows: 20_000, MaxSwept: 50_000, TargetTime: time.Second, Writers: 1, Deferrable: true, StatementEnd: true}
}

// Package sqlite is the SQLite dialect (3.41 or newer). It works with any database/sql driver and
// imports none.
//
// # One writer
//
// SQLite has one writer per database file. Writing transactions of one [DB] wait for each other.
// Each takes one connection of the pool from Begin to its end. It starts with BEGIN IMMEDIATE, so
// that it never meets another writer half-way. A pool of one connection works (an in-memory
// database needs it). Inspect, Check and Identity then wait for an open transaction, so don't call
// them inside of one.
//
// # Pragmas
//
// A transaction's connection has foreign_keys and secure_delete on, busy_timeout from
// TxOptions.LockTimeout, and query_only from TxOptions.ReadOnly. A writing transaction raises
// cache_size to at least 64 MiB of pages. SQLite takes the memory as it needs pages, and the
// transaction's end releases it. modernc.org/sqlite takes twice as much: its allocator rounds up to
// powers of two. The dialect reads each pragma before it sets it, and again afterwards, as a build
// without foreign keys ignores the pragma in silence. It restores each before the connection
// returns to the pool. Where this fails, it closes the connection instead.
//
// # Values
//
// SQLite stores any class of value in any column. Values keep their class on the way: a key finds
// its row although it is a text in an integer column. Booleans, stored as 1 and 0, are "true" and
// "false" outside. The dialect reads the texts 'true' and 'false' in a boolean column, but can't
// distinguish them in a key. A decimal is an integer or a double inside, hence exact to 15 digits
// only. Timestamps are as the application stored them: texts unchanged, numbers as int64.
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

// New makes a DB of the caller's pool; the caller closes the pool. It doesn't connect. The DB uses
// only the pool's main database, no attached one.
func New(pool *sql.DB) *DB {
	return &DB{pool: pool, writer: make(chan struct{}, 1)}
}

// Engine describes what SQLite can do. Every foreign key but a RESTRICT can be deferred (PRAGMA
// defer_foreign_keys); tx.CheckConstraints says when SQLite checks it.
//
// A transaction locks the whole database, even for a single row. Its commit writes every changed
// page to the disk twice: fewer transactions cost less. MaxRows limits the rows held by the client.
func (db *DB) Engine() dialect.Engine {
	return dialect.Engine{Name: "sqlite", MaxRows: 20_000, MaxDeleteRows: 50_000, TargetTime: time.Second, Writers: 1, Deferrable: true, ChecksFKAtStatementEnd: true}
}

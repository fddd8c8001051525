// Package mysql is the dialect of MySQL (8.0.13 and later, 9.x) and MariaDB (10.6 and later). [New]
// takes the caller's pool, made with github.com/go-sql-driver/mysql and any options:
//
//	pool, err := sql.Open("mysql", "app@tcp(db.example)/shop")
//	db := mysql.New(pool)
//
// The peculiarities of these engines, and what the package does about them:
//
//   - Sessions are pooled with their variables. A transaction reads those it
//     depends on, sets the different ones, and restores them when it ends (session.go).
//   - Keys and rows are one JSON parameter, decoded by JSON_TABLE to the columns'
//     types and collations (bulk.go). In BenchmarkBulk only LOAD DATA LOCAL is
//     faster, by 5 %, and servers mostly forbid it.
//   - An UPDATE counts only rows with changed values, unless the pool's
//     clientFoundRows is set, so a statement before it locks and counts the rows.
//   - SET evaluates left to right, and later expressions see new values. The
//     statements here always see old values (statement.go).
//   - ON UPDATE CURRENT_TIMESTAMP columns keep their value unless assigned.
//   - There is no RETURNING, no deferred constraint and no row address.
//   - A statement longer than the DSN's readTimeout or writeTimeout fails like a
//     lost connection, and the server continues it: omit the timeouts, or make them long.
//
// The catalogue shows a user only the tables he has a privilege on. MySQL shows triggers only of
// tables he has TRIGGER on. A plan doesn't contain a table of another database that he can't see,
// but the server still runs its ON DELETE CASCADE. Where foreign keys connect databases, the user
// needs SELECT on all of them.
//
// Tables of the connected database have an empty Name.Schema, so that a plan fits a copy restored
// under another database's name. The schema contains tables of other databases on the server only
// where foreign keys connect them with this one, under their database's name.
package mysql

import (
	"context"
	"database/sql"
	"sync"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/sqlconn"
)

// DB is one MySQL or MariaDB database. It is safe for concurrent use.
type DB struct {
	pool    *sql.DB
	catalog catalog
	server  serverOnce
}

var _ dialect.DB = (*DB)(nil)

// New makes a DB of the caller's pool; the caller closes the pool. It doesn't connect. A
// transaction takes one connection of the pool, and a claim takes one until its release.
func New(pool *sql.DB) *DB { return &DB{pool: pool} }

// Engine implements dialect.DB. InnoDB checks NO ACTION foreign keys row by row, and never defers
// constraints.
func (d *DB) Engine() dialect.Engine {
	return dialect.Engine{Name: "mysql", MaxRows: 5000, GrantsOnConnect: true}
}

// server holds the facts read once from a server.
type server struct {
	version  string // as the server says it
	mariadb  bool
	number   [3]int
	database string // selected in the pool's first session
	folds    bool   // names compare without case (lower_case_table_names)
}

// engine is Schema.Engine.
func (s *server) engine() string {
	if s.mariadb {
		return "mariadb"
	}
	return "mysql"
}

// serverOnce caches the server's answer, but not an error.
type serverOnce struct {
	mu    sync.Mutex
	known *server
}

func (d *DB) askServer(ctx context.Context, q sqlconn.Queryer) (*server, error) {
	d.server.mu.Lock()
	defer d.server.mu.Unlock()
	if d.server.known != nil {
		return d.server.known, nil
	}
	var version string
	var database sql.NullString
	var folds int
	if err := sqlconn.QueryOne(ctx, q, "SELECT VERSION(), DATABASE(), @@lower_case_table_names", &version, &database, &folds); err != nil {
		return nil, engineError(ctx, err, "ask for the version", dialect.Name{})
	}
	s := parseVersion(version)
	if s.mariadb && !s.atLeast(10, 6, 0) || !s.mariadb && !s.atLeast(8, 0, 13) {
		e := dialect.NewError(dialect.Fatal, "", "connect", dialect.Name{}, nil)
		e.Detail = "this server is older than MySQL 8.0.13 or MariaDB 10.6, the oldest that are supported"
		return nil, e
	}
	s.database, s.folds = database.String, folds != 0
	d.server.known = s
	return s, nil
}

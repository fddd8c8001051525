// Package mysql is the dialect of MySQL (8.0.13 and later, 9.x) and MariaDB
// (10.6 and later). [New] takes the caller's pool, made with
// github.com/go-sql-driver/mysql and whatever options the caller likes:
//
//	pool, err := sql.Open("mysql", "app@tcp(db.example)/shop")
//	db := mysql.New(pool)
//
// What is peculiar to these engines, and what the package does about it:
//
//   - Sessions are pooled with their variables. A transaction reads the ones it
//     depends on, sets what differs, and restores that when it ends (session.go).
//   - Keys and rows travel as one JSON parameter that JSON_TABLE decodes to
//     the columns' types and collations (bulk.go): it was measured to be as fast as or
//     faster than everything else there is; see BenchmarkBulk.
//   - An UPDATE reports only rows whose values changed, unless the pool's
//     clientFoundRows is set, so rows are locked and counted.
//   - SET evaluates left to right over values that were just assigned; the
//     statements here always see old values (statement.go).
//   - ON UPDATE CURRENT_TIMESTAMP columns keep their value unless assigned.
//   - There is no RETURNING, no deferred constraint and no row address.
//   - The DSN's readTimeout and writeTimeout end a statement that takes longer as a
//     lost connection does, and the server works on: leave them out, or make them long.
//
// The catalogue shows a user only the tables that he has a privilege on, and MySQL
// the triggers only of those that he has TRIGGER on. A table of another database that he
// can't see isn't in a plan, and its ON DELETE CASCADE is the server's own doing: where
// foreign keys go from database to database, the user needs SELECT on all of them.
//
// Tables of the connected database have an empty Name.Schema, so that a plan
// fits a copy that was restored under another database's name. Tables of other
// databases on the server are part of the schema only where foreign keys
// connect them with this one, under their database's name.
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

// New makes a DB of the caller's pool. The pool stays the caller's to close. A
// transaction takes one connection of it, and so does a claim for as long as it is held.
func New(pool *sql.DB) *DB { return &DB{pool: pool} }

// Engine implements dialect.DB. NO ACTION foreign keys are checked row by row
// here (InnoDB knows no other way), and constraints are never deferred.
func (d *DB) Engine() dialect.Engine {
	return dialect.Engine{Name: "mysql", MaxRows: 5000, GrantsOnConnect: true}
}

// server is what is asked of a server once.
type server struct {
	version  string // as the server says it
	mariadb  bool
	number   [3]int
	database string // the one that the pool's first session had selected
	folds    bool   // names are compared without case (lower_case_table_names)
}

// engine is Schema.Engine.
func (s *server) engine() string {
	if s.mariadb {
		return "mariadb"
	}
	return "mysql"
}

// serverOnce remembers the server's answer, and not its failure to give one.
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

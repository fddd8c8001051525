//go:build unix

package bench

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/mysql"
	"github.com/expungedb/expunge/dialect/postgres"
	"github.com/expungedb/expunge/dialect/sqlite"
	"github.com/expungedb/expunge/internal/testdb"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"
)

// engine is a kind of server, started at its first use.
type engine struct {
	name string
	// words are its SQL for differing expressions: {big} in a statement stands for words["big"].
	words map[string]string
	// before prepares a session to insert rows; after brings the server into its normal state:
	// statistics fresh, nothing left to write.
	before, after []string
	// analyseGone refreshes the statistics of a script's temporary table, as its author would,
	// where the engine doesn't.
	analyseGone []string
	// small starts or returns the tests' shared server; large starts one with the vendor's
	// settings: durable.
	small, large func(t testing.TB) *testdb.Server

	t      *testing.T // of the row being measured
	server *testdb.Server
}

// durableFrom is the number of rows above which the benchmark starts its own server, with durable
// commits: their cost is part of the result.
const durableFrom = 10_000

var engines = map[string]*engine{
	"postgres": {
		name: "postgres",
		words: map[string]string{
			"big": "BIGINT", "integer": "BIGINT", "moment": "TIMESTAMP", "instant": "TIMESTAMP",
			"random": "left(md5(random()::text || customer_id), length(%s))", "hashed": "md5(%s || 'secret')",
		},
		after:       []string{"VACUUM ANALYZE", "CHECKPOINT"},
		analyseGone: []string{"ANALYZE gone"},
		small:       func(t testing.TB) *testdb.Server { return testdb.Postgreses(t)[0] },
		large: func(t testing.TB) *testdb.Server {
			return testdb.NewPostgres(t, "fsync=on", "full_page_writes=on", "autovacuum=on")
		},
	},
	"mariadb": {
		name: "mariadb",
		words: map[string]string{
			"big": "BIGINT", "integer": "SIGNED", "moment": "DATETIME", "instant": "DATETIME",
			"random": "left(md5(concat(rand(), customer_id)), char_length(%s))", "hashed": "md5(concat(%s, 'secret'))",
		},
		before: []string{"SET max_recursive_iterations = 1000000", "SET foreign_key_checks = 0", "SET unique_checks = 0"},
		small:  func(t testing.TB) *testdb.Server { return testdb.MariaDBs(t)[0] },
		large: func(t testing.TB) *testdb.Server {
			return testdb.NewMariaDB(t, "innodb_log_file_size=96M", "innodb_doublewrite=ON", "innodb_flush_log_at_trx_commit=1")
		},
	},
	"mysql": {
		name: "mysql",
		words: map[string]string{ // without MD5, which 9.x has no more
			"big": "BIGINT", "integer": "SIGNED", "moment": "DATETIME", "instant": "DATETIME",
			"random": "left(sha2(concat(rand(), customer_id), 256), char_length(%s))", "hashed": "left(sha2(concat(%s, 'secret'), 256), 32)",
		},
		before: []string{"SET cte_max_recursion_depth = 1000000", "SET foreign_key_checks = 0", "SET unique_checks = 0"},
		small:  func(t testing.TB) *testdb.Server { return testdb.MySQLs(t)[0] },
		large: func(t testing.TB) *testdb.Server {
			return testdb.NewMySQL(t, "innodb_redo_log_capacity=100M", "innodb_doublewrite=ON", "innodb_flush_log_at_trx_commit=1", "sync_binlog=1")
		},
	},
	"sqlite": {
		name: "sqlite",
		words: map[string]string{
			"big": "INTEGER", "integer": "INTEGER", "moment": "TIMESTAMP", "instant": "TEXT",
			"random": "substr(hex(randomblob(40)), 1, length(%s))", "hashed": "substr(hex(%s || 'secret'), 1, 32)",
		},
		after: []string{"ANALYZE"},
	},
}

// begin records the test of the current row, and starts the server if necessary. The benchmark's
// own server ends with the row.
func (e *engine) begin(t *testing.T) {
	t.Helper()
	e.t = t
	switch {
	case e.small == nil: // embedded
	case *rowsFlag > durableFrom && os.Getenv("EXPUNGE_TEST_"+strings.ToUpper(e.name)) == "":
		e.server = e.large(t)
	default:
		e.server = e.small(t)
	}
}

// database is one database of a row, open.
type database struct {
	*engine
	URL string
	DB  dialect.DB
	SQL *sql.DB
}

// fresh makes a database and fills it.
func (e *engine) fresh(fill func(db *database)) *database {
	e.t.Helper()
	url := "sqlite:" + filepath.Join(e.t.TempDir(), "bench.db")
	if e.server != nil {
		url = e.server.Database(e.t).URL
	}
	db, err := connect(context.Background(), url)
	if err != nil {
		e.t.Fatal(err)
	}
	e.t.Cleanup(func() { db.SQL.Close() })
	db.engine = e
	fill(db)
	db.exec(e.after...)
	return db
}

// connections is the number of connections in a pool, as a service would have: database/sql keeps
// two, and would dial anew for every other batch.
const connections = 8

// connect opens the database of that URL.
func connect(ctx context.Context, url string) (*database, error) {
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		pool, err := sql.Open("sqlite", path+"?_pragma=foreign_keys(1)&_pragma=busy_timeout(10000)")
		if err != nil {
			return nil, err
		}
		return &database{URL: url, DB: sqlite.New(pool), SQL: pool}, nil
	}
	if strings.HasPrefix(url, "postgres:") {
		config, err := pgxpool.ParseConfig(url)
		if err != nil {
			return nil, err
		}
		config.MaxConns = connections
		pool, err := pgxpool.NewWithConfig(ctx, config)
		if err != nil {
			return nil, err
		}
		return &database{URL: url, DB: postgres.New(pool), SQL: stdlib.OpenDBFromPool(pool)}, nil
	}
	dsn, err := testdb.DSN(url)
	if err != nil {
		return nil, err
	}
	pool, err := sql.Open("mysql", dsn)
	if err != nil {
		return nil, err
	}
	pool.SetMaxIdleConns(connections)
	return &database{URL: url, DB: mysql.New(pool), SQL: pool}, nil
}

// say inserts the engine's own words into a statement.
func (e *engine) say(sql string, more ...string) string {
	var pairs []string
	for word, said := range e.words {
		pairs = append(pairs, "{"+word+"}", said)
	}
	return strings.NewReplacer(append(pairs, more...)...).Replace(sql)
}

// exec executes statements on one connection, each in its own transaction.
func (db *database) exec(statements ...string) {
	db.t.Helper()
	if len(statements) == 0 {
		return
	}
	ctx := context.Background()
	conn, err := db.SQL.Conn(ctx)
	if err != nil {
		db.t.Fatal(err)
	}
	defer conn.Close()
	for _, s := range statements {
		if _, err := conn.ExecContext(ctx, db.say(s)); err != nil {
			db.t.Fatalf("%.200s: %v", s, err)
		}
	}
}

// numbers returns a query's one row of numbers.
func (db *database) numbers(query string) []int64 {
	db.t.Helper()
	rows, err := db.SQL.Query(db.say(query))
	if err != nil {
		db.t.Fatalf("%.200s: %v", query, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil || !rows.Next() {
		db.t.Fatalf("%.200s gives no row: %v", query, cmp.Or(err, rows.Err()))
	}
	out := make([]int64, len(columns))
	into := make([]any, len(columns))
	for i := range out {
		into[i] = &out[i]
	}
	if err := rows.Scan(into...); err != nil {
		db.t.Fatalf("%.200s: %v", query, err)
	}
	return out
}

func (db *database) number(query string) int64 {
	db.t.Helper()
	return db.numbers(query)[0]
}

// chunk is the number of rows per statement.
const chunk = 100_000

// insert inserts rows n = 1 … rows into a table. Each expression is over n, and is one column's
// value.
func (db *database) insert(table string, columns, expressions []string, from string, rows int) {
	db.t.Helper()
	statements := slices.Clone(db.before)
	for low := 1; low <= rows; low += chunk {
		statements = append(statements, fmt.Sprintf(
			"INSERT INTO %s (%s) WITH RECURSIVE s(n) AS (SELECT CAST(%d AS {integer}) UNION ALL SELECT n + 1 FROM s WHERE n < %d) SELECT %s FROM s%s",
			table, strings.Join(columns, ", "), low, min(low+chunk-1, rows), strings.Join(expressions, ", "), from))
	}
	db.exec(statements...)
}

// String names the engine with its version, where a server says one.
func (e *engine) String() string {
	if e.server == nil {
		return e.name
	}
	return e.server.String()
}

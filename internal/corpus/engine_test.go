//go:build unix

package corpus

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/mysql"
	"github.com/expungedb/expunge/dialect/postgres"
	"github.com/expungedb/expunge/dialect/sqlite"
	"github.com/expungedb/expunge/internal/testdb"
)

// engine opens databases of one engine and spells its INSERT statements.
type engine struct {
	open      func(t *testing.T) (dialect.DB, *sql.DB)
	quote     func(name string) string
	parameter func(n int) string
	// insert and ignore are the beginning and end of an INSERT. It skips rows with a duplicate key.
	insert, ignore string
	// unchecked switches off the session's foreign key checks; checked switches them on again.
	unchecked, checked []string
}

var engines = map[string]*engine{
	"sqlite": {
		open: func(t *testing.T) (dialect.DB, *sql.DB) {
			pool, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "x.db")+"?_pragma=synchronous(0)")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { pool.Close() })
			return sqlite.New(pool), pool
		},
		quote: quoteWith(`"`), parameter: func(int) string { return "?" }, insert: "INSERT OR IGNORE INTO",
	},
	"postgres": {
		open: func(t *testing.T) (dialect.DB, *sql.DB) {
			pool, err := pgxpool.New(t.Context(), testdb.Postgres(t).URL)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(pool.Close)
			return postgres.New(pool), stdlib.OpenDBFromPool(pool)
		},
		quote: quoteWith(`"`), parameter: func(n int) string { return fmt.Sprintf("$%d", n) }, insert: "INSERT INTO", ignore: " ON CONFLICT DO NOTHING",
		unchecked: []string{"SET session_replication_role = replica"}, checked: []string{"RESET session_replication_role"},
	},
	"mariadb": {
		open: func(t *testing.T) (dialect.DB, *sql.DB) {
			pool := testdb.OpenMySQL(t, testdb.MariaDB(t))
			return mysql.New(pool), pool
		},
		quote: quoteWith("`"), parameter: func(int) string { return "?" }, insert: "INSERT IGNORE INTO",
		unchecked: []string{"SET foreign_key_checks = 0, sql_mode = ''"}, checked: []string{"SET foreign_key_checks = 1, sql_mode = DEFAULT"},
	},
}

func quoteWith(mark string) func(string) string {
	return func(name string) string { return mark + strings.ReplaceAll(name, mark, mark+mark) + mark }
}

// make creates the tables of a schema and fills them.
func (e *engine) make(t *testing.T, definitions []string, w *truth) dialect.DB {
	t.Helper()
	db, pool := e.open(t)
	ctx := t.Context()
	conn, err := pool.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := execute(ctx, conn, append(e.unchecked, definitions...)); err != nil {
		t.Fatal(err)
	}
	schema, err := db.Inspect(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if w.check(t, schema); t.Failed() {
		t.FailNow()
	}
	if err := newRows(t, schema, w).load(ctx, conn, e); err != nil {
		t.Fatal(err)
	}
	if err := execute(ctx, conn, e.checked); err != nil {
		t.Fatal(err)
	}
	return db
}

func execute(ctx context.Context, conn *sql.Conn, statements []string) error {
	for _, statement := range statements {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%.80s: %w", statement, err)
		}
	}
	return nil
}

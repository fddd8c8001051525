package sqlite_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/sqlite"
)

func pool(t testing.TB, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// memory opens an empty database in memory, for the lifetime of the pool's one connection.
func memory(t testing.TB, statements ...string) (*sql.DB, *sqlite.DB) {
	t.Helper()
	p := pool(t, ":memory:")
	p.SetMaxOpenConns(1)
	for _, s := range statements {
		if _, err := p.Exec(s); err != nil {
			t.Fatalf("%v\n%s", err, s)
		}
	}
	return p, sqlite.New(p)
}

func pragmas(t *testing.T, q interface {
	QueryRow(query string, args ...any) *sql.Row
}) map[string]int {
	t.Helper()
	out := map[string]int{}
	for _, name := range []string{"foreign_keys", "secure_delete", "busy_timeout", "query_only", "recursive_triggers", "defer_foreign_keys", "cache_size"} {
		var v int
		if err := q.QueryRow("PRAGMA " + name).Scan(&v); err != nil {
			t.Fatal(err)
		}
		out[name] = v
	}
	return out
}

func TestPragmasArePutBack(t *testing.T) {
	for name, before := range map[string][]string{
		"the driver's own": nil,
		"all different":    {"PRAGMA foreign_keys = 0", "PRAGMA secure_delete = 2", "PRAGMA busy_timeout = 77", "PRAGMA recursive_triggers = 1", "PRAGMA cache_size = 300"},
		"all alike":        {"PRAGMA foreign_keys = 1", "PRAGMA secure_delete = 1", "PRAGMA busy_timeout = 2000"},
	} {
		t.Run(name, func(t *testing.T) {
			p, db := memory(t, append(before, "CREATE TABLE t (id INTEGER PRIMARY KEY)")...)
			want := pragmas(t, p)
			for _, o := range []dialect.TxOptions{{}, {LockTimeout: 3 * time.Second}, {ReadOnly: true}, {Defer: true}} {
				for _, commit := range []bool{true, false} {
					tx, err := db.Begin(t.Context(), o)
					if err != nil {
						t.Fatal(err)
					}
					if _, err := tx.Count(t.Context(), dialect.Name{Table: "t"}, nil); err != nil {
						t.Fatal(err)
					}
					end := tx.Rollback
					if commit {
						end = tx.Commit
					}
					if err := end(t.Context()); err != nil {
						t.Fatal(err)
					}
					if d := cmp.Diff(want, pragmas(t, p)); d != "" {
						t.Errorf("after a transaction with %+v (-before +after):\n%s", o, d)
					}
				}
			}
		})
	}
}

// Pitfall 10: foreign keys are off unless a connection turns them on.
func TestForeignKeysPragma(t *testing.T) {
	_, db := memory(t, "PRAGMA foreign_keys = 0", "CREATE TABLE p (id INTEGER PRIMARY KEY)", "CREATE TABLE c (p INTEGER REFERENCES p)",
		"INSERT INTO p VALUES (1)", "INSERT INTO c VALUES (1)")
	schema, err := db.Inspect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if schema.Table(dialect.Name{Table: "c"}).ForeignKeys[0].Enforced {
		t.Error("a foreign key must not count as enforced where the pragma is off")
	}
	tx, err := db.Begin(t.Context(), dialect.TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }()
	_, err = tx.Delete(t.Context(), dialect.Delete{Table: dialect.Name{Table: "p"}})
	if dialect.ClassOf(err) != dialect.ForeignKeyViolation {
		t.Errorf("a delete in our transaction: %v, want a foreign key violation", err)
	}
}

func TestSecureDelete(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secure.db")
	p := pool(t, path)
	if _, err := p.Exec("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)"); err != nil {
		t.Fatal(err)
	}
	tx, err := sqlite.New(p).Begin(t.Context(), dialect.TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }()
	if got := sqlite.PragmaOf(t, tx, "secure_delete"); got != 1 {
		t.Errorf("secure_delete is %d in a transaction, want 1", got)
	}
}

func TestPageCache(t *testing.T) {
	for name, c := range map[string]struct {
		before, writing int64 // KiB where negative, else pages
	}{
		"SQLite's own":      {-2000, -65536},
		"few pages":         {300, -65536},
		"none":              {0, -65536},
		"more, in KiB":      {-100_000, -100_000},
		"more, in pages":    {20_000, 20_000},
		"as much, in pages": {16_384, 16_384},
	} {
		t.Run(name, func(t *testing.T) {
			_, db := memory(t, "PRAGMA page_size = 4096", "CREATE TABLE t (id INTEGER PRIMARY KEY)", fmt.Sprint("PRAGMA cache_size = ", c.before))
			for _, o := range []struct {
				dialect.TxOptions
				want int64
			}{{dialect.TxOptions{}, c.writing}, {dialect.TxOptions{ReadOnly: true}, c.before}} {
				tx, err := db.Begin(t.Context(), o.TxOptions)
				if err != nil {
					t.Fatal(err)
				}
				if got := sqlite.PragmaOf(t, tx, "cache_size"); got != o.want {
					t.Errorf("with %+v the cache_size is %d, want %d", o.TxOptions, got, o.want)
				}
				if err := tx.Commit(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// A pool of one connection is common for SQLite, and must not deadlock.
func TestPoolOfOneConnection(t *testing.T) {
	p := pool(t, filepath.Join(t.TempDir(), "one.db"))
	p.SetMaxOpenConns(1)
	db := sqlite.New(p)
	if _, err := p.Exec("CREATE TABLE t (id INTEGER PRIMARY KEY)"); err != nil {
		t.Fatal(err)
	}
	release, err := db.Claim(t.Context(), "run")
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		tx, err := db.Begin(t.Context(), dialect.TxOptions{LockTimeout: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Begin(t.Context(), dialect.TxOptions{LockTimeout: 10 * time.Millisecond}); dialect.ClassOf(err) != dialect.LockTimeout {
			t.Errorf("a second writer: %v, want a lock timeout", err)
		}
		if err := tx.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Inspect(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Exec("INSERT INTO t DEFAULT VALUES"); err != nil { // the user's own statement
			t.Fatal(err)
		}
	}
	if err := release(); err != nil {
		t.Error(err)
	}
}

func TestCheckOfReadOnlyDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ro.db")
	if _, err := pool(t, path).Exec("CREATE TABLE t (id INTEGER PRIMARY KEY)"); err != nil {
		t.Fatal(err)
	}
	problems, err := sqlite.New(pool(t, "file:"+path+"?mode=ro")).Check(t.Context(), []dialect.Access{{Table: dialect.Name{Table: "t"}, Delete: true}})
	if err != nil || len(problems) != 1 {
		t.Errorf("%d problems, want 1 (%v)", len(problems), err)
	}
}

func TestCheckOfADatabaseThatRollsNothingBack(t *testing.T) {
	p := pool(t, "file:"+filepath.Join(t.TempDir(), "off.db")+"?_pragma=journal_mode(off)")
	if _, err := p.Exec("CREATE TABLE t (id INTEGER PRIMARY KEY)"); err != nil {
		t.Fatal(err)
	}
	problems, err := sqlite.New(p).Check(t.Context(), []dialect.Access{{Table: dialect.Name{Table: "t"}, Delete: true}})
	if err != nil || len(problems) != 1 {
		t.Errorf("%v, %v, want the journal's mode", problems, err)
	}
}

func TestCheckOfWhatDoesNotCompile(t *testing.T) {
	_, db := memory(t, "CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT)", "CREATE TABLE of_gone (id INTEGER PRIMARY KEY, g INT REFERENCES gone)",
		"CREATE TABLE of_name (id INTEGER PRIMARY KEY, name TEXT REFERENCES parent (name))", "CREATE TABLE fine (id INTEGER PRIMARY KEY, p INT REFERENCES parent)",
		"CREATE TABLE log (id INTEGER PRIMARY KEY)", "CREATE TRIGGER logged AFTER UPDATE ON log BEGIN SELECT unheard_of(NEW.id); END")
	for table, want := range map[string]int{"parent": 1, "of_gone": 1, "of_name": 1, "fine": 0, "log": 1} {
		problems, err := db.Check(t.Context(), []dialect.Access{{Table: dialect.Name{Table: table}, Update: []string{"id"}, Delete: true}})
		if err != nil || len(problems) != want {
			t.Errorf("%s: %v, %v, want %d", table, problems, err, want)
		}
	}
}

// The table's own conflict clause would delete another row, or skip this one.
func TestConflictsAreErrorsWhateverTheTableSays(t *testing.T) {
	for _, resolution := range []string{"REPLACE", "IGNORE", "FAIL", "ROLLBACK"} {
		t.Run(resolution, func(t *testing.T) {
			p, db := memory(t, "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT UNIQUE ON CONFLICT "+resolution+")", "INSERT INTO t VALUES (1, 'one'), (2, 'two')")
			name := dialect.Name{Table: "t"}
			one := []dialect.Cond{dialect.In{Columns: []string{"id"}, Keys: []dialect.Key{{int64(1)}}}}
			column := &dialect.Column{Name: "name", Kind: dialect.Text}
			for way, change := range map[string]func(dialect.Tx) error{
				"in bulk": func(tx dialect.Tx) error {
					_, err := tx.BulkUpdate(t.Context(), dialect.BulkUpdate{Table: name, Key: []string{"id"}, Set: []string{"name"}, Rows: []dialect.Row{{int64(1), "two"}}})
					return err
				},
				"by an expression": func(tx dialect.Tx) error {
					_, err := tx.Update(t.Context(), dialect.Update{Table: name, Where: one, Compare: true, Set: []dialect.Assign{{Column: column, Expr: dialect.Literal{Value: "two", Column: column}}}})
					return err
				},
			} {
				tx, err := db.Begin(t.Context(), dialect.TxOptions{})
				if err != nil {
					t.Fatal(err)
				}
				if err := change(tx); dialect.ClassOf(err) != dialect.UniqueViolation {
					t.Errorf("%s: error %v", way, err)
				}
				if err := tx.Rollback(t.Context()); err != nil {
					t.Error(err)
				}
			}
			var n int
			if err := p.QueryRow("SELECT count(*) FROM t").Scan(&n); err != nil || n != 2 {
				t.Errorf("%d rows, %v", n, err)
			}
		})
	}
}

// busyConnector signals the first connection refused by the database's locks.
type busyConnector struct {
	driver  driver.Driver
	url     string
	refused chan struct{}
	once    *sync.Once
}

func (c busyConnector) Driver() driver.Driver { return c.driver }

func (c busyConnector) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.driver.Open(c.url)
	if err != nil {
		c.once.Do(func() { close(c.refused) })
	}
	return conn, err
}

// Pragmas of a pool's URL may need a lock held by another process at that moment.
func TestAConnectionThatIsRefusedByALockIsTriedAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	other, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	other.SetMaxOpenConns(1)
	for _, s := range []string{"CREATE TABLE t (id INTEGER PRIMARY KEY)", "BEGIN EXCLUSIVE"} {
		if _, err := other.Exec(s); err != nil {
			t.Fatal(err)
		}
	}
	c := busyConnector{other.Driver(), path + "?_pragma=journal_mode(wal)", make(chan struct{}), &sync.Once{}}
	pool := sql.OpenDB(c)
	defer pool.Close()
	db := sqlite.New(pool)
	done := make(chan error, 1)
	go func() { done <- db.EnsureJournal(context.Background(), nil) }()
	select {
	case <-c.refused:
	case err := <-done:
		t.Fatalf("no connection was refused: the test shows nothing: %v", err)
	}
	if _, err := other.Exec("COMMIT"); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Errorf("once the lock is gone: %v", err)
	}
}

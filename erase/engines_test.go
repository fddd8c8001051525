package erase_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"database/sql"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/mysql"
	"github.com/expungedb/expunge/dialect/postgres"
	"github.com/expungedb/expunge/dialect/sqlite"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/internal/testdb"
	"github.com/expungedb/expunge/plan/policy"
)

// target is a database under test, on one engine.
type target struct {
	Engine string
	URL    string // for a second process, see openTarget
	DB     dialect.DB
	SQL    *sql.DB // beside the library: to prepare and to inspect
	copier sample.DB
	server *testdb.Server // nil: none
}

// engine can make an empty database.
type engine struct {
	name string
	open func(t testing.TB) *target
}

// engines are all engines for the tests of this package: every available server. They include SQL
// Server if a server is given.
func engines(t testing.TB) []engine {
	t.Helper()
	all := []engine{{"sqlite", func(t testing.TB) *target { return openTarget(t, "sqlite:"+filepath.Join(t.TempDir(), "test.db")) }}}
	for _, s := range testdb.Servers(t) {
		all = append(all, engine{s.String(), func(t testing.TB) *target {
			t.Helper()
			db := openTarget(t, s.Database(t).URL)
			db.server = s
			return db
		}})
	}
	return all
}

// onEach runs a test on every server.
func onEach(t *testing.T, test func(t *testing.T, db *target)) {
	t.Helper()
	runOn(t, engines(t), test)
}

// onOneOfEach runs a long test on one version of each engine.
func onOneOfEach(t *testing.T, test func(t *testing.T, db *target)) {
	t.Helper()
	family := func(e engine) string { name, _, _ := strings.Cut(e.name, "-"); return name }
	runOn(t, slices.CompactFunc(engines(t), func(a, b engine) bool { return family(a) == family(b) }), test)
}

func runOn(t *testing.T, engines []engine, test func(t *testing.T, db *target)) {
	t.Helper()
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			test(t, e.open(t))
		})
	}
}

// openTarget opens the database of that URL for a test.
func openTarget(t testing.TB, url string) *target {
	t.Helper()
	db, done, err := connect(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(done)
	return db
}

// connect opens the database of that URL.
func connect(ctx context.Context, url string) (*target, func(), error) {
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		db, err := sql.Open("sqlite", path+"?_pragma=foreign_keys(1)&_pragma=busy_timeout(60000)")
		if err != nil {
			return nil, nil, err
		}
		return &target{Engine: sample.SQLite, URL: url, DB: sqlite.New(db), SQL: db, copier: db}, func() { db.Close() }, nil
	}
	if strings.HasPrefix(url, "mysql:") || strings.HasPrefix(url, "mariadb:") {
		return connectMySQL(ctx, url)
	}
	if strings.HasPrefix(url, "sqlserver:") {
		return connectSQLServer(url)
	}
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		return nil, nil, err
	}
	db := stdlib.OpenDBFromPool(pool)
	return &target{Engine: sample.Postgres, URL: url, DB: postgres.New(pool), SQL: db, copier: copier{db, pool}}, pool.Close, nil
}

// connectMySQL opens a database of MySQL or MariaDB.
func connectMySQL(ctx context.Context, url string) (*target, func(), error) {
	dsn, err := testdb.DSN(url)
	if err != nil {
		return nil, nil, err
	}
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		return nil, nil, err
	}
	var version string
	if err := db.QueryRowContext(ctx, "SELECT version()").Scan(&version); err != nil {
		return nil, nil, err
	}
	name := sample.MySQL
	if strings.Contains(version, "MariaDB") {
		name = sample.MariaDB
	}
	return &target{Engine: name, URL: url, DB: mysql.New(db), SQL: db, copier: db}, func() { db.Close() }, nil
}

// copier loads by COPY.
type copier struct {
	*sql.DB
	pool *pgxpool.Pool
}

func (c copier) Copy(ctx context.Context, table string, columns []string, rows iter.Seq[[]any]) error {
	next, stop := iter.Pull(rows)
	defer stop()
	_, err := c.pool.CopyFrom(ctx, pgx.Identifier{table}, columns, pgx.CopyFromFunc(func() ([]any, error) {
		row, ok := next()
		if !ok {
			return nil, nil
		}
		return row, nil
	}))
	return err
}

// shop fills the database with a sample shop and returns its policy.
func (d *target) shop(t testing.TB, s sample.Shop) *policy.Policy {
	t.Helper()
	if err := s.Load(context.Background(), d.Engine, d.copier); err != nil {
		t.Fatal(err)
	}
	if d.Engine == sample.SQLite || d.Engine == sample.Postgres {
		d.exec(t, "ANALYZE")
	}
	return mustParse(sample.Policy())
}

// resettable fills the database, and returns a function to make fresh copies of this state.
func (d *target) resettable(t testing.TB, fill func(d *target)) func(t testing.TB) *target {
	t.Helper()
	switch d.Engine {
	case sample.SQLite:
		fill(d)
		path := strings.TrimPrefix(d.URL, "sqlite:")
		pristine := filepath.Join(t.TempDir(), "pristine.db")
		d.exec(t, "VACUUM INTO '"+pristine+"'")
		return func(t testing.TB) *target {
			t.Helper()
			data, err := os.ReadFile(pristine)
			if err != nil {
				t.Fatal(err)
			}
			copied := filepath.Join(t.TempDir(), filepath.Base(path))
			if err := os.WriteFile(copied, data, 0o600); err != nil {
				t.Fatal(err)
			}
			return openTarget(t, "sqlite:"+copied)
		}
	default:
		fill(d)
		return func(t testing.TB) *target {
			t.Helper()
			fresh := openTarget(t, d.server.Database(t).URL)
			fresh.server = d.server
			fill(fresh)
			return fresh
		}
	}
}

// mustParse parses a policy of the project.
func mustParse(data []byte) *policy.Policy {
	p, err := policy.Parse(bytes.NewReader(data))
	if err != nil {
		panic(err)
	}
	return p
}

func (d *target) exec(t testing.TB, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if d.Engine == sample.SQLServer {
			s = transactSQL.Replace(s)
		}
		if _, err := d.SQL.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// count returns a query's single number.
func (d *target) count(t testing.TB, query string) int {
	t.Helper()
	var n int
	if err := d.SQL.QueryRow(query).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// table returns a query's rows of whole numbers.
func (d *target) table(t testing.TB, query string) [][]int64 { return scan[int64](t, d, query) }

// scan reads all rows of a query, every column as a T.
func scan[T any](t testing.TB, d *target, query string) [][]T {
	t.Helper()
	rows, err := d.SQL.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var out [][]T
	for rows.Next() {
		row, at := make([]T, len(columns)), make([]any, len(columns))
		for i := range row {
			at[i] = &row[i]
		}
		if err := rows.Scan(at...); err != nil {
			t.Fatal(err)
		}
		out = append(out, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// name is the full name of one of the shop's tables.
func (d *target) name(table string) dialect.Name {
	switch d.Engine {
	case sample.Postgres:
		return dialect.Name{Schema: "public", Table: table}
	case sample.SQLServer:
		return dialect.Name{Schema: "dbo", Table: table}
	}
	return dialect.Name{Table: table}
}

func (d *target) quote(n dialect.Name) string {
	mark := `"`
	if d.Engine == sample.MySQL || d.Engine == sample.MariaDB {
		mark = "`"
	}
	q := func(s string) string { return mark + strings.ReplaceAll(s, mark, mark+mark) + mark }
	if n.Schema == "" {
		return q(n.Table)
	}
	return q(n.Schema) + "." + q(n.Table)
}

// dump reads every table whole, rows sorted, to compare databases with.
func (d *target) dump(t testing.TB) map[string][]string {
	t.Helper()
	schema, err := d.DB.Inspect(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	for _, table := range schema.Tables {
		out[table.Name.Table] = []string{}
		for _, row := range scan[any](t, d, "SELECT * FROM "+d.quote(table.Name)) {
			out[table.Name.Table] = append(out[table.Name.Table], fmt.Sprintf("%q", row))
		}
		slices.Sort(out[table.Name.Table])
	}
	return out
}

// intact fails the test if rows violate a foreign key.
func (d *target) intact(t testing.TB) {
	t.Helper()
	schema, err := d.DB.Inspect(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	tx, err := d.DB.Begin(context.Background(), dialect.TxOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(context.Background()) //nolint:errcheck // it only reads
	for _, table := range schema.Tables {
		for _, fk := range table.ForeignKeys {
			n, err := tx.Count(context.Background(), table.Name, []dialect.Cond{dialect.Orphan{Columns: fk.Columns, RefTable: fk.RefTable, RefColumns: fk.RefColumns}})
			if err != nil {
				t.Fatal(err)
			}
			if n > 0 {
				t.Errorf("foreign key %s of %s: %d rows refer to nothing", fk.Name, table.Name, n)
			}
		}
	}
}

// key is the key of every test.
var key = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))

func signers() []receipt.Signer { return []receipt.Signer{signer()} }

// signer signs with the key.
func signer() receipt.Signer {
	s, err := receipt.NewSigner(key)
	if err != nil {
		panic(err)
	}
	return s
}

// clock stands still at the shop's present.
func clock() time.Time { return sample.Now }

// opened opens a valid receipt.
func opened(t testing.TB, envelope []byte) *receipt.Statement {
	t.Helper()
	verifier, err := receipt.NewVerifier(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	st, err := receipt.Open(envelope, verifier)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// secret is the secret of every test.
func secret() anonymise.Secret {
	s, err := anonymise.NewSecret(bytes.Repeat([]byte("test"), 8))
	if err != nil {
		panic(err)
	}
	return s
}

package sample_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	mssql "github.com/microsoft/go-mssqldb"
	_ "modernc.org/sqlite"

	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/internal/testdb"
)

// openings opens an empty database of each engine.
var openings = []struct {
	name   string
	engine string
	open   func(*testing.T) sample.DB
	quote  string
}{
	{"sqlite", sample.SQLite, func(t *testing.T) sample.DB { return openSQLite(t) }, `"`},
	{"postgres", sample.Postgres, func(t *testing.T) sample.DB { return stdlib.OpenDBFromPool(openPool(t)) }, `"`},
	{"postgres by COPY", sample.Postgres, func(t *testing.T) sample.DB {
		pool := openPool(t)
		return copier{stdlib.OpenDBFromPool(pool), pool}
	}, `"`},
	{"mysql", sample.MySQL, func(t *testing.T) sample.DB { return testdb.OpenMySQL(t, testdb.MySQL(t)) }, "`"},
	{"mariadb", sample.MariaDB, func(t *testing.T) sample.DB { return testdb.OpenMySQL(t, testdb.MariaDB(t)) }, "`"},
	{"sqlserver", sample.SQLServer, func(t *testing.T) sample.DB { return testdb.OpenSQLServer(t, testdb.SQLServer(t)) }, `"`},
}

func openSQLite(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "shop.db")+"?_pragma=foreign_keys(1)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func openPool(t *testing.T) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), testdb.Postgres(t).URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// copier loads by PostgreSQL's COPY.
type copier struct {
	*sql.DB
	pool *pgxpool.Pool
}

func (c copier) Copy(ctx context.Context, table string, columns []string, rows iter.Seq[[]any]) error {
	next, stop := iter.Pull(rows)
	defer stop()
	_, err := c.pool.CopyFrom(ctx, pgx.Identifier{table}, columns, pgx.CopyFromFunc(func() ([]any, error) {
		r, _ := next()
		return r, nil
	}))
	return err
}

func TestEveryEngineHoldsTheSameRows(t *testing.T) {
	shop := sample.Shop{Customers: 60, Seed: 7}
	for _, o := range openings {
		t.Run(o.name, func(t *testing.T) {
			db := o.open(t)
			if err := shop.Load(t.Context(), o.engine, db); err != nil {
				t.Fatal(err)
			}
			for _, table := range sample.Tables() {
				want := canonical(table, shop.Rows(table.Name))
				got := canonical(table, read(t, db, table, o.quote))
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("table %s (-made +stored):\n%s", table.Name, diff)
				}
			}
		})
	}
}

func TestReferencesHoldOnSQLite(t *testing.T) {
	db := openSQLite(t)
	if err := (sample.Shop{}).Load(t.Context(), sample.SQLite, db); err != nil {
		t.Fatal(err)
	}
	var broken int
	if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM pragma_foreign_key_check").Scan(&broken); err != nil {
		t.Fatal(err)
	}
	if broken != 0 {
		t.Errorf("%d rows refer to nothing", broken)
	}
}

// Executing Schema makes an empty shop.
func TestSchemaIsOneStatementEach(t *testing.T) {
	for _, engine := range []string{sample.SQLite, sample.Postgres, sample.MySQL, sample.MariaDB, sample.SQLServer} {
		for _, s := range sample.Schema(engine) {
			if strings.Contains(s, "%!") || strings.HasSuffix(s, ";") {
				t.Errorf("%s: not one well-formed statement: %s", engine, s)
			}
		}
	}
	db := openSQLite(t)
	for _, s := range sample.Schema(sample.SQLite) {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%v in %s", err, s)
		}
	}
}

func read(t *testing.T, db sample.DB, table *sample.Table, quote string) iter.Seq[[]any] {
	t.Helper()
	var names []string
	for _, c := range table.Insertable() {
		names = append(names, quote+strings.ReplaceAll(c.Name, quote, quote+quote)+quote)
	}
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := tx.Rollback(); err != nil {
			t.Error(err)
		}
	}()
	rows, err := tx.QueryContext(t.Context(), fmt.Sprintf("SELECT %s FROM %s", strings.Join(names, ", "), quote+strings.ReplaceAll(table.Name, quote, quote+quote)+quote))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
	}()
	var all [][]any
	for rows.Next() {
		r, to := make([]any, len(names)), make([]any, len(names))
		for i := range r {
			to[i] = &r[i]
		}
		if err := rows.Scan(to...); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return slices.Values(all)
}

// canonical gives different drivers' rows one spelling and order.
func canonical(table *sample.Table, rows iter.Seq[[]any]) []string {
	columns := table.Insertable()
	var out []string
	for r := range rows {
		var fields []string
		for i, v := range r {
			fields = append(fields, columns[i].Name+"="+spell(columns[i], v))
		}
		out = append(out, strings.Join(fields, " "))
	}
	slices.Sort(out)
	return out
}

func spell(c sample.Column, v any) string {
	var s string
	switch v := v.(type) {
	case nil:
		return "NULL"
	case time.Time:
		s = v.UTC().Format("2006-01-02 15:04:05")
	case []byte:
		s = string(v)
	default:
		s = fmt.Sprint(v)
	}
	switch c.Type.Name() {
	case "date":
		return s[:len("2006-01-02")]
	case "uuid":
		var id mssql.UniqueIdentifier // with the bytes in an order of its own
		if len(s) == len(id) && id.Scan([]byte(s)) == nil {
			return strings.ToLower(id.String())
		}
	case "boolean":
		b, _ := strconv.ParseBool(s)
		return strconv.FormatBool(b)
	case "money":
		f, _ := strconv.ParseFloat(s, 64)
		return strconv.FormatFloat(f, 'f', 2, 64)
	case "document":
		var doc any
		_ = json.Unmarshal([]byte(s), &doc)
		b, _ := json.Marshal(doc)
		return string(b)
	}
	return s
}

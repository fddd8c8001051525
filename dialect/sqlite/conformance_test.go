package sqlite_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/dialecttest"
	"github.com/expungedb/expunge/dialect/sqlite"
)

func TestConformance(t *testing.T) { dialecttest.Run(t, factory) }

func BenchmarkInspect(b *testing.B) { dialecttest.BenchmarkInspect(b, factory) }

func FuzzConditions(f *testing.F) { dialecttest.FuzzConditions(f, factory) }

var factory = dialecttest.Factory{
	Engine: "sqlite",
	Open:   open,
	OpenSmall: func(t testing.TB) *dialecttest.Env {
		sqlite.SplitAt(t, 1<<20)
		return open(t)
	},
	Quote: quote,
	Type:  spell,
	Collations: func(testing.TB, *dialecttest.Env) []dialecttest.Collation {
		return []dialecttest.Collation{
			{Name: "binary", Type: "TEXT"},
			{Name: "without case", Type: "TEXT COLLATE NOCASE", FoldsCase: true, OnlyASCII: true},
			{Name: "padded", Type: "TEXT COLLATE RTRIM", IgnoresBlanks: true},
		}
	},
	// An INTEGER PRIMARY KEY is the rowid, numbered by SQLite.
	Identity:  "INTEGER",
	Generated: func(typ, expr string) string { return typ + " GENERATED ALWAYS AS (" + expr + ") STORED" },
	Trigger: func(name, table, into, column string) []string {
		return []string{fmt.Sprintf("CREATE TRIGGER %s AFTER DELETE ON %s BEGIN INSERT INTO %s VALUES (old.%s); END", quote(name), quote(table), quote(into), quote(column))}
	},
	UsesIndex: usesIndex,
	Excused: map[string]string{
		"deadlock":                  "one writer at a time: two transactions never wait for each other",
		"serialization failure":     "one writer at a time: nothing to serialise",
		"too long":                  "declared lengths aren't enforced",
		"missing privilege":         "a database file has no privileges",
		"lost connection":           "there is no server to lose",
		"another row isn't blocked": "the lock is the writer's, not a row's",
		"a range isn't blocked by the row behind it": "the same",
		"decimals of 30 digits":                      "a decimal is a double inside, exact to 15 digits",
	},
}

func open(t testing.TB) *dialecttest.Env {
	path := filepath.Join(t.TempDir(), "test.db")
	dsn := "file:" + path + "?_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)&_pragma=journal_mode(wal)&_pragma=synchronous(off)"
	pool := func() *sql.DB {
		db, err := sql.Open("sqlite", dsn)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		return db
	}
	raw := pool()
	return &dialecttest.Env{DB: sqlite.New(pool()), Second: sqlite.New(pool()), Exec: func(t testing.TB, statements ...string) {
		t.Helper()
		for _, s := range statements {
			if _, err := raw.Exec(s); err != nil {
				t.Fatalf("%v\n%.300s", err, s)
			}
		}
	}}
}

func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func spell(t dialecttest.Type) string {
	switch t.Kind {
	case dialect.Text:
		typ := "TEXT"
		if t.Length > 0 {
			typ = fmt.Sprintf("VARCHAR(%d)", t.Length)
		}
		if t.Fixed {
			typ = fmt.Sprintf("CHAR(%d)", t.Length)
		}
		if t.FoldsCase {
			typ += " COLLATE NOCASE"
		}
		return typ
	case dialect.Int:
		return map[int]string{16: "SMALLINT", 32: "INT", 64: "INTEGER"}[t.Precision]
	case dialect.Decimal:
		return fmt.Sprintf("DECIMAL(%d,%d)", t.Precision, t.Scale)
	}
	return map[dialect.Kind]string{
		dialect.Bool: "BOOLEAN", dialect.Float: "REAL", dialect.Bytes: "BLOB", dialect.UUID: "UUID", dialect.Date: "DATE", dialect.Time: "TIME",
		dialect.Timestamp: "DATETIME", dialect.TimestampTZ: "TIMESTAMPTZ", dialect.JSON: "JSON", dialect.XML: "XML", dialect.Inet: "INET",
	}[t.Kind]
}

func usesIndex(t testing.TB, env *dialecttest.Env, s dialect.Select) bool {
	plan := sqlite.Explain(t, env.DB, s)
	for _, line := range plan {
		if strings.HasPrefix(line, "SCAN t") {
			t.Logf("the plan scans the table:\n%s", strings.Join(plan, "\n"))
			return false
		}
	}
	return true
}

package sqlite_test

import (
	"database/sql"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect"
)

var visitor = dialect.Name{Table: "visitor"}

func TestIndexesComeBackExactlyAsTheyWere(t *testing.T) {
	pool, db := memory(t, `CREATE TABLE visitor (id INTEGER PRIMARY KEY, email TEXT UNIQUE, name TEXT, town TEXT COLLATE NOCASE, gone BOOLEAN)`,
		`INSERT INTO visitor VALUES (1, 'a', 'b', 'c', 0), (2, 'd', 'e', 'f', 1)`,
		`CREATE INDEX ix_partial ON visitor (name) WHERE gone AND name <> 'it''s; "x"' -- why`,
		`CREATE INDEX IF NOT EXISTS main.ix_expression ON visitor (lower(name) DESC, email || '-')`,
		`CREATE INDEX ix_collation /* both */ ON visitor (name COLLATE NOCASE, town COLLATE BINARY)`,
		`CREATE UNIQUE INDEX [uq "name"] ON Visitor (name)`, `ANALYZE`)
	const all, statistics = `SELECT group_concat(name || ' ' || coalesce(sql, '') , char(10)) FROM (SELECT * FROM sqlite_master WHERE type = 'index' ORDER BY name)`,
		`SELECT group_concat(idx || ' ' || stat, char(10)) FROM (SELECT * FROM sqlite_stat1 ORDER BY idx)`
	before, analysed := single(t, pool, all), single(t, pool, statistics)
	schema, err := db.Inspect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	stays := map[string]string{}
	for _, ix := range schema.Table(visitor).Indexes {
		stays[ix.Name] = ix.Stays
		names = append(names, ix.Name)
	}
	if d := cmp.Diff(map[string]string{"rowid": "", "ix_partial": "", "ix_expression": "", "ix_collation": "", `uq "name"`: "",
		"sqlite_autoindex_visitor_1": "it belongs to the table's definition"}, stays); d != "" {
		t.Errorf("why indexes stay (-want +got):\n%s", d)
	}
	indexes, err := db.Definitions(t.Context(), visitor, names)
	if err != nil || len(indexes) != 4 {
		t.Fatalf("%d definitions, want 4, %v", len(indexes), err)
	}
	if err := db.Suspend(t.Context(), visitor, indexes, time.Minute); err != nil {
		t.Fatal(err)
	}
	if err := db.Restore(t.Context(), visitor, indexes, time.Minute); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(before, single(t, pool, all)); d != "" {
		t.Errorf("indexes (-before +after):\n%s", d)
	}
	if d := cmp.Diff(analysed, single(t, pool, statistics)); d != "" {
		t.Errorf("statistics (-before +after):\n%s", d)
	}
}

func TestAnIndexThatThisConnectionCouldNotMakeAgainIsNotDropped(t *testing.T) {
	pool, db := memory(t, `CREATE TABLE visitor (id INTEGER PRIMARY KEY, name TEXT)`, `CREATE INDEX ix_name ON visitor (name)`,
		`PRAGMA writable_schema = ON`, `UPDATE sqlite_master SET sql = 'CREATE INDEX ix_name ON visitor (name COLLATE unheard_of)' WHERE name = 'ix_name'`, `PRAGMA writable_schema = RESET`)
	indexes, err := db.Definitions(t.Context(), visitor, []string{"ix_name"})
	if err != nil || len(indexes) != 1 {
		t.Fatalf("%d definitions, %v", len(indexes), err)
	}
	if err := db.Suspend(t.Context(), visitor, indexes, time.Minute); err == nil {
		t.Error("it was dropped")
	}
	if got := single(t, pool, `SELECT count(*) FROM sqlite_master WHERE name = 'ix_name'`); got != "1" {
		t.Error("the index is gone")
	}
}

func single(t *testing.T, pool *sql.DB, query string) string {
	t.Helper()
	var out string
	if err := pool.QueryRow(query).Scan(&out); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return out
}

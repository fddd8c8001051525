package anonymise

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/mysql"
	"github.com/expungedb/expunge/dialect/postgres"
	"github.com/expungedb/expunge/dialect/sqlite"
	"github.com/expungedb/expunge/dialect/sqlserver"
)

// The ways of a strategy on a column.
const (
	inDatabase    = "db"
	throughClient = "client"
	refused       = "–"
)

// documented is an engine in STRATEGIES.md.
type documented struct {
	name, title string
	renders     func(e dialect.Expr, c *dialect.Column) bool
	types       map[dialect.Kind]string // the engine's kinds, by its names
}

// unreachable is a pool that is never used: Renders needs no server.
func unreachable() *pgxpool.Pool {
	pool, err := pgxpool.New(context.Background(), "host=localhost")
	if err != nil {
		panic(err)
	}
	return pool
}

var documentedEngines = []documented{
	{"sqlite", "SQLite", sqlite.New(nil).Renders, map[dialect.Kind]string{
		dialect.Text: "TEXT, VARCHAR, CHAR", dialect.Int: "INTEGER, TINYINT to BIGINT", dialect.Decimal: "DECIMAL, NUMERIC", dialect.Float: "REAL",
		dialect.Bool: "BOOLEAN", dialect.Date: "DATE", dialect.Time: "TIME", dialect.Timestamp: "DATETIME, TIMESTAMP", dialect.TimestampTZ: "TIMESTAMPTZ",
		dialect.UUID: "UUID", dialect.Bytes: "BLOB, BINARY", dialect.JSON: "JSON", dialect.XML: "XML", dialect.Inet: "INET", dialect.Interval: "INTERVAL",
		dialect.Unknown: "any other name",
	}},
	{"postgres", "PostgreSQL", postgres.New(unreachable()).Renders, map[dialect.Kind]string{
		dialect.Text: "text, varchar, char, citext, name, domains of them", dialect.Int: "smallint, integer, bigint, domains", dialect.Decimal: "numeric, money",
		dialect.Float: "real, double precision", dialect.Bool: "boolean", dialect.Date: "date", dialect.Time: "time, timetz", dialect.Timestamp: "timestamp",
		dialect.TimestampTZ: "timestamptz", dialect.UUID: "uuid", dialect.Bytes: "bytea", dialect.Bits: "bit, varbit", dialect.JSON: "json, jsonb", dialect.XML: "xml",
		dialect.Inet: "inet, cidr, macaddr", dialect.Enum: "CREATE TYPE … AS ENUM", dialect.Array: "text[], integer[], …", dialect.Interval: "interval",
		dialect.Unknown: "tsvector, point, …",
	}},
	{"mysql", "MySQL", mysql.New(nil).Renders, map[dialect.Kind]string{
		dialect.Text: "varchar, char, tinytext to longtext, any charset", dialect.Int: "tinyint to bigint, unsigned too; year", dialect.Decimal: "decimal, unsigned too",
		dialect.Float: "float, double", dialect.Bool: "tinyint(1)", dialect.Date: "date", dialect.Time: "time", dialect.Timestamp: "datetime", dialect.TimestampTZ: "timestamp",
		dialect.UUID: "binary(16) or char(36) with the comment 'uuid'; uuid (MariaDB)", dialect.Bytes: "binary, varbinary, blobs", dialect.Bits: "bit", dialect.JSON: "json",
		dialect.Inet: "inet4, inet6 (MariaDB)", dialect.Enum: "enum", dialect.Set: "set", dialect.Unknown: "geometry, …",
	}},
	{"sqlserver", "SQL Server", sqlserver.New(nil).Renders, map[dialect.Kind]string{
		dialect.Text: "nvarchar, varchar, nchar, char", dialect.Int: "tinyint to bigint", dialect.Decimal: "decimal, money, smallmoney", dialect.Float: "real, float",
		dialect.Bool: "bit", dialect.Date: "date", dialect.Time: "time", dialect.Timestamp: "datetime, smalldatetime, datetime2", dialect.TimestampTZ: "datetimeoffset",
		dialect.UUID: "uniqueidentifier", dialect.Bytes: "varbinary, binary", dialect.JSON: "json (SQL Server 2025, not tried)", dialect.XML: "xml", dialect.Unknown: "sql_variant, geometry, …",
	}},
}

// wayOf is how an engine carries out a strategy on an assignable column.
func wayOf(t *testing.T, name string, c *dialect.Column, renders func(dialect.Expr, *dialect.Column) bool) string {
	t.Helper()
	r, err := strategy(t, specOn(name, c.Kind)).Bind(Target{Column: c, Rows: 1000, Key: []string{"id"}})
	if err != nil {
		return refused
	}
	if e, ok := r.Expr(); ok && renders(e, c) {
		return inDatabase
	}
	return throughClient
}

const documentHead = `# Strategies by kind and engine

How each strategy of package anonymise is carried out on each kind of column: **db** in the database, so that no value leaves
the server; client, read, replaced in Go and written back; – refused, with an error that says why, when the plan is built. A column can
differ from its kind: see below the tables. Whatever is keyed or consistent goes through the client everywhere.

This page is written by a test (` + "`go test ./anonymise -run Document -update`" + `), and each cell is tried on rows of real servers
by another (` + "`go test ./anonymise -run Engine`" + `).
`

type exception struct {
	why  string
	lets func(engine, name string, c *dialect.Column, way string) bool
}

// exceptions are columns that differ from their kind's cell: each is a line of STRATEGIES.md. No
// other column of a real server may differ.
var exceptions = []exception{
	{"A column without a default takes no `default`, and one that is NOT NULL no `null`.", func(_, name string, c *dialect.Column, way string) bool {
		return way == refused && (name == "default" && c.Default == nil || name == "null" && !c.Nullable)
	}},
	{"In a unique column made-up values get random characters of their own, through the client where the database can't add them; a strategy " +
		"that gives all rows one value is refused.", func(_, _ string, c *dialect.Column, way string) bool {
		return strings.HasPrefix(c.Name, "uq_") && way != inDatabase
	}},
	{"A text that is too short for a strategy's result is refused.", func(_, _ string, c *dialect.Column, way string) bool {
		return c.Kind == dialect.Text && c.Length > 0 && c.Length < 30 && way == refused
	}},
	{"Texts and bytes without a length, or with one above 255 characters (MySQL, MariaDB), are randomised through the client on MySQL, MariaDB and SQL Server.",
		func(engine, name string, c *dialect.Column, way string) bool {
			return name == "random" && engine != "sqlite" && engine != "postgres" && (way == throughClient && c.Length == 0 || way == inDatabase && c.Kind == dialect.Bytes && c.Length > 0)
		}},
	{"A UUID that is stored as binary(16) goes through the client on MySQL and MariaDB, but for null.", func(_, _ string, c *dialect.Column, way string) bool {
		return c.Kind == dialect.UUID && c.Type == "binary(16)" && way == throughClient
	}},
	{"MySQL's YEAR holds 255 values: it takes no pseudonym and no sequence, and noise by a share goes through the client.",
		func(_, name string, c *dialect.Column, _ string) bool { return isYear(c) && name != "random" }},
	{"A decimal without digits before the point has no room for a sequence or for whole steps.", func(_, _ string, c *dialect.Column, way string) bool {
		return c.Kind == dialect.Decimal && c.Precision > 0 && c.Precision == c.Scale && way == refused
	}},
}

const documentTail = `
The least numbers and dates of a type become the least that it holds where the coarser value (generalise) would be below
that; dates that shift would move out of their type move in the other direction. 9999-12-31, 0000-00-00 and infinity mean
never, and stay with shift.
`

// TestDocumentOfStrategies checks STRATEGIES.md against Bind and Renders.
func TestDocumentOfStrategies(t *testing.T) {
	var b strings.Builder
	b.WriteString(documentHead)
	var names []string
	for _, d := range Strategies() {
		if !strings.HasPrefix(d.Name, "test-") && d.Name != "keep" {
			names = append(names, d.Name)
		}
	}
	for _, e := range documentedEngines {
		title := e.title
		if e.name == "mysql" {
			title += " and MariaDB"
		}
		fmt.Fprintf(&b, "\n## %s\n\n| kind | types | %s |\n|---|---|%s\n", title, strings.Join(names, " | "), strings.Repeat("---|", len(names)))
		for _, c := range sampleColumns() {
			types, has := e.types[c.Column.Kind]
			if !has {
				continue
			}
			c.Column.Default = new(string)
			var cells []string
			for _, name := range names {
				way := wayOf(t, name, c.Column, e.renders)
				if way == inDatabase {
					way = "**db**"
				}
				cells = append(cells, way)
			}
			fmt.Fprintf(&b, "| %s | %s | %s |\n", cmp.Or(string(c.Column.Kind), "unknown"), types, strings.Join(cells, " | "))
		}
	}
	b.WriteString("\n## Columns that differ from their kind\n\n")
	for _, e := range exceptions {
		b.WriteString("- " + e.why + "\n")
	}
	b.WriteString(documentTail)
	const path = "STRATEGIES.md"
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("%s is out of date (go test ./anonymise -run Document -update):\n%s", path, diff)
	}
}

// checkDocumented fails the test where a strategy works on a real server's column in another way
// than STRATEGIES.md says, the exceptions aside.
func checkDocumented(t *testing.T, engine, name string, c *dialect.Column, way string) {
	t.Helper()
	if engine == "mariadb" {
		engine = "mysql"
	}
	i := slices.IndexFunc(documentedEngines, func(e documented) bool { return e.name == engine })
	e := documentedEngines[i]
	if _, has := e.types[c.Kind]; !has {
		t.Errorf("STRATEGIES.md doesn't say that %s has columns of kind %s", e.title, c.Kind)
		return
	}
	for _, s := range sampleColumns() {
		if s.Column.Kind != c.Kind {
			continue
		}
		s.Column.Default = new(string)
		excepted := func(e exception) bool { return e.lets(engine, name, c, way) }
		if want := wayOf(t, name, s.Column, e.renders); want != way && !slices.ContainsFunc(exceptions, excepted) {
			t.Errorf("%s on %s, %s: %s, and STRATEGIES.md says %s", name, c.Name, c.Type, way, want)
		}
	}
}

package sqlserver_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/dialecttest"
	"github.com/expungedb/expunge/dialect/sqlserver"
	"github.com/expungedb/expunge/internal/testdb"
)

func TestConformance(t *testing.T) {
	for _, server := range testdb.SQLServers(t) {
		t.Run(server.String(), func(t *testing.T) { dialecttest.Run(t, factory(t, server)) })
	}
}

// excused are the cases impossible on any SQL Server.
var excused = map[string]string{
	"expression index":           "an index has columns only; an expression is indexed through a computed column",
	"serialization failure":      "a trigger can't raise one of the server's own error numbers",
	"index made unique":          "a unique index takes one NULL, and the case has several rows",
	"another index of that name": "a disabled index keeps its name",
	"json null is not null":      "a JSON column is an nvarchar column with a check, which the suite has no type for",
}

// lacking are the differences of Babelfish from SQL Server, by case.
var lacking = map[string]string{
	"partial index":                  "an index's condition isn't in the catalogue",
	"names/brackets":                 "it doesn't create a table with brackets in its name",
	"names/dot":                      "HAS_PERMS_BY_NAME takes a dot within brackets for the schema's",
	"names/mixed case":               "names of indexes and constraints are folded to lower case",
	"names/like SQL":                 "names of indexes and constraints are folded to lower case",
	"text of 64 KiB":                 "OPENJSON cuts texts at 4,000 characters, so longer ones are refused",
	"sizes of values":                "OPENJSON cuts texts at 4,000 characters, so longer ones are refused",
	"suspended indexes":              "an index can't be disabled",
	"deadlock":                       "the suite's is one of rows selected with a lock, and " + hintless,
	"exclusive lock blocks a writer": hintless,
	"share lock blocks a writer":     hintless,
	"exclusive lock blocks another":  hintless,
	"transactions of one DB":         "a lock timeout has the number 33557097, as every error that isn't translated",
	"missing privilege":              "a missing permission has the number 33557097; and DELETE by an alias doesn't look for it",
	"made beforehand from its DDL":   "a foreign key of columns with a collation of their own can't be checked, and the DDL is made without asking the server",
	"query plan/integer key":         planless,
	"query plan/text key":            planless,
	"query plan/composite key":       planless,
	"query plan/foreign key column":  planless,
}

const (
	hintless = "table hints are ignored"
	planless = "join hints are ignored, and PostgreSQL takes OPENJSON for 1,000 rows, for which it prefers a hash of the suite's table"
)

func factory(t testing.TB, server *testdb.Server) dialecttest.Factory {
	t.Helper()
	pool := testdb.OpenSQLServer(t, server.Database(t))
	babelfish, err := sqlserver.Babelfish(t.Context(), sqlserver.New(pool))
	if err != nil {
		t.Fatal(err)
	}
	if babelfish {
		for name, reason := range lacking {
			excused[name] = "Babelfish: " + reason
		}
		delete(excused, "another index of that name") // its whole topic is excused
	}
	return dialecttest.Factory{
		Engine: "sqlserver",
		Open:   func(t testing.TB) *dialecttest.Env { return open(t, server.Database(t), babelfish) },
		OpenSmall: func(t testing.TB) *dialecttest.Env {
			sqlserver.SplitAt(t, 1<<20)
			return open(t, server.Database(t), babelfish)
		},
		Collations: func(testing.TB, *dialecttest.Env) []dialecttest.Collation {
			return []dialecttest.Collation{ // all ignore blanks at the end
				{Name: "binary", Type: "nvarchar(40) COLLATE Latin1_General_100_BIN2", IgnoresBlanks: true},
				{Name: "without case", Type: "nvarchar(40) COLLATE Latin1_General_100_CI_AS", FoldsCase: true, IgnoresBlanks: true},
				{Name: "without accents", Type: "nvarchar(40) COLLATE Latin1_General_100_CS_AI", FoldsAccents: true, IgnoresBlanks: true},
				{Name: "another code page", Type: "varchar(40) COLLATE Latin1_General_CI_AI", FoldsCase: true, FoldsAccents: true, IgnoresBlanks: true},
				{Name: "binary of another code page", Type: "varchar(40) COLLATE Latin1_General_BIN2", IgnoresBlanks: true},
			}
		},
		Quote:     quote,
		Type:      typeName,
		Identity:  "bigint IDENTITY",
		Generated: func(_, expression string) string { return "AS (" + expression + ") PERSISTED" },
		Trigger: func(name, table, into, column string) []string {
			return []string{fmt.Sprintf("CREATE TRIGGER %s ON %s AFTER DELETE AS INSERT INTO %s SELECT %s FROM deleted", name, table, into, column)}
		},
		UsesIndex: usesIndex,
		Kill:      kill,
		Restrict:  restrict,
		Excused:   excused,
	}
}

func quote(name string) string { return "[" + strings.ReplaceAll(name, "]", "]]") + "]" }

// over holds the connections and the database of a DB.
type over struct {
	own       *sql.DB
	db        *testdb.Database
	babelfish bool
}

// opened holds the over of each DB.
var opened = map[dialect.DB]*over{}

// application adds a name to a database's URL, for finding its sessions.
func application(u, name string) string {
	parsed, err := url.Parse(u)
	if err != nil {
		return u
	}
	q := parsed.Query()
	q.Set("app name", name)
	parsed.RawQuery = q.Encode()
	return parsed.String()
}

func open(t testing.TB, db *testdb.Database, babelfish bool) *dialecttest.Env {
	t.Helper()
	named := func(name string) *sql.DB {
		return testdb.OpenSQLServer(t, &testdb.Database{URL: application(db.URL, name+" "+db.Name), Name: db.Name, Server: db.Server})
	}
	o := &over{own: named("own"), db: db, babelfish: babelfish}
	o.own.SetMaxOpenConns(1)
	env := &dialecttest.Env{
		DB: sqlserver.New(named("first")), Second: sqlserver.New(named("second")), Schema: "dbo",
		Exec: func(t testing.TB, statements ...string) {
			t.Helper()
			for _, s := range statements {
				if _, err := o.own.ExecContext(context.WithoutCancel(t.Context()), s); err != nil {
					t.Fatalf("%v\nin %.300s", err, s)
				}
			}
		},
	}
	if !babelfish {
		env.Exec(t, "ALTER DATABASE CURRENT SET ALLOW_SNAPSHOT_ISOLATION ON")
	}
	opened[env.DB] = o
	return env
}

func typeName(t dialecttest.Type) string {
	switch t.Kind {
	case dialect.Bool:
		return "bit"
	case dialect.Int:
		return map[int]string{16: "smallint", 32: "int", 64: "bigint"}[t.Precision]
	case dialect.Decimal:
		return fmt.Sprintf("decimal(%d,%d)", t.Precision, t.Scale)
	case dialect.Float:
		return "float"
	case dialect.Text:
		collation := " COLLATE Latin1_General_100_BIN2"
		if t.FoldsCase {
			collation = " COLLATE Latin1_General_CI_AS"
		}
		switch {
		case t.Fixed:
			return fmt.Sprintf("nchar(%d)", t.Length) + collation
		case t.Length > 0:
			return fmt.Sprintf("nvarchar(%d)", t.Length) + collation
		}
		return "nvarchar(max)" + collation
	case dialect.Bytes:
		switch {
		case t.Fixed:
			return fmt.Sprintf("binary(%d)", t.Length)
		case t.Length > 0:
			return fmt.Sprintf("varbinary(%d)", t.Length)
		}
		return "varbinary(max)"
	case dialect.UUID:
		return "uniqueidentifier"
	case dialect.Date, dialect.XML:
		return string(t.Kind)
	case dialect.Time:
		return fmt.Sprintf("time(%d)", t.Precision)
	case dialect.Timestamp:
		return fmt.Sprintf("datetime2(%d)", t.Precision)
	case dialect.TimestampTZ:
		return fmt.Sprintf("datetimeoffset(%d)", t.Precision)
	}
	return ""
}

func usesIndex(t testing.TB, env *dialecttest.Env, s dialect.Select) bool {
	t.Helper()
	plan, err := sqlserver.Explain(t.Context(), env.DB.(*sqlserver.DB), s)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range plan {
		if strings.Contains(line, "Scan(OBJECT:") && strings.Contains(line, "AS [t]") || strings.Contains(line, "Seq Scan on "+s.Table.Table) {
			return false
		}
	}
	return len(plan) > 0
}

// kill ends the sessions of the env's pool.
func kill(t testing.TB, env *dialecttest.Env) {
	t.Helper()
	o := opened[env.DB]
	sessions := "SELECT session_id FROM sys.dm_exec_sessions WHERE program_name = @p1"
	if o.babelfish { // its view shows only the user's own session
		sessions = "SELECT pid FROM pg_catalog.pg_stat_activity WHERE application_name = @p1"
	}
	rows, err := o.own.Query(sessions, "first "+o.db.Name)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var kills []string
	for rows.Next() {
		var id int
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		kills = append(kills, fmt.Sprintf("KILL %d", id))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if len(kills) == 0 {
		t.Fatal("no session to kill")
	}
	env.Exec(t, kills...)
}

func restrict(t testing.TB, env *dialecttest.Env, _ string) dialect.DB {
	t.Helper()
	o := opened[env.DB]
	user := "reader_" + o.db.Name
	const password = "Reader-of-2026"
	env.Exec(t, "CREATE LOGIN "+user+" WITH PASSWORD = '"+password+"'", "CREATE USER "+user+" FOR LOGIN "+user,
		"GRANT SELECT ON person TO "+user, "GRANT SELECT ON post TO "+user, "CREATE SCHEMA expunge", "CREATE TABLE expunge.run (id int)")
	if !o.babelfish {
		env.Exec(t, "GRANT VIEW DEFINITION TO "+user)
	}
	t.Cleanup(func() {
		env.Exec(t, "REVOKE SELECT ON person FROM "+user, "REVOKE SELECT ON post FROM "+user, "DROP USER "+user, "DROP LOGIN "+user)
	})
	u, err := url.Parse(o.db.URL)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(user, password)
	return sqlserver.New(testdb.OpenSQLServer(t, &testdb.Database{URL: u.String(), Name: o.db.Name, Server: o.db.Server}))
}

package mysql_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/dialecttest"
	"github.com/expungedb/expunge/dialect/mysql"
	"github.com/expungedb/expunge/internal/testdb"
)

// servers are the tested MySQL and MariaDB servers.
func servers(t testing.TB) []*testdb.Server {
	t.Helper()
	return append(testdb.MySQLs(t), testdb.MariaDBs(t)...)
}

// dsns are options possibly set by a caller. None of them may change what the dialect reads or
// does.
var dsns = map[string][]string{
	"plain": nil,
	"options": {"parseTime=true", "loc=America%2FNew_York", "clientFoundRows=true", "interpolateParams=true", "charset=latin1",
		"time_zone=%27-08%3A00%27", "sql_mode=%27ANSI_QUOTES%2CNO_BACKSLASH_ESCAPES%2CPAD_CHAR_TO_FULL_LENGTH%2CNO_ZERO_DATE%27", "sql_safe_updates=1", "autocommit=0"},
}

// small starts the engine's server with packets of 1 MB, once for a test.
func small(t testing.TB, engine string) func() *testdb.Server {
	testdb.SkipShort(t)
	return sync.OnceValue(func() *testdb.Server {
		if engine == "mariadb" {
			return testdb.NewMariaDB(t, "max_allowed_packet=1M")
		}
		return testdb.NewMySQL(t, "max_allowed_packet=1M")
	})
}

func TestConformance(t *testing.T) {
	for _, server := range servers(t) {
		small := small(t, server.Engine)
		for name, options := range dsns {
			t.Run(server.String()+"/"+name, func(t *testing.T) { dialecttest.Run(t, factory(server, small, options)) })
		}
	}
}

func BenchmarkInspect(b *testing.B) {
	for _, server := range servers(b) {
		b.Run(server.String(), func(b *testing.B) { dialecttest.BenchmarkInspect(b, factory(server, nil, nil)) })
	}
}

func FuzzConditionsMySQL(f *testing.F) { fuzzConditions(f, testdb.MySQLs(f)) }

func FuzzConditionsMariaDB(f *testing.F) { fuzzConditions(f, testdb.MariaDBs(f)) }

func fuzzConditions(f *testing.F, servers []*testdb.Server) {
	f.Helper()
	if len(servers) == 0 {
		f.Skip("there is no server")
	}
	dialecttest.FuzzConditions(f, factory(servers[len(servers)-1], nil, nil))
}

func factory(server *testdb.Server, small func() *testdb.Server, options []string) dialecttest.Factory {
	excused := map[string]string{"partial index": "there are no partial indexes"}
	if server.Engine == "mariadb" {
		excused["expression index"] = "MariaDB has no functional key parts"
	}
	return dialecttest.Factory{
		Engine:    "mysql",
		Open:      func(t testing.TB) *dialecttest.Env { return open(t, server.Database(t), options) },
		OpenSmall: func(t testing.TB) *dialecttest.Env { return open(t, small().Database(t), options) },
		Collations: func(testing.TB, *dialecttest.Env) []dialecttest.Collation {
			all := []dialecttest.Collation{
				{Name: "binary", Type: "varchar(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", IgnoresBlanks: true},
				{Name: "bytes", Type: "varbinary(160)"},
				{Name: "without both", Type: "varchar(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci", FoldsCase: true, FoldsAccents: true, IgnoresBlanks: true},
				{Name: "another character set", Type: "varchar(40) CHARACTER SET latin1 COLLATE latin1_swedish_ci", FoldsCase: true, FoldsAccents: true, IgnoresBlanks: true},
				{Name: "binary of another character set", Type: "varchar(40) CHARACTER SET latin1 COLLATE latin1_bin", IgnoresBlanks: true},
				{Name: "two bytes a character", Type: "varchar(40) CHARACTER SET utf16 COLLATE utf16_bin", IgnoresBlanks: true},
			}
			if server.Engine == "mariadb" {
				return append(all,
					dialecttest.Collation{Name: "binary without padding", Type: "varchar(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin"},
					dialecttest.Collation{Name: "without both and padding", Type: "varchar(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_nopad_ci", FoldsCase: true, FoldsAccents: true},
					dialecttest.Collation{Name: "without case", Type: "varchar(40) CHARACTER SET utf8mb4 COLLATE uca1400_as_ci", FoldsCase: true, IgnoresBlanks: true},
					dialecttest.Collation{Name: "without accents", Type: "varchar(40) CHARACTER SET utf8mb4 COLLATE uca1400_ai_cs", FoldsAccents: true, IgnoresBlanks: true})
			}
			return append(all,
				dialecttest.Collation{Name: "binary without padding", Type: "varchar(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin"},
				dialecttest.Collation{Name: "without both and padding", Type: "varchar(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci", FoldsCase: true, FoldsAccents: true},
				dialecttest.Collation{Name: "with both, without padding", Type: "varchar(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs"})
		},
		Quote:     func(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" },
		Type:      func(typ dialecttest.Type) string { return typeName(server, typ) },
		Identity:  "bigint AUTO_INCREMENT",
		Generated: func(typ, expression string) string { return typ + " GENERATED ALWAYS AS (" + expression + ") STORED" },
		Trigger: func(name, table, into, column string) []string {
			return []string{fmt.Sprintf("CREATE TRIGGER %s AFTER DELETE ON %s FOR EACH ROW INSERT INTO %s VALUES (OLD.%s)", name, table, into, column)}
		},
		Serialization: func(table string) []string {
			return []string{fmt.Sprintf("CREATE TRIGGER fails BEFORE DELETE ON %s FOR EACH ROW SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213", table)}
		},
		UsesIndex: usesIndex,
		Kill:      kill,
		Restrict:  restrict,
		Excused:   excused,
	}
}

// opened holds the database and pool of each DB.
var opened = map[dialect.DB]*over{}

type over struct {
	pool, own *sql.DB
	db        *testdb.Database
	options   []string
}

func open(t testing.TB, db *testdb.Database, options []string) *dialecttest.Env {
	t.Helper()
	o := &over{pool: testdb.OpenMySQL(t, db, options...), own: testdb.OpenMySQL(t, db), db: db, options: options}
	o.own.SetMaxOpenConns(1)
	env := &dialecttest.Env{
		DB: mysql.New(o.pool), Second: mysql.New(testdb.OpenMySQL(t, db, options...)),
		Exec: func(t testing.TB, statements ...string) {
			t.Helper()
			for _, s := range statements {
				if _, err := o.own.ExecContext(context.WithoutCancel(t.Context()), s); err != nil {
					t.Fatalf("%v\nin %.300s", err, s)
				}
			}
		},
	}
	opened[env.DB] = o
	return env
}

func typeName(server *testdb.Server, t dialecttest.Type) string {
	mariadb := server.Engine == "mariadb"
	switch t.Kind {
	case dialect.Bool:
		return "tinyint(1)"
	case dialect.Int:
		return map[int]string{16: "smallint", 32: "int", 64: "bigint"}[t.Precision]
	case dialect.Decimal:
		return fmt.Sprintf("decimal(%d,%d)", t.Precision, t.Scale)
	case dialect.Float:
		return "double"
	case dialect.Text:
		collation := " COLLATE utf8mb4_bin"
		if t.FoldsCase {
			collation = " COLLATE utf8mb4_general_ci"
		}
		switch {
		case t.Fixed:
			return fmt.Sprintf("char(%d)", t.Length) + collation
		case t.Length > 0:
			return fmt.Sprintf("varchar(%d)", t.Length) + collation
		}
		return "longtext" + collation
	case dialect.Bytes:
		switch {
		case t.Fixed:
			return fmt.Sprintf("binary(%d)", t.Length)
		case t.Length > 0:
			return fmt.Sprintf("varbinary(%d)", t.Length)
		}
		return "longblob"
	case dialect.Bits:
		return fmt.Sprintf("bit(%d)", max(1, t.Length))
	case dialect.Date, dialect.JSON:
		return string(t.Kind)
	case dialect.Time:
		return fmt.Sprintf("time(%d)", t.Precision)
	case dialect.Timestamp:
		return fmt.Sprintf("datetime(%d)", t.Precision)
	case dialect.TimestampTZ:
		return fmt.Sprintf("timestamp(%d)", t.Precision)
	case dialect.UUID:
		if mariadb {
			return "uuid"
		}
		return "char(36) COMMENT 'uuid'"
	case dialect.Inet:
		if mariadb {
			return "inet6"
		}
	}
	return ""
}

func usesIndex(t testing.TB, env *dialecttest.Env, s dialect.Select) bool {
	t.Helper()
	env.Exec(t, "ANALYZE TABLE `"+s.Table.Table+"`")
	plan, err := mysql.Explain(t.Context(), env.DB.(*mysql.DB), s)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range plan {
		if row["table"] == "t" && (row["type"] == "ALL" || row["type"] == "index") {
			return false
		}
	}
	return true
}

// kill ends the sessions of the env's pool.
func kill(t testing.TB, env *dialecttest.Env) {
	t.Helper()
	o := opened[env.DB]
	rows, err := o.own.Query("SELECT id FROM information_schema.processlist WHERE db = ? AND id <> CONNECTION_ID()", o.db.Name)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, "KILL "+id)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	rows.Close()
	env.Exec(t, ids...)
}

func restrict(t testing.TB, env *dialecttest.Env, _ string) dialect.DB {
	t.Helper()
	o := opened[env.DB]
	user := o.db.Name
	env.Exec(t, "CREATE USER "+user+"@'%' IDENTIFIED BY 'reader'", "GRANT SELECT ON "+o.db.Name+".* TO "+user+"@'%'")
	t.Cleanup(func() { env.Exec(t, "DROP USER "+user+"@'%'") })
	return mysql.New(testdb.OpenMySQL(t, as(o.db, user, "reader"), o.options...))
}

// as is a database with another user's URL.
func as(db *testdb.Database, user, password string) *testdb.Database {
	u, err := url.Parse(db.URL)
	if err != nil {
		panic("testdb gave something that is not a URL")
	}
	u.User = url.UserPassword(user, password)
	return &testdb.Database{URL: u.String(), Name: db.Name, Server: db.Server}
}

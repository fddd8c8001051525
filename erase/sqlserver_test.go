package erase_test

import (
	"database/sql"
	"regexp"
	"strings"
	"testing"

	"github.com/expungedb/expunge/dialect/sqlserver"
	"github.com/expungedb/expunge/internal/sample"
)

// connectSQLServer opens a database of SQL Server.
func connectSQLServer(url string) (*target, func(), error) {
	db, err := sql.Open("sqlserver", url)
	if err != nil {
		return nil, nil, err
	}
	return &target{Engine: sample.SQLServer, URL: url, DB: sqlserver.New(db), SQL: db, copier: db}, func() { db.Close() }, nil
}

// babelfish reports whether a SQL Server is really Babelfish for PostgreSQL. It lacks some tested
// features: see the dialect's documentation.
func (d *target) babelfish(t testing.TB) bool {
	t.Helper()
	return d.Engine == sample.SQLServer && d.count(t, "SELECT CASE WHEN @@VERSION LIKE '%Babelfish%' THEN 1 ELSE 0 END") == 1
}

// transactSQL translates the tests' statements.
var transactSQL = strings.NewReplacer(" ADD COLUMN ", " ADD ", " UUID ", " UNIQUEIDENTIFIER ")

var values = regexp.MustCompile(`VALUES \((.*)\);`)

// transactTrigger is a trigger of SQL Server: it fires once per statement, after it or instead of it,
// and gets the old rows as a table.
func transactTrigger(when, table, body string) string {
	when = strings.Replace(when, "BEFORE", "AFTER", 1)
	body = strings.ReplaceAll(values.ReplaceAllString(body, "SELECT $1 FROM deleted;"), "OLD.", "")
	return "CREATE TRIGGER on_" + table + " ON " + table + " " + when + " AS BEGIN SET NOCOUNT ON; " + body + " END"
}

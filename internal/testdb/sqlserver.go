//go:build unix

package testdb

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"strings"
	"testing"

	_ "github.com/microsoft/go-mssqldb" // the driver
)

const sqlserverVariable = "EXPUNGE_TEST_SQLSERVER"

const sqlserverAdvice = "set " + sqlserverVariable + " to the URL (sqlserver://user:password@host:1433) of an administrator on a server to test with, for example that of docker-compose.yaml"

// SQLServer returns a fresh database on the first server of EXPUNGE_TEST_SQLSERVER.
func SQLServer(t testing.TB) *Database {
	t.Helper()
	return SQLServers(t)[0].Database(t)
}

// SQLServers returns the servers of EXPUNGE_TEST_SQLSERVER, at least one. SQL Server has no package
// to install: without the variable the test is skipped, even if CI is set.
func SQLServers(t testing.TB) []*Server {
	t.Helper()
	servers := GivenSQLServers()
	if len(servers) == 0 {
		t.Skipf("testdb: NOT TESTED, no SQL Server here: %s", sqlserverAdvice)
	}
	return servers
}

// GivenSQLServers returns the servers of EXPUNGE_TEST_SQLSERVER, possibly none, for tests on
// several engines.
func GivenSQLServers() []*Server {
	var servers []*Server
	for _, u := range givenURLs(sqlserverVariable) {
		servers = append(servers, sqlserverAt(u))
	}
	return servers
}

// OpenSQLServer opens a pool on a SQL Server database. The test's end closes it.
func OpenSQLServer(t testing.TB, db *Database) *sql.DB {
	t.Helper()
	pool, err := sql.Open("sqlserver", db.URL)
	if err != nil {
		t.Fatalf("testdb: %v", err)
	}
	t.Cleanup(func() { pool.Close() })
	return pool
}

func sqlserverAt(u string) *Server {
	s := &Server{Engine: "sqlserver"}
	parsed, err := url.Parse(u)
	if err != nil || parsed.Scheme != "sqlserver" {
		s.ops = unusable{errors.New(sqlserverVariable + " holds something that is not a sqlserver:// URL")}
		return s
	}
	s.ops = &sqlserver{*parsed}
	return s
}

// sqlserver is a SQL Server by the URL of its administrator.
type sqlserver struct{ admin url.URL }

func (m *sqlserver) create(ctx context.Context, name string) (string, error) {
	if err := m.execBatch(ctx, "CREATE DATABASE ["+name+"]"); err != nil {
		return "", err
	}
	return m.database(name), nil
}

func (m *sqlserver) database(name string) string {
	u := m.admin
	q := u.Query()
	q.Set("database", name)
	u.RawQuery = q.Encode()
	return u.String()
}

func (m *sqlserver) drop(ctx context.Context, name string) error {
	// Clients may still be connected. Babelfish has no ALTER DATABASE and ends them by itself.
	_ = m.execBatch(ctx, "ALTER DATABASE ["+name+"] SET SINGLE_USER WITH ROLLBACK IMMEDIATE")
	return m.execBatch(ctx, "DROP DATABASE ["+name+"]")
}

func (m *sqlserver) execBatch(ctx context.Context, statement string) error {
	pool, err := sql.Open("sqlserver", m.database("master"))
	if err != nil {
		return err
	}
	defer pool.Close()
	if _, err := pool.ExecContext(ctx, statement); err != nil {
		return errors.New(strings.TrimSpace(err.Error()))
	}
	return nil
}

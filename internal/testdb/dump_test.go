//go:build unix

package testdb_test

import (
	"context"
	"slices"
	"testing"

	"github.com/expungedb/expunge/internal/testdb"
	"github.com/jackc/pgx/v5"
)

func TestABackupByTheEnginesOwnToolIsRestoredIntoAFreshDatabase(t *testing.T) {
	for _, s := range slices.Concat(testdb.Postgreses(t), testdb.MariaDBs(t), testdb.MySQLs(t)) {
		t.Run(s.String(), func(t *testing.T) {
			t.Parallel()
			db := s.Database(t)
			statement(t, db, "CREATE TABLE kept (id INTEGER PRIMARY KEY, word VARCHAR(20))")
			statement(t, db, "INSERT INTO kept VALUES (1, 'naïve')")
			backup := s.Dump(t, db.URL)
			statement(t, db, "DELETE FROM kept")
			restored := s.Restore(t, backup)
			if got := word(t, restored); got != "naïve" {
				t.Errorf("the restored row has %q", got)
			}
		})
	}
}

func statement(t *testing.T, db *testdb.Database, text string) {
	t.Helper()
	if db.Server.Engine != "postgres" {
		if _, err := testdb.OpenMySQL(t, db).Exec(text); err != nil {
			t.Fatal(err)
		}
		return
	}
	conn := postgresConn(t, db)
	if _, err := conn.Exec(context.Background(), text); err != nil {
		t.Fatal(err)
	}
}

func word(t *testing.T, db *testdb.Database) (got string) {
	t.Helper()
	const query = "SELECT word FROM kept"
	var row interface{ Scan(...any) error }
	if db.Server.Engine == "postgres" {
		row = postgresConn(t, db).QueryRow(context.Background(), query)
	} else {
		pool := testdb.OpenMySQL(t, db)
		row = pool.QueryRow(query)
	}
	if err := row.Scan(&got); err != nil {
		t.Fatal(err)
	}
	return got
}

func postgresConn(t *testing.T, db *testdb.Database) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), db.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

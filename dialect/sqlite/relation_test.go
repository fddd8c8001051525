package sqlite_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/sqlite"
)

// recorder is a driver's connector that records the statements of its connections.
type recorder struct {
	driver driver.Driver
	dsn    string

	mu         sync.Mutex
	statements []string
}

func (r *recorder) Driver() driver.Driver { return r.driver }

func (r *recorder) Connect(context.Context) (driver.Conn, error) {
	conn, err := r.driver.Open(r.dsn)
	return recorded{conn, r}, err
}

// recorded has only the methods of every connection, so that each statement is prepared.
type recorded struct {
	driver.Conn
	by *recorder
}

func (c recorded) Prepare(query string) (driver.Stmt, error) {
	c.by.mu.Lock()
	defer c.by.mu.Unlock()
	c.by.statements = append(c.by.statements, query)
	return c.Conn.Prepare(query)
}

// The cost of reading a table doesn't depend on the number of others: the catalogue has no index by
// name, and one scan reads it for all of them.
func TestTheCatalogueIsScannedOnceForAllTables(t *testing.T) {
	plain, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	statements := func(tables int) (scans, all int) {
		r := &recorder{driver: plain.Driver(), dsn: filepath.Join(t.TempDir(), "x.db")}
		pool := sql.OpenDB(r)
		defer pool.Close()
		for i := range tables {
			if _, err := pool.Exec(fmt.Sprintf("CREATE TABLE t%d (id INTEGER PRIMARY KEY, a TEXT, b TEXT, c TEXT)", i)); err != nil {
				t.Fatal(err)
			}
		}
		tx, err := sqlite.New(pool).Begin(t.Context(), dialect.TxOptions{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = tx.Rollback(t.Context()) }()
		r.statements = nil
		for i := range tables {
			if n, err := tx.Count(t.Context(), dialect.Name{Table: fmt.Sprintf("t%d", i)}, []dialect.Cond{dialect.IsNull{Column: "a"}}); n != 0 || err != nil {
				t.Fatalf("%d rows (%v)", n, err)
			}
		}
		for _, s := range r.statements {
			if strings.Contains(s, "sqlite_master") || strings.Contains(s, "pragma_table_list") {
				scans++
			}
		}
		return scans, len(r.statements)
	}
	few, _ := statements(3)
	many, all := statements(30)
	if many != few || many == 0 {
		t.Errorf("30 tables take %d scans of the catalogue, and 3 take %d", many, few)
	}
	if all != many+2*30 { // its columns, and its rows
		t.Errorf("30 tables take %d statements", all)
	}
}

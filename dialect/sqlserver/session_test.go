package sqlserver

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect"
)

// answers are a server's results for queries that contain the given text: each row is a line, with
// bars between its columns. Other queries have no rows.
type answers map[string]string

// executed collects, where it is among the answers, the statements without one.
const executed = "\x00executed"

// pool makes a pool over the answers, for features of no server here.
func (a answers) pool(t *testing.T) *sql.DB {
	pool := sql.OpenDB(a)
	t.Cleanup(func() { pool.Close() })
	return pool
}

func (a answers) Connect(context.Context) (driver.Conn, error) { return answering{a}, nil }
func (a answers) Driver() driver.Driver                        { return nil }

type answering struct{ answers }

func (c answering) ExecContext(_ context.Context, query string, _ []driver.NamedValue) (driver.Result, error) {
	if seen, ok := c.answers[executed]; ok {
		c.answers[executed] = seen + query + "\n"
	}
	return driver.ResultNoRows, nil
}

func (answering) Prepare(string) (driver.Stmt, error) { return nil, errors.ErrUnsupported }
func (answering) Close() error                        { return nil }
func (answering) Begin() (driver.Tx, error)           { return nil, errors.ErrUnsupported }

func (c answering) QueryContext(_ context.Context, query string, _ []driver.NamedValue) (driver.Rows, error) {
	for text, rows := range c.answers {
		if !strings.Contains(query, text) {
			continue
		}
		var out [][]string
		for line := range strings.SplitSeq(strings.TrimSpace(rows), "\n") {
			row := strings.Split(line, "|")
			for i := range row {
				row[i] = strings.TrimSpace(row[i])
			}
			out = append(out, row)
		}
		return &told{out, len(out[0])}, nil
	}
	return &told{nil, 1}, nil
}

type told struct {
	rows  [][]string
	width int
}

func (r *told) Columns() []string { return make([]string, r.width) }
func (r *told) Close() error      { return nil }
func (r *told) Next(into []driver.Value) error {
	if len(r.rows) == 0 {
		return io.EOF
	}
	for i, v := range r.rows[0] {
		into[i] = v
	}
	r.rows = r.rows[1:]
	return nil
}

// recent is a server of a supported version.
func recent() answers {
	return answers{
		"SERVERPROPERTY('EngineEdition')":    "16.0.4135.4 | 3 | 0 | 160 | 1",
		"sys.dm_db_log_stats":                "00000026:00000110:0001",
		"SELECT DB_NAME()":                   "shop",
		"SELECT CAST(database_guid AS":       "0A1B2C3D-0000-0000-0000-000000000001",
		"SELECT recovery_model_desc":         "FULL",
		"SERVERPROPERTY('ServerName') AS nv": "db7",
		executed:                             "",
	}
}

// Pitfall 12: the driver resets a session before it reuses it. Without these settings, a write to a
// table with a filtered index, or one on a computed column, fails.
func TestPitfall12EveryTransactionMakesItsSettings(t *testing.T) {
	a := recent()
	pool := a.pool(t)
	pool.SetMaxOpenConns(1)
	db := New(pool)
	for range 2 {
		a[executed] = ""
		tx, err := db.Begin(t.Context(), dialect.TxOptions{LockTimeout: 1500 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		if err := tx.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{
			"SET QUOTED_IDENTIFIER, ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL ON;",
			"SET NUMERIC_ROUNDABORT OFF;", "SET XACT_ABORT ON;", "SET NOCOUNT ON;", "SET IMPLICIT_TRANSACTIONS OFF;",
			"SET LOCK_TIMEOUT 1500;", "SET TRANSACTION ISOLATION LEVEL READ COMMITTED;\nBEGIN TRANSACTION;",
		} {
			if !strings.Contains(a[executed], want) {
				t.Errorf("a transaction begins without %s", want)
			}
		}
	}
}

func TestAReadOnlyTransactionSeesOneSnapshotWhereThereIsOne(t *testing.T) {
	for level, snapshot := range map[string]bool{"SNAPSHOT": true, "READ COMMITTED": false} {
		if got := openingSQL(&server{snapshot: snapshot}, dialect.TxOptions{ReadOnly: true}); !strings.Contains(got, "LEVEL "+level+";") {
			t.Errorf("the isolation isn't %s: %s", level, got)
		}
	}
}

func TestServersThatAreTooOldAreRefused(t *testing.T) {
	for _, c := range []struct{ name, server, says string }{
		{"2014", "12.0.6024.0 | 3 | 0 | 120 | 0", "older than SQL Server 2016"},
		{"a database at the level of 2014", "15.0.2000.5 | 3 | 0 | 120 | 0", "SET COMPATIBILITY_LEVEL = 130"},
		{"2016", "13.0.5026.0 | 3 | 0 | 130 | 0", ""},
		{"Azure SQL, whose version is always 12", "12.0.2000.8 | 5 | 0 | 160 | 1", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			pool := answers{"SERVERPROPERTY('EngineEdition')": c.server}.pool(t)
			_, err := New(pool).askServer(t.Context(), pool)
			if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
				t.Errorf("error %v, want %q", err, c.says)
			}
		})
	}
}

func TestAReceiptNamesTheDatabaseAndItsLogsEnd(t *testing.T) {
	db := New(recent().pool(t))
	id, err := db.Identity(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"database": "shop", "database_guid": "0A1B2C3D-0000-0000-0000-000000000001", "recovery_model": "FULL", "server": "db7"}
	if d := cmp.Diff(want, id.Facts); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	tx, err := db.Begin(t.Context(), dialect.TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context()) //nolint:errcheck // it only reads
	if at, err := tx.Position(t.Context()); err != nil || at != "00000026:00000110:0001" {
		t.Errorf("the log ends at %q, error %v", at, err)
	}
}

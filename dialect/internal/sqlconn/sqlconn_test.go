package sqlconn

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect"
)

// table is a driver's connection with the same rows for every query, and its own connector.
type table struct {
	driver.Conn
	rows   [][]driver.Value
	opened int
}

func (t *table) Connect(context.Context) (driver.Conn, error) {
	t.opened++
	return &table{rows: t.rows}, nil
}
func (t *table) Driver() driver.Driver { return nil }
func (t *table) Close() error          { return nil }
func (t *table) QueryContext(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
	return &cursor{rows: t.rows}, nil
}

type cursor struct{ rows [][]driver.Value }

func (c *cursor) Columns() []string { return []string{"a", "b"} }
func (c *cursor) Close() error      { return nil }
func (c *cursor) Next(into []driver.Value) error {
	if len(c.rows) == 0 {
		return io.EOF
	}
	copy(into, c.rows[0])
	c.rows = c.rows[1:]
	return nil
}

func TestQueries(t *testing.T) {
	text := func(s string) sql.NullString { return sql.NullString{String: s, Valid: true} }
	pool := sql.OpenDB(&table{rows: [][]driver.Value{{"x", int64(1)}, {nil, int64(2)}}})
	defer pool.Close()
	all, err := QueryAll(t.Context(), pool, "")
	if d := cmp.Diff([][]sql.NullString{{text("x"), text("1")}, {{}, text("2")}}, all); d != "" || err != nil {
		t.Errorf("all rows (-want +got): %v\n%s", err, d)
	}
	named, err := QueryNamed(t.Context(), pool, "")
	if d := cmp.Diff([]map[string]sql.NullString{{"a": text("x"), "b": text("1")}, {"a": {}, "b": text("2")}}, named); d != "" || err != nil {
		t.Errorf("by name (-want +got): %v\n%s", err, d)
	}
	broken := errors.New("broken")
	if err := EachRow(t.Context(), pool, "", func(func(...any) error) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}

	one := sql.OpenDB(&table{rows: [][]driver.Value{{"x", int64(7)}}})
	defer one.Close()
	var a string
	var b int
	if err := QueryOne(t.Context(), one, "", &a, &b); err != nil || a != "x" || b != 7 {
		t.Errorf("one row: %q, %d, %v", a, b, err)
	}
	none := sql.OpenDB(&table{})
	defer none.Close()
	if err := QueryOne(t.Context(), none, "", &a, &b); !errors.Is(err, sql.ErrNoRows) {
		t.Errorf("no row: error %v", err)
	}
}

func TestConnectionsThatTheServerForgotAreDiscarded(t *testing.T) {
	lost := dialect.NewError(dialect.LostConnection, "", "connect", dialect.Name{}, nil)
	fatal := dialect.NewError(dialect.Fatal, "", "connect", dialect.Name{}, nil)
	same := func(err error) error { return err }
	for _, test := range []struct {
		name   string
		errors []error // of each attempt; later attempts get the last one
		want   error
		opened int
	}{
		{"the first is good", []error{nil}, nil, 1},
		{"the third is good", []error{lost, lost, nil}, nil, 3},
		{"none is", []error{lost}, lost, 4},
		{"another error", []error{fatal}, fatal, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			connector := &table{}
			pool := sql.OpenDB(connector)
			defer pool.Close()
			n := 0
			conn, err := Open(t.Context(), pool, same, func(*sql.Conn) error {
				n++
				return test.errors[min(n, len(test.errors))-1]
			})
			if !errors.Is(err, test.want) || connector.opened != test.opened || (conn == nil) != (test.want != nil) {
				t.Errorf("error %v after %d connections, want %d", err, connector.opened, test.opened)
			}
			if conn != nil {
				_ = conn.Close()
			}
			if n := pool.Stats().OpenConnections; n > 1 {
				t.Errorf("%d connections are left open", n)
			}
		})
	}
}

func TestSettled(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	of := dialect.NewError(dialect.ReadOnly, "", "delete from", dialect.Name{}, nil)
	broken := errors.New("broken")
	for _, test := range []struct {
		name string
		ctx  context.Context
		err  error
		want dialect.Class // "": the engine classifies it
	}{
		{"the dialect's own", t.Context(), of, dialect.ReadOnly},
		{"the dialect's own, at the end", ended, of, dialect.ReadOnly},
		{"the context's end", ended, broken, dialect.Cancelled},
		{"the engine's", t.Context(), broken, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := Settled(test.ctx, test.err, "delete from", dialect.Name{})
			if got := dialect.ClassOf(err); got != test.want {
				t.Errorf("error %v of class %q", err, got)
			}
			if test.want == dialect.Cancelled && !errors.Is(err, context.Canceled) {
				t.Errorf("error %v isn't the context's", err)
			}
		})
	}
}

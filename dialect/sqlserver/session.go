package sqlserver

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/sqlconn"
	"github.com/expungedb/expunge/internal/grace"
)

// settings are the settings that statements need. Filtered indexes, indexed views and indexes on
// computed columns demand the first group from all writers of their tables:
// https://learn.microsoft.com/sql/t-sql/statements/set-statements-transact-sql
const settings = `SET QUOTED_IDENTIFIER, ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL ON;
SET NUMERIC_ROUNDABORT OFF;
SET IMPLICIT_TRANSACTIONS OFF;
SET XACT_ABORT ON;
SET NOCOUNT ON;
SET ROWCOUNT 0;
SET TEXTSIZE 2147483647;
SET LANGUAGE us_english;
SET DATEFORMAT ymd;
`

// tx is a transaction on a connection of the pool.
type tx struct {
	db       *DB
	srv      *server
	conn     *sql.Conn // nil once the transaction has ended
	readOnly bool
	// failed says that a statement failed. The server may have rolled back (XACT_ABORT), and would
	// commit a further statement at once.
	failed bool
	doing  string // the action in errors, where the statement doesn't show it
}

// Begin starts a transaction in one round trip with its settings.
func (d *DB) Begin(ctx context.Context, o dialect.TxOptions) (dialect.Tx, error) {
	t, err := d.beginTx(ctx, o)
	if err != nil {
		return nil, err
	}
	return t, nil
}

func (d *DB) beginTx(ctx context.Context, o dialect.TxOptions) (*tx, error) {
	conn, srv, err := d.openSession(ctx, "begin", func(s *server) string { return openingSQL(s, o) })
	if err != nil {
		return nil, err
	}
	return &tx{db: d, srv: srv, conn: conn, readOnly: o.ReadOnly}, nil
}

// openingSQL renders the SQL that begins a transaction. In a deadlock the server ends this
// transaction, and the application's continues.
func openingSQL(s *server, o dialect.TxOptions) string {
	isolation, wait := "READ COMMITTED", int64(-1)
	if o.ReadOnly && s.snapshot {
		isolation = "SNAPSHOT"
	}
	if o.LockTimeout > 0 {
		wait = max(1, o.LockTimeout.Milliseconds())
	}
	return fmt.Sprintf("SET DEADLOCK_PRIORITY LOW;\nSET LOCK_TIMEOUT %d;\nSET TRANSACTION ISOLATION LEVEL %s;\nBEGIN TRANSACTION;", wait, isolation)
}

// openSession takes a connection from the pool and makes every session's settings, then those of
// more.
func (d *DB) openSession(ctx context.Context, doing string, more func(*server) string) (*sql.Conn, *server, error) {
	var srv *server
	classify := func(err error) error { return engineError(ctx, err, doing, dialect.Name{}) }
	conn, err := sqlconn.Open(ctx, d.pool, classify, func(conn *sql.Conn) (err error) {
		if srv, err = d.askServer(ctx, conn); err != nil {
			return err
		}
		script := settings
		if more != nil {
			script += more(srv)
		}
		_, err = conn.ExecContext(ctx, script)
		return err
	})
	return conn, srv, err
}

// CheckConstraints does nothing: the engine never defers a constraint.
func (t *tx) CheckConstraints(context.Context) error { return nil }

// Commit ends the transaction. It rolls a read-only one back, with the same effect.
func (t *tx) Commit(ctx context.Context) error {
	const doing = "commit"
	switch {
	case t.conn == nil:
		return errEnded(doing)
	case t.failed:
		_ = t.Rollback(ctx)
		e := dialect.NewError(dialect.Fatal, "", doing, dialect.Name{}, nil)
		e.Detail = "rolled back, since a statement had failed: roll back after an error"
		return e
	case t.readOnly:
		return t.Rollback(ctx)
	}
	if err := ctx.Err(); err != nil {
		_ = t.Rollback(ctx)
		return dialect.NewError(dialect.Cancelled, "", doing, dialect.Name{}, err)
	}
	// Once sent, wait for it: otherwise its outcome would be unknown.
	ctx, cancel := grace.Extend(ctx, patience)
	defer cancel()
	_, err := t.conn.ExecContext(ctx, "COMMIT TRANSACTION")
	if err == nil {
		t.release(false)
		return nil
	}
	err = engineError(context.Background(), err, doing, dialect.Name{})
	t.release(true)
	return err
}

// Rollback undoes everything. Where it fails, it closes the connection, with the same effect.
func (t *tx) Rollback(ctx context.Context) error {
	if t.conn == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	_, err := t.conn.ExecContext(ctx, "IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION")
	t.release(err != nil)
	return nil
}

func (t *tx) release(broken bool) {
	if broken {
		sqlconn.Discard(t.conn)
	} else {
		_ = t.conn.Close() // returns it to the pool
	}
	t.conn = nil
}

// patience is the longest duration of a transaction's end after its context has ended.
const patience = 5 * time.Second

func errEnded(doing string) error {
	e := dialect.NewError(dialect.Fatal, "", doing, dialect.Name{}, nil)
	e.Detail = "the transaction has ended"
	return e
}

// checkUsable returns an error where no further statement may run.
func (t *tx) checkUsable(doing string, table dialect.Name, writes bool) error {
	switch {
	case t.conn == nil:
		return errEnded(doing)
	case t.failed:
		e := dialect.NewError(dialect.Fatal, "", doing, table, nil)
		e.Detail = "a statement of this transaction has failed: roll back"
		return e
	case writes && t.readOnly:
		e := dialect.NewError(dialect.ReadOnly, "", doing, table, nil)
		e.Detail = "the transaction is read-only"
		return e
	}
	return nil
}

// txError converts the error of a statement of the transaction.
func (t *tx) txError(ctx context.Context, err error, doing string, table dialect.Name) error {
	if err == nil {
		return nil
	}
	t.failed = true
	if t.doing != "" {
		doing = t.doing
	}
	out := engineError(ctx, err, doing, table)
	t.explainError(ctx, err, out)
	if isStale(out) {
		t.db.clearRelations()
	}
	return out
}

package postgres

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/internal/grace"
)

// settings make the text forms of values canonical, and statements safe (see the package's
// documentation). Each transaction sets them LOCAL.
var settings = []string{
	"SET LOCAL client_encoding = 'UTF8'",
	"SET LOCAL DateStyle = 'ISO, YMD'",
	"SET LOCAL TimeZone = 'UTC'",
	"SET LOCAL IntervalStyle = 'postgres'",
	"SET LOCAL bytea_output = 'hex'",
	"SET LOCAL extra_float_digits = 1",
	"SET LOCAL standard_conforming_strings = on",
	"SET LOCAL array_nulls = on",
	"SET LOCAL row_security = off",
	"SET LOCAL plan_cache_mode = force_generic_plan",
	"SET LOCAL jit = off",
}

// tx is a transaction on a connection of the pool.
type tx struct {
	db    *DB
	conn  *pgxpool.Conn // nil once the transaction has ended
	doing string        // the action in errors, where the statement doesn't show it
	stale bool          // prepared statements of this connection may be out of date
}

// Begin starts a transaction in one round trip with its settings: READ COMMITTED, or REPEATABLE
// READ where it is read-only.
func (db *DB) Begin(ctx context.Context, o dialect.TxOptions) (dialect.Tx, error) {
	t, err := db.beginTx(ctx, o)
	if err != nil {
		return nil, err
	}
	return t, nil
}

func (db *DB) beginTx(ctx context.Context, o dialect.TxOptions) (*tx, error) {
	path := db.pinnedPath()
	t, err := db.startTx(ctx, o, path)
	if err != nil || path != "" {
		return t, err
	}
	if err := t.pinPath(ctx); err != nil {
		return nil, errorOr(err, t.Rollback(ctx))
	}
	return t, nil
}

// beginCatalogue begins a transaction for queries about the catalogue.
func (db *DB) beginCatalogue(ctx context.Context, o dialect.TxOptions) (*tx, error) {
	if db.pinnedPath() != "" {
		return db.startTx(ctx, o, catalogueOnly)
	}
	// Read the connection's own path before setting another one.
	t, err := db.beginTx(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := t.runScript(ctx, "begin", catalogueOnly); err != nil {
		return nil, errorOr(err, t.Rollback(ctx))
	}
	return t, nil
}

// anyBytes is the encoding of databases that store any bytes
// (https://www.postgresql.org/docs/current/multibyte.html).
const anyBytes = "SQL_ASCII"

// startTx begins a transaction, with the statement that sets its search path.
func (db *DB) startTx(ctx context.Context, o dialect.TxOptions, path string) (*tx, error) {
	conn, err := db.pool.Acquire(ctx)
	if err != nil {
		return nil, engineError(ctx, "connect", dialect.Name{}, err, false)
	}
	begin := "BEGIN ISOLATION LEVEL READ COMMITTED"
	if o.ReadOnly {
		begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
	}
	script := append([]string{begin}, settings...)
	if path != "" {
		script = append(script, path)
	}
	if conn.Conn().PgConn().ParameterStatus("server_encoding") == anyBytes {
		// The server doesn't know the meaning of its bytes, and doesn't send invalid UTF8 as text.
		script = append(script, "SET LOCAL client_encoding = '"+anyBytes+"'")
	}
	if o.LockTimeout > 0 {
		script = append(script, fmt.Sprintf("SET LOCAL lock_timeout = '%dms'", max(1, o.LockTimeout.Milliseconds())))
	}
	if o.Defer {
		script = append(script, "SET CONSTRAINTS ALL DEFERRED")
	}
	t := &tx{db: db, conn: conn}
	if err := t.runScript(ctx, "begin", strings.Join(script, "; ")); err != nil {
		return nil, errorOr(err, t.Rollback(ctx))
	}
	return t, nil
}

// runScript sends statements without parameters in one message.
func (t *tx) runScript(ctx context.Context, doing, sql string) error {
	_, err := t.conn.Conn().PgConn().Exec(ctx, sql).ReadAll()
	return t.txError(ctx, doing, dialect.Name{}, err)
}

// CheckConstraints checks deferred constraints now.
func (t *tx) CheckConstraints(ctx context.Context) error {
	if t.conn == nil {
		return errEnded("check constraints")
	}
	return t.runScript(ctx, "check constraints", "SET CONSTRAINTS ALL IMMEDIATE")
}

// Commit ends the transaction. Where a statement has failed, the server answers COMMIT with
// ROLLBACK; that is an error.
func (t *tx) Commit(ctx context.Context) error {
	if t.conn == nil {
		return errEnded("commit")
	}
	if err := ctx.Err(); err != nil {
		return errorOr(dialect.NewError(dialect.Cancelled, "", "commit", dialect.Name{}, err), t.Rollback(ctx))
	}
	// Once sent, wait for it: otherwise its outcome would be unknown.
	ctx, cancel := grace.Extend(ctx, patience)
	defer cancel()
	results, err := t.conn.Conn().PgConn().Exec(ctx, "COMMIT").ReadAll()
	if err != nil {
		_, answered := errors.AsType[*pgconn.PgError](err)
		err = t.txError(ctx, "commit", dialect.Name{}, err)
		if e, ok := errors.AsType[*dialect.Error](err); ok && !answered {
			e.Class = dialect.LostConnection
		}
		t.release(true)
		return err
	}
	t.release(false)
	if len(results) == 1 && results[0].CommandTag.String() != "COMMIT" {
		e := dialect.NewError(dialect.Fatal, "25P02", "commit", dialect.Name{}, nil)
		e.Detail = "the server rolled back, since a statement had failed: roll back after an error"
		return e
	}
	return nil
}

// Rollback undoes everything. Where it fails, it closes the connection, with the same effect.
func (t *tx) Rollback(ctx context.Context) error {
	if t.conn == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	_, err := t.conn.Conn().PgConn().Exec(ctx, "ROLLBACK").ReadAll()
	t.release(err != nil)
	return nil
}

// release returns the connection to the pool, and closes a broken one.
func (t *tx) release(broken bool) {
	if broken || t.stale {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		_ = t.conn.Conn().Close(ctx) // the pool replaces it
		cancel()
	}
	t.conn.Release()
	t.conn = nil
}

// patience is the longest duration of a transaction's end after its context has ended.
const patience = 5 * time.Second

func errEnded(doing string) error {
	e := dialect.NewError(dialect.Fatal, "", doing, dialect.Name{}, nil)
	e.Detail = "the transaction has ended"
	return e
}

func (t *tx) txError(ctx context.Context, doing string, table dialect.Name, err error) error {
	if err == nil {
		return nil
	}
	if t.doing != "" {
		doing = t.doing
	}
	err = engineError(ctx, doing, table, err, t.conn.Conn().IsClosed())
	if isStale(err) {
		t.stale = true
		t.db.clearRelations()
	}
	return err
}

// runStatement sends a statement. All values, in both directions, are text. It calls pgconn, not
// pgx's Query: pgx gives the parameters to its tracers.
func (t *tx) runStatement(ctx context.Context, s statement) (*pgconn.ResultReader, error) {
	if t.conn == nil {
		return nil, errEnded("use a transaction on")
	}
	if !t.db.prepares {
		return t.conn.Conn().PgConn().ExecParams(ctx, s.sql, s.args, nil, nil, nil), nil
	}
	// With the SQL as its name, pgx derives a name from it, and prepares it once a connection.
	prepared, err := t.conn.Conn().Prepare(ctx, s.sql, s.sql)
	if err != nil {
		return nil, err
	}
	return t.conn.Conn().PgConn().ExecPrepared(ctx, prepared.Name, s.args, nil, nil), nil
}

// execStatement runs a statement and returns how many rows it changed.
func (t *tx) execStatement(ctx context.Context, doing string, s statement) (int64, error) {
	reader, err := t.runStatement(ctx, s)
	if err == nil {
		var tag pgconn.CommandTag
		if tag, err = reader.Close(); err == nil {
			return tag.RowsAffected(), nil
		}
	}
	return 0, t.txError(ctx, doing, s.table, err)
}

// eachRow calls f for every row of a statement's result. The row is valid only during the call.
func (t *tx) eachRow(ctx context.Context, s statement, f func(row [][]byte)) error {
	for row, err := range t.streamRows(ctx, "read", s) {
		if err != nil {
			return err
		}
		f(row)
	}
	return nil
}

// oneRow returns a copy of a statement's last row.
func (t *tx) oneRow(ctx context.Context, s statement) ([][]byte, error) {
	var out [][]byte
	err := t.eachRow(ctx, s, func(row [][]byte) {
		out = nil
		for _, v := range row {
			if v != nil {
				v = append([]byte{}, v...)
			}
			out = append(out, v)
		}
	})
	return out, err
}

func (t *tx) streamRows(ctx context.Context, doing string, s statement) iter.Seq2[[][]byte, error] {
	return func(yield func([][]byte, error) bool) {
		reader, err := t.runStatement(ctx, s)
		if err != nil {
			yield(nil, t.txError(ctx, doing, s.table, err))
			return
		}
		for reader.NextRow() {
			if !yield(reader.Values(), nil) {
				_, _ = reader.Close() // reads the rest; a failure appears with the next statement
				return
			}
		}
		if _, err := reader.Close(); err != nil {
			yield(nil, t.txError(ctx, doing, s.table, err))
		}
	}
}

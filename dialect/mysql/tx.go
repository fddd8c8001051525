package mysql

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"strconv"
	"time"

	"github.com/expungedb/expunge/dialect"
)

// tx is one transaction.
type tx struct {
	*session
	done bool
}

// Begin implements dialect.DB. A lock timeout is rounded up to whole seconds.
// It refuses sessions in which foreign_key_checks is off.
func (d *DB) Begin(ctx context.Context, o dialect.TxOptions) (dialect.Tx, error) {
	const doing = "begin"
	var more []variable
	if o.LockTimeout > 0 {
		wait := seconds(o.LockTimeout)
		// The second one is for the table's definition, which an ALTER TABLE may hold.
		more = []variable{{"innodb_lock_wait_timeout", wait}, {"lock_wait_timeout", wait}}
	}
	s, err := d.session(ctx, doing, more...)
	if err != nil {
		return nil, err
	}
	if err := s.start(ctx, o.ReadOnly); err != nil {
		s.close(false)
		return nil, fail(ctx, err, doing, dialect.Name{})
	}
	return &tx{session: s}, nil
}

// seconds rounds up: a timeout of 0 seconds would not wait at all.
func seconds(d time.Duration) string { return strconv.Itoa(int(math.Ceil(d.Seconds()))) }

func (s *session) start(ctx context.Context, readOnly bool) error {
	if !s.checks {
		e := dialect.NewError(dialect.Fatal, "", "begin", dialect.Name{}, nil)
		e.Detail = foreignKeysOff
		return e
	}
	// Without SESSION the level holds for the next transaction only.
	level, start := "READ COMMITTED", "START TRANSACTION"
	if readOnly {
		level, start = "REPEATABLE READ", "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"
	}
	if _, err := s.conn.ExecContext(ctx, "SET TRANSACTION ISOLATION LEVEL "+level); err != nil {
		return err
	}
	_, err := s.conn.ExecContext(ctx, start)
	return err
}

const foreignKeysOff = "foreign_key_checks is off in the pool's sessions, so deletes would leave broken references: switch it on, in the DSN or on the server"

// CheckConstraints implements dialect.Tx: nothing is ever deferred.
func (t *tx) CheckConstraints(context.Context) error { return nil }

// Commit implements dialect.Tx.
func (t *tx) Commit(ctx context.Context) error {
	if t.done {
		return dialect.NewError(dialect.Fatal, "", "commit", dialect.Name{}, sql.ErrTxDone)
	}
	_, err := t.conn.ExecContext(ctx, "COMMIT")
	if err != nil {
		t.cut = t.cut || ctx.Err() != nil
		err = fail(ctx, err, "commit", dialect.Name{})
	}
	t.end(err == nil)
	return err
}

// Rollback implements dialect.Tx.
func (t *tx) Rollback(ctx context.Context) error {
	if t.done {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	_, err := t.conn.ExecContext(ctx, "ROLLBACK")
	t.end(err == nil)
	if err != nil && lost(err) {
		return nil // the server rolls back what has lost its connection
	}
	return fail(ctx, err, "roll back", dialect.Name{})
}

// end gives the connection back.
func (t *tx) end(usable bool) {
	t.done = true
	t.close(usable)
}

// fail makes an error of one that a statement of the transaction returned.
func (t *tx) fail(ctx context.Context, err error, doing string, table dialect.Name) error {
	if err != nil && ctx.Err() != nil {
		t.cut = true
	}
	err = fail(ctx, err, doing, table)
	if e, ok := errors.AsType[*dialect.Error](err); ok && (e.Code == "1054" || e.Code == "1146") {
		t.db.catalog.forget(table) // altered since it was read
	}
	return err
}

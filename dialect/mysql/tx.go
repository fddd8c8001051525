package mysql

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/internal/grace"
)

// tx is one transaction.
type tx struct {
	*session
	readOnly bool
	done     bool
}

// Begin implements dialect.DB. A lock timeout is rounded up to whole seconds.
// It refuses sessions in which foreign_key_checks is off.
func (d *DB) Begin(ctx context.Context, o dialect.TxOptions) (dialect.Tx, error) {
	const doing = "begin"
	// The transaction begins with its first statement. So none is needed to begin
	// it, and the level comes with the other settings.
	more := []variable{manual, {"transaction_isolation", "READ-COMMITTED"}}
	if o.ReadOnly { // the first read makes the snapshot
		more = []variable{manual, {"transaction_isolation", "REPEATABLE-READ"}, {"transaction_read_only", "1"}}
	}
	if o.LockTimeout > 0 {
		wait := secondsText(o.LockTimeout)
		// The second one is for the table's definition, which an ALTER TABLE may hold.
		more = append(more, variable{"innodb_lock_wait_timeout", wait}, variable{"lock_wait_timeout", wait})
	}
	s, err := d.openSession(ctx, doing, more...)
	if err != nil {
		return nil, err
	}
	if !s.checks {
		s.closeSession(false) // another of the pool's sessions may have them on
		e := dialect.NewError(dialect.Fatal, "", doing, dialect.Name{}, nil)
		e.Detail = foreignKeysOff
		return nil, e
	}
	return &tx{session: s, readOnly: o.ReadOnly}, nil
}

// secondsText rounds up: a timeout of 0 seconds would not wait at all.
func secondsText(d time.Duration) string { return strconv.Itoa(int(math.Ceil(d.Seconds()))) }

const foreignKeysOff = "foreign_key_checks is off in the pool's sessions, so deletes would leave broken references: switch it on, in the DSN or on the server"

// CheckConstraints implements dialect.Tx: nothing is ever deferred.
func (t *tx) CheckConstraints(context.Context) error { return nil }

// Commit implements dialect.Tx.
func (t *tx) Commit(ctx context.Context) error {
	if t.done {
		return dialect.NewError(dialect.Fatal, "", "commit", dialect.Name{}, sql.ErrTxDone)
	}
	err := ctx.Err()
	if err == nil {
		// Once sent it is waited for: else its outcome would be unknown.
		var cancel context.CancelFunc
		ctx, cancel = grace.Extend(ctx, patience)
		defer cancel()
		_, err = t.conn.ExecContext(ctx, "COMMIT")
	}
	if err != nil {
		t.cut = t.cut || ctx.Err() != nil
		err = engineError(ctx, err, "commit", dialect.Name{})
	}
	t.endTx(err == nil)
	return err
}

// Rollback implements dialect.Tx.
func (t *tx) Rollback(ctx context.Context) error {
	if t.done {
		return nil
	}
	if t.readOnly && t.endsItself() {
		t.endTx(true)
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	_, err := t.conn.ExecContext(ctx, "ROLLBACK")
	t.endTx(err == nil)
	if err != nil && isLost(err) {
		return nil // the server rolls back what has lost its connection
	}
	return engineError(ctx, err, "roll back", dialect.Name{})
}

// endsItself reports whether restoring the session's settings ends the
// transaction, with a commit: all the same to one that only reads.
func (t *tx) endsItself() bool {
	return slices.Contains(t.restore, variable{manual.name, "1"})
}

// endTx gives the connection back.
func (t *tx) endTx(usable bool) {
	t.done = true
	t.closeSession(usable)
}

// txError makes an error of one that a statement of the transaction returned.
func (t *tx) txError(ctx context.Context, err error, doing string, table dialect.Name) error {
	if err != nil && ctx.Err() != nil {
		t.cut = true
	}
	err = engineError(ctx, err, doing, table)
	if e, ok := errors.AsType[*dialect.Error](err); ok && (e.Code == "1054" || e.Code == "1146") {
		t.db.catalog.dropTable(table) // altered since it was read
	}
	return err
}

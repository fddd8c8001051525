package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/sqlconn"
	"github.com/expungedb/expunge/internal/grace"
)

// session is a connection taken from the pool, with the variables set.
type session struct {
	db       *DB
	conn     *sql.Conn
	id       int64  // of the connection, for KILL
	at       string // the server of that connection
	server   *server
	checks   bool // foreign_key_checks
	restore  []variable
	database string  // selected, "": none
	away     *string // the originally selected database, where it isn't the pool's
	cut      bool    // the context ended within a statement: the driver has closed the connection
}

// openSession takes a connection from the pool and sets the variables. more adds variables, or
// other values for some.
func (d *DB) openSession(ctx context.Context, doing string, more ...variable) (s *session, err error) {
	classify := func(err error) error { return engineError(ctx, err, doing, dialect.Name{}) }
	_, err = sqlconn.Open(ctx, d.pool, classify, func(conn *sql.Conn) error {
		s = &session{db: d, conn: conn}
		return s.setVariables(ctx, wantedVariables(more))
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// setVariables sets the wanted values and remembers the old ones, in two statements: a batch of one
// subject is a dozen transactions, most of which read one table.
func (s *session) setVariables(ctx context.Context, want []variable) error {
	var err error
	if s.server, err = s.db.askServer(ctx, s.conn); err != nil {
		return err
	}
	if s.server.mariadb {
		want = append(want, mariadbs...)
	}
	query := "SELECT CONNECTION_ID(), " + whichServer + ", DATABASE(), @@SESSION.foreign_key_checks"
	values := make([]sql.NullString, len(want))
	var selected sql.NullString
	into := []any{&s.id, &s.at, &selected, &s.checks}
	for i, v := range want {
		query += ", @@SESSION." + s.server.functionName(v.name)
		into = append(into, &values[i])
	}
	if err := sqlconn.QueryOne(ctx, s.conn, query, into...); err != nil {
		return err
	}
	// A USE remains in effect for its session, and a name without a database in a statement means
	// the selected one.
	s.database = selected.String
	if home := s.server.database; home != "" && s.database != home {
		s.away, s.database = &selected.String, home
		if _, err := s.conn.ExecContext(ctx, "USE "+quoteIdent(home)); err != nil {
			return err
		}
	}
	var set []variable
	for i, v := range want {
		got := values[i]
		if !got.Valid {
			got.String = "NULL" // as character_set_results can be
		}
		if v == manual {
			// Setting 1 after 0 commits an open transaction; 0 alone would leave it open.
			set = append(set, manual, variable{manual.name, "1"})
		} else if sameSetting(v, got.String) {
			continue
		}
		set = append(set, v)
		s.restore = append(s.restore, variable{v.name, got.String})
	}
	if len(set) == 0 {
		return nil
	}
	_, err = s.conn.ExecContext(ctx, s.assignVariables(set))
	return err
}

// closeSession restores the settings and returns the connection to the pool. Where it can't restore
// them, it discards the connection.
func (s *session) closeSession(usable bool) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if usable && len(s.restore) > 0 {
		_, err := s.conn.ExecContext(ctx, s.assignVariables(s.restore))
		usable = err == nil
	}
	if usable && s.away != nil {
		_, err := s.conn.ExecContext(ctx, "USE "+quoteIdent(*s.away)) // it fails where no database was selected
		usable = err == nil
	}
	if !usable {
		sqlconn.Discard(s.conn)
	}
	s.conn.Close()
	if s.cut && !usable {
		// The server notices a closed connection only when the statement has ended. Until then it
		// would continue, and hold its locks.
		_ = s.killSession(ctx)
	}
}

// whichServer distinguishes the servers behind a load balancer.
const whichServer = "CONCAT_WS(':', @@hostname, @@port, @@server_id)"

// killSession ends the session on its server. On another server the connection of that number is
// another user's.
func (s *session) killSession(ctx context.Context) error {
	conn, err := s.db.pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	var at string
	if err := sqlconn.QueryOne(ctx, conn, "SELECT "+whichServer, &at); err != nil || at != s.at {
		return err
	}
	_, err = conn.ExecContext(ctx, fmt.Sprintf("KILL %d", s.id))
	return err
}

// patience is the longest duration of a session's end after its context has ended.
const patience = 5 * time.Second

// tx is one transaction.
type tx struct {
	*session
	readOnly bool
	done     bool
}

// Begin implements dialect.DB. It rounds a lock timeout up to whole seconds. It refuses sessions
// with foreign_key_checks off.
func (d *DB) Begin(ctx context.Context, o dialect.TxOptions) (dialect.Tx, error) {
	const doing = "begin"
	// The transaction begins with its first statement. So beginning needs no statement, and the
	// isolation level is set with the other settings.
	more := []variable{manual, {"transaction_isolation", "READ-COMMITTED"}}
	if o.ReadOnly { // the first read makes the snapshot
		more = []variable{manual, {"transaction_isolation", "REPEATABLE-READ"}, {"transaction_read_only", "1"}}
	}
	if o.LockTimeout > 0 {
		wait := secondsText(o.LockTimeout)
		// The second is for the lock on the table's definition, possibly held by an ALTER TABLE.
		more = append(more, variable{"innodb_lock_wait_timeout", wait}, variable{"lock_wait_timeout", wait})
	}
	s, err := d.openSession(ctx, doing, more...)
	if err != nil {
		return nil, err
	}
	if !s.checks {
		s.closeSession(false) // other sessions of the pool may have them on
		e := dialect.NewError(dialect.Fatal, "", doing, dialect.Name{}, nil)
		e.Detail = foreignKeysOff
		return nil, e
	}
	return &tx{session: s, readOnly: o.ReadOnly}, nil
}

// secondsText rounds up: a timeout of 0 seconds would not wait at all.
func secondsText(d time.Duration) string { return strconv.Itoa(int(math.Ceil(d.Seconds()))) }

const foreignKeysOff = "foreign_key_checks is off in the pool's sessions, so deletes would leave broken references: switch it on, in the DSN or on the server"

// CheckConstraints does nothing: the engine never defers a constraint.
func (t *tx) CheckConstraints(context.Context) error { return nil }

// Commit implements dialect.Tx.
func (t *tx) Commit(ctx context.Context) error {
	if t.done {
		return dialect.NewError(dialect.Fatal, "", "commit", dialect.Name{}, sql.ErrTxDone)
	}
	err := ctx.Err()
	if err == nil {
		// Once sent, wait for it: otherwise its outcome would be unknown.
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
		return nil // the server rolls back a transaction that has lost its connection
	}
	return engineError(ctx, err, "roll back", dialect.Name{})
}

// endsItself reports whether restoring the session's settings ends the transaction. It then
// commits: for a read-only transaction that is the same as a rollback.
func (t *tx) endsItself() bool {
	return slices.Contains(t.restore, variable{manual.name, "1"})
}

// endTx returns the connection to the pool.
func (t *tx) endTx(usable bool) {
	t.done = true
	t.closeSession(usable)
}

// txError converts the error of a statement of the transaction.
func (t *tx) txError(ctx context.Context, err error, doing string, table dialect.Name) error {
	if err != nil && ctx.Err() != nil {
		t.cut = true
	}
	err = engineError(ctx, err, doing, table)
	if e, ok := errors.AsType[*dialect.Error](err); ok && (e.Code == "1054" || e.Code == "1146") {
		t.db.catalog.dropTable(table) // the table was altered since it was read
	}
	return err
}

package mysql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/expungedb/expunge/dialect"
)

// variable is a session variable that statements depend on, with the value
// that they need. Pools hand sessions around, and DSNs set what they like.
type variable struct{ name, value string }

// variables are the session as statements need it.
var variables = []variable{
	// Values travel as UTF-8. A comparison with a column uses the column's
	// collation, whatever the connection's is.
	{"character_set_client", "utf8mb4"},
	{"character_set_results", "utf8mb4"},
	{"collation_connection", "utf8mb4_general_ci"},
	{"time_zone", "+00:00"}, // TIMESTAMP columns are read and written in UTC
	// Strict, so that a value that doesn't fit is an error; without NO_ZERO_DATE
	// and with ALLOW_INVALID_DATES, so that what is stored already can be written back.
	{"sql_mode", "STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,NO_UNSIGNED_SUBTRACTION,ALLOW_INVALID_DATES"},
	{"sql_safe_updates", "0"},
	{"sql_select_limit", "18446744073709551615"},
	{"completion_type", "NO_CHAIN"},
	{"div_precision_increment", "30"},
	{"sql_auto_is_null", "0"},
}

// tx is one transaction on a connection that it has for itself.
type tx struct {
	db      *DB
	conn    *sql.Conn
	id      int64 // of the connection, for KILL
	server  *server
	restore []variable
	cut     bool // the context ended within a statement: the driver has closed the connection
	done    bool
}

// Begin implements dialect.DB. A lock timeout is rounded up to whole seconds.
func (d *DB) Begin(ctx context.Context, o dialect.TxOptions) (dialect.Tx, error) {
	const doing = "begin"
	conn, err := d.pool.Conn(ctx)
	if err != nil {
		return nil, fail(ctx, err, doing, dialect.Name{})
	}
	t := &tx{db: d, conn: conn}
	if err := t.begin(ctx, o); err != nil {
		err = fail(ctx, err, doing, dialect.Name{})
		t.close(false)
		return nil, err
	}
	return t, nil
}

func (t *tx) begin(ctx context.Context, o dialect.TxOptions) error {
	var err error
	if t.server, err = t.db.asked(ctx, t.conn); err != nil {
		return err
	}
	want := variables
	if o.LockTimeout > 0 {
		seconds := strconv.Itoa(int(math.Ceil(o.LockTimeout.Seconds())))
		// The second one is for the table's definition, which an ALTER TABLE may hold.
		want = append(want[:len(want):len(want)], variable{"innodb_lock_wait_timeout", seconds}, variable{"lock_wait_timeout", seconds})
	}
	if err := t.settle(ctx, want); err != nil {
		return err
	}
	// Without SESSION the level holds for the next transaction only.
	level, start := "READ COMMITTED", "START TRANSACTION"
	if o.ReadOnly {
		level, start = "REPEATABLE READ", "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"
	}
	if _, err := t.conn.ExecContext(ctx, "SET TRANSACTION ISOLATION LEVEL "+level); err != nil {
		return err
	}
	_, err = t.conn.ExecContext(ctx, start)
	return err
}

// settle gives the session the values wanted, and remembers those it had.
func (t *tx) settle(ctx context.Context, want []variable) error {
	query := "SELECT CONNECTION_ID(), @@SESSION.foreign_key_checks"
	values := make([]sql.NullString, len(want))
	var checks bool
	into := []any{&t.id, &checks}
	for i, v := range want {
		query += ", @@SESSION." + v.name
		into = append(into, &values[i])
	}
	if err := one(ctx, t.conn, query, into...); err != nil {
		return err
	}
	if !checks {
		e := dialect.NewError(dialect.Fatal, "", "begin", dialect.Name{}, nil)
		e.Detail = foreignKeysOff
		return e
	}
	var set, restore []variable
	for i, v := range want {
		if got := values[i]; !got.Valid || !sameSetting(v, got.String) {
			set = append(set, v)
			if !got.Valid {
				got.String = "NULL" // character_set_results can be
			}
			restore = append(restore, variable{v.name, got.String})
		}
	}
	if len(set) == 0 {
		return nil
	}
	t.restore = restore // before they are set: an error may come after some are
	_, err := t.conn.ExecContext(ctx, assignVariables(set))
	return err
}

const foreignKeysOff = "foreign_key_checks is off in the pool's sessions, so deletes would leave broken references: switch it on, in the DSN or on the server"

// sameSetting compares a variable's value with the one wanted; the modes of
// sql_mode come in an order of the server's own.
func sameSetting(want variable, got string) bool {
	if want.name != "sql_mode" {
		return strings.EqualFold(want.value, got)
	}
	modes := func(s string) map[string]bool {
		set := map[string]bool{}
		for m := range strings.SplitSeq(s, ",") {
			set[m] = true
		}
		return set
	}
	w, g := modes(want.value), modes(got)
	if len(w) != len(g) {
		return false
	}
	for m := range w {
		if !g[m] {
			return false
		}
	}
	return true
}

func assignVariables(vs []variable) string {
	parts := make([]string, len(vs))
	for i, v := range vs {
		parts[i] = "@@SESSION." + v.name + " = " + variableLiteral(v.value)
	}
	return "SET " + strings.Join(parts, ", ")
}

// variableLiteral writes a variable's value, which is a number, a name or a
// list of names, or NULL.
func variableLiteral(v string) string {
	if _, err := strconv.ParseUint(v, 10, 64); err == nil || v == "NULL" {
		return v
	}
	return "'" + strings.ReplaceAll(v, "'", "''") + "'"
}

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
	t.close(err == nil)
	return err
}

// patience is how long the end of a transaction may take after its context's end.
const patience = 30 * time.Second

// Rollback implements dialect.Tx.
func (t *tx) Rollback(ctx context.Context) error {
	if t.done {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	_, err := t.conn.ExecContext(ctx, "ROLLBACK")
	t.close(err == nil)
	if err != nil && lost(err) {
		return nil // the server rolls back what has lost its connection
	}
	return fail(ctx, err, "roll back", dialect.Name{})
}

// close gives the connection back with its settings restored, or, where that
// is not possible, throws it away.
func (t *tx) close(usable bool) {
	t.done = true
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if usable && len(t.restore) > 0 {
		_, err := t.conn.ExecContext(ctx, assignVariables(t.restore))
		usable = err == nil
	}
	if !usable {
		discard(t.conn)
	}
	t.conn.Close()
	if t.cut {
		// The server notices a closed connection only when the statement has
		// ended. Until then it would work on, and hold its locks.
		_, _ = t.db.pool.ExecContext(ctx, fmt.Sprintf("KILL %d", t.id))
	}
}

// discard makes the pool forget a connection.
func discard(c *sql.Conn) {
	_ = c.Raw(func(any) error { return driver.ErrBadConn })
}

// fail makes an error of one that a statement of the transaction returned.
func (t *tx) fail(ctx context.Context, err error, doing string, table dialect.Name) error {
	if err != nil && ctx.Err() != nil {
		t.cut = true
	}
	err = fail(ctx, err, doing, table)
	if e, ok := err.(*dialect.Error); ok && (e.Code == "1054" || e.Code == "1146") {
		t.db.catalog.forget(table) // altered since it was read
	}
	return err
}

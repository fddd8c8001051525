package sqlite

import (
	"context"
	"database/sql"
	"strconv"
	"time"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/sqlconn"
)

// Begin starts a transaction. A writing one waits for the other writers of this DB, then for those
// of other processes, each at most LockTimeout.
func (db *DB) Begin(ctx context.Context, o dialect.TxOptions) (dialect.Tx, error) {
	t, err := db.beginTx(ctx, o)
	if err != nil {
		return nil, err // not a nil *tx in an interface
	}
	return t, nil
}

func (db *DB) beginTx(ctx context.Context, o dialect.TxOptions) (*tx, error) {
	t := &tx{db: db}
	if !o.ReadOnly {
		if err := db.waitForWriter(ctx, o.LockTimeout); err != nil {
			return nil, err
		}
		t.atEnd(func() { <-db.writer })
	}
	conn, err := db.openConn(ctx, o.LockTimeout)
	if err != nil {
		t.endTx()
		return nil, err
	}
	t.conn = conn
	t.atEnd(func() { _ = conn.Close() })
	if err := t.startTx(ctx, o); err != nil {
		_ = t.Rollback(ctx)
		return nil, engineError(ctx, "begin", dialect.Name{}, err)
	}
	return t, nil
}

// connectPatience is the shortest time for retrying to connect.
const connectPatience = 5 * time.Second

// openConn takes a connection from the pool. The pragmas of its URL may need a lock held by another
// process (journal_mode does, and doesn't wait). As no transaction has begun, openConn retries.
func (db *DB) openConn(ctx context.Context, timeout time.Duration) (*sql.Conn, error) {
	const most = 200 * time.Millisecond
	late := time.Now().Add(max(timeout, connectPatience))
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, most) {
		conn, err := db.pool.Conn(ctx)
		if err == nil {
			return conn, nil
		}
		err = engineError(ctx, "connect", dialect.Name{}, err)
		if dialect.ClassOf(err) != dialect.LockTimeout || time.Now().After(late) {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, engineError(ctx, "connect", dialect.Name{}, ctx.Err())
		case <-time.After(pause):
		}
	}
}

// waitForWriter waits for this DB's other writers.
func (db *DB) waitForWriter(ctx context.Context, timeout time.Duration) error {
	var late <-chan time.Time
	if timeout > 0 {
		timer := time.NewTimer(timeout)
		defer timer.Stop()
		late = timer.C
	}
	select {
	case db.writer <- struct{}{}:
		return nil
	case <-ctx.Done():
		return engineError(ctx, "begin", dialect.Name{}, ctx.Err())
	case <-late:
		return refusedError(dialect.LockTimeout, "begin", dialect.Name{}, "another transaction of this process writes; raise the lock timeout or wait")
	}
}

// pageCache is the smallest page cache of a writing transaction, in KiB. New values are stored at
// random places of an index: without room in the cache, SQLite writes and reads a page again for
// every other row. The first page written before the commit also locks out all readers.
const pageCache = 64 << 10

func (t *tx) startTx(ctx context.Context, o dialect.TxOptions) error {
	settings := []struct {
		pragma string
		value  int64
	}{
		{"foreign_keys", 1},
		// SQLite overwrites deleted contents with zeros in the file.
		{"secure_delete", 1},
		{"query_only", 0},
	}
	if o.LockTimeout > 0 {
		settings = append(settings, struct {
			pragma string
			value  int64
		}{"busy_timeout", max(o.LockTimeout.Milliseconds(), 1)})
	}
	for _, s := range settings {
		if err := t.setPragma(ctx, s.pragma, s.value); err != nil {
			return err
		}
	}
	begin := "BEGIN IMMEDIATE"
	if o.ReadOnly {
		begin = "BEGIN"
	}
	if _, err := t.conn.ExecContext(ctx, begin); err != nil {
		return err
	}
	t.open = true
	// Reading the schema's version also starts the snapshot of a read-only transaction.
	if err := t.conn.QueryRowContext(ctx, "PRAGMA main.schema_version").Scan(&t.version); err != nil {
		return err
	}
	t.db.cache.isCurrent(t.version)
	if o.ReadOnly {
		return t.setPragma(ctx, "query_only", 1)
	}
	if err := t.widenCache(ctx); err != nil {
		return err
	}
	if o.Defer {
		// It ends with the transaction.
		_, err := t.conn.ExecContext(ctx, "PRAGMA defer_foreign_keys = 1")
		return err
	}
	return nil
}

// setPragma sets a pragma unless it has the value, and checks that it took effect. It restores the
// value at the transaction's end.
func (t *tx) setPragma(ctx context.Context, pragma string, value int64) error {
	before, err := readPragma(ctx, t.conn, pragma)
	if err != nil {
		return err
	}
	if before == value {
		return nil
	}
	return t.changePragma(ctx, pragma, before, value)
}

// changePragma is setPragma for a known value before.
func (t *tx) changePragma(ctx context.Context, pragma string, before, value int64) error {
	// Restore it even where setting it fails half-way.
	t.atEnd(func() {
		background := context.WithoutCancel(ctx)
		err := writePragma(background, t.conn, pragma, before)
		if now, e := readPragma(background, t.conn, pragma); err != nil || e != nil || now != before {
			sqlconn.Discard(t.conn)
		}
	})
	if err := writePragma(ctx, t.conn, pragma, value); err != nil {
		return err
	}
	now, err := readPragma(ctx, t.conn, pragma)
	if err == nil && now != value {
		return refusedError(dialect.Fatal, "set up the session", dialect.Name{}, "PRAGMA "+pragma+" can't be set on this connection: use a pool whose connections allow it")
	}
	return err
}

// widenCache gives a writing transaction a page cache of at least pageCache. It runs within the
// transaction: the pragma reads the schema, and a writer in another process may have locked it.
func (t *tx) widenCache(ctx context.Context) error {
	before, err := readPragma(ctx, t.conn, "cache_size")
	if err != nil {
		return err
	}
	size := -before // in KiB; a value of 0 or more is a number of pages
	if before >= 0 {
		page, err := readPragma(ctx, t.conn, "page_size")
		if err != nil {
			return err
		}
		size = before * page >> 10
	}
	if size >= pageCache {
		return nil
	}
	return t.changePragma(ctx, "cache_size", before, -pageCache)
}

func readPragma(ctx context.Context, conn *sql.Conn, name string) (int64, error) {
	var v int64
	err := conn.QueryRowContext(ctx, "PRAGMA "+name).Scan(&v)
	return v, err
}

func writePragma(ctx context.Context, conn *sql.Conn, name string, value int64) error {
	// busy_timeout and secure_delete return a row, and Exec ignores it.
	_, err := conn.ExecContext(ctx, "PRAGMA "+name+" = "+strconv.FormatInt(value, 10))
	return err
}

// atEnd registers f for the transaction's end; the last one registered runs first.
func (t *tx) atEnd(f func()) { t.ends = append(t.ends, f) }

func (t *tx) endTx() {
	for len(t.ends) > 0 {
		last := len(t.ends) - 1
		f := t.ends[last]
		t.ends = t.ends[:last]
		f()
	}
}

// CheckConstraints does nothing: SQLite can't check deferred foreign keys before the commit. The
// commit then fails with a ForeignKeyViolation and changes nothing.
func (t *tx) CheckConstraints(context.Context) error { return nil }

// Commit ends the transaction. After an error the caller still has to call Rollback.
func (t *tx) Commit(ctx context.Context) error {
	if !t.open {
		return refusedError(dialect.Fatal, "commit", dialect.Name{}, "the transaction is over")
	}
	if _, err := t.conn.ExecContext(ctx, "COMMIT"); err != nil {
		return engineError(ctx, "commit", dialect.Name{}, err)
	}
	t.open = false
	t.endTx()
	return nil
}

// Rollback undoes everything.
func (t *tx) Rollback(ctx context.Context) error {
	defer t.endTx()
	if !t.open {
		return nil
	}
	t.open = false
	ctx = context.WithoutCancel(ctx)
	_, err := t.conn.ExecContext(ctx, "ROLLBACK")
	if err == nil {
		return nil
	}
	// After some errors (a full disk, an interrupt) SQLite has rolled back already. Its error for a
	// missing transaction has the same code as a real failure. A successful BEGIN proves that no
	// transaction is open.
	if _, again := t.conn.ExecContext(ctx, "BEGIN"); again == nil {
		if _, again = t.conn.ExecContext(ctx, "ROLLBACK"); again == nil {
			return nil
		}
	}
	sqlconn.Discard(t.conn)
	return engineError(ctx, "roll back", dialect.Name{}, err)
}

package sqlite

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/expungedb/expunge/dialect"
)

// whyNotSuspendable is Index.Stays: an index made by a constraint of the table can't be dropped
// without the constraint.
func whyNotSuspendable(ix *dialect.Index) string {
	if ix.Constraint && !ix.Primary {
		return "it belongs to the table's definition"
	}
	return ""
}

// Definitions implements dialect.Suspender. A definition is exactly the CREATE INDEX statement that
// SQLite keeps.
func (db *DB) Definitions(ctx context.Context, n dialect.Name, indexes []string) ([]dialect.SuspendedIndex, error) {
	t, err := db.beginTx(ctx, dialect.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer func() { _ = t.Rollback(ctx) }()
	found, err := t.readDefinitions(ctx, "read the indexes of", n)
	if err != nil {
		return nil, err
	}
	var out []dialect.SuspendedIndex
	for _, name := range slices.Sorted(slices.Values(indexes)) {
		if sql, ok := found[name]; ok {
			out = append(out, dialect.SuspendedIndex{Name: name, Definition: sql})
		}
	}
	return out, nil
}

// readDefinitions returns the CREATE INDEX statements of a table, by name; an index made by a
// constraint has none.
func (t *tx) readDefinitions(ctx context.Context, doing string, n dialect.Name) (map[string]string, error) {
	rows, err := t.conn.QueryContext(ctx, `SELECT name, sql FROM "main".sqlite_master WHERE type = 'index' AND tbl_name = ? COLLATE NOCASE AND sql IS NOT NULL`, n.Table)
	if err != nil {
		return nil, engineError(ctx, doing, n, err)
	}
	defer rows.Close()
	out := map[string]string{}
	for rows.Next() {
		var name, sql string
		if err := rows.Scan(&name, &sql); err != nil {
			return nil, engineError(ctx, doing, n, err)
		}
		out[name] = sql
	}
	return out, engineError(ctx, doing, n, rows.Err())
}

// Suspend implements dialect.Suspender, in one transaction.
func (db *DB) Suspend(ctx context.Context, n dialect.Name, indexes []dialect.SuspendedIndex, wait time.Duration) error {
	const doing = "suspend indexes of"
	return db.inDDL(ctx, doing, n, wait, func(t *tx, found map[string]string) error {
		for _, ix := range indexes {
			switch sql, ok := found[ix.Name]; {
			case !ok:
				continue
			case sql != ix.Definition:
				return dialect.NewIndexDiffersError(doing, n, ix.Name)
			}
			if err := t.runDDL(ctx, doing, n, `DROP INDEX "main".`+quoteIdent(ix.Name)); err != nil {
				return err
			}
			// Otherwise a collation or function unknown to this connection would fail only when the
			// index is restored.
			if err := t.runDDL(ctx, doing, n, "EXPLAIN "+ix.Definition); err != nil {
				return err
			}
		}
		return nil
	})
}

// Restore implements dialect.Suspender, in one transaction. A table with statistics (sqlite_stat1)
// gets those of the index again: SQLite deleted them with the index.
func (db *DB) Restore(ctx context.Context, n dialect.Name, indexes []dialect.SuspendedIndex, wait time.Duration) error {
	const doing = "restore indexes of"
	return db.inDDL(ctx, doing, n, wait, func(t *tx, found map[string]string) error {
		analysed, err := t.isAnalysed(ctx, doing, n)
		if err != nil {
			return err
		}
		for _, ix := range indexes {
			switch sql, ok := found[ix.Name]; {
			case ok && sql == ix.Definition:
				continue
			case ok:
				return dialect.NewIndexDiffersError(doing, n, ix.Name)
			}
			if err := t.runDDL(ctx, doing, n, ix.Definition); err != nil {
				if e, ok := errors.AsType[*dialect.Error](err); ok && e.Class == dialect.UniqueViolation {
					e.Object = ix.Name
				}
				return err
			}
			if analysed {
				if err := t.runDDL(ctx, doing, n, `ANALYZE "main".`+quoteIdent(ix.Name)); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// inDDL runs f over a table's definitions in a transaction.
func (db *DB) inDDL(ctx context.Context, doing string, n dialect.Name, wait time.Duration, f func(t *tx, found map[string]string) error) error {
	t, err := db.beginTx(ctx, dialect.TxOptions{LockTimeout: wait})
	if err != nil {
		return err
	}
	defer func() { _ = t.Rollback(ctx) }()
	found, err := t.readDefinitions(ctx, doing, n)
	if err != nil {
		return err
	}
	if err := f(t, found); err != nil {
		return err
	}
	return t.Commit(ctx)
}

func (t *tx) runDDL(ctx context.Context, doing string, n dialect.Name, sql string) error {
	_, err := t.conn.ExecContext(ctx, sql)
	return engineError(ctx, doing, n, err)
}

// isAnalysed reports whether the table has statistics.
func (t *tx) isAnalysed(ctx context.Context, doing string, n dialect.Name) (has bool, err error) {
	const there = `SELECT EXISTS (SELECT 1 FROM "main".sqlite_master WHERE name = 'sqlite_stat1')`
	if err := t.conn.QueryRowContext(ctx, there).Scan(&has); err != nil || !has {
		return false, engineError(ctx, doing, n, err)
	}
	const of = `SELECT EXISTS (SELECT 1 FROM "main".sqlite_stat1 WHERE tbl = ? COLLATE NOCASE)`
	err = t.conn.QueryRowContext(ctx, of, n.Table).Scan(&has)
	return has, engineError(ctx, doing, n, err)
}

package sqlserver

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"github.com/expungedb/expunge/dialect"
)

// whyNotSuspendable is Index.Stays. Only plain nonclustered indexes can be disabled without a loss:
// disabling a clustered one disables its table, and disabling its key disables a full-text index.
// https://learn.microsoft.com/sql/relational-databases/indexes/disable-indexes-and-constraints
func (c *catalogue) whyNotSuspendable(ix *dialect.Index, needed bool) string {
	switch {
	case ix.Primary:
		return ""
	case c.srv.babelfish:
		return "Babelfish can't disable an index"
	case ix.Method != "nonclustered":
		return "it is a " + ix.Method + " index"
	case needed:
		return "a foreign key, a full-text index, replication or a setting of its statistics needs it"
	}
	return ""
}

// disableSQL and rebuildSQL are the statements about one index. A rebuild keeps the options that it
// doesn't name: https://learn.microsoft.com/sql/t-sql/statements/alter-index-transact-sql
func disableSQL(n dialect.Name, index string) string {
	return "ALTER INDEX " + quoteIdent(index) + " ON " + quoteTable(n) + " DISABLE"
}

func rebuildSQL(n dialect.Name, index string) string {
	return "ALTER INDEX " + quoteIdent(index) + " ON " + quoteTable(n) + " REBUILD"
}

// state is the current state of a table's index.
type state struct{ disabled, stays bool }

// indexStates reads the state of a table's indexes.
const indexStates = `
SELECT CAST(i.name AS nvarchar(128)), CAST(i.is_disabled AS int), CASE WHEN i.type <> 2 OR i.is_primary_key = 1 OR ` + needed + ` THEN 1 ELSE 0 END
FROM sys.indexes i WHERE i.object_id = OBJECT_ID(@p1) AND i.name IS NOT NULL AND i.is_hypothetical = 0`

// needed is a condition over sys.indexes i. It is true where another object needs an index, or its
// table's indexes can't be disabled. It is also true where its statistics aren't updated
// automatically, as a rebuild would lose that setting.
const needed = `(EXISTS (SELECT 1 FROM sys.fulltext_indexes f WHERE f.object_id = i.object_id AND f.unique_index_id = i.index_id)
	OR EXISTS (SELECT 1 FROM sys.foreign_keys k WHERE k.referenced_object_id = i.object_id AND k.key_index_id = i.index_id)
	OR EXISTS (SELECT 1 FROM sys.stats s WHERE s.object_id = i.object_id AND s.stats_id = i.index_id AND s.no_recompute = 1)
	OR EXISTS (SELECT 1 FROM sys.tables m WHERE m.object_id = i.object_id AND 1 IN (m.is_memory_optimized, m.is_tracked_by_cdc, m.is_published, m.is_merge_published)))`

func (d *DB) indexStates(ctx context.Context, conn *sql.Conn, n dialect.Name) (map[string]state, error) {
	rows, err := queryAll(ctx, conn, indexStates, quoteTable(n))
	out := map[string]state{}
	for _, r := range rows {
		out[r[0]] = state{disabled: r[1] == "1", stays: r[2] == "1"}
	}
	return out, err
}

// Definitions implements dialect.Suspender. A disabled index keeps its definition in the catalogue:
// its rebuild restores it.
func (d *DB) Definitions(ctx context.Context, n dialect.Name, indexes []string) ([]dialect.SuspendedIndex, error) {
	const doing = "read the indexes of"
	conn, srv, err := d.openSession(ctx, doing, nil)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if srv.babelfish {
		return nil, nil
	}
	found, err := d.indexStates(ctx, conn, n)
	if err != nil {
		return nil, engineError(ctx, err, doing, n)
	}
	var out []dialect.SuspendedIndex
	for _, name := range slices.Sorted(slices.Values(indexes)) {
		if s, ok := found[name]; ok && !s.stays && !s.disabled {
			out = append(out, dialect.SuspendedIndex{Name: name, Definition: rebuildSQL(n, name)})
		}
	}
	return out, nil
}

// Suspend implements dialect.Suspender: it disables the indexes in one transaction.
func (d *DB) Suspend(ctx context.Context, n dialect.Name, indexes []dialect.SuspendedIndex, wait time.Duration) error {
	const doing = "suspend indexes of"
	return d.alterIndexes(ctx, doing, n, wait, func(found map[string]state) ([]string, error) {
		var sql []string
		for _, ix := range indexes {
			if s, ok := found[ix.Name]; ok && !s.disabled {
				sql = append(sql, disableSQL(n, ix.Name))
			}
		}
		return sql, nil
	})
}

// Restore implements dialect.Suspender. A disabled index can't be changed, so that an existing and
// enabled one counts as restored by another session.
func (d *DB) Restore(ctx context.Context, n dialect.Name, indexes []dialect.SuspendedIndex, wait time.Duration) error {
	const doing = "restore indexes of"
	for _, ix := range indexes {
		err := d.alterIndexes(ctx, doing, n, wait, func(found map[string]state) ([]string, error) {
			switch s, ok := found[ix.Name]; {
			case !ok:
				e := dialect.NewError(dialect.Fatal, "", doing, n, nil)
				e.Object = ix.Name
				e.Detail = "disabled index not found: create it again, or another one of its name"
				return nil, e
			case s.disabled:
				return []string{ix.Definition}, nil
			}
			return nil, nil
		})
		if e, ok := errors.AsType[*dialect.Error](err); ok && e.Class == dialect.UniqueViolation {
			e.Object = ix.Name
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// alterIndexes runs in one transaction the statements returned by change for a table's indexes.
func (d *DB) alterIndexes(ctx context.Context, doing string, n dialect.Name, wait time.Duration, change func(found map[string]state) ([]string, error)) error {
	t, err := d.beginTx(ctx, dialect.TxOptions{LockTimeout: wait})
	if err != nil {
		return err
	}
	t.doing = doing
	defer func() { _ = t.Rollback(ctx) }()
	found, err := d.indexStates(ctx, t.conn, n)
	if err != nil {
		return t.txError(ctx, err, doing, n)
	}
	sql, err := change(found)
	if err != nil {
		return err
	}
	for _, s := range sql {
		if _, err := t.conn.ExecContext(ctx, s); err != nil {
			return t.txError(ctx, err, doing, n)
		}
	}
	return t.Commit(ctx)
}

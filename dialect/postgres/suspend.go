package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/expungedb/expunge/dialect"
)

// stays is Index.Stays in SQL, over pg_index i of pg_class c. A function of the user may have
// changed since the index was made. Restoring would make another index, or fail under the search
// path of builds since version 17.
const stays = `CASE
	WHEN i.indisprimary THEN ''
	WHEN c.relkind = 'p' THEN 'its table is partitioned'
	WHEN i.indisreplident THEN 'it is the replica identity'
	WHEN i.indisexclusion THEN 'it belongs to an exclusion constraint'
	WHEN NOT (i.indisvalid AND i.indisready AND i.indislive) THEN 'it is not valid'
	WHEN EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid AND d.deptype IN ('e', 'x')) THEN 'it belongs to an extension'
	WHEN EXISTS (SELECT FROM pg_depend d WHERE d.deptype = 'n' AND (d.refclassid = 'pg_class'::regclass AND d.refobjid = i.indexrelid
		OR d.refclassid = 'pg_constraint'::regclass AND d.refobjid = (SELECT k.oid FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.conrelid = i.indrelid AND k.contype = 'u')))
		THEN 'a foreign key or something else depends on it'
	WHEN EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid AND d.refclassid = 'pg_proc'::regclass AND d.refobjid >= 16384)
		THEN 'it calls a function that is not the engine''s own'
	ELSE '' END`

// readDefinitions reads the statements for restoring a table's indexes. pg_get_indexdef has
// everything about an index except its constraint, tablespace, comment, statistics targets and
// CLUSTER.
const readDefinitions = `
SELECT x.relname, pg_get_indexdef(i.indexrelid), (k.oid IS NOT NULL)::int, coalesce(k.condeferrable, false)::int, coalesce(k.condeferred, false)::int,
	obj_description(i.indexrelid, 'pg_class'), obj_description(k.oid, 'pg_constraint'), i.indisclustered::int, ts.spcname,
	(SELECT json_agg(json_build_array(a.attnum, a.attstattarget) ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = i.indexrelid AND a.attnum > 0 AND a.attstattarget >= 0),
	` + stays + `,
	(pg_has_role(c.relowner, 'USAGE') AND has_schema_privilege(n.oid, 'CREATE') AND (ts.oid IS NULL OR has_tablespace_privilege(ts.oid, 'CREATE')))::int
FROM pg_index i
JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.conrelid = i.indrelid AND k.contype IN ('p', 'u', 'x')
LEFT JOIN pg_tablespace ts ON ts.oid = x.reltablespace
WHERE NOT i.indisprimary AND n.nspname = $1 AND c.relname = $2 ORDER BY x.relname COLLATE "C"`

// then separates the statements of a definition: the one that builds the index, and those that
// attach constraint, comments and settings.
const then = ";\n"

// definition is an index in its current state.
type definition struct {
	dialect.SuspendedIndex
	constraint bool
	stays      string
	permitted  bool // the user may restore it
}

// beginDDL begins a transaction for statements about indexes. With only pg_catalog on the search
// path, pg_get_indexdef prints full names. No timeout ends a build.
func (db *DB) beginDDL(ctx context.Context, doing string, wait time.Duration) (*tx, error) {
	t, err := db.beginCatalogue(ctx, dialect.TxOptions{LockTimeout: wait})
	if err != nil {
		return nil, err
	}
	err = t.runScript(ctx, doing, "SET LOCAL default_tablespace = ''; SET LOCAL statement_timeout = 0")
	if err == nil { // new in 17; selecting it by name is no error before
		_, err = t.oneRow(ctx, statement{sql: "SELECT set_config(name, '0', true) FROM pg_catalog.pg_settings WHERE name = 'transaction_timeout'"})
	}
	if err != nil {
		return nil, errorOr(err, t.Rollback(ctx))
	}
	return t, nil
}

// readDefinitions reads a table's current indexes, without the primary key.
func (t *tx) readDefinitions(ctx context.Context, n dialect.Name) (map[string]definition, error) {
	out := map[string]definition{}
	var broken error
	err := t.eachRow(ctx, statement{sql: readDefinitions, args: [][]byte{[]byte(n.Schema), []byte(n.Table)}, table: n}, func(row [][]byte) {
		name := textOf(row[0])
		full := quoteTable(dialect.Name{Schema: n.Schema, Table: name})
		d := definition{constraint: numberOf(row[2]) == 1, stays: textOf(row[10]), permitted: numberOf(row[11]) == 1}
		sql := []string{textOf(row[1])}
		if row[8] != nil {
			sql[0] = "SET LOCAL default_tablespace = " + quoteText(textOf(row[8])) + "; " + sql[0]
		}
		if strings.Contains(sql[0], then) {
			d.stays = "its definition can't be told from what follows"
		}
		if d.constraint {
			add := "ALTER TABLE " + quoteTable(n) + " ADD CONSTRAINT " + quoteIdent(name) + " UNIQUE USING INDEX " + quoteIdent(name)
			if numberOf(row[3]) == 1 {
				add += " DEFERRABLE"
			}
			if numberOf(row[4]) == 1 {
				add += " INITIALLY DEFERRED"
			}
			sql = append(sql, add)
		}
		if row[9] != nil {
			var targets [][2]int
			broken = errorOr(broken, json.Unmarshal(row[9], &targets))
			for _, target := range targets {
				sql = append(sql, fmt.Sprintf("ALTER INDEX %s ALTER COLUMN %d SET STATISTICS %d", full, target[0], target[1]))
			}
		}
		if row[5] != nil {
			sql = append(sql, "COMMENT ON INDEX "+full+" IS "+quoteText(textOf(row[5])))
		}
		if row[6] != nil {
			sql = append(sql, "COMMENT ON CONSTRAINT "+quoteIdent(name)+" ON "+quoteTable(n)+" IS "+quoteText(textOf(row[6])))
		}
		if numberOf(row[7]) == 1 {
			sql = append(sql, "ALTER TABLE "+quoteTable(n)+" CLUSTER ON "+quoteIdent(name))
		}
		d.SuspendedIndex = dialect.SuspendedIndex{Name: name, Definition: strings.Join(sql, then)}
		out[name] = d
	})
	if err == nil && broken != nil {
		err = dialect.NewError(dialect.Fatal, "", "read the indexes of", n, broken)
	}
	return out, err
}

// Definitions implements dialect.Suspender. Dropping an index needs only ownership of the table.
// Restoring it also needs CREATE on its schema and tablespace.
func (db *DB) Definitions(ctx context.Context, n dialect.Name, indexes []string) ([]dialect.SuspendedIndex, error) {
	const doing = "read the indexes of"
	t, err := db.beginDDL(ctx, doing, 0)
	if err != nil {
		return nil, err
	}
	found, err := t.readDefinitions(ctx, n)
	if err = errorOr(err, t.Rollback(ctx)); err != nil {
		return nil, err
	}
	var out []dialect.SuspendedIndex
	for _, name := range slices.Sorted(slices.Values(indexes)) {
		d, ok := found[name]
		if !ok || d.stays != "" {
			continue
		}
		if !d.permitted {
			e := dialect.NewError(dialect.PermissionDenied, "", "suspend indexes of", n, nil)
			e.Object = name
			e.Detail = "restoring the index needs ownership of the table, and CREATE on its schema and tablespace"
			return nil, e
		}
		out = append(out, d.SuspendedIndex)
	}
	return out, nil
}

// Suspend implements dialect.Suspender: it drops the indexes in one transaction.
func (db *DB) Suspend(ctx context.Context, n dialect.Name, indexes []dialect.SuspendedIndex, wait time.Duration) error {
	const doing = "suspend indexes of"
	t, err := db.beginDDL(ctx, doing, wait)
	if err != nil {
		return err
	}
	if err := t.suspendIndexes(ctx, doing, n, indexes); err != nil {
		return errorOr(err, t.Rollback(ctx))
	}
	return t.Commit(ctx)
}

func (t *tx) suspendIndexes(ctx context.Context, doing string, n dialect.Name, indexes []dialect.SuspendedIndex) error {
	found, err := t.readDefinitions(ctx, n)
	if err != nil {
		return err
	}
	var sql []string
	for _, ix := range indexes {
		d, ok := found[ix.Name]
		switch {
		case !ok:
		case d.Definition != ix.Definition:
			return dialect.NewIndexDiffersError(doing, n, ix.Name)
		case d.constraint:
			sql = append(sql, "ALTER TABLE "+quoteTable(n)+" DROP CONSTRAINT "+quoteIdent(ix.Name))
		default:
			sql = append(sql, "DROP INDEX "+quoteTable(dialect.Name{Schema: n.Schema, Table: ix.Name}))
		}
	}
	return t.ddlScript(ctx, doing, n, strings.Join(sql, "; "))
}

// Restore implements dialect.Suspender. One transaction builds an index, and permits reading the
// table. Another attaches the index to its constraint: it locks the table for a moment, and a retry
// doesn't build the index again.
func (db *DB) Restore(ctx context.Context, n dialect.Name, indexes []dialect.SuspendedIndex, wait time.Duration) error {
	for _, ix := range indexes {
		build, _, more := strings.Cut(ix.Definition, then)
		err := db.restoreIndex(ctx, n, ix, wait, func(now string) string {
			if now == "" {
				return build
			}
			return ""
		})
		if err == nil && more {
			err = db.restoreIndex(ctx, n, ix, wait, func(now string) string { return strings.TrimPrefix(ix.Definition, now+then) })
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// restoreIndex runs the statements returned by missing for the current definition, unless the index
// is complete.
func (db *DB) restoreIndex(ctx context.Context, n dialect.Name, ix dialect.SuspendedIndex, wait time.Duration, missing func(now string) string) error {
	const doing = "restore indexes of"
	t, err := db.beginDDL(ctx, doing, wait)
	if err != nil {
		return err
	}
	// Wait for another session that restores it at this moment.
	err = t.ddlScript(ctx, doing, n, "LOCK TABLE "+quoteTable(n)+" IN SHARE UPDATE EXCLUSIVE MODE")
	var found map[string]definition
	if err == nil {
		found, err = t.readDefinitions(ctx, n)
	}
	if err == nil {
		switch d, ok := found[ix.Name]; {
		case ok && d.Definition == ix.Definition:
		case ok && !strings.HasPrefix(ix.Definition, d.Definition+then):
			err = dialect.NewIndexDiffersError(doing, n, ix.Name)
		default:
			err = t.ddlScript(ctx, doing, n, missing(d.Definition))
		}
	}
	if err != nil {
		return errorOr(err, t.Rollback(ctx))
	}
	return t.Commit(ctx)
}

// ddlScript runs statements about a table.
func (t *tx) ddlScript(ctx context.Context, doing string, n dialect.Name, sql string) error {
	if sql == "" {
		return nil
	}
	_, err := t.conn.Conn().PgConn().Exec(ctx, sql).ReadAll()
	return t.txError(ctx, doing, n, err)
}

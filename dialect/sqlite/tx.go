package sqlite

import (
	"context"
	"database/sql"
	"iter"
	"slices"
	"strconv"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/sqlconn"
)

// tx is one transaction on one connection.
type tx struct {
	db      *DB
	conn    *sql.Conn
	open    bool
	version int64    // of the schema
	ends    []func() // what to restore
}

func (t *tx) newBuilder(ctx context.Context) *builder {
	return &builder{lookup: func(n dialect.Name) (*relation, error) { return t.relationOf(ctx, n) }}
}

// Query implements dialect.Reader.
func (t *tx) Query(ctx context.Context, s dialect.Select) iter.Seq2[dialect.Row, error] {
	return func(yield func(dialect.Row, error) bool) {
		b := t.newBuilder(ctx)
		b.renderSelect(s)
		if b.Err != nil {
			yield(nil, b.Err)
			return
		}
		rows, err := t.conn.QueryContext(ctx, b.String(), b.Args...)
		if err != nil {
			yield(nil, engineError(ctx, "select from", s.Table, err))
			return
		}
		defer rows.Close()
		kinds := make([]dialect.Kind, max(len(s.Columns)+len(s.Flags), 1))
		for i, c := range s.Columns {
			kinds[i] = b.rel.columnOf(c).Kind
		}
		raw, into := sqlconn.Targets[any](len(kinds))
		for rows.Next() {
			if err := rows.Scan(into...); err != nil {
				yield(nil, engineError(ctx, "select from", s.Table, err))
				return
			}
			row := make(dialect.Row, len(s.Columns)+len(s.Flags))
			for i := range row {
				row[i] = fromEngine(kinds[i], raw[i])
			}
			if !yield(row, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(nil, engineError(ctx, "select from", s.Table, err))
		}
	}
}

// Count implements dialect.Reader.
func (t *tx) Count(ctx context.Context, n dialect.Name, where []dialect.Cond) (int64, error) {
	b := t.newBuilder(ctx)
	b.renderCount(n, where)
	return t.oneNumber(ctx, "count", n, b)
}

// Position returns "": a SQLite database has no log with positions.
func (t *tx) Position(context.Context) (string, error) { return "", nil }

// Delete implements dialect.Writer.
func (t *tx) Delete(ctx context.Context, d dialect.Delete) (int64, error) {
	b := t.newBuilder(ctx)
	b.renderDelete(d)
	return t.execStatement(ctx, "delete from", d.Table, b)
}

// Insert implements dialect.Writer.
func (t *tx) Insert(ctx context.Context, i dialect.Insert) error {
	if slices.ContainsFunc(i.Rows, func(r dialect.Row) bool { return len(r) != len(i.Columns) }) {
		return refusedError(dialect.Fatal, "insert into", i.Table, "a row has as many values as columns")
	}
	b := t.newBuilder(ctx)
	b.renderInsert(i)
	_, err := t.execStatement(ctx, "insert into", i.Table, b)
	return err
}

// Update implements dialect.Writer.
func (t *tx) Update(ctx context.Context, u dialect.Update) (dialect.Updated, error) {
	b := t.newBuilder(ctx)
	b.renderUpdate(u)
	if b.Err != nil {
		return dialect.Updated{}, b.Err
	}
	if !u.Compare || b.rel.triggers {
		n, err := t.execStatement(ctx, "overwrite", u.Table, b)
		return dialect.Updated{Rows: n}, err
	}
	return t.updateComparing(ctx, u, b)
}

// updateComparing runs an update and counts the values it left unchanged. SQLite's RETURNING sees
// only new values, but a trigger sees both: a temporary trigger counts, and stores no old value. A
// table with triggers of its own may update a row more than once, so that Update doesn't count
// there.
func (t *tx) updateComparing(ctx context.Context, u dialect.Update, update *builder) (dialect.Updated, error) {
	const counter, watch = "expunge_unchanged", "expunge_compare"
	columns, sums, read := "", "", ""
	for i, a := range u.Set {
		sep := ""
		if i > 0 {
			sep = ", "
		}
		n, c := "n"+strconv.Itoa(i), quoteIdent(a.Column.Name)
		columns += sep + n + " INTEGER NOT NULL DEFAULT 0"
		sums += sep + n + " = " + n + " + (old." + c + " IS NOT NULL AND old." + c + " COLLATE BINARY IS new." + c + ")"
		read += sep + n
	}
	run := func(sql string) error {
		_, err := t.conn.ExecContext(ctx, sql)
		return engineError(ctx, "overwrite", u.Table, err)
	}
	for _, sql := range []string{
		"CREATE TEMP TABLE " + counter + " (" + columns + ")",
		"INSERT INTO temp." + counter + " DEFAULT VALUES",
		"CREATE TEMP TRIGGER " + watch + " AFTER UPDATE ON " + quoteTable(u.Table) + " BEGIN UPDATE " + counter + " SET " + sums + "; END",
	} {
		if err := run(sql); err != nil {
			return dialect.Updated{}, err
		}
	}
	n, err := t.execStatement(ctx, "overwrite", u.Table, update)
	if err != nil {
		return dialect.Updated{}, err
	}
	unchanged, into := sqlconn.Targets[int64](len(u.Set))
	if err := t.conn.QueryRowContext(ctx, "SELECT "+read+" FROM temp."+counter).Scan(into...); err != nil {
		return dialect.Updated{}, engineError(ctx, "overwrite", u.Table, err)
	}
	for _, sql := range []string{"DROP TRIGGER temp." + watch, "DROP TABLE temp." + counter} {
		if err := run(sql); err != nil {
			return dialect.Updated{}, err
		}
	}
	return dialect.Updated{Rows: n, Unchanged: unchanged}, nil
}

// execStatement runs the statement and returns the number of rows, without those changed by
// triggers and cascades.
func (t *tx) execStatement(ctx context.Context, doing string, n dialect.Name, b *builder) (int64, error) {
	if b.Err != nil {
		return 0, b.Err
	}
	res, err := t.conn.ExecContext(ctx, b.String(), b.Args...)
	if err != nil {
		return 0, engineError(ctx, doing, n, err)
	}
	rows, err := res.RowsAffected()
	return rows, engineError(ctx, doing, n, err)
}

func (t *tx) oneNumber(ctx context.Context, doing string, table dialect.Name, b *builder) (int64, error) {
	if b.Err != nil {
		return 0, b.Err
	}
	var n int64
	err := t.conn.QueryRowContext(ctx, b.String(), b.Args...).Scan(&n)
	return n, engineError(ctx, doing, table, err)
}

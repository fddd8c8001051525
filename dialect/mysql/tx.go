package mysql

import (
	"context"
	"iter"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/render"
	"github.com/expungedb/expunge/dialect/internal/sqlconn"
)

func (t *tx) newBuilder(ctx context.Context) *builder {
	return &builder{server: t.server, lookup: func(n dialect.Name) (*dialect.Table, error) { return t.readTable(ctx, n) }}
}

// Query implements dialect.Reader.
func (t *tx) Query(ctx context.Context, s dialect.Select) iter.Seq2[dialect.Row, error] {
	return func(yield func(dialect.Row, error) bool) {
		err := t.streamRows(ctx, s, func(r dialect.Row) bool { return yield(r, nil) })
		if err != nil {
			yield(nil, t.txError(ctx, err, "select from", s.Table))
		}
	}
}

func (t *tx) streamRows(ctx context.Context, s dialect.Select, yield func(dialect.Row) bool) error {
	table, err := t.readTable(ctx, s.Table)
	if err != nil {
		return err
	}
	for _, s.Where = range splitRange(s.Table, s.Where, s.Lock != dialect.NoLock && s.Limit == 0) {
		if more, err := t.readPage(ctx, table, s, yield); err != nil || !more {
			return err
		}
	}
	return nil
}

// readPage reports whether the caller wants more rows.
func (t *tx) readPage(ctx context.Context, table *dialect.Table, s dialect.Select, yield func(dialect.Row) bool) (more bool, err error) {
	b := t.newBuilder(ctx)
	sql, cols := b.renderSelect(table, s)
	if b.Err != nil {
		return false, b.Err
	}
	rows, err := t.conn.QueryContext(ctx, sql, b.Args...)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	values, into := sqlconn.Targets[raw](max(1, len(cols)+len(s.Flags)))
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return false, err
		}
		row := make(dialect.Row, len(cols)+len(s.Flags))
		for i := range row {
			if i >= len(cols) {
				row[i] = int64(0)
				if textOf(values[i].value) == "1" {
					row[i] = int64(1)
				}
			} else if row[i], err = decodeValue(cols[i], values[i].value); err != nil {
				return false, undecodable(s.Table, cols[i])
			}
		}
		if !yield(row) {
			return false, nil
		}
	}
	return true, rows.Err()
}

// raw is a value of the driver, valid until the next row: decodeValue makes a copy, and
// database/sql would make a second one.
type raw struct{ value any }

// Scan implements sql.Scanner.
func (r *raw) Scan(v any) error {
	r.value = v
	return nil
}

func undecodable(n dialect.Name, c *dialect.Column) error {
	e := dialect.NewError(dialect.Fatal, "", "select from", n, nil)
	e.Object = c.Name
	e.Detail = "the driver returned a value that isn't of the column's type"
	return e
}

// Count implements dialect.Reader.
func (t *tx) Count(ctx context.Context, n dialect.Name, where []dialect.Cond) (int64, error) {
	return t.countRows(ctx, n, where, dialect.NoLock)
}

func (t *tx) countRows(ctx context.Context, n dialect.Name, where []dialect.Cond, lock dialect.Lock) (int64, error) {
	table, err := t.readTable(ctx, n)
	if err != nil {
		return 0, err
	}
	var sum int64
	for _, where := range splitRange(n, where, lock != dialect.NoLock) {
		b := t.newBuilder(ctx)
		sql := "SELECT COUNT(*)" + b.fromWhere(table, where) + locks[lock]
		if b.Err != nil {
			return 0, b.Err
		}
		count, err := t.oneNumber(ctx, sql, b.Args, "count", n)
		if err != nil {
			return 0, err
		}
		sum += count
	}
	return sum, nil
}

// oneNumber runs a query for one number.
func (t *tx) oneNumber(ctx context.Context, sql string, args []any, doing string, n dialect.Name) (int64, error) {
	var count int64
	err := t.conn.QueryRowContext(ctx, sql, args...).Scan(&count)
	return count, t.txError(ctx, err, doing, n)
}

// execAffected runs a statement and returns how many rows it affected.
func (t *tx) execAffected(ctx context.Context, sql string, args []any, doing string, n dialect.Name) (int64, error) {
	res, err := t.conn.ExecContext(ctx, sql, args...)
	if err != nil {
		return 0, t.txError(ctx, err, doing, n)
	}
	count, err := res.RowsAffected()
	return count, t.txError(ctx, err, doing, n)
}

// execStatement runs the statement and returns how many rows it affected.
func (t *tx) execStatement(ctx context.Context, b *builder, sql, doing string, n dialect.Name) (int64, error) {
	if b.Err != nil {
		return 0, b.Err
	}
	return t.execAffected(ctx, sql, b.Args, doing, n)
}

// Delete implements dialect.Writer.
func (t *tx) Delete(ctx context.Context, d dialect.Delete) (int64, error) {
	table, err := t.readTable(ctx, d.Table)
	if err != nil {
		return 0, err
	}
	var sum int64
	for _, d.Where = range splitRange(d.Table, d.Where, d.Limit == 0) {
		b := t.newBuilder(ctx)
		n, err := t.execStatement(ctx, b, b.renderDelete(table, d), "delete from", d.Table)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

// Update implements dialect.Writer. Updated.Unchanged is always nil: there is no RETURNING, and an
// expression with a random value can't be computed twice.
func (t *tx) Update(ctx context.Context, u dialect.Update) (dialect.Updated, error) {
	table, err := t.readTable(ctx, u.Table)
	if err != nil {
		return dialect.Updated{}, err
	}
	// The server would count rows with changed values or, where the pool's clientFoundRows is set,
	// the rows found.
	found, err := t.countRows(ctx, u.Table, u.Where, dialect.Exclusive)
	if err != nil || found == 0 || len(u.Set) == 0 {
		return dialect.Updated{Rows: found}, err
	}
	for _, u.Where = range splitRange(u.Table, u.Where, true) {
		b := t.newBuilder(ctx)
		if _, err := t.execStatement(ctx, b, b.renderUpdate(table, u), "overwrite", u.Table); err != nil {
			return dialect.Updated{}, err
		}
	}
	return dialect.Updated{Rows: found}, nil
}

// Insert implements dialect.Writer.
func (t *tx) Insert(ctx context.Context, i dialect.Insert) error {
	table, err := t.readTable(ctx, i.Table)
	if err != nil {
		return err
	}
	b := t.newBuilder(ctx)
	cols := b.columnsOf(table, i.Columns)
	rows := render.List(i.Rows, func(row dialect.Row) string {
		n := -1
		return "(" + render.List(cols, func(c *dialect.Column) string {
			n++
			return b.addArg(wireValue(c, row[n]))
		}) + ")"
	})
	_, err = t.execStatement(ctx, b, "INSERT INTO "+quoteTable(i.Table)+" ("+render.List(i.Columns, quoteIdent)+") VALUES "+rows, "insert into", i.Table)
	return err
}

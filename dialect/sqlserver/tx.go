package sqlserver

import (
	"context"
	"database/sql"
	"iter"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/render"
	"github.com/expungedb/expunge/dialect/internal/sqlconn"
)

var _ dialect.Tx = (*tx)(nil)

// newBuilder starts a statement; the builder looks up tables as needed.
func (t *tx) newBuilder(ctx context.Context) *builder {
	return &builder{babelfish: t.srv.babelfish, lookup: func(n dialect.Name) (*relation, error) { return t.db.relationOf(ctx, t.conn, n) }}
}

// Query implements dialect.Reader. Where the caller stops early, it reads and drops the other rows.
// The driver would end the statement by an attention signal, and the server then rolls the
// transaction back (XACT_ABORT).
func (t *tx) Query(ctx context.Context, s dialect.Select) iter.Seq2[dialect.Row, error] {
	const doing = "select from"
	return func(yield func(dialect.Row, error) bool) {
		if err := t.checkUsable(doing, s.Table, false); err != nil {
			yield(nil, err)
			return
		}
		st, columns, err := t.newBuilder(ctx).renderSelect(s)
		if err != nil {
			yield(nil, t.txError(ctx, err, doing, s.Table))
			return
		}
		rows, err := t.conn.QueryContext(ctx, st.sql, st.args...)
		if err != nil {
			yield(nil, t.txError(ctx, err, doing, s.Table))
			return
		}
		defer rows.Close()
		raw, into := sqlconn.Targets[any](max(1, len(columns)))
		stopped := false
		for rows.Next() {
			if stopped {
				continue
			}
			if err := rows.Scan(into...); err != nil {
				yield(nil, t.txError(ctx, err, doing, s.Table))
				return
			}
			row := make(dialect.Row, len(columns))
			for i, c := range columns {
				row[i] = decodeValue(c, raw[i])
			}
			stopped = !yield(row, nil)
		}
		if err := rows.Err(); err != nil {
			if err = t.txError(ctx, err, doing, s.Table); !stopped {
				yield(nil, err)
			}
		}
	}
}

// Count implements dialect.Reader.
func (t *tx) Count(ctx context.Context, n dialect.Name, where []dialect.Cond) (int64, error) {
	return t.runOne(ctx, "count", n, false, func(b *builder) (statement, error) { return b.renderCount(n, where) })
}

// Position is the end of the database's log, "" where the server doesn't report it.
func (t *tx) Position(ctx context.Context) (string, error) {
	const doing = "read the position"
	if err := t.checkUsable(doing, dialect.Name{}, false); err != nil || !t.srv.position {
		return "", err
	}
	rows, err := queryAll(ctx, t.conn, logEnd)
	if err != nil || len(rows) == 0 {
		return "", t.txError(ctx, err, doing, dialect.Name{})
	}
	return rows[0][0], nil
}

// Delete implements dialect.Writer.
func (t *tx) Delete(ctx context.Context, d dialect.Delete) (int64, error) {
	return t.runOne(ctx, "delete from", d.Table, true, func(b *builder) (statement, error) { return b.renderDelete(d) })
}

// Update implements dialect.Writer.
func (t *tx) Update(ctx context.Context, u dialect.Update) (dialect.Updated, error) {
	if len(u.Set) == 0 {
		n, err := t.Count(ctx, u.Table, u.Where)
		return dialect.Updated{Rows: n}, err
	}
	numbers, err := t.runNumbers(ctx, "overwrite", u.Table, true, func(b *builder) (statement, error) { return b.renderUpdate(u) })
	if err != nil {
		return dialect.Updated{}, err
	}
	out := dialect.Updated{Rows: numbers[0]}
	if len(numbers) > 1 {
		out.Unchanged = numbers[1:]
	}
	return out, nil
}

// BulkUpdate implements dialect.Writer.
func (t *tx) BulkUpdate(ctx context.Context, u dialect.BulkUpdate) (int64, error) {
	return render.Parts(u, maxText, func(u dialect.BulkUpdate) (int64, error) {
		return t.runOne(ctx, "overwrite", u.Table, true, func(b *builder) (statement, error) { return b.bulkUpdate(u) })
	})
}

// Insert implements dialect.Writer.
func (t *tx) Insert(ctx context.Context, i dialect.Insert) error {
	_, err := t.runOne(ctx, "insert into", i.Table, true, func(b *builder) (statement, error) { return b.renderInsert(i) })
	return err
}

// runOne runs a statement for one number.
func (t *tx) runOne(ctx context.Context, doing string, table dialect.Name, writes bool, render func(*builder) (statement, error)) (int64, error) {
	numbers, err := t.runNumbers(ctx, doing, table, writes, render)
	if err != nil {
		return 0, err
	}
	return numbers[0], nil
}

// runNumbers runs a batch and returns the numbers of its last result set. The earlier ones are
// those of triggers.
func (t *tx) runNumbers(ctx context.Context, doing string, table dialect.Name, writes bool, render func(*builder) (statement, error)) ([]int64, error) {
	if err := t.checkUsable(doing, table, writes); err != nil {
		return nil, err
	}
	st, err := render(t.newBuilder(ctx))
	if err != nil {
		return nil, t.txError(ctx, err, doing, table)
	}
	rows, err := t.conn.QueryContext(ctx, st.sql, st.args...)
	if err != nil {
		return nil, t.txError(ctx, err, doing, table)
	}
	defer rows.Close()
	var out []int64
	for more := true; more; more = rows.NextResultSet() {
		if out, err = lastNumbers(rows); err != nil {
			return nil, t.txError(ctx, err, doing, table)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, t.txError(ctx, err, doing, table)
	}
	if out == nil {
		e := dialect.NewError(dialect.Fatal, "", doing, table, nil)
		e.Detail = "the server's answer has no count: a trigger may have ended the batch"
		return nil, t.txError(ctx, e, doing, table)
	}
	return out, nil
}

// lastNumbers reads a result set, and returns its numbers where it is the batch's own.
func lastNumbers(rows *sql.Rows) ([]int64, error) {
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	own := len(names) > 0 && names[0] == counted
	numbers, into := sqlconn.Targets[sql.NullInt64](len(names))
	var out []int64
	for rows.Next() {
		if !own {
			continue
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		for _, n := range numbers {
			out = append(out, n.Int64)
		}
	}
	return out, rows.Err()
}

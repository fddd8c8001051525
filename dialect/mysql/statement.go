package mysql

import (
	"context"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/render"
	"github.com/expungedb/expunge/dialect/internal/sqlconn"
)

// target is what statements call the table that they are about.
const target = "t"

func (t *tx) newBuilder(ctx context.Context) *builder {
	return &builder{server: t.server, lookup: func(n dialect.Name) (*dialect.Table, error) { return t.readTable(ctx, n) }}
}

// renderFrom renders the tables of a statement, and returns the conditions that are
// left for its WHERE. The first In drives the statement: it is joined, in the order that looks
// rows up by key where an index serves that, whatever the optimizer estimates of a table
// function; without an index the keys are looked up for every row.
func (b *builder) renderFrom(t *dialect.Table, where []dialect.Cond) (string, []dialect.Cond) {
	table := quoteTable(t.Name) + " AS " + target
	for i, c := range where {
		in, ok := c.(dialect.In)
		if !ok {
			continue
		}
		by := b.referralsOf(t, in)
		keys := b.keyTable(t, in, by)
		if keys == "" {
			return table, []dialect.Cond{dialect.Any{}}
		}
		rest := slices.Concat(where[:i], where[i+1:])
		k := b.Alias("k")
		on := " ON " + matchesKey(k, target, by)
		if isServed(t, by) {
			return keys + " AS " + k + " STRAIGHT_JOIN " + table + on, rest
		}
		return table + " STRAIGHT_JOIN " + keys + " AS " + k + on, rest
	}
	return table, where
}

// fromWhere renders FROM … WHERE ….
func (b *builder) fromWhere(t *dialect.Table, where []dialect.Cond) string {
	from, rest := b.renderFrom(t, where)
	return " FROM " + from + " WHERE " + b.renderAll(t, target, rest)
}

var locks = map[dialect.Lock]string{dialect.Share: " LOCK IN SHARE MODE", dialect.Exclusive: " FOR UPDATE"}

// renderSelect renders a Select, and returns the columns that are read; those of the flags come after them.
func (b *builder) renderSelect(t *dialect.Table, s dialect.Select) (string, []*dialect.Column) {
	cols := b.columnsOf(t, s.Columns)
	list := make([]string, 0, len(cols)+len(s.Flags))
	for _, c := range cols {
		list = append(list, projectColumn(c, target+"."+quoteIdent(c.Name)))
	}
	for _, f := range s.Flags {
		list = append(list, "("+b.renderCond(t, target, f)+") IS TRUE")
	}
	if len(list) == 0 {
		list = []string{"1"}
	}
	sql := "SELECT " + strings.Join(list, ", ") + b.fromWhere(t, s.Where)
	if len(s.Order) > 0 {
		sql += " ORDER BY " + render.List(s.Order, func(n string) string {
			if s.Descending {
				return target + "." + quoteIdent(n) + " DESC"
			}
			return target + "." + quoteIdent(n)
		})
	}
	if s.Limit > 0 {
		sql += fmt.Sprintf(" LIMIT %d", s.Limit)
	}
	if s.Offset > 0 {
		sql += fmt.Sprintf(" OFFSET %d", s.Offset)
	}
	return sql + locks[s.Lock], cols
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

// readPage reports whether more rows are wanted.
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

// raw is a value as the driver has it, until the next row: decode makes a copy,
// and database/sql would make one more.
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

// oneNumber runs a query that gives one number.
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

// execStatement runs what was built, and returns how many rows it affected.
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

// renderDelete renders a Delete.
func (b *builder) renderDelete(t *dialect.Table, d dialect.Delete) string {
	switch self := readsTable(d.Table, d.Where); {
	case d.Limit == 0 && !self:
		return "DELETE " + target + b.fromWhere(t, d.Where)
	case len(t.Key()) == 0 && !self:
		// The form with a LIMIT takes no join and, on MariaDB, no alias.
		return fmt.Sprintf("DELETE FROM %s WHERE %s LIMIT %d", quoteTable(d.Table), b.renderAll(t, quoteTable(d.Table), d.Where), d.Limit)
	}
	return "DELETE " + target + " FROM " + b.renderChosen(t, d.Where, nil, d.Limit)
}

// renderChosen renders a join of the table with its own rows that meet the
// conditions, read and locked beforehand: for statements whose conditions read the
// table itself, that have a limit, or that need values as they were (old). A derived table
// with a LIMIT is never merged into the statement.
func (b *builder) renderChosen(t *dialect.Table, where []dialect.Cond, old []string, limit int) string {
	key := t.Key()
	if len(key) == 0 {
		b.Unsupported(t.Name, "not supported on MySQL and MariaDB: a statement that reads the table it changes, where the table has no key")
	}
	k := b.Alias("k")
	var list []string
	for i, n := range key {
		list = append(list, target+"."+quoteIdent(n)+" AS "+carrierColumn(i))
	}
	b.old = map[string]string{}
	for i, n := range old {
		name := fmt.Sprintf("expunge_old_%d", i)
		list = append(list, target+"."+quoteIdent(n)+" AS "+name)
		b.old[n] = k + "." + name
	}
	if limit == 0 {
		limit = math.MaxInt
	}
	return fmt.Sprintf("(SELECT %s%s LIMIT %d FOR UPDATE) AS %s STRAIGHT_JOIN %s AS %s ON %s",
		strings.Join(list, ", "), b.fromWhere(t, where), limit, k, quoteTable(t.Name), target, keyEquals(k, target, key))
}

// Update implements dialect.Writer. Updated.Unchanged is always nil: there is no
// RETURNING, and an expression that draws at random can't be computed twice.
func (t *tx) Update(ctx context.Context, u dialect.Update) (dialect.Updated, error) {
	table, err := t.readTable(ctx, u.Table)
	if err != nil {
		return dialect.Updated{}, err
	}
	// The server would count rows whose values changed, or those that matched
	// where the pool's clientFoundRows is set.
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

// renderUpdate renders an Update.
func (b *builder) renderUpdate(t *dialect.Table, u dialect.Update) string {
	set, old := inOrder(u.Set)
	var from string
	var rest []dialect.Cond
	if len(old) > 0 || readsTable(u.Table, u.Where) {
		from = b.renderChosen(t, u.Where, old, 0)
	} else {
		from, rest = b.renderFrom(t, u.Where)
	}
	return "UPDATE " + from + " SET " + b.renderAssignments(t, set) + " WHERE " + b.renderAll(t, target, rest)
}

func (b *builder) renderAssignments(t *dialect.Table, set []dialect.Assign) string {
	var parts, names []string
	for _, a := range set {
		names = append(names, a.Column.Name)
		parts = append(parts, target+"."+quoteIdent(a.Column.Name)+" = "+b.renderAssigned(t, a))
	}
	return strings.Join(append(parts, untouchedColumns(t, names)...), ", ")
}

// untouchedColumns assigns the ON UPDATE CURRENT_TIMESTAMP columns to themselves,
// which keeps their values, unless they are assigned anyway.
func untouchedColumns(t *dialect.Table, assigned []string) []string {
	var out []string
	for _, c := range t.Columns {
		if c.TouchedOnUpdate && c.Assignable() && !slices.Contains(assigned, c.Name) {
			ref := target + "." + quoteIdent(c.Name)
			out = append(out, ref+" = "+ref)
		}
	}
	return out
}

// inOrder orders assignments so that none reads a column that was assigned
// before it: SET works from left to right, and a column that was assigned has its new
// value there. Where they read each other's columns in a circle, old are the columns whose
// values have to be read beforehand.
func inOrder(set []dialect.Assign) (ordered []dialect.Assign, old []string) {
	left := slices.Clone(set)
	for len(left) > 0 {
		i := slices.IndexFunc(left, func(a dialect.Assign) bool {
			return !slices.ContainsFunc(left, func(other dialect.Assign) bool {
				return other.Column.Name != a.Column.Name && mentionsColumn(other.Expr, a.Column.Name)
			})
		})
		if i < 0 {
			for _, a := range set {
				old = append(old, a.Column.Name)
			}
			return set, old
		}
		ordered = append(ordered, left[i])
		left = slices.Delete(left, i, i+1)
	}
	return ordered, nil
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

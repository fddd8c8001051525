package mysql

import (
	"context"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// target is what statements call the table that they are about.
const target = "t"

func (t *tx) newBuilder(ctx context.Context) *builder { return &builder{ctx: ctx, tx: t} }

// renderFrom renders the tables of a statement, and returns the conditions that are
// left for its WHERE. The first In drives the statement: it is joined, in the order that looks
// rows up by key where an index serves that, whatever the optimizer estimates of a table
// function; without an index the keys are looked up for every row.
func (b *builder) renderFrom(t *dialect.Table, where []dialect.Cond) (string, []dialect.Cond, error) {
	table := quoteTable(t.Name) + " AS " + target
	for i, c := range where {
		in, ok := c.(dialect.In)
		if !ok {
			continue
		}
		by, err := b.referralsOf(t, in)
		if err != nil {
			return "", nil, err
		}
		keys, err := b.keyTable(t, in, by)
		if err != nil {
			return "", nil, err
		}
		if keys == "" {
			return table, []dialect.Cond{dialect.Any{}}, nil
		}
		rest := slices.Concat(where[:i], where[i+1:])
		k := b.newAlias("k")
		on := " ON " + matchesKey(k, target, by)
		if isServed(t, by) {
			return keys + " AS " + k + " STRAIGHT_JOIN " + table + on, rest, nil
		}
		return table + " STRAIGHT_JOIN " + keys + " AS " + k + on, rest, nil
	}
	return table, where, nil
}

// fromWhere renders FROM … WHERE ….
func (b *builder) fromWhere(t *dialect.Table, where []dialect.Cond) (string, error) {
	from, rest, err := b.renderFrom(t, where)
	if err != nil {
		return "", err
	}
	cond, err := b.renderAll(t, target, rest)
	return " FROM " + from + " WHERE " + cond, err
}

var locks = map[dialect.Lock]string{dialect.Share: " LOCK IN SHARE MODE", dialect.Exclusive: " FOR UPDATE"}

// renderSelect renders a Select.
func (b *builder) renderSelect(t *dialect.Table, s dialect.Select) (string, []*dialect.Column, error) {
	cols, err := columnsOf(t, s.Columns)
	if err != nil {
		return "", nil, err
	}
	list := make([]string, 0, len(cols)+len(s.Flags))
	for _, c := range cols {
		list = append(list, projectColumn(c, target+"."+quoteIdent(c.Name)))
	}
	for _, f := range s.Flags {
		cond, err := b.renderCond(t, target, f)
		if err != nil {
			return "", nil, err
		}
		list = append(list, "("+cond+") IS TRUE")
	}
	if len(list) == 0 {
		list = []string{"1"}
	}
	from, err := b.fromWhere(t, s.Where)
	if err != nil {
		return "", nil, err
	}
	sql := "SELECT " + strings.Join(list, ", ") + from
	for i, n := range s.Order {
		if i == 0 {
			sql += " ORDER BY "
		} else {
			sql += ", "
		}
		sql += target + "." + quoteIdent(n)
		if s.Descending {
			sql += " DESC"
		}
	}
	if s.Limit > 0 {
		sql += fmt.Sprintf(" LIMIT %d", s.Limit)
	}
	if s.Offset > 0 {
		sql += fmt.Sprintf(" OFFSET %d", s.Offset)
	}
	return sql + locks[s.Lock], cols, nil
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
	sql, cols, err := b.renderSelect(table, s)
	if err != nil {
		return false, err
	}
	rows, err := t.conn.QueryContext(ctx, sql, b.args...)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	values := make([]raw, max(1, len(cols)+len(s.Flags)))
	into := make([]any, len(values))
	for i := range values {
		into[i] = &values[i]
	}
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
		from, err := b.fromWhere(table, where)
		if err != nil {
			return 0, err
		}
		count, err := t.oneNumber(ctx, "SELECT COUNT(*)"+from+locks[lock], b.args, "count", n)
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

// Delete implements dialect.Writer.
func (t *tx) Delete(ctx context.Context, d dialect.Delete) (int64, error) {
	table, err := t.readTable(ctx, d.Table)
	if err != nil {
		return 0, err
	}
	var sum int64
	for _, d.Where = range splitRange(d.Table, d.Where, d.Limit == 0) {
		b := t.newBuilder(ctx)
		sql, err := b.renderDelete(table, d)
		if err != nil {
			return 0, err
		}
		n, err := t.execAffected(ctx, sql, b.args, "delete from", d.Table)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

// renderDelete renders a Delete.
func (b *builder) renderDelete(t *dialect.Table, d dialect.Delete) (string, error) {
	switch self := readsTable(d.Table, d.Where); {
	case d.Limit == 0 && !self:
		sql, err := b.fromWhere(t, d.Where)
		return "DELETE " + target + sql, err
	case len(t.Key()) == 0 && !self:
		// The form with a LIMIT takes no join and, on MariaDB, no alias.
		sql, err := b.renderAll(t, quoteTable(d.Table), d.Where)
		return fmt.Sprintf("DELETE FROM %s WHERE %s LIMIT %d", quoteTable(d.Table), sql, d.Limit), err
	}
	sql, err := b.renderChosen(t, d.Where, nil, d.Limit)
	return "DELETE " + target + " FROM " + sql, err
}

// renderChosen renders a join of the table with its own rows that meet the
// conditions, read and locked beforehand: for statements whose conditions read the
// table itself, that have a limit, or that need values as they were (old). A derived table
// with a LIMIT is never merged into the statement.
func (b *builder) renderChosen(t *dialect.Table, where []dialect.Cond, old []string, limit int) (string, error) {
	key := t.Key()
	if len(key) == 0 {
		return "", unsupported(t.Name, "a statement that reads the table it changes, where the table has no key")
	}
	k := b.newAlias("k")
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
	from, err := b.fromWhere(t, where)
	if err != nil {
		return "", err
	}
	if limit == 0 {
		limit = math.MaxInt
	}
	return fmt.Sprintf("(SELECT %s%s LIMIT %d FOR UPDATE) AS %s STRAIGHT_JOIN %s AS %s ON %s",
		strings.Join(list, ", "), from, limit, k, quoteTable(t.Name), target, keyEquals(k, target, key)), nil
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
		sql, err := b.renderUpdate(table, u)
		if err != nil {
			return dialect.Updated{}, err
		}
		if _, err := t.execAffected(ctx, sql, b.args, "overwrite", u.Table); err != nil {
			return dialect.Updated{}, err
		}
	}
	return dialect.Updated{Rows: found}, nil
}

// renderUpdate renders an Update.
func (b *builder) renderUpdate(t *dialect.Table, u dialect.Update) (string, error) {
	set, old := inOrder(u.Set)
	var from string
	var rest []dialect.Cond
	var err error
	if len(old) > 0 || readsTable(u.Table, u.Where) {
		from, err = b.renderChosen(t, u.Where, old, 0)
	} else {
		from, rest, err = b.renderFrom(t, u.Where)
	}
	if err != nil {
		return "", err
	}
	assigned, err := b.renderAssignments(t, set)
	if err != nil {
		return "", err
	}
	cond, err := b.renderAll(t, target, rest)
	return "UPDATE " + from + " SET " + assigned + " WHERE " + cond, err
}

func (b *builder) renderAssignments(t *dialect.Table, set []dialect.Assign) (string, error) {
	var parts, names []string
	for _, a := range set {
		value, err := b.renderAssigned(t, a)
		if err != nil {
			return "", err
		}
		names = append(names, a.Column.Name)
		parts = append(parts, target+"."+quoteIdent(a.Column.Name)+" = "+value)
	}
	return strings.Join(append(parts, untouchedColumns(t, names)...), ", "), nil
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
	cols, err := columnsOf(table, i.Columns)
	if err != nil {
		return err
	}
	names, marks := make([]string, len(cols)), make([]string, len(cols))
	for n, c := range cols {
		names[n], marks[n] = quoteIdent(c.Name), "?"
	}
	rows, args := make([]string, len(i.Rows)), make([]any, 0, len(i.Rows)*len(cols))
	for at, row := range i.Rows {
		rows[at] = "(" + strings.Join(marks, ", ") + ")"
		for n, c := range cols {
			args = append(args, wireValue(c, row[n]))
		}
	}
	_, err = t.execAffected(ctx, "INSERT INTO "+quoteTable(i.Table)+" ("+strings.Join(names, ", ")+") VALUES "+strings.Join(rows, ", "),
		args, "insert into", i.Table)
	return err
}

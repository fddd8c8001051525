//go:build unix

package corpus

import (
	"context"
	"database/sql"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/expungedb/expunge/dialect"
)

// rows generates the rows of a schema. Table, column and row number determine a cell,
// so a reference can compute the referenced value.
type rows struct {
	schema    *dialect.Schema
	truth     *truth
	relations map[*dialect.Column][]target
}

// target is the table and column behind a reference.
type target struct {
	table  *dialect.Table
	column *dialect.Column
	word   string // the value of whereColumn in such rows
}

func newRows(t *testing.T, s *dialect.Schema, w *truth) *rows {
	t.Helper()
	r := &rows{s, w, map[*dialect.Column][]target{}}
	for _, table := range s.Tables {
		for _, fk := range table.ForeignKeys {
			to := s.Table(fk.RefTable)
			for i, name := range fk.Columns {
				if c := table.Column(name); to != nil && len(r.relations[c]) == 0 {
					r.relations[c] = []target{{to, to.Column(fk.RefColumns[i]), ""}}
				}
			}
		}
	}
	for _, l := range append(parseRelations(t, w.Links), parseRelations(t, w.Relations)...) {
		r.relate(l)
	}
	for _, table := range s.Tables {
		for _, c := range table.Columns {
			if to := r.conventional(table, c); to != nil && len(r.relations[c]) == 0 {
				r.relations[c] = []target{{to, to.Column(to.PrimaryKey[0]), ""}}
			}
		}
	}
	return r
}

// relate adds a link of the truth to the relations of its column.
func (r *rows) relate(l relation) {
	from, to := tableOf(r.schema, l.table), tableOf(r.schema, l.to)
	if from == nil || to == nil || l.toColumn == "" && len(to.PrimaryKey) != 1 && columnOf(to, "id") == nil {
		return
	}
	name := l.toColumn
	if name == "" {
		name = "id"
		if len(to.PrimaryKey) == 1 {
			name = to.PrimaryKey[0]
		}
	}
	c, refers := columnOf(from, l.column), columnOf(to, name)
	if c == nil || refers == nil || c == refers {
		return
	}
	r.relations[c] = append(r.relations[c], target{to, refers, l.word})
	if words := columnOf(from, l.whereColumn); words != nil {
		r.relations[words] = append(r.relations[words], target{word: l.word})
	}
}

// conventional returns the table named in a column, or nil: host for host_id. Most schemas
// have many such columns; the truth doesn't list them all.
func (r *rows) conventional(table *dialect.Table, c *dialect.Column) *dialect.Table {
	name := strings.ToLower(c.Name)
	stem, ok := strings.CutSuffix(name, "_id")
	if !ok {
		stem, ok = strings.CutSuffix(name, "id")
	}
	if !ok || stem == "" || slices.Contains(table.PrimaryKey, c.Name) && len(table.PrimaryKey) == 1 {
		return nil
	}
	for _, to := range r.schema.Tables {
		called := strings.ToLower(to.Name.Table)
		if (called == stem || called == stem+"s") && to != table && len(to.PrimaryKey) == 1 && to.Column(to.PrimaryKey[0]).Kind == c.Kind {
			return to
		}
	}
	return nil
}

// count returns the number of rows for a table.
func (r *rows) count(t *dialect.Table) int {
	if strings.EqualFold(t.Name.Table, r.truth.Subject) {
		return 80
	}
	return 40 + int(mix(t.Name.Table)%90)
}

// mix hashes its arguments to a number.
func mix(parts ...any) uint64 {
	h := fnv.New64a()
	fmt.Fprint(h, parts...)
	return h.Sum64()
}

// cell returns the value of one column in one row; ok is false for NULL.
func (r *rows) cell(t *dialect.Table, c *dialect.Column, row int) (value string, ok bool) {
	return r.cellAt(t, c, row, 0)
}

func (r *rows) cellAt(t *dialect.Table, c *dialect.Column, row, depth int) (value string, ok bool) {
	targets := r.relations[c]
	numbersRows := len(t.PrimaryKey) == 0 && strings.EqualFold(c.Name, "id")
	own := len(t.PrimaryKey) == 1 && t.PrimaryKey[0] == c.Name || numbersRows
	if len(targets) > 0 && depth < 8 {
		to := targets[row%len(targets)]
		switch {
		case to.table == nil:
			return to.word, true
		case own:
			return r.cellAt(to.table, to.column, row%r.count(to.table), depth+1)
		case unique(t, c):
			if row >= r.count(to.table) {
				return keyValue(c, row), !c.Nullable
			}
			return r.cellAt(to.table, to.column, row, depth+1)
		case c.Nullable && mix(c.Name, row)%5 == 0:
			return "", false
		}
		return r.cellAt(to.table, to.column, int(mix(t.Name.Table, c.Name, row)%uint64(r.count(to.table))), depth+1)
	}
	if slices.Contains(t.PrimaryKey, c.Name) || unique(t, c) || numbersRows {
		return r.fit(c, keyValue(c, row)), true
	}
	category, _ := r.truth.category(t.Name.Table, c.Name)
	if c.Nullable && mix(t.Name.Table, c.Name, row)%7 == 0 {
		return "", false
	}
	if category == "" {
		return r.fit(c, plainValue(t.Name.Table, c, row)), true
	}
	return r.fit(c, personalValue(category, c, row)), true
}

// unique reports whether a unique index contains only this column.
func unique(t *dialect.Table, c *dialect.Column) bool {
	return slices.ContainsFunc(t.UniqueIndexes(c.Name), func(ix *dialect.Index) bool { return len(ix.Parts) == 1 })
}

// fit cuts a value to the column's length.
func (r *rows) fit(c *dialect.Column, value string) string {
	if c.Length > 0 && len(value) > c.Length && (c.Kind == dialect.Text || c.Kind == dialect.Bytes) {
		return value[:c.Length]
	}
	return value
}

// load inserts the rows of every table. The engine doesn't check foreign keys meanwhile.
func (r *rows) load(ctx context.Context, conn *sql.Conn, e *engine) error {
	if _, err := conn.ExecContext(ctx, "BEGIN"); err != nil {
		return err
	}
	for _, t := range r.schema.Tables {
		if err := r.loadTable(ctx, conn, e, t); err != nil {
			return fmt.Errorf("filling table %s: %w", t.Name.Table, err)
		}
	}
	_, err := conn.ExecContext(ctx, "COMMIT")
	return err
}

func (r *rows) loadTable(ctx context.Context, conn *sql.Conn, e *engine, t *dialect.Table) error {
	var columns []*dialect.Column
	var names []string
	for _, c := range t.Columns {
		if c.Assignable() && c.Kind != dialect.Unknown {
			columns, names = append(columns, c), append(names, e.quote(c.Name))
		}
	}
	const most = 20 // rows per statement
	for from := 0; from < r.count(t); from += most {
		var values []string
		var args []any
		for row := from; row < min(from+most, r.count(t)); row++ {
			marks := make([]string, len(columns))
			for i, c := range columns {
				args = append(args, r.argument(t, c, row))
				marks[i] = e.parameter(len(args))
			}
			values = append(values, "("+strings.Join(marks, ", ")+")")
		}
		text := e.insert + " " + e.quote(t.Name.Table) + " (" + strings.Join(names, ", ") + ") VALUES " + strings.Join(values, ", ") + e.ignore
		if _, err := conn.ExecContext(ctx, text, args...); err != nil {
			return err
		}
	}
	return nil
}

func (r *rows) argument(t *dialect.Table, c *dialect.Column, row int) any {
	value, ok := r.cell(t, c, row)
	switch {
	case !ok:
		return nil
	case c.Kind == dialect.Bytes:
		return []byte(value)
	case c.Kind == dialect.Int:
		if n, err := strconv.ParseInt(value, 10, 64); err == nil {
			return n
		}
	}
	return value
}

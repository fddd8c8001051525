package mysql

import (
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/render"
)

// builder renders one statement. Its arguments have the order of their placeholders, so a caller
// has to render text in its final order. It keeps the first error.
type builder struct {
	render.Builder[any]
	lookup func(dialect.Name) (*dialect.Table, error)
	server *server
	// old renders the columns read before the update (see Update).
	old map[string]string
}

func (b *builder) addArg(v any) string {
	b.Args = append(b.Args, v)
	return "?"
}

func (b *builder) unsupported(table dialect.Name, format string, args ...any) {
	b.Unsupported(table, "not supported on MySQL and MariaDB: "+format, args...)
}

// tableOf returns a table. Where it isn't known, the statement fails, and an empty one replaces it.
func (b *builder) tableOf(n dialect.Name) *dialect.Table {
	t, err := b.lookup(n)
	return render.Found(&b.Builder, t, err)
}

// columnOf returns a column of a table, and fails the statement where the column doesn't exist.
func (b *builder) columnOf(t *dialect.Table, name string) *dialect.Column {
	if c := t.Column(name); c != nil {
		return c
	}
	e := dialect.NewError(dialect.Fatal, "1054", "render a statement on", t.Name, nil)
	e.Object = name
	e.Detail = "the table has no such column: inspect it again"
	b.Fail(e)
	return &dialect.Column{Name: name}
}

func (b *builder) columnsOf(t *dialect.Table, names []string) []*dialect.Column {
	out := make([]*dialect.Column, len(names))
	for i, n := range names {
		out[i] = b.columnOf(t, n)
	}
	return out
}

// quoteIdent quotes an identifier.
func quoteIdent(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// hexLiteral renders a text as a literal that means the same under every sql_mode.
func hexLiteral(s string) string { return "_utf8mb4 X'" + hex.EncodeToString([]byte(s)) + "'" }

// unquoteIdent reverses quoteIdent, and returns a bare name unchanged.
func unquoteIdent(s string) string {
	if len(s) >= 2 && s[0] == '`' && s[len(s)-1] == '`' {
		return strings.ReplaceAll(s[1:len(s)-1], "``", "`")
	}
	return s
}

func quoteTable(n dialect.Name) string {
	if n.Schema == "" {
		return quoteIdent(n.Table)
	}
	return quoteIdent(n.Schema) + "." + quoteIdent(n.Table)
}

// target is the alias of a statement's table.
const target = "t"

// renderFrom renders the tables of a statement, and returns the conditions left for its WHERE. The
// first In drives the statement by a join. With an index on its columns, the join order finds rows
// by key, whatever the optimizer estimates for a table function. Without an index, the server looks
// the keys up for every row.
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

// renderSelect renders a Select, and returns the columns read; those of the flags follow them.
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

// renderDelete renders a Delete.
func (b *builder) renderDelete(t *dialect.Table, d dialect.Delete) string {
	switch self := readsTable(d.Table, d.Where); {
	case d.Limit == 0 && !self:
		return "DELETE " + target + b.fromWhere(t, d.Where)
	case len(t.Key()) == 0 && !self:
		// The form with a LIMIT permits no join and, on MariaDB, no alias.
		return fmt.Sprintf("DELETE FROM %s WHERE %s LIMIT %d", quoteTable(d.Table), b.renderAll(t, quoteTable(d.Table), d.Where), d.Limit)
	}
	return "DELETE " + target + " FROM " + b.renderChosen(t, d.Where, nil, d.Limit)
}

// renderChosen renders a join of the table with its own rows that meet the conditions, read and
// locked before. It is for statements with a limit, with conditions that read the table itself, or
// with old values. A derived table with a LIMIT is never merged into the statement.
func (b *builder) renderChosen(t *dialect.Table, where []dialect.Cond, old []string, limit int) string {
	key := t.Key()
	if len(key) == 0 {
		b.unsupported(t.Name, "a statement that reads the table it changes, where the table has no key")
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

// untouchedColumns assigns the ON UPDATE CURRENT_TIMESTAMP columns to themselves, to keep their
// values, unless the statement assigns them.
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

// inOrder orders assignments so that none reads a column assigned before it. SET works from left to
// right, and an assigned column has its new value there. Where the assignments form a cycle, old
// are the columns to read before the update.
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

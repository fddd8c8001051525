package sqlserver

import (
	"slices"
	"strconv"
	"strings"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/render"
)

// T-SQL has no boolean values, so true and false are comparisons.
const always, never = "1 = 1", "1 = 0"

// renderCond renders a condition on the row of that alias, for use in a conjunction.
func (b *builder) renderCond(r *relation, alias string, c dialect.Cond) string {
	switch c := c.(type) {
	case dialect.In:
		return b.renderIn(r, alias, c)
	case dialect.Not:
		return "CASE WHEN " + b.renderCond(r, alias, c.Cond) + " THEN 1 ELSE 0 END = 0"
	case dialect.After:
		return b.renderKeyRange(r, alias, c.Columns, c.Key, ">", false)
	case dialect.UpTo:
		return b.renderKeyRange(r, alias, c.Columns, c.Key, "<", true)
	case dialect.Compare:
		return b.renderCompare(r, alias, c)
	case dialect.IsNull:
		return b.columnOf(r, c.Column).qualifiedName(alias) + " IS NULL"
	case dialect.LongerThan:
		return b.renderLength(b.renderCharacters(b.columnOf(r, c.Column).qualifiedName(alias))) + " > " + strconv.Itoa(c.N)
	case dialect.Odd:
		return "1 = 0"
	case dialect.Match:
		return "(" + c.SQL + "\n)" // the newline ends a comment
	case dialect.Referenced:
		return b.renderReferenced(r, alias, c)
	case dialect.Orphan:
		return b.renderOrphan(r, alias, c)
	case dialect.Any:
		return b.renderAll(r, alias, c, " OR ", never)
	case dialect.All:
		return b.renderAll(r, alias, c, " AND ", always)
	}
	b.Unsupported(r.name, "a condition of type %T is not supported", c)
	return never
}

func (b *builder) renderAll(r *relation, alias string, of []dialect.Cond, between, empty string) string {
	if len(of) == 0 {
		return empty
	}
	return "(" + render.Joined(of, between, func(c dialect.Cond) string { return b.renderCond(r, alias, c) }) + ")"
}

// renderIn renders keys that don't drive the statement (see renderFrom).
func (b *builder) renderIn(r *relation, alias string, c dialect.In) string {
	if len(c.Keys) == 0 || len(c.Columns) == 0 {
		return never
	}
	columns := b.referringColumns(r, c)
	k := b.Alias("k")
	return "EXISTS (SELECT 1 FROM " + b.renderKeys(r, columns, c.Keys) + " AS " + k + " WHERE " + renderKeyEquals(columns, alias, k) + ")"
}

// referringColumns returns the columns of an In, comparing like the referenced columns.
func (b *builder) referringColumns(r *relation, in dialect.In) []*column {
	columns := b.columnsOf(r, in.Columns)
	if len(in.RefColumns) != len(columns) {
		return columns
	}
	to := b.relationOf(in.RefTable)
	for i, c := range columns {
		columns[i] = c.by(b.columnOf(to, in.RefColumns[i]))
	}
	return columns
}

// renderKeyEquals equates columns with those of a key table.
func renderKeyEquals(columns []*column, alias, k string) string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = c.comparand(alias) + " = " + k + "." + carrierName(i)
	}
	return strings.Join(out, " AND ")
}

func (b *builder) renderCompare(r *relation, alias string, c dialect.Compare) string {
	if !b.Operator(r.name, c.Op) {
		return never
	}
	col := b.columnOf(r, c.Column)
	return col.comparand(alias) + " " + c.Op + " " + b.addValue(r, col, c.Value)
}

// withoutRange replaces the common part of a range's two ends: a = 1 AND b > 5 AND b <= 9 for rows
// after (1, 5), up to (1, 9). The server then searches an index up to both ends. With each end by
// itself it searches by the first column only. It would read all rows of one tenant, and wait for
// their locks, again and again.
func withoutRange(where []dialect.Cond) []dialect.Cond {
	var low dialect.After
	var high dialect.UpTo
	rest := make([]dialect.Cond, 0, len(where))
	for _, c := range where {
		switch c := c.(type) {
		case dialect.After:
			if len(low.Columns) == 0 {
				low = c
				continue
			}
		case dialect.UpTo:
			if len(high.Columns) == 0 {
				high = c
				continue
			}
		}
		rest = append(rest, c)
	}
	n := len(low.Columns)
	if len(low.Key) != n || len(high.Key) != n || !slices.Equal(low.Columns, high.Columns) {
		return where
	}
	common := 0
	for common < n-1 && dialect.EncodeKey(low.Key[common:common+1]) == dialect.EncodeKey(high.Key[common:common+1]) {
		common++
	}
	if common == 0 {
		return where
	}
	var out []dialect.Cond
	for i, column := range low.Columns[:common] {
		out = append(out, dialect.Compare{Column: column, Op: "=", Value: low.Key[i]})
	}
	low.Columns, low.Key = low.Columns[common:], low.Key[common:]
	high.Columns, high.Key = high.Columns[common:], high.Key[common:]
	return append(append(out, low, high), rest...)
}

// renderKeyRange compares with a key column by column, as there are no row values. It repeats the
// first column's bound as a condition of its own: the server searches an index by it, but not by an
// OR.
func (b *builder) renderKeyRange(r *relation, alias string, names []string, key dialect.Key, op string, equal bool) string {
	switch {
	case len(key) == 0:
		return always
	case !b.SameLength(r.name, len(key), len(names)):
		return never
	}
	columns := b.columnsOf(r, names)
	values := make([]string, len(columns))
	for i, c := range columns {
		values[i] = b.addValue(r, c, key[i])
	}
	var render func(i int) string
	render = func(i int) string {
		left := columns[i].comparand(alias)
		if i == len(columns)-1 {
			last := op
			if equal {
				last += "="
			}
			return left + " " + last + " " + values[i]
		}
		return "(" + left + " " + op + " " + values[i] + " OR (" + left + " = " + values[i] + " AND " + render(i+1) + "))"
	}
	if len(columns) == 1 {
		return render(0)
	}
	return columns[0].comparand(alias) + " " + op + "= " + values[0] + " AND " + render(0)
}

func (b *builder) renderReferenced(r *relation, alias string, c dialect.Referenced) string {
	from := b.relationOf(c.Table)
	if !b.SameLength(r.name, len(c.Columns), len(c.RefColumns)) {
		return never
	}
	other := b.Alias("r")
	ands := make([]string, 0, len(c.Columns)+2)
	for i := range c.Columns {
		ands = append(ands, refersTo(b.columnOf(from, c.Columns[i]), other, b.columnOf(r, c.RefColumns[i]), alias))
	}
	if c.Where != "" {
		ands = append(ands, b.renderCond(from, other, dialect.Match{SQL: c.Where}))
	}
	if c.Except != nil {
		ands = append(ands, "NOT "+b.renderGrouped(b.renderIn(from, other, *c.Except)))
	}
	return "EXISTS (SELECT 1 FROM " + quoteTable(c.Table) + " AS " + other + from.lockHints(dialect.NoLock) + " WHERE " + strings.Join(ands, " AND ") + ")"
}

func (b *builder) renderGrouped(cond string) string { return "(" + cond + ")" }

func (b *builder) renderOrphan(r *relation, alias string, c dialect.Orphan) string {
	to := b.relationOf(c.RefTable)
	if !b.SameLength(r.name, len(c.Columns), len(c.RefColumns)) {
		return never
	}
	other := b.Alias("r")
	var set, ands []string
	for i := range c.Columns {
		from := b.columnOf(r, c.Columns[i])
		set = append(set, from.qualifiedName(alias)+" IS NOT NULL")
		ands = append(ands, refersTo(from, alias, b.columnOf(to, c.RefColumns[i]), other))
	}
	return "(" + strings.Join(set, " AND ") + " AND NOT EXISTS (SELECT 1 FROM " + quoteTable(c.RefTable) + " AS " + other +
		to.lockHints(dialect.NoLock) + " WHERE " + strings.Join(ands, " AND ") + "))"
}

// refersTo compares a column with the referenced one, by the latter's collation. A link may join
// different types: then both compare as text, and a text that isn't of the other type refers to
// nothing.
func refersTo(own *column, ownAlias string, referred *column, alias string) string {
	x, y := own.comparand(ownAlias), referred.comparand(alias)
	switch {
	case own.kindOf() == referred.kindOf() && own.kindOf() != dialect.Text:
		return x + " = " + y
	case own.kindOf() == dialect.Text && referred.kindOf() == dialect.Text:
		return own.by(referred).comparand(ownAlias) + " = " + y
	case referred.kindOf() == dialect.Text:
		return own.textExpr(ownAlias) + " COLLATE " + referred.collation + " = " + y
	}
	// The cast value is for the index of the referenced column.
	return x + " = " + own.convertText(referred.textExpr(alias)) + " AND " + y + " = TRY_CAST(" + own.textExpr(ownAlias) + " AS " + referred.sqlText() + ")"
}

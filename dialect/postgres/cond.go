package postgres

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/render"
)

// renderCond renders a condition on the row of that alias.
func (b *builder) renderCond(r *relation, alias string, c dialect.Cond) string {
	switch c := c.(type) {
	case dialect.In:
		return b.renderIn(r, alias, c)
	case dialect.Not:
		return "(" + b.renderCond(r, alias, c.Cond) + ") IS NOT TRUE"
	case dialect.After:
		if len(c.Key) == 0 {
			return "true"
		}
		return b.renderKeyRange(r, alias, c.Columns, c.Key, ">", ">")
	case dialect.UpTo:
		if len(c.Key) == 0 {
			return "true"
		}
		return b.renderKeyRange(r, alias, c.Columns, c.Key, "<", "<=")
	case dialect.Compare:
		if !b.Operator(r.name, c.Op) {
			return "false"
		}
		col := b.columnOf(r, c.Column)
		v := b.addValue(col, c.Value)
		if col.incomparable {
			v += asText
		}
		return col.comparand(alias) + " " + col.op(c.Op) + " " + v
	case dialect.IsNull:
		// IS NULL would also be true for a composite value whose fields are all NULL.
		return b.columnOf(r, c.Column).qualifiedName(alias) + " IS NOT DISTINCT FROM NULL"
	case dialect.LongerThan:
		return "pg_catalog.char_length(" + b.columnOf(r, c.Column).qualifiedName(alias) + asText + ") " + qualifiedOperator(">") + " " + b.addInt(c.N)
	case dialect.Odd:
		return b.renderOdd(r, alias, c)
	case dialect.Match:
		return "(" + c.SQL + "\n)" // the newline ends a comment
	case dialect.Referenced:
		return b.renderReferenced(r, alias, c)
	case dialect.Orphan:
		return b.renderOrphan(r, alias, c)
	case dialect.Any:
		return b.renderAll(r, alias, c, " OR ", "false")
	case dialect.All:
		return b.renderAll(r, alias, c, " AND ", "true")
	}
	b.Unsupported(r.name, "a condition of type %T is not supported", c)
	return "false"
}

func (b *builder) renderAll(r *relation, alias string, of []dialect.Cond, between, empty string) string {
	if len(of) == 0 {
		return empty
	}
	return "(" + render.Joined(of, between, func(c dialect.Cond) string { return b.renderCond(r, alias, c) }) + ")"
}

// renderIn renders keys as one array a column. A column that an index begins with is compared with
// the array itself: the server searches the index in the keys' order. That takes half the time of a
// nested loop over distinct keys in the order of their hashes. It also works inside of OR and NOT,
// where a subquery would filter every row. For other columns, unnested keys are a semi-join, and
// the server can use a hash join.
func (b *builder) renderIn(r *relation, alias string, c dialect.In) string {
	if len(c.Keys) == 0 || len(c.Columns) == 0 {
		return "false"
	}
	if len(c.Keys[0]) != len(c.Columns) {
		b.Unsupported(r.name, "keys have %d values for %d columns", len(c.Keys[0]), len(c.Columns))
		return "false"
	}
	columns := make([]*column, len(c.Columns))
	plain := true
	for i, name := range c.Columns {
		columns[i] = b.columnOf(r, name)
		if len(c.RefColumns) == len(c.Columns) {
			columns[i] = columns[i].by(b.columnOf(b.relationOf(c.RefTable), c.RefColumns[i]))
		}
		plain = plain && columns[i].operators == (operators{})
	}
	if k := columns[0]; len(columns) == 1 && k.leads && k.elementType() == k.base && !k.incomparable {
		return k.comparand(alias) + " " + k.op("=") + " ANY (" + b.renderArray(k, c.Keys, 0) + ")"
	}
	keys := b.renderUnnest(columns, c.Keys) + " AS k(" + numberedNames("k", len(columns)) + ")"
	if plain {
		left := render.List(columns, func(c *column) string { return c.comparand(alias) })
		right := make([]string, len(columns))
		for i, c := range columns {
			right[i] = c.compared(fmt.Sprintf("k.k%d", i+1))
		}
		return "(" + left + ") " + qualifiedOperator("=") + " ANY (SELECT " + strings.Join(right, ", ") + " FROM " + keys + ")"
	}
	return "EXISTS (SELECT FROM " + keys + " WHERE " + b.renderKeyEquals(columns, alias, "k.k") + ")"
}

// renderKeyEquals equates columns with the elements of unnested arrays.
func (b *builder) renderKeyEquals(columns []*column, alias, element string) string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = c.comparand(alias) + " " + c.op("=") + " " + c.compared(element+strconv.Itoa(i+1))
	}
	return strings.Join(out, " AND ")
}

// renderKeyRange compares with a key: all columns but the last with strict, the last with last. Row
// comparison can use the index on these columns. It has one operator for all columns; columns with
// their own operators are compared one by one.
func (b *builder) renderKeyRange(r *relation, alias string, names []string, key dialect.Key, strict, last string) string {
	if !b.SameLength(r.name, len(key), len(names)) {
		return "false"
	}
	columns := make([]*column, len(names))
	plain := true
	for i, n := range names {
		columns[i] = b.columnOf(r, n)
		plain = plain && columns[i].operators == (operators{})
	}
	if plain {
		left := render.List(columns, func(c *column) string { return c.qualifiedName(alias) })
		right := make([]string, len(columns))
		for i, c := range columns {
			right[i] = b.addValue(c, key[i])
		}
		return "(" + left + ") " + qualifiedOperator(last) + " (" + strings.Join(right, ", ") + ")"
	}
	var ors []string
	for i := range columns {
		var ands []string
		for j, c := range columns[:i+1] {
			op := "="
			switch {
			case j == len(columns)-1:
				op = last
			case j == i:
				op = strict
			}
			ands = append(ands, c.qualifiedName(alias)+c.below+" "+c.op(op)+" "+b.addValue(c, key[j]))
		}
		ors = append(ors, strings.Join(ands, " AND "))
	}
	return "(" + strings.Join(ors, " OR ") + ")"
}

func (b *builder) renderReferenced(r *relation, alias string, c dialect.Referenced) string {
	from := b.relationOf(c.Table)
	if !b.SameLength(r.name, len(c.Columns), len(c.RefColumns)) {
		return "false"
	}
	other := alias + "r"
	ands := make([]string, 0, len(c.Columns)+2)
	for i := range c.Columns {
		to := b.columnOf(r, c.RefColumns[i])
		ands = append(ands, renderEqual(b.columnOf(from, c.Columns[i]).by(to), other, to, alias))
	}
	if c.Where != "" {
		ands = append(ands, b.renderCond(from, other, dialect.Match{SQL: c.Where}))
	}
	if c.Except != nil {
		ands = append(ands, b.renderCond(from, other, dialect.Not{Cond: *c.Except}))
	}
	return "EXISTS (SELECT FROM " + from.fromClause() + " AS " + other + " WHERE " + strings.Join(ands, " AND ") + ")"
}

func (b *builder) renderOrphan(r *relation, alias string, c dialect.Orphan) string {
	to := b.relationOf(c.RefTable)
	if !b.SameLength(r.name, len(c.Columns), len(c.RefColumns)) {
		return "false"
	}
	other := alias + "r"
	var set, ands []string
	for i := range c.Columns {
		from := b.columnOf(r, c.Columns[i])
		set = append(set, from.qualifiedName(alias)+" IS DISTINCT FROM NULL")
		theirs := b.columnOf(to, c.RefColumns[i])
		ands = append(ands, renderEqual(theirs, other, from.by(theirs), alias))
	}
	return "(" + strings.Join(set, " AND ") + " AND NOT EXISTS (SELECT FROM " + to.fromClause() + " AS " + other +
		" WHERE " + strings.Join(ands, " AND ") + "))"
}

// renderEqual compares columns of two tables, by an index on a's column. A link may join different
// types (a text with an integer), and pg_catalog can't compare every two types. Then b is cast to
// text, and a too where it isn't text.
func renderEqual(a *column, aliasA string, b *column, aliasB string) string {
	x, y, op := a.comparand(aliasA), b.comparand(aliasB), qualifiedOperator("=")
	switch foreign := a.operators != (operators{}) || b.operators != (operators{}); {
	case a.kind != b.kind || a.incomparable != b.incomparable || foreign && a.base != b.base:
		y = b.qualifiedName(aliasB) + asText
		if a.kind != dialect.Text || foreign {
			x = a.qualifiedName(aliasA) + asText
		}
	case foreign:
		op = a.op("=")
	}
	if a.collation != b.collation && a.as+b.as == "" && a.collation.name != "" && b.collation.name != "" {
		y += " COLLATE " + a.collation.name // PostgreSQL prefers neither of two different collations
	}
	return x + " " + op + " " + y
}

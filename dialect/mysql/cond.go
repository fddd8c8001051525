package mysql

import (
	"fmt"
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/render"
)

// renderAll renders a conjunction over the table by its alias.
func (b *builder) renderAll(t *dialect.Table, alias string, conds []dialect.Cond) string {
	if len(conds) == 0 {
		return "TRUE"
	}
	return render.Joined(conds, " AND ", func(c dialect.Cond) string { return b.renderCond(t, alias, c) })
}

// renderCond renders a condition, for use in a conjunction.
func (b *builder) renderCond(t *dialect.Table, alias string, c dialect.Cond) string {
	switch c := c.(type) {
	case dialect.In:
		return b.renderIn(t, alias, c)
	case dialect.Not:
		return "((" + b.renderCond(t, alias, c.Cond) + ") IS NOT TRUE)"
	case dialect.After:
		return b.renderKeyRange(t, alias, c.Columns, c.Key, ">", false)
	case dialect.UpTo:
		return b.renderKeyRange(t, alias, c.Columns, c.Key, "<", true)
	case before:
		return b.renderKeyRange(t, alias, c.Columns, c.Key, "<", false)
	case at:
		return b.renderKeyEquals(t, alias, c.Columns, c.Key)
	case dialect.Compare:
		return b.renderCompare(t, alias, c)
	case dialect.IsNull:
		return alias + "." + quoteIdent(c.Column) + " IS NULL"
	case dialect.LongerThan:
		return fmt.Sprintf("CHAR_LENGTH(%s.%s) > %d", alias, quoteIdent(c.Column), c.N)
	case dialect.Odd:
		return renderOdd(t, alias, c)
	case dialect.Match:
		return renderMatch(c.SQL)
	case dialect.Referenced:
		return b.renderReferenced(t, alias, c)
	case dialect.Orphan:
		return b.renderOrphan(t, alias, c)
	case dialect.Any:
		return b.renderAny(t, alias, c)
	case dialect.All:
		return "(" + b.renderAll(t, alias, c) + ")"
	}
	b.unsupported(t.Name, "a condition of type %T", c)
	return "FALSE"
}

// renderMatch renders SQL of the policy. The newline ends a comment in it.
func renderMatch(sql string) string { return "(" + sql + "\n)" }

func (b *builder) renderAny(t *dialect.Table, alias string, conds []dialect.Cond) string {
	if len(conds) == 0 {
		return "FALSE"
	}
	return "(" + render.Joined(conds, " OR ", func(c dialect.Cond) string { return b.renderCond(t, alias, c) }) + ")"
}

// renderIn renders keys that don't drive the statement. The derived table isn't correlated: the
// server makes it once and looks rows up by an index on it. In places, IN (SELECT …) would run
// again for each row.
func (b *builder) renderIn(t *dialect.Table, alias string, in dialect.In) string {
	by := b.referralsOf(t, in)
	keys := b.keyTable(t, in, by)
	if keys == "" {
		return "FALSE"
	}
	k := b.Alias("k")
	return "EXISTS (SELECT 1 FROM " + keys + " AS " + k + " WHERE " + matchesKey(k, alias, by) + ")"
}

// renderKeyRange compares with a key column by column. The optimizers derive index ranges from this
// form, but not from row constructors.
func (b *builder) renderKeyRange(t *dialect.Table, alias string, names []string, key dialect.Key, op string, equal bool) string {
	switch {
	case len(key) == 0:
		return "TRUE"
	case !b.SameLength(t.Name, len(key), len(names)):
		return "FALSE"
	case len(names) == 1:
		if equal {
			op += "="
		}
		return b.renderOrdered(t, alias, names[0], op, key[0])
	}
	first := b.renderOrdered(t, alias, names[0], op, key[0])
	tied := b.renderOrdered(t, alias, names[0], "=", key[0])
	return "(" + first + " OR (" + tied + " AND " + b.renderKeyRange(t, alias, names[1:], key[1:], op, equal) + "))"
}

// renderKeyEquals compares with a key for equality.
func (b *builder) renderKeyEquals(t *dialect.Table, alias string, names []string, key dialect.Key) string {
	if !b.SameLength(t.Name, len(key), len(names)) {
		return "FALSE"
	}
	parts := make([]string, len(names))
	for i, n := range names {
		parts[i] = b.renderOrdered(t, alias, n, "=", key[i])
	}
	return strings.Join(parts, " AND ")
}

// renderOrdered compares a column with a value in the order of ORDER BY.
func (b *builder) renderOrdered(t *dialect.Table, alias, name, op string, v dialect.Value) string {
	c := b.columnOf(t, name)
	ref := alias + "." + quoteIdent(c.Name)
	if c.Kind == dialect.Enum || c.Kind == dialect.Set {
		return ref + " + 0 " + op + " " + b.addArg(ordinalValue(c, v))
	}
	return ref + " " + op + " " + b.renderBound(t, c, v)
}

// renderBound is a parameter to compare the column with.
func (b *builder) renderBound(t *dialect.Table, c *dialect.Column, v dialect.Value) string {
	sql, arg, ok := bindValue(c, v)
	if !ok {
		b.Unfit(t.Name, c.Name)
		return "NULL"
	}
	b.addArg(arg)
	return sql
}

func (b *builder) renderCompare(t *dialect.Table, alias string, c dialect.Compare) string {
	if !b.Operator(t.Name, c.Op) {
		return "FALSE"
	}
	col := b.columnOf(t, c.Column)
	if c.Value == nil {
		return "NULL"
	}
	ref := alias + "." + quoteIdent(c.Column)
	less := ref + " " + c.Op + " " + b.renderBound(t, col, c.Value)
	switch col.Kind {
	case dialect.Date, dialect.Timestamp, dialect.TimestampTZ:
		if c.Op[0] == '<' && c.Op != "<>" {
			// A zero date replaces NULL in a NOT NULL column; it is before no moment.
			return "(" + less + " AND " + ref + " > '0000-00-00')"
		}
	}
	return less
}

func (b *builder) renderReferenced(t *dialect.Table, alias string, c dialect.Referenced) string {
	from := b.tableOf(c.Table)
	r := b.Alias("r")
	parts := b.equalPairs(side{from, r, c.Columns}, side{t, alias, c.RefColumns})
	if c.Where != "" {
		parts = append(parts, renderMatch(c.Where))
	}
	if c.Except != nil {
		parts = append(parts, "NOT "+b.renderIn(from, r, *c.Except))
	}
	return "EXISTS (SELECT 1 FROM " + quoteTable(c.Table) + " AS " + r + " WHERE " + strings.Join(parts, " AND ") + ")"
}

func (b *builder) renderOrphan(t *dialect.Table, alias string, c dialect.Orphan) string {
	to := b.tableOf(c.RefTable)
	r := b.Alias("r")
	set := render.Joined(c.Columns, " AND ", func(n string) string { return alias + "." + quoteIdent(n) + " IS NOT NULL" })
	equal := b.equalPairs(side{t, alias, c.Columns}, side{to, r, c.RefColumns})
	return "(" + set + " AND NOT EXISTS (SELECT 1 FROM " + quoteTable(c.RefTable) + " AS " + r + " WHERE " + strings.Join(equal, " AND ") + "))"
}

// side is one side of a reference: columns of a table by its alias.
type side struct {
	table   *dialect.Table
	alias   string
	columns []string
}

// equalPairs compares the columns of a referring table with the referenced columns.
func (b *builder) equalPairs(from, to side) []string {
	own, referred := b.columnsOf(from.table, from.columns), b.columnsOf(to.table, to.columns)
	if !b.SameLength(from.table.Name, len(own), len(referred)) {
		return nil
	}
	out := make([]string, len(own))
	for i, c := range own {
		out[i] = referralOf(c, referred[i]).equalsRef(from.alias+"."+quoteIdent(c.Name), referred[i], to.alias+"."+quoteIdent(referred[i].Name))
	}
	return out
}

// readsTable reports whether conditions read rows of the table itself. A DELETE or UPDATE of the
// table may not do so (error 1093).
func readsTable(n dialect.Name, conds []dialect.Cond) bool {
	return slices.ContainsFunc(conds, func(c dialect.Cond) bool {
		switch c := c.(type) {
		case dialect.Not:
			return readsTable(n, []dialect.Cond{c.Cond})
		case dialect.Referenced:
			return c.Table == n
		case dialect.Orphan:
			return c.RefTable == n
		case dialect.Match:
			// A subquery of the policy might read any table.
			return strings.Contains(strings.ToLower(c.SQL), "select")
		case dialect.Any:
			return readsTable(n, c)
		case dialect.All:
			return readsTable(n, c)
		}
		return false
	})
}

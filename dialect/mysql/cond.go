package mysql

import (
	"context"
	"fmt"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// builder collects a statement's arguments in the order in which their
// placeholders are rendered, so text must be put together in that order.
type builder struct {
	ctx  context.Context
	tx   *tx
	args []any
	next int // numbers the aliases
	// old renders the columns whose values were read before the update (see Update).
	old map[string]string
}

func (b *builder) addArg(v any) string {
	b.args = append(b.args, v)
	return "?"
}

func (b *builder) newAlias(prefix string) string {
	b.next++
	return fmt.Sprintf("%s%d", prefix, b.next)
}

// quoteIdent quotes an identifier.
func quoteIdent(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// unquoteIdent reverses quote, and leaves a bare name as it is.
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

// renderAll renders a conjunction over the table by its alias.
func (b *builder) renderAll(t *dialect.Table, alias string, conds []dialect.Cond) (string, error) {
	if len(conds) == 0 {
		return "TRUE", nil
	}
	parts := make([]string, len(conds))
	for i, c := range conds {
		var err error
		if parts[i], err = b.renderCond(t, alias, c); err != nil {
			return "", err
		}
	}
	return strings.Join(parts, " AND "), nil
}

// renderCond renders a condition so that it can stand in a conjunction.
func (b *builder) renderCond(t *dialect.Table, alias string, c dialect.Cond) (string, error) {
	switch c := c.(type) {
	case dialect.In:
		return b.renderIn(t, alias, c)
	case dialect.Not:
		inner, err := b.renderCond(t, alias, c.Cond)
		return "((" + inner + ") IS NOT TRUE)", err
	case dialect.After:
		if len(c.Key) == 0 {
			return "TRUE", nil
		}
		return b.renderKeyRange(t, alias, c.Columns, c.Key, ">", false)
	case dialect.UpTo:
		if len(c.Key) == 0 {
			return "TRUE", nil
		}
		return b.renderKeyRange(t, alias, c.Columns, c.Key, "<", true)
	case before:
		return b.renderKeyRange(t, alias, c.Columns, c.Key, "<", false)
	case at:
		return b.renderKeyEquals(t, alias, c.Columns, c.Key)
	case dialect.Compare:
		return b.renderCompare(t, alias, c)
	case dialect.IsNull:
		return alias + "." + quoteIdent(c.Column) + " IS NULL", nil
	case dialect.Longer:
		return fmt.Sprintf("CHAR_LENGTH(%s.%s) > %d", alias, quoteIdent(c.Column), c.N), nil
	case dialect.Odd:
		return renderOdd(t, alias, c), nil
	case dialect.Match:
		return "(" + c.SQL + "\n)", nil // it may end with a comment
	case dialect.Referenced:
		return b.renderReferenced(t, alias, c)
	case dialect.Orphan:
		return b.renderOrphan(t, alias, c)
	case dialect.Any:
		return b.renderAny(t, alias, c)
	case dialect.All:
		inner, err := b.renderAll(t, alias, c)
		return "(" + inner + ")", err
	}
	return "", unsupported(t.Name, fmt.Sprintf("a condition of type %T", c))
}

func (b *builder) renderAny(t *dialect.Table, alias string, conds []dialect.Cond) (string, error) {
	if len(conds) == 0 {
		return "FALSE", nil
	}
	parts := make([]string, len(conds))
	for i, c := range conds {
		var err error
		if parts[i], err = b.renderCond(t, alias, c); err != nil {
			return "", err
		}
	}
	return "(" + strings.Join(parts, " OR ") + ")", nil
}

// renderIn renders keys that don't drive the statement. The derived table isn't
// correlated, so that it is made once and then looked up by an index that
// the server makes on it; IN (SELECT …) would run anew for each row in places.
func (b *builder) renderIn(t *dialect.Table, alias string, in dialect.In) (string, error) {
	by, err := b.referralsOf(t, in)
	if err != nil {
		return "", err
	}
	keys, err := b.keyTable(t, in, by)
	if err != nil || keys == "" {
		return "FALSE", err
	}
	k := b.newAlias("k")
	return "EXISTS (SELECT 1 FROM " + keys + " AS " + k + " WHERE " + matchesKey(k, alias, by) + ")", nil
}

// renderKeyRange compares with a key column by column, a form whose ranges the
// optimizers know; they don't know those of row constructors.
func (b *builder) renderKeyRange(t *dialect.Table, alias string, names []string, key dialect.Key, op string, equal bool) (string, error) {
	if len(names) != len(key) {
		return "", wrongLength(t.Name, len(key), len(names))
	}
	if len(names) == 1 {
		if equal {
			op += "="
		}
		return b.renderOrdered(t, alias, names[0], op, key[0])
	}
	first, err := b.renderOrdered(t, alias, names[0], op, key[0])
	if err != nil {
		return "", err
	}
	tied, err := b.renderOrdered(t, alias, names[0], "=", key[0])
	if err != nil {
		return "", err
	}
	rest, err := b.renderKeyRange(t, alias, names[1:], key[1:], op, equal)
	return "(" + first + " OR (" + tied + " AND " + rest + "))", err
}

// renderKeyEquals compares with a key for equality.
func (b *builder) renderKeyEquals(t *dialect.Table, alias string, names []string, key dialect.Key) (string, error) {
	if len(names) != len(key) {
		return "", wrongLength(t.Name, len(key), len(names))
	}
	parts := make([]string, len(names))
	for i, n := range names {
		var err error
		if parts[i], err = b.renderOrdered(t, alias, n, "=", key[i]); err != nil {
			return "", err
		}
	}
	return strings.Join(parts, " AND "), nil
}

// renderOrdered compares a column with a value in the order that ORDER BY has.
func (b *builder) renderOrdered(t *dialect.Table, alias, name, op string, v dialect.Value) (string, error) {
	c, err := columnOf(t, name)
	if err != nil {
		return "", err
	}
	ref := alias + "." + quoteIdent(c.Name)
	if c.Kind == dialect.Enum || c.Kind == dialect.Set {
		return ref + " + 0 " + op + " " + b.addArg(ordinalValue(c, v)), nil
	}
	sql, arg, ok := bindValue(c, v)
	if !ok {
		return "", notOfType(t.Name, c)
	}
	b.addArg(arg)
	return ref + " " + op + " " + sql, nil
}

func (b *builder) renderCompare(t *dialect.Table, alias string, c dialect.Compare) (string, error) {
	switch c.Op {
	case "=", "<>", "<", "<=", ">", ">=":
	default:
		return "", unsupported(t.Name, "the comparison "+c.Op)
	}
	col, err := columnOf(t, c.Column)
	if err != nil {
		return "", err
	}
	if c.Value == nil {
		return "NULL", nil
	}
	sql, arg, ok := bindValue(col, c.Value)
	if !ok {
		return "", notOfType(t.Name, col)
	}
	b.addArg(arg)
	ref := alias + "." + quoteIdent(c.Column)
	less := ref + " " + c.Op + " " + sql
	switch col.Kind {
	case dialect.Date, dialect.Timestamp, dialect.TimestampTZ:
		if c.Op[0] == '<' && c.Op != "<>" {
			// A zero date stands for none where a column takes no NULL; it is before no moment.
			return "(" + less + " AND " + ref + " > '0000-00-00')", nil
		}
	}
	return less, nil
}

func (b *builder) renderReferenced(t *dialect.Table, alias string, c dialect.Referenced) (string, error) {
	from, err := b.tx.readTable(b.ctx, c.Table)
	if err != nil {
		return "", err
	}
	r := b.newAlias("r")
	parts, err := equalPairs(side{from, r, c.Columns}, side{t, alias, c.RefColumns})
	if err != nil {
		return "", err
	}
	if c.Where != "" {
		parts = append(parts, "("+c.Where+"\n)")
	}
	if c.Except != nil {
		in, err := b.renderIn(from, r, *c.Except)
		if err != nil {
			return "", err
		}
		parts = append(parts, "NOT "+in)
	}
	return "EXISTS (SELECT 1 FROM " + quoteTable(c.Table) + " AS " + r + " WHERE " + strings.Join(parts, " AND ") + ")", nil
}

func (b *builder) renderOrphan(t *dialect.Table, alias string, c dialect.Orphan) (string, error) {
	to, err := b.tx.readTable(b.ctx, c.RefTable)
	if err != nil {
		return "", err
	}
	r := b.newAlias("r")
	var parts []string
	for _, n := range c.Columns {
		parts = append(parts, alias+"."+quoteIdent(n)+" IS NOT NULL")
	}
	equal, err := equalPairs(side{t, alias, c.Columns}, side{to, r, c.RefColumns})
	if err != nil {
		return "", err
	}
	return "(" + strings.Join(parts, " AND ") + " AND NOT EXISTS (SELECT 1 FROM " + quoteTable(c.RefTable) + " AS " + r +
		" WHERE " + strings.Join(equal, " AND ") + "))", nil
}

// side is one side of a reference: columns of a table by its alias.
type side struct {
	table   *dialect.Table
	alias   string
	columns []string
}

// equalPairs compares the columns of a referring table with those that they refer to.
func equalPairs(from, to side) ([]string, error) {
	own, err := columnsOf(from.table, from.columns)
	if err != nil {
		return nil, err
	}
	referred, err := columnsOf(to.table, to.columns)
	if err != nil {
		return nil, err
	}
	if len(own) != len(referred) {
		return nil, wrongLength(from.table.Name, len(own), len(referred))
	}
	out := make([]string, len(own))
	for i, c := range own {
		out[i] = referralOf(c, referred[i]).equalsRef(from.alias+"."+quoteIdent(c.Name), referred[i], to.alias+"."+quoteIdent(referred[i].Name))
	}
	return out, nil
}

// readsTable reports whether conditions read rows of the table itself, which a
// DELETE or UPDATE of it may not (error 1093).
func readsTable(n dialect.Name, conds []dialect.Cond) bool {
	for _, c := range conds {
		switch c := c.(type) {
		case dialect.Not:
			if readsTable(n, []dialect.Cond{c.Cond}) {
				return true
			}
		case dialect.Referenced:
			if c.Table == n {
				return true
			}
		case dialect.Orphan:
			if c.RefTable == n {
				return true
			}
		case dialect.Match:
			// A subquery of the policy's might read anything.
			if strings.Contains(strings.ToLower(c.SQL), "select") {
				return true
			}
		case dialect.Any:
			if readsTable(n, c) {
				return true
			}
		case dialect.All:
			if readsTable(n, c) {
				return true
			}
		}
	}
	return false
}

func notOfType(n dialect.Name, c *dialect.Column) error {
	e := dialect.NewError(dialect.DoesNotFit, "", "render", n, nil)
	e.Object = c.Name
	e.Detail = "a value is not of the column's type"
	return e
}

func unsupported(n dialect.Name, what string) error {
	e := dialect.NewError(dialect.Fatal, "", "render", n, nil)
	e.Detail = "not supported on MySQL and MariaDB: " + what
	return e
}

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

func (b *builder) arg(v any) string {
	b.args = append(b.args, v)
	return "?"
}

func (b *builder) alias(prefix string) string {
	b.next++
	return fmt.Sprintf("%s%d", prefix, b.next)
}

// quote quotes an identifier.
func quote(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// unquote reverses quote, and leaves a bare name as it is.
func unquote(s string) string {
	if len(s) >= 2 && s[0] == '`' && s[len(s)-1] == '`' {
		return strings.ReplaceAll(s[1:len(s)-1], "``", "`")
	}
	return s
}

func quoteTable(n dialect.Name) string {
	if n.Schema == "" {
		return quote(n.Table)
	}
	return quote(n.Schema) + "." + quote(n.Table)
}

// all renders a conjunction over the table by its alias.
func (b *builder) all(t *dialect.Table, alias string, conds []dialect.Cond) (string, error) {
	if len(conds) == 0 {
		return "TRUE", nil
	}
	parts := make([]string, len(conds))
	for i, c := range conds {
		var err error
		if parts[i], err = b.cond(t, alias, c); err != nil {
			return "", err
		}
	}
	return strings.Join(parts, " AND "), nil
}

// cond renders a condition so that it can stand in a conjunction.
func (b *builder) cond(t *dialect.Table, alias string, c dialect.Cond) (string, error) {
	switch c := c.(type) {
	case dialect.In:
		return b.in(t, alias, c)
	case dialect.Not:
		inner, err := b.cond(t, alias, c.Cond)
		return "((" + inner + ") IS NOT TRUE)", err
	case dialect.After:
		if len(c.Key) == 0 {
			return "TRUE", nil
		}
		return b.beyond(t, alias, c.Columns, c.Key, ">", false)
	case dialect.UpTo:
		if len(c.Key) == 0 {
			return "TRUE", nil
		}
		return b.beyond(t, alias, c.Columns, c.Key, "<", true)
	case before:
		return b.beyond(t, alias, c.Columns, c.Key, "<", false)
	case at:
		return b.same(t, alias, c.Columns, c.Key)
	case dialect.Compare:
		return b.compare(t, alias, c)
	case dialect.IsNull:
		return alias + "." + quote(c.Column) + " IS NULL", nil
	case dialect.Longer:
		return fmt.Sprintf("CHAR_LENGTH(%s.%s) > %d", alias, quote(c.Column), c.N), nil
	case dialect.Odd:
		return renderOdd(t, alias, c), nil
	case dialect.Match:
		return "(" + c.SQL + "\n)", nil // it may end with a comment
	case dialect.Referenced:
		return b.referenced(t, alias, c)
	case dialect.Orphan:
		return b.orphan(t, alias, c)
	case dialect.Any:
		return b.some(t, alias, c)
	case dialect.All:
		inner, err := b.all(t, alias, c)
		return "(" + inner + ")", err
	}
	return "", unsupported(t.Name, fmt.Sprintf("a condition of type %T", c))
}

func (b *builder) some(t *dialect.Table, alias string, conds []dialect.Cond) (string, error) {
	if len(conds) == 0 {
		return "FALSE", nil
	}
	parts := make([]string, len(conds))
	for i, c := range conds {
		var err error
		if parts[i], err = b.cond(t, alias, c); err != nil {
			return "", err
		}
	}
	return "(" + strings.Join(parts, " OR ") + ")", nil
}

// in renders keys that don't drive the statement. The derived table isn't
// correlated, so that it is made once and then looked up by an index that
// the server makes on it; IN (SELECT …) would run anew for each row in places.
func (b *builder) in(t *dialect.Table, alias string, in dialect.In) (string, error) {
	by, err := b.referrals(t, in)
	if err != nil {
		return "", err
	}
	keys, err := b.keyTable(t, in, by)
	if err != nil || keys == "" {
		return "FALSE", err
	}
	k := b.alias("k")
	return "EXISTS (SELECT 1 FROM " + keys + " AS " + k + " WHERE " + matches(k, alias, by) + ")", nil
}

// beyond compares with a key column by column, a form whose ranges the
// optimizers know; they don't know those of row constructors.
func (b *builder) beyond(t *dialect.Table, alias string, names []string, key dialect.Key, op string, equal bool) (string, error) {
	if len(names) != len(key) {
		return "", wrongLength(t.Name, len(key), len(names))
	}
	if len(names) == 1 {
		if equal {
			op += "="
		}
		return b.ordered(t, alias, names[0], op, key[0])
	}
	first, err := b.ordered(t, alias, names[0], op, key[0])
	if err != nil {
		return "", err
	}
	tied, err := b.ordered(t, alias, names[0], "=", key[0])
	if err != nil {
		return "", err
	}
	rest, err := b.beyond(t, alias, names[1:], key[1:], op, equal)
	return "(" + first + " OR (" + tied + " AND " + rest + "))", err
}

// same compares with a key for equality.
func (b *builder) same(t *dialect.Table, alias string, names []string, key dialect.Key) (string, error) {
	if len(names) != len(key) {
		return "", wrongLength(t.Name, len(key), len(names))
	}
	parts := make([]string, len(names))
	for i, n := range names {
		var err error
		if parts[i], err = b.ordered(t, alias, n, "=", key[i]); err != nil {
			return "", err
		}
	}
	return strings.Join(parts, " AND "), nil
}

// ordered compares a column with a value in the order that ORDER BY has.
func (b *builder) ordered(t *dialect.Table, alias, name, op string, v dialect.Value) (string, error) {
	c, err := column(t, name)
	if err != nil {
		return "", err
	}
	ref := alias + "." + quote(c.Name)
	if c.Kind == dialect.Enum || c.Kind == dialect.Set {
		return ref + " + 0 " + op + " " + b.arg(ordinal(c, v)), nil
	}
	sql, arg, ok := bound(c, v)
	if !ok {
		return "", notOfType(t.Name, c)
	}
	b.arg(arg)
	return ref + " " + op + " " + sql, nil
}

func (b *builder) compare(t *dialect.Table, alias string, c dialect.Compare) (string, error) {
	switch c.Op {
	case "=", "<>", "<", "<=", ">", ">=":
	default:
		return "", unsupported(t.Name, "the comparison "+c.Op)
	}
	col, err := column(t, c.Column)
	if err != nil {
		return "", err
	}
	if c.Value == nil {
		return "NULL", nil
	}
	sql, arg, ok := bound(col, c.Value)
	if !ok {
		return "", notOfType(t.Name, col)
	}
	b.arg(arg)
	ref := alias + "." + quote(c.Column)
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

func (b *builder) referenced(t *dialect.Table, alias string, c dialect.Referenced) (string, error) {
	from, err := b.tx.table(b.ctx, c.Table)
	if err != nil {
		return "", err
	}
	r := b.alias("r")
	parts, err := pairs(side{from, r, c.Columns}, side{t, alias, c.RefColumns})
	if err != nil {
		return "", err
	}
	if c.Where != "" {
		parts = append(parts, "("+c.Where+"\n)")
	}
	if c.Except != nil {
		in, err := b.in(from, r, *c.Except)
		if err != nil {
			return "", err
		}
		parts = append(parts, "NOT "+in)
	}
	return "EXISTS (SELECT 1 FROM " + quoteTable(c.Table) + " AS " + r + " WHERE " + strings.Join(parts, " AND ") + ")", nil
}

func (b *builder) orphan(t *dialect.Table, alias string, c dialect.Orphan) (string, error) {
	to, err := b.tx.table(b.ctx, c.RefTable)
	if err != nil {
		return "", err
	}
	r := b.alias("r")
	var parts []string
	for _, n := range c.Columns {
		parts = append(parts, alias+"."+quote(n)+" IS NOT NULL")
	}
	equal, err := pairs(side{t, alias, c.Columns}, side{to, r, c.RefColumns})
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

// pairs compares the columns of a referring table with those that they refer to.
func pairs(from, to side) ([]string, error) {
	own, err := columns(from.table, from.columns)
	if err != nil {
		return nil, err
	}
	referred, err := columns(to.table, to.columns)
	if err != nil {
		return nil, err
	}
	if len(own) != len(referred) {
		return nil, wrongLength(from.table.Name, len(own), len(referred))
	}
	out := make([]string, len(own))
	for i, c := range own {
		out[i] = refer(c, referred[i]).equals(from.alias+"."+quote(c.Name), referred[i], to.alias+"."+quote(referred[i].Name))
	}
	return out, nil
}

// reads reports whether conditions read rows of the table itself, which a
// DELETE or UPDATE of it may not (error 1093).
func reads(n dialect.Name, conds []dialect.Cond) bool {
	for _, c := range conds {
		switch c := c.(type) {
		case dialect.Not:
			if reads(n, []dialect.Cond{c.Cond}) {
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
			if reads(n, c) {
				return true
			}
		case dialect.All:
			if reads(n, c) {
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

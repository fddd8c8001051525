package postgres

import (
	"fmt"
	"strconv"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/render"
)

// statement is SQL with its parameters in text form; nil is NULL. The text is the same for any
// number of keys, so that it is prepared once.
type statement struct {
	sql   string
	args  [][]byte
	table dialect.Name // for errors
}

// builder renders one statement. The statement's table has the alias t. It keeps the first error.
type builder struct {
	render.Builder[[]byte]
	lookup func(dialect.Name) (*relation, error)
	// returnsOld says that RETURNING also has the old values, from version 18 on.
	returnsOld bool
	// utf8 says that the server's encoding is UTF8.
	utf8 bool
	// anyBytes says that the server has no encoding: every byte is a character.
	anyBytes bool
	// substitutes names the parameter for random texts, "" before there is one.
	substitutes string
}

func (b *builder) relationOf(n dialect.Name) *relation {
	r, err := b.lookup(n)
	return render.Found(&b.Builder, r, err)
}

func (b *builder) columnOf(r *relation, name string) *column {
	c, err := r.columnOf(name)
	return render.Found(&b.Builder, c, err)
}

// addArg adds a parameter and returns its SQL.
func (b *builder) addArg(value []byte, typ string) string {
	b.Args = append(b.Args, value)
	return "$" + strconv.Itoa(len(b.Args)) + "::" + typ
}

// addInt adds an int8 as a parameter.
func (b *builder) addInt(n int) string {
	return b.addArg(strconv.AppendInt(nil, int64(n), 10), "pg_catalog.int8")
}

// addValue adds a column's value as a parameter.
func (b *builder) addValue(c *column, v dialect.Value) string {
	s, ok := encodeValue(c.kind, v)
	typ := c.base
	if c.money {
		typ = "pg_catalog.numeric"
	}
	if !ok {
		return c.castElement(b.addArg(nil, typ))
	}
	if p := b.addArg([]byte(s), typ); typ == c.base {
		return p
	} else {
		return p + "::" + c.base
	}
}

func (b *builder) renderLimit(n int) {
	if n > 0 {
		b.WriteString(" LIMIT " + b.addInt(n))
	}
}

func (b *builder) renderWhere(r *relation, where []dialect.Cond) {
	for i, c := range where {
		if i == 0 {
			b.WriteString(" WHERE ")
		} else {
			b.WriteString(" AND ")
		}
		b.WriteString(b.renderCond(r, "t", c))
	}
}

func (b *builder) finishStatement(table dialect.Name) (statement, error) {
	return statement{sql: b.String(), args: b.Args, table: table}, b.Err
}

// renderSelect renders a Select, and returns the columns of its rows; those of the flags have no
// name.
func (b *builder) renderSelect(s dialect.Select) (statement, []*column, error) {
	r := b.relationOf(s.Table)
	columns := make([]*column, 0, len(s.Columns)+len(s.Flags))
	b.WriteString("SELECT ")
	for i, name := range s.Columns {
		if i > 0 {
			b.WriteString(", ")
		}
		c := b.columnOf(r, name)
		columns = append(columns, c)
		b.WriteString(c.read("t"))
	}
	for _, f := range s.Flags {
		if len(columns) > 0 {
			b.WriteString(", ")
		}
		columns = append(columns, &column{kind: dialect.Int})
		b.WriteString("CASE WHEN " + b.renderCond(r, "t", f) + " THEN 1 ELSE 0 END")
	}
	b.WriteString(" FROM " + r.fromClause() + " AS t")
	b.renderWhere(r, s.Where)
	if len(s.Order) > 0 {
		b.WriteString(" ORDER BY " + render.List(s.Order, func(n string) string { return b.columnOf(r, n).qualifiedName("t") + orderDirection(s) }))
	}
	b.renderLimit(s.Limit)
	if s.Offset > 0 {
		b.WriteString(" OFFSET " + b.addInt(s.Offset))
	}
	switch s.Lock {
	case dialect.Share:
		b.WriteString(" FOR SHARE OF t")
	case dialect.Exclusive:
		// Not FOR NO KEY UPDATE: other sessions could then insert rows that refer to this one.
		b.WriteString(" FOR UPDATE OF t")
	}
	st, err := b.finishStatement(s.Table)
	return st, columns, err
}

func orderDirection(s dialect.Select) string {
	if s.Descending {
		return " DESC"
	}
	return ""
}

func (b *builder) renderCount(t dialect.Name, where []dialect.Cond) (statement, error) {
	r := b.relationOf(t)
	b.WriteString("SELECT pg_catalog.count(*) FROM " + r.fromClause() + " AS t")
	b.renderWhere(r, where)
	return b.finishStatement(t)
}

// renderDelete renders a Delete with the returned columns, if any. With a limit, it doesn't delete
// a row that another session changes meanwhile: the row then has another address.
func (b *builder) renderDelete(d dialect.Delete, returning []string) (statement, []*column, error) {
	r := b.relationOf(d.Table)
	switch {
	case d.Limit <= 0:
		b.WriteString("DELETE FROM " + r.fromClause() + " AS t")
		b.renderWhere(r, d.Where)
	case r.only:
		// The addresses as an array make a TID scan.
		b.WriteString("DELETE FROM " + r.fromClause() + " AS t WHERE t.ctid " + qualifiedOperator("=") + " ANY (ARRAY(SELECT t.ctid FROM " + r.fromClause() + " AS t")
		b.renderWhere(r, d.Where)
		b.renderLimit(d.Limit)
		b.WriteString("))")
	default: // an address is unique only together with its partition
		b.WriteString("WITH picked AS MATERIALIZED (SELECT t.tableoid AS part, t.ctid AS at FROM " + r.fromClause() + " AS t")
		b.renderWhere(r, d.Where)
		b.renderLimit(d.Limit)
		b.WriteString(") DELETE FROM " + r.fromClause() + " AS t" +
			" WHERE t.ctid " + qualifiedOperator("=") + " ANY (ARRAY(SELECT p.at FROM picked AS p))" +
			" AND (t.tableoid, t.ctid) " + qualifiedOperator("=") + " ANY (SELECT p.part, p.at FROM picked AS p)")
	}
	var columns []*column
	for i, name := range returning {
		if i == 0 {
			b.WriteString(" RETURNING ")
		} else {
			b.WriteString(", ")
		}
		c := b.columnOf(r, name)
		columns = append(columns, c)
		b.WriteString(c.read("t"))
	}
	st, err := b.finishStatement(d.Table)
	return st, columns, err
}

func (b *builder) renderSet(r *relation, set []dialect.Assign) string {
	return render.List(set, func(a dialect.Assign) string {
		return quoteIdent(a.Column.Name) + " = " + b.renderAssigned(r, a)
	})
}

func (b *builder) renderUpdate(u dialect.Update) (statement, error) {
	r := b.relationOf(u.Table)
	if !u.Compare {
		b.WriteString("UPDATE " + r.fromClause() + " AS t SET " + b.renderSet(r, u.Set))
		b.renderWhere(r, u.Where)
		return b.finishStatement(u.Table)
	}
	if b.returnsOld {
		b.WriteString("WITH done AS (UPDATE " + r.fromClause() + " AS t SET " + b.renderSet(r, u.Set))
		b.renderWhere(r, u.Where)
		b.WriteString(" RETURNING ")
		for i, a := range u.Set {
			if i > 0 {
				b.WriteString(", ")
			}
			c := b.columnOf(r, a.Column.Name)
			fmt.Fprintf(b, "%s %s %s AS u%d", c.storedExpr("new"), qualifiedOperator("="), c.storedExpr("old"), i+1)
		}
		return b.renderUnchanged(u, "pg_catalog.count(*)")
	}
	// The update joins the old values by row address: RETURNING has only the new ones before
	// version 18. It doesn't update a row that another session changes meanwhile: the row has
	// another address. Locking the row first wouldn't help, as the statement doesn't see its new
	// version.
	b.WriteString("WITH old AS MATERIALIZED (SELECT t.tableoid AS part, t.ctid AS at")
	for i, a := range u.Set {
		fmt.Fprintf(b, ", %s AS o%d", b.columnOf(r, a.Column.Name).storedExpr("t"), i+1)
	}
	b.WriteString(" FROM " + r.fromClause() + " AS t")
	b.renderWhere(r, u.Where)
	b.WriteString("), done AS (UPDATE " + r.fromClause() + " AS t SET " + b.renderSet(r, u.Set) +
		" FROM old WHERE t.ctid " + qualifiedOperator("=") + " old.at AND t.tableoid " + qualifiedOperator("=") + " old.part RETURNING ")
	for i, a := range u.Set {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(b, "%s %s old.o%d AS u%d", b.columnOf(r, a.Column.Name).storedExpr("t"), qualifiedOperator("="), i+1, i+1)
	}
	return b.renderUnchanged(u, "(SELECT pg_catalog.count(*) FROM old)")
}

// renderUnchanged ends a comparing update with the numbers of rows: those that met the condition,
// those updated, and for each column those with the old value.
func (b *builder) renderUnchanged(u dialect.Update, met string) (statement, error) {
	b.WriteString(") SELECT " + met + ", pg_catalog.count(*)")
	for i := range u.Set {
		fmt.Fprintf(b, ", pg_catalog.count(*) FILTER (WHERE done.u%d)", i+1)
	}
	b.WriteString(" FROM done")
	return b.finishStatement(u.Table)
}

// storedExpr is a column's stored value, for comparing: its text, bytewise, whatever the type's
// equality and the collation.
func (c *column) storedExpr(alias string) string { return c.qualifiedName(alias) + asText + bytewise }

// bytewise is the collation for ordering texts by their bytes.
const bytewise = ` COLLATE pg_catalog."C"`

func (b *builder) renderInsert(i dialect.Insert) (statement, error) {
	r := b.relationOf(i.Table)
	b.WriteString("INSERT INTO " + quoteTable(i.Table) + " (" + render.List(i.Columns, quoteIdent) + ") VALUES ")
	for at, row := range i.Rows {
		if at > 0 {
			b.WriteString(", ")
		}
		b.WriteString("(")
		for n, name := range i.Columns {
			if n > 0 {
				b.WriteString(", ")
			}
			b.WriteString(b.addValue(b.columnOf(r, name), row[n]))
		}
		b.WriteString(")")
	}
	return b.finishStatement(i.Table)
}

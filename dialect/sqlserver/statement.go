package sqlserver

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/render"
)

// statement is a batch of T-SQL with its parameters.
type statement struct {
	sql  string
	args []any
}

// counted is the name of a batch's last number.
const counted = "expunge_rows"

// rowCount selects the number of rows right after a statement: triggers don't change it.
// https://learn.microsoft.com/sql/t-sql/functions/rowcount-transact-sql
const rowCount = ";\nSELECT CAST(@@ROWCOUNT AS bigint) AS " + counted

// builder renders one statement. The statement's table has the alias t. It keeps the first error.
type builder struct {
	render.Builder[any]
	babelfish bool
	lookup    func(dialect.Name) (*relation, error)
}

func (b *builder) relationOf(n dialect.Name) *relation {
	r, err := b.lookup(n)
	return render.Found(&b.Builder, r, err)
}

func (b *builder) columnOf(r *relation, name string) *column {
	c, err := r.columnOf(name)
	return render.Found(&b.Builder, c, err)
}

func (b *builder) columnsOf(r *relation, names []string) []*column {
	out := make([]*column, len(names))
	for i, n := range names {
		out[i] = b.columnOf(r, n)
	}
	return out
}

// addArg adds a parameter and returns its SQL.
func (b *builder) addArg(v any) string {
	b.Args = append(b.Args, v)
	return "@p" + strconv.Itoa(len(b.Args))
}

// mostParameters is the maximum of a statement's parameters: sp_executesql sends them, with two of
// its own.
// https://learn.microsoft.com/sql/sql-server/maximum-capacity-specifications-for-sql-server
const mostParameters = 2100 - 2

func (b *builder) finishStatement() (statement, error) {
	if n := len(b.Args); n > mostParameters {
		b.Unsupported(dialect.Name{}, "the statement has %d parameters, and SQL Server takes no more than %d: give fewer values to choose from", n, mostParameters)
	}
	return statement{sql: b.String(), args: b.Args}, b.Err
}

// quoteIdent quotes an identifier.
func quoteIdent(name string) string { return "[" + strings.ReplaceAll(name, "]", "]]") + "]" }

func quoteTable(n dialect.Name) string {
	if n.Schema == "" {
		return quoteIdent(n.Table)
	}
	return quoteIdent(n.Schema) + "." + quoteIdent(n.Table)
}

// renderFrom renders the tables of a statement, and returns the conditions left for its WHERE. The
// first In whose columns have an index drives the statement: a loop looks up each key's rows,
// whatever the optimizer estimates for OPENJSON (50 rows). So the server locks only the rows found.
func (b *builder) renderFrom(r *relation, where []dialect.Cond, hints string) (string, []dialect.Cond) {
	name := quoteTable(r.name) + " AS t" + hints
	for i, c := range where {
		in, ok := c.(dialect.In)
		if !ok || len(in.Keys) == 0 {
			continue
		}
		columns := b.referringColumns(r, in)
		if !slices.ContainsFunc(columns, func(c *column) bool { return c.leads }) {
			continue
		}
		k := b.Alias("k")
		keys := b.renderKeys(r, columns, in.Keys)
		rest := slices.Concat(where[:i], where[i+1:])
		return keys + " AS " + k + " INNER LOOP JOIN " + name + " ON " + renderKeyEquals(columns, "t", k), rest
	}
	return name, where
}

func (b *builder) renderWhere(r *relation, where []dialect.Cond) {
	for i, c := range withoutRange(where) {
		if i == 0 {
			b.WriteString(" WHERE ")
		} else {
			b.WriteString(" AND ")
		}
		b.WriteString(b.renderCond(r, "t", c))
	}
}

func (b *builder) fromWhere(r *relation, where []dialect.Cond, hints string) {
	from, rest := b.renderFrom(r, where, hints)
	b.WriteString(" FROM " + from)
	b.renderWhere(r, rest)
}

// renderSelect renders a Select, and returns the columns of its rows; those of the flags are of
// type int.
func (b *builder) renderSelect(s dialect.Select) (statement, []*column, error) {
	r := b.relationOf(s.Table)
	columns := b.columnsOf(r, s.Columns)
	read := make([]string, len(columns), len(columns)+len(s.Flags))
	for i, c := range columns {
		read[i] = c.readExpr("t")
	}
	for _, f := range s.Flags {
		columns = append(columns, &column{sqlType: sqlType{name: "int"}})
		read = append(read, "CASE WHEN "+b.renderCond(r, "t", f)+" THEN 1 ELSE 0 END")
	}
	b.WriteString("SELECT ")
	if s.Limit > 0 && s.Offset == 0 {
		b.WriteString("TOP (" + strconv.Itoa(s.Limit) + ") ")
	}
	if len(read) == 0 {
		read = []string{"1"}
	}
	b.WriteString(strings.Join(read, ", "))
	b.fromWhere(r, s.Where, r.lockHints(s.Lock))
	if len(s.Order) > 0 {
		b.WriteString(" ORDER BY " + render.List(s.Order, func(n string) string { return b.columnOf(r, n).qualifiedName("t") + orderDirection(s) }))
	}
	if s.Offset > 0 { // TOP can't be combined with it
		fmt.Fprintf(b, " OFFSET %d ROWS FETCH NEXT %d ROWS ONLY", s.Offset, s.Limit)
	}
	st, err := b.finishStatement()
	return st, columns, err
}

func orderDirection(s dialect.Select) string {
	if s.Descending {
		return " DESC"
	}
	return ""
}

func (b *builder) renderCount(n dialect.Name, where []dialect.Cond) (statement, error) {
	r := b.relationOf(n)
	b.WriteString("SELECT COUNT_BIG(*) AS " + counted)
	b.fromWhere(r, where, r.lockHints(dialect.NoLock))
	return b.finishStatement()
}

// renderDelete renders a Delete. Where an INSTEAD OF trigger replaces it, the server counts the
// rows to delete, whatever the trigger does. There the batch counts the rows that meet the
// condition before and after.
func (b *builder) renderDelete(d dialect.Delete) (statement, error) {
	r := b.relationOf(d.Table)
	if r.insteadOfDelete {
		b.WriteString("DECLARE @before bigint = (SELECT COUNT_BIG(*)")
		b.fromWhere(r, d.Where, r.lockHints(dialect.Exclusive))
		b.WriteString(");\n")
	}
	b.WriteString("DELETE ")
	if d.Limit > 0 {
		b.WriteString("TOP (" + strconv.Itoa(d.Limit) + ") ")
	}
	b.WriteString("t")
	b.fromWhere(r, d.Where, r.changeHints())
	if !r.insteadOfDelete {
		b.WriteString(rowCount)
		return b.finishStatement()
	}
	b.WriteString(";\nSELECT @before - COUNT_BIG(*) AS " + counted)
	b.fromWhere(r, d.Where, r.lockHints(dialect.NoLock))
	return b.finishStatement()
}

// renderUpdate renders an Update. It compares old and new values in its OUTPUT clause, the only
// place with both. It stores only the results, in a table variable: the server refuses OUTPUT to
// the client on a table with a trigger.
// https://learn.microsoft.com/sql/t-sql/queries/output-clause-transact-sql
func (b *builder) renderUpdate(u dialect.Update) (statement, error) {
	r := b.relationOf(u.Table)
	set := make([]*column, len(u.Set))
	for i, a := range u.Set {
		set[i] = b.columnOf(r, a.Column.Name)
	}
	// An INSTEAD OF trigger decides what is written, not the statement. Babelfish accepts only bare
	// columns in an OUTPUT clause.
	compare := u.Compare && !r.insteadOfUpdate && !b.babelfish && !slices.ContainsFunc(set, func(c *column) bool { return c.isLarge() })
	if compare {
		b.WriteString("DECLARE @u TABLE (" + numberedList(len(set), func(i int) string { return fmt.Sprintf("u%d int NOT NULL", i) }) + ");\n")
	}
	b.WriteString("UPDATE t SET ")
	for i, a := range u.Set {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(quoteIdent(a.Column.Name) + " = " + b.renderAssigned(r, set[i], a))
	}
	if compare {
		b.WriteString(" OUTPUT " + render.List(set, func(c *column) string {
			return "CASE WHEN " + sameValue(c, c.qualifiedName("deleted"), c.qualifiedName("inserted")) + " THEN 1 ELSE 0 END"
		}) + " INTO @u")
	}
	b.fromWhere(r, u.Where, r.changeHints())
	if !compare {
		b.WriteString(rowCount)
		return b.finishStatement()
	}
	b.WriteString(";\nSELECT COUNT_BIG(*) AS " + counted + ", " + numberedList(len(set), func(i int) string { return fmt.Sprintf("COALESCE(SUM(CAST(u%d AS bigint)), 0)", i) }) + " FROM @u")
	return b.finishStatement()
}

func numberedList(n int, f func(i int) string) string {
	out := make([]string, n)
	for i := range out {
		out[i] = f(i + 1)
	}
	return strings.Join(out, ", ")
}

// sameValue renders whether two values of a column are identical.
func sameValue(c *column, a, b string) string {
	x, y := c.storedExprs(a), c.storedExprs(b)
	out := make([]string, len(x))
	for i := range x {
		out[i] = x[i] + " = " + y[i]
	}
	return strings.Join(out, " AND ")
}

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
			b.WriteString(b.assignableValue(r, b.columnOf(r, name), row[n]))
		}
		b.WriteString(")")
	}
	b.WriteString(rowCount)
	return b.finishStatement()
}

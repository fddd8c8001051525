package sqlserver

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// statement is a batch of T-SQL with its parameters.
type statement struct {
	sql  string
	args []any
}

// counted is how a batch calls the number that it ends with.
const counted = "expunge_rows"

// rowCount is selected right after a statement: triggers don't change it.
// https://learn.microsoft.com/sql/t-sql/functions/rowcount-transact-sql
const rowCount = ";\nSELECT CAST(@@ROWCOUNT AS bigint) AS " + counted

// builder writes one statement. The statement's table has the alias t.
type builder struct {
	strings.Builder
	args      []any
	babelfish bool
	lookup    func(dialect.Name) (*relation, error)
	aliases   int
	err       error // the first one; the text is of no use then
}

func (b *builder) fail(err error) {
	if b.err == nil {
		b.err = err
	}
}

func (b *builder) wrong(table dialect.Name, format string, args ...any) {
	e := dialect.NewError(dialect.Fatal, "", "render a statement on", table, nil)
	e.Detail = fmt.Sprintf(format, args...)
	b.fail(e)
}

func (b *builder) relation(n dialect.Name) *relation {
	r, err := b.lookup(n)
	if err != nil {
		b.fail(err)
		return &relation{name: n}
	}
	return r
}

func (b *builder) column(r *relation, name string) *column {
	c, err := r.column(name)
	if err != nil {
		b.fail(err)
		return &column{name: name}
	}
	return c
}

func (b *builder) columns(r *relation, names []string) []*column {
	out := make([]*column, len(names))
	for i, n := range names {
		out[i] = b.column(r, n)
	}
	return out
}

// arg adds a parameter and returns how the statement names it.
func (b *builder) arg(v any) string {
	b.args = append(b.args, v)
	return "@p" + strconv.Itoa(len(b.args))
}

func (b *builder) alias(prefix string) string {
	b.aliases++
	return prefix + strconv.Itoa(b.aliases)
}

// mostParameters of a statement are sent by sp_executesql, with two of its own.
// https://learn.microsoft.com/sql/sql-server/maximum-capacity-specifications-for-sql-server
const mostParameters = 2100 - 2

func (b *builder) done() (statement, error) {
	if n := len(b.args); n > mostParameters {
		b.wrong(dialect.Name{}, "the statement has %d parameters, and SQL Server takes no more than %d: give fewer values to choose from", n, mostParameters)
	}
	return statement{sql: b.String(), args: b.args}, b.err
}

// ident quotes an identifier.
func ident(name string) string { return "[" + strings.ReplaceAll(name, "]", "]]") + "]" }

func table(n dialect.Name) string {
	if n.Schema == "" {
		return ident(n.Table)
	}
	return ident(n.Schema) + "." + ident(n.Table)
}

// list joins what f makes of every element.
func list[T any](of []T, f func(T) string) string {
	out := make([]string, len(of))
	for i, e := range of {
		out[i] = f(e)
	}
	return strings.Join(out, ", ")
}

// from renders the tables of a statement and returns the conditions that are
// left for its WHERE. The first In drives the statement where an index serves
// its columns: a loop looks each key's rows up, whatever the optimizer thinks of
// OPENJSON's rows (it takes them for 50), and only rows that are found are locked.
func (b *builder) from(r *relation, where []dialect.Cond, hints string) (string, []dialect.Cond) {
	name := table(r.name) + " AS t" + hints
	for i, c := range where {
		in, ok := c.(dialect.In)
		if !ok || len(in.Keys) == 0 {
			continue
		}
		columns := b.referring(r, in)
		if !slices.ContainsFunc(columns, func(c *column) bool { return c.leads }) {
			continue
		}
		k := b.alias("k")
		keys := b.keys(r, columns, in.Keys)
		rest := slices.Concat(where[:i], where[i+1:])
		return keys + " AS " + k + " INNER LOOP JOIN " + name + " ON " + joined(columns, "t", k), rest
	}
	return name, where
}

func (b *builder) where(r *relation, where []dialect.Cond) {
	for i, c := range within(where) {
		if i == 0 {
			b.WriteString(" WHERE ")
		} else {
			b.WriteString(" AND ")
		}
		b.WriteString(b.cond(r, "t", c))
	}
}

func (b *builder) fromWhere(r *relation, where []dialect.Cond, hints string) {
	from, rest := b.from(r, where, hints)
	b.WriteString(" FROM " + from)
	b.where(r, rest)
}

// query renders a Select, and returns the columns that its rows have; those
// of the flags are of type int.
func (b *builder) query(s dialect.Select) (statement, []*column, error) {
	r := b.relation(s.Table)
	columns := b.columns(r, s.Columns)
	read := make([]string, len(columns), len(columns)+len(s.Flags))
	for i, c := range columns {
		read[i] = c.read("t")
	}
	for _, f := range s.Flags {
		columns = append(columns, &column{sqlType: sqlType{name: "int"}})
		read = append(read, "CASE WHEN "+b.cond(r, "t", f)+" THEN 1 ELSE 0 END")
	}
	b.WriteString("SELECT ")
	if s.Limit > 0 && s.Offset == 0 {
		b.WriteString("TOP (" + strconv.Itoa(s.Limit) + ") ")
	}
	if len(read) == 0 {
		read = []string{"1"}
	}
	b.WriteString(strings.Join(read, ", "))
	b.fromWhere(r, s.Where, r.hints(s.Lock))
	if len(s.Order) > 0 {
		b.WriteString(" ORDER BY " + list(s.Order, func(n string) string { return b.column(r, n).of("t") + direction(s) }))
	}
	if s.Offset > 0 { // which TOP doesn't go with
		fmt.Fprintf(b, " OFFSET %d ROWS FETCH NEXT %d ROWS ONLY", s.Offset, s.Limit)
	}
	st, err := b.done()
	return st, columns, err
}

func direction(s dialect.Select) string {
	if s.Descending {
		return " DESC"
	}
	return ""
}

func (b *builder) count(n dialect.Name, where []dialect.Cond) (statement, error) {
	r := b.relation(n)
	b.WriteString("SELECT COUNT_BIG(*) AS " + counted)
	b.fromWhere(r, where, r.hints(dialect.NoLock))
	return b.done()
}

// delete renders a Delete. Where an INSTEAD OF trigger takes its place the
// server counts the rows that were to go: there the rows that meet the
// condition are counted before and after.
func (b *builder) delete(d dialect.Delete) (statement, error) {
	r := b.relation(d.Table)
	if r.insteadOfDelete {
		b.WriteString("DECLARE @before bigint = (SELECT COUNT_BIG(*)")
		b.fromWhere(r, d.Where, r.hints(dialect.Exclusive))
		b.WriteString(");\n")
	}
	b.WriteString("DELETE ")
	if d.Limit > 0 {
		b.WriteString("TOP (" + strconv.Itoa(d.Limit) + ") ")
	}
	b.WriteString("t")
	b.fromWhere(r, d.Where, r.changes())
	if !r.insteadOfDelete {
		b.WriteString(rowCount)
		return b.done()
	}
	b.WriteString(";\nSELECT @before - COUNT_BIG(*) AS " + counted)
	b.fromWhere(r, d.Where, r.hints(dialect.NoLock))
	return b.done()
}

// update renders an Update. Old and new values are compared in its OUTPUT
// clause, which is the one place that has both; only the verdicts are kept, in a
// table variable, since OUTPUT to the client is refused where a trigger is.
// https://learn.microsoft.com/sql/t-sql/queries/output-clause-transact-sql
func (b *builder) update(u dialect.Update) (statement, error) {
	r := b.relation(u.Table)
	set := make([]*column, len(u.Set))
	for i, a := range u.Set {
		set[i] = b.column(r, a.Column.Name)
	}
	// An INSTEAD OF trigger decides what is written, not the statement.
	// Babelfish takes only bare columns in an OUTPUT clause.
	compare := u.Compare && !r.insteadOfUpdate && !b.babelfish && !slices.ContainsFunc(set, func(c *column) bool { return c.large() })
	if compare {
		b.WriteString("DECLARE @u TABLE (" + numbered(len(set), func(i int) string { return fmt.Sprintf("u%d int NOT NULL", i) }) + ");\n")
	}
	b.WriteString("UPDATE t SET ")
	for i, a := range u.Set {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(ident(a.Column.Name) + " = " + b.assigned(r, set[i], a))
	}
	if compare {
		b.WriteString(" OUTPUT " + list(set, func(c *column) string {
			return "CASE WHEN " + same(c, c.of("deleted"), c.of("inserted")) + " THEN 1 ELSE 0 END"
		}) + " INTO @u")
	}
	b.fromWhere(r, u.Where, r.changes())
	if !compare {
		b.WriteString(rowCount)
		return b.done()
	}
	b.WriteString(";\nSELECT COUNT_BIG(*) AS " + counted + ", " + numbered(len(set), func(i int) string { return fmt.Sprintf("COALESCE(SUM(CAST(u%d AS bigint)), 0)", i) }) + " FROM @u")
	return b.done()
}

func numbered(n int, f func(i int) string) string {
	out := make([]string, n)
	for i := range out {
		out[i] = f(i + 1)
	}
	return strings.Join(out, ", ")
}

// same compares two values of a column for being the very same.
func same(c *column, a, b string) string {
	x, y := c.stored(a), c.stored(b)
	out := make([]string, len(x))
	for i := range x {
		out[i] = x[i] + " = " + y[i]
	}
	return strings.Join(out, " AND ")
}

func (b *builder) insert(i dialect.Insert) (statement, error) {
	r := b.relation(i.Table)
	b.WriteString("INSERT INTO " + table(i.Table) + " (" + list(i.Columns, ident) + ") VALUES ")
	for at, row := range i.Rows {
		if at > 0 {
			b.WriteString(", ")
		}
		b.WriteString("(")
		for n, name := range i.Columns {
			if n > 0 {
				b.WriteString(", ")
			}
			b.WriteString(b.assignable(r, b.column(r, name), row[n]))
		}
		b.WriteString(")")
	}
	b.WriteString(rowCount)
	return b.done()
}

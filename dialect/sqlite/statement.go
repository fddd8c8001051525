package sqlite

import (
	"strings"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/render"
)

// The aliases of a statement's table and of the other one in a subquery. Every column is written
// with an alias, so that one name in both isn't ambiguous.
const (
	self  = "t"
	other = "r"
)

// builder renders one statement. It keeps the first error.
type builder struct {
	render.Builder[any]
	lookup func(dialect.Name) (*relation, error)
	rel    *relation // the statement's table
}

// quoteIdent quotes an identifier.
func quoteIdent(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// quoteTable renders a table of the main database: a temporary table of the same name must not
// replace it.
func quoteTable(n dialect.Name) string { return `"main".` + quoteIdent(n.Table) }

func (b *builder) addArg(v any) {
	b.WriteByte('?')
	b.Args = append(b.Args, v)
}

func (b *builder) relationOf(n dialect.Name) *relation {
	r, err := b.lookup(n)
	return render.Found(&b.Builder, r, err)
}

// columnOf returns a column of a table, and fails the statement where the column doesn't exist.
func (b *builder) columnOf(r *relation, name string) *dialect.Column {
	if c := r.columnOf(name); c != nil {
		return c
	}
	e := dialect.NewError(dialect.Fatal, "", "use a column of", r.name, nil)
	e.Object, e.Detail = name, "no such column: inspect the database again"
	b.Fail(e)
	return &dialect.Column{Name: name}
}

// writeRef renders a column with its table's alias.
func (b *builder) writeRef(r *relation, alias, name string) *dialect.Column {
	c := b.columnOf(r, name)
	b.Append(alias, ".", quoteIdent(name))
	return c
}

// writeRefs renders columns as a list, in parentheses for a row value.
func (b *builder) writeRefs(r *relation, alias string, names []string) {
	if len(names) > 1 {
		b.WriteByte('(')
		defer b.WriteByte(')')
	}
	for i, n := range names {
		if i > 0 {
			b.WriteString(", ")
		}
		b.writeRef(r, alias, n)
	}
}

// renderFrom begins a statement over a table.
func (b *builder) renderFrom(n dialect.Name) { b.rel = b.relationOf(n) }

func (b *builder) renderSelect(s dialect.Select) {
	b.renderFrom(s.Table)
	b.Append("SELECT ")
	for i, c := range s.Columns {
		if i > 0 {
			b.Append(", ")
		}
		// The plus makes it an expression, without a declared type. By a declared type a driver
		// would convert texts to times and integers to booleans.
		b.Append("+")
		b.writeRef(b.rel, self, c)
	}
	for i, f := range s.Flags {
		if i+len(s.Columns) > 0 {
			b.Append(", ")
		}
		b.Append("(")
		b.renderCond(b.rel, self, f)
		b.Append(") IS TRUE")
	}
	if len(s.Columns)+len(s.Flags) == 0 {
		b.Append("1")
	}
	b.Append(" FROM ", quoteTable(s.Table), " AS ", self)
	b.renderWhere(s.Where)
	for i, c := range s.Order {
		b.Append([]string{" ORDER BY ", ", "}[min(i, 1)])
		b.writeRef(b.rel, self, c)
		if s.Descending {
			b.Append(" DESC")
		}
	}
	if s.Limit > 0 {
		b.Append(" LIMIT ")
		b.addArg(int64(s.Limit))
	}
	if s.Offset > 0 {
		b.Append(" OFFSET ")
		b.addArg(int64(s.Offset))
	}
}

func (b *builder) renderCount(n dialect.Name, where []dialect.Cond) {
	b.renderFrom(n)
	b.Append("SELECT count(*) FROM ", quoteTable(n), " AS ", self)
	b.renderWhere(where)
}

func (b *builder) renderDelete(d dialect.Delete) {
	b.renderFrom(d.Table)
	b.Append("DELETE FROM ", quoteTable(d.Table), " AS ", self)
	if d.Limit == 0 {
		b.renderWhere(d.Where)
		return
	}
	// DELETE … LIMIT is an option: few builds of SQLite have it.
	key := b.rel.key
	if b.rel.address != "" {
		key = []string{b.rel.address}
	}
	if len(key) == 0 {
		b.Fail(refusedError(dialect.Fatal, "delete from", d.Table, "the rowid can't be named: columns have taken all of its names"))
		return
	}
	b.Append(" WHERE ")
	b.writeRefs(b.rel, self, key)
	b.Append(" IN (SELECT ")
	for i, k := range key {
		if i > 0 {
			b.Append(", ")
		}
		b.Append(self, ".", quoteIdent(k))
	}
	b.Append(" FROM ", quoteTable(d.Table), " AS ", self)
	b.renderWhere(d.Where)
	b.Append(" LIMIT ")
	b.addArg(int64(d.Limit))
	b.Append(")")
}

func (b *builder) renderUpdate(u dialect.Update) {
	b.renderFrom(u.Table)
	b.Append(b.rel.updateVerb(), quoteTable(u.Table), " AS ", self, " SET ")
	for i, a := range u.Set {
		if i > 0 {
			b.Append(", ")
		}
		b.columnOf(b.rel, a.Column.Name)
		b.Append(quoteIdent(a.Column.Name), " = ")
		b.renderExpr(a.Expr, a.Column)
	}
	b.renderWhere(u.Where)
}

func (b *builder) renderInsert(i dialect.Insert) {
	b.renderFrom(i.Table)
	b.Append("INSERT INTO ", quoteTable(i.Table), " (")
	for n, c := range i.Columns {
		if n > 0 {
			b.Append(", ")
		}
		b.columnOf(b.rel, c)
		b.Append(quoteIdent(c))
	}
	b.Append(") VALUES ")
	for at, row := range i.Rows {
		if at > 0 {
			b.Append(", ")
		}
		b.Append("(")
		for n, v := range row {
			if n > 0 {
				b.Append(", ")
			}
			b.addArg(toEngine(b.columnOf(b.rel, i.Columns[n]).Kind, v))
		}
		b.Append(")")
	}
}

package sqlite

import (
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// The aliases of a statement's table and of the other one in a subquery. Every
// column is written with one, so that the same name in both is no question.
const (
	self  = "t"
	other = "r"
)

// builder writes one statement. The first error stays.
type builder struct {
	strings.Builder
	args   []any
	lookup func(dialect.Name) (*relation, error)
	rel    *relation // the statement's table
	err    error
}

// quote quotes an identifier.
func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// named is a table in SQL. It is always the one of the main database: a
// temporary table of the same name must not stand in for it.
func named(n dialect.Name) string { return `"main".` + quote(n.Table) }

func (b *builder) write(parts ...string) {
	for _, p := range parts {
		b.WriteString(p)
	}
}

func (b *builder) bind(v any) {
	b.WriteByte('?')
	b.args = append(b.args, v)
}

func (b *builder) fail(err error) {
	if b.err == nil {
		b.err = err
	}
}

func (b *builder) relation(n dialect.Name) *relation {
	r, err := b.lookup(n)
	if err != nil {
		b.fail(err)
		return &relation{name: n}
	}
	return r
}

// column gives a column of a table, and fails where there is none.
func (b *builder) column(r *relation, name string) *dialect.Column {
	if c := r.column(name); c != nil {
		return c
	}
	e := dialect.NewError(dialect.Fatal, "", "use a column of", r.name, nil)
	e.Object, e.Detail = name, "there is no such column; inspect the database again"
	b.fail(e)
	return &dialect.Column{Name: name}
}

// ref writes a column with its table's alias.
func (b *builder) ref(r *relation, alias, name string) *dialect.Column {
	c := b.column(r, name)
	b.write(alias, ".", quote(name))
	return c
}

// refs writes columns as a list, in parentheses where it is a row value.
func (b *builder) refs(r *relation, alias string, names []string) {
	if len(names) > 1 {
		b.WriteByte('(')
		defer b.WriteByte(')')
	}
	for i, n := range names {
		if i > 0 {
			b.WriteString(", ")
		}
		b.ref(r, alias, n)
	}
}

// from begins a statement over a table.
func (b *builder) from(n dialect.Name) { b.rel = b.relation(n) }

func (b *builder) selects(s dialect.Select) {
	b.from(s.Table)
	b.write("SELECT ")
	for i, c := range s.Columns {
		if i > 0 {
			b.write(", ")
		}
		// The plus makes it an expression, without a declared type by which a
		// driver would turn texts into times and integers into booleans.
		b.write("+")
		b.ref(b.rel, self, c)
	}
	for i, f := range s.Flags {
		if i+len(s.Columns) > 0 {
			b.write(", ")
		}
		b.write("(")
		b.cond(b.rel, self, f)
		b.write(") IS TRUE")
	}
	if len(s.Columns)+len(s.Flags) == 0 {
		b.write("1")
	}
	b.write(" FROM ", named(s.Table), " AS ", self)
	b.where(s.Where)
	for i, c := range s.Order {
		b.write([]string{" ORDER BY ", ", "}[min(i, 1)])
		b.ref(b.rel, self, c)
		if s.Descending {
			b.write(" DESC")
		}
	}
	if s.Limit > 0 {
		b.write(" LIMIT ")
		b.bind(int64(s.Limit))
	}
	if s.Offset > 0 {
		b.write(" OFFSET ")
		b.bind(int64(s.Offset))
	}
}

func (b *builder) counts(n dialect.Name, where []dialect.Cond) {
	b.from(n)
	b.write("SELECT count(*) FROM ", named(n), " AS ", self)
	b.where(where)
}

func (b *builder) deletes(d dialect.Delete) {
	b.from(d.Table)
	b.write("DELETE FROM ", named(d.Table), " AS ", self)
	if d.Limit == 0 {
		b.where(d.Where)
		return
	}
	// DELETE … LIMIT is an option that few builds of SQLite have.
	key := b.rel.key
	if b.rel.address != "" {
		key = []string{b.rel.address}
	}
	if len(key) == 0 {
		b.fail(refused(dialect.Fatal, "delete from", d.Table, "the rowid can't be named: columns have taken all of its names"))
		return
	}
	b.write(" WHERE ")
	b.refs(b.rel, self, key)
	b.write(" IN (SELECT ")
	for i, k := range key {
		if i > 0 {
			b.write(", ")
		}
		b.write(self, ".", quote(k))
	}
	b.write(" FROM ", named(d.Table), " AS ", self)
	b.where(d.Where)
	b.write(" LIMIT ")
	b.bind(int64(d.Limit))
	b.write(")")
}

func (b *builder) updates(u dialect.Update) {
	b.from(u.Table)
	b.write(b.rel.verb(), named(u.Table), " AS ", self, " SET ")
	for i, a := range u.Set {
		if i > 0 {
			b.write(", ")
		}
		b.column(b.rel, a.Column.Name)
		b.write(quote(a.Column.Name), " = ")
		b.expr(a.Expr, a.Column)
	}
	b.where(u.Where)
}

func (b *builder) inserts(i dialect.Insert) {
	b.from(i.Table)
	b.write("INSERT INTO ", named(i.Table), " (")
	for n, c := range i.Columns {
		if n > 0 {
			b.write(", ")
		}
		b.column(b.rel, c)
		b.write(quote(c))
	}
	b.write(") VALUES ")
	for at, row := range i.Rows {
		if at > 0 {
			b.write(", ")
		}
		b.write("(")
		for n, v := range row {
			if n > 0 {
				b.write(", ")
			}
			b.bind(toEngine(b.column(b.rel, i.Columns[n]).Kind, v))
		}
		b.write(")")
	}
}

package sqlite

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/expungedb/expunge/dialect"
)

// where writes a WHERE clause, none for an empty list.
func (b *builder) where(conds []dialect.Cond) {
	if len(conds) == 0 {
		return
	}
	b.write(" WHERE ")
	b.joined(b.rel, self, conds, " AND ", "1")
}

// joined writes conditions with an operator between them, empty for no conditions.
func (b *builder) joined(r *relation, alias string, conds []dialect.Cond, op, empty string) {
	if len(conds) == 0 {
		b.write(empty)
	}
	for i, c := range conds {
		if i > 0 {
			b.write(op)
		}
		b.cond(r, alias, c)
	}
}

// cond writes a condition on rows of table r, so that it can stand in a
// conjunction.
func (b *builder) cond(r *relation, alias string, c dialect.Cond) {
	switch c := c.(type) {
	case dialect.In:
		b.in(r, alias, c)
	case dialect.Not:
		b.write("(")
		b.cond(r, alias, c.Cond)
		b.write(") IS NOT TRUE")
	case dialect.After:
		b.bound(r, alias, c.Columns, c.Key, ">")
	case dialect.UpTo:
		b.bound(r, alias, c.Columns, c.Key, "<=")
	case dialect.Compare:
		b.compare(r, alias, c)
	case dialect.IsNull:
		b.ref(r, alias, c.Column)
		b.write(" IS NULL")
	case dialect.Longer:
		b.write("length(")
		b.ref(r, alias, c.Column)
		b.write(") > ", strconv.Itoa(c.N))
	case dialect.Odd:
		b.renderOdd(r, alias, c)
	case dialect.Match:
		b.match(c.SQL)
	case dialect.Referenced:
		b.referenced(r, alias, c)
	case dialect.Orphan:
		b.orphan(r, alias, c)
	case dialect.Any:
		b.write("(")
		b.joined(r, alias, c, " OR ", "0")
		b.write(")")
	case dialect.All:
		b.write("(")
		b.joined(r, alias, c, " AND ", "1")
		b.write(")")
	default:
		b.fail(refused(dialect.Fatal, "render a condition on", r.name, "sqlite doesn't know this condition"))
	}
}

// match writes SQL of the policy. The line's end closes a comment in it.
func (b *builder) match(sql string) { b.write("(", sql, "\n)") }

// in writes a search for many keys: they travel as one JSON array, and the
// column's affinity and collation apply to them, not theirs to it, so that its
// index serves.
func (b *builder) in(r *relation, alias string, in dialect.In) {
	if len(in.Keys) == 0 || len(in.Columns) == 0 {
		b.write("0")
		return
	}
	kinds := make([]dialect.Kind, len(in.Columns))
	for i, c := range in.Columns {
		kinds[i] = b.column(r, c).Kind
	}
	keys := in.Keys
	if len(in.Columns) == 1 && len(in.RefColumns) == 1 && typeless(b.column(r, in.Columns[0])) && !typeless(b.column(b.relation(in.RefTable), in.RefColumns[0])) {
		keys = alike(keys)
	}
	doc, tagged, err := encodeRows(kinds, keys)
	if err != nil {
		b.fail(err)
		return
	}
	b.referring(r, alias, in)
	b.write(" IN (SELECT ")
	if len(in.Columns) == 1 {
		if tagged[0] {
			b.write(decoded("j.value", "j.type", "j.value"))
		} else {
			b.write("j.value")
		}
	} else {
		b.elements(len(in.Columns), tagged, "")
	}
	b.write(" FROM json_each(")
	b.bind(doc)
	b.write(") AS j)")
}

// alike adds to whole numbers their texts, and the other way round: a column
// without a type keeps either, and a foreign key converts it to the type of the column that it
// refers to. https://sqlite.org/foreignkeys.html#fk_basics
func alike(keys []dialect.Key) []dialect.Key {
	out := slices.Clone(keys)
	for _, k := range keys {
		switch v := k[0].(type) {
		case int64:
			out = append(out, dialect.Key{strconv.FormatInt(v, 10)})
		case string:
			if n, err := strconv.ParseInt(v, 10, 64); err == nil && strconv.FormatInt(n, 10) == v {
				out = append(out, dialect.Key{n})
			}
		}
	}
	return out
}

// referring writes the columns that are searched. Their own collation decides,
// unless they refer to columns that have another.
func (b *builder) referring(r *relation, alias string, in dialect.In) {
	if len(in.RefColumns) != len(in.Columns) {
		b.refs(r, alias, in.Columns)
		return
	}
	to := b.relation(in.RefTable)
	if len(in.Columns) > 1 {
		b.write("(")
		defer b.write(")")
	}
	for i, name := range in.Columns {
		if i > 0 {
			b.write(", ")
		}
		c := b.ref(r, alias, name)
		if theirs := b.column(to, in.RefColumns[i]).Collation; !strings.EqualFold(theirs, c.Collation) {
			b.write(" COLLATE ", quote(theirs))
		}
	}
}

// elements writes the elements of the JSON arrays of json_each j as columns,
// named prefix0, prefix1, … where there is a prefix.
func (b *builder) elements(n int, tagged []bool, prefix string) {
	for i := range n {
		if i > 0 {
			b.write(", ")
		}
		at := strconv.Itoa(i)
		if tagged[i] {
			b.write(decoded("j.value ->> "+at, "json_type(j.value, '$["+at+"]')", "(j.value -> "+at+")"))
		} else {
			b.write("j.value ->> ", at)
		}
		if prefix != "" {
			b.write(" AS ", prefix, at)
		}
	}
}

// bound writes a row value comparison with a key; an empty key is no bound.
func (b *builder) bound(r *relation, alias string, columns []string, key dialect.Key, op string) {
	if len(key) == 0 {
		b.write("1")
		return
	}
	if len(key) != len(columns) {
		b.fail(refused(dialect.Fatal, "compare keys of", r.name, "a key has as many values as columns"))
		return
	}
	b.refs(r, alias, columns)
	b.write(" ", op, " ")
	if len(key) > 1 {
		b.write("(")
		defer b.write(")")
	}
	for i, v := range key {
		if i > 0 {
			b.write(", ")
		}
		b.bind(toEngine(b.column(r, columns[i]).Kind, v))
	}
}

func (b *builder) compare(r *relation, alias string, c dialect.Compare) {
	switch c.Op {
	case "=", "<>", "<", "<=", ">", ">=":
	default:
		b.fail(refused(dialect.Fatal, "compare a column of", r.name, "the operator is none of = <> < <= > >="))
		return
	}
	text, _ := c.Value.(string)
	if layout := layouts[b.column(r, c.Column).Kind]; layout != "" && c.Op != "=" && c.Op != "<>" {
		if at, err := time.Parse(layout, text); err == nil {
			b.compareMoment(alias, c, at)
			return
		}
	}
	col := b.ref(r, alias, c.Column)
	b.write(" ", c.Op, " ")
	b.bind(toEngine(col.Kind, c.Value))
}

// referenced writes the search for a row that refers to this one. The column
// referred to is on the left: its collation and affinity decide, as in a
// foreign key.
func (b *builder) referenced(r *relation, alias string, c dialect.Referenced) {
	from := b.relation(c.Table)
	inner := innerAlias(alias)
	b.write("EXISTS (SELECT 1 FROM ", named(c.Table), " AS ", inner, " WHERE ")
	b.pairs(r, alias, c.RefColumns, from, inner, c.Columns)
	if c.Where != "" {
		b.write(" AND ")
		b.match(c.Where)
	}
	if c.Except != nil {
		b.write(" AND ")
		b.cond(from, inner, dialect.Not{Cond: *c.Except})
	}
	b.write(")")
}

func (b *builder) orphan(r *relation, alias string, c dialect.Orphan) {
	to := b.relation(c.RefTable)
	inner := innerAlias(alias)
	b.write("(")
	for _, col := range c.Columns {
		b.ref(r, alias, col)
		b.write(" IS NOT NULL AND ")
	}
	b.write("NOT EXISTS (SELECT 1 FROM ", named(c.RefTable), " AS ", inner, " WHERE ")
	b.pairs(to, inner, c.RefColumns, r, alias, c.Columns)
	b.write("))")
}

func innerAlias(outer string) string {
	if outer == self {
		return other
	}
	return outer + other
}

func (b *builder) pairs(left *relation, la string, lc []string, right *relation, ra string, rc []string) {
	if len(lc) != len(rc) || len(lc) == 0 {
		b.fail(refused(dialect.Fatal, "follow a reference of", right.name, "both sides need the same number of columns"))
		return
	}
	for i := range lc {
		if i > 0 {
			b.write(" AND ")
		}
		b.ref(left, la, lc[i])
		b.write(" = ")
		b.ref(right, ra, rc[i])
	}
}

package sqlite

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/expungedb/expunge/dialect"
)

// renderWhere renders a WHERE clause, none for an empty list.
func (b *builder) renderWhere(conds []dialect.Cond) {
	if len(conds) == 0 {
		return
	}
	b.Append(" WHERE ")
	b.renderAll(b.rel, self, conds, " AND ", "1")
}

// renderAll renders conditions with an operator between them, empty for no conditions.
func (b *builder) renderAll(r *relation, alias string, conds []dialect.Cond, op, empty string) {
	if len(conds) == 0 {
		b.Append(empty)
	}
	for i, c := range conds {
		if i > 0 {
			b.Append(op)
		}
		b.renderCond(r, alias, c)
	}
}

// renderCond renders a condition on rows of table r, for use in a conjunction.
func (b *builder) renderCond(r *relation, alias string, c dialect.Cond) {
	switch c := c.(type) {
	case dialect.In:
		b.renderIn(r, alias, c)
	case dialect.Not:
		b.Append("(")
		b.renderCond(r, alias, c.Cond)
		b.Append(") IS NOT TRUE")
	case dialect.After:
		b.renderKeyRange(r, alias, c.Columns, c.Key, ">")
	case dialect.UpTo:
		b.renderKeyRange(r, alias, c.Columns, c.Key, "<=")
	case dialect.Compare:
		b.renderCompare(r, alias, c)
	case dialect.IsNull:
		b.writeRef(r, alias, c.Column)
		b.Append(" IS NULL")
	case dialect.LongerThan:
		b.Append("length(")
		b.writeRef(r, alias, c.Column)
		b.Append(") > ", strconv.Itoa(c.N))
	case dialect.Odd:
		b.renderOdd(r, alias, c)
	case dialect.Match:
		b.renderMatch(c.SQL)
	case dialect.Referenced:
		b.renderReferenced(r, alias, c)
	case dialect.Orphan:
		b.renderOrphan(r, alias, c)
	case dialect.Any:
		b.Append("(")
		b.renderAll(r, alias, c, " OR ", "0")
		b.Append(")")
	case dialect.All:
		b.Append("(")
		b.renderAll(r, alias, c, " AND ", "1")
		b.Append(")")
	default:
		b.Unsupported(r.name, "SQLite doesn't know this condition")
	}
}

// renderMatch renders SQL of the policy. The newline ends a comment in it.
func (b *builder) renderMatch(sql string) { b.Append("(", sql, "\n)") }

// renderIn renders a search for many keys, sent as one JSON array. The column's affinity and
// collation apply to the keys, not theirs to the column: so SQLite can use its index.
func (b *builder) renderIn(r *relation, alias string, in dialect.In) {
	if len(in.Keys) == 0 || len(in.Columns) == 0 {
		b.Append("0")
		return
	}
	kinds := make([]dialect.Kind, len(in.Columns))
	for i, c := range in.Columns {
		kinds[i] = b.columnOf(r, c).Kind
	}
	keys := in.Keys
	if len(in.Columns) == 1 && len(in.RefColumns) == 1 && isTypeless(b.columnOf(r, in.Columns[0])) && !isTypeless(b.columnOf(b.relationOf(in.RefTable), in.RefColumns[0])) {
		keys = alikeKeys(keys)
	}
	doc, tagged, err := encodeRows(kinds, keys)
	if err != nil {
		b.Fail(err)
		return
	}
	b.renderReferring(r, alias, in)
	b.Append(" IN (SELECT ")
	if len(in.Columns) == 1 {
		if tagged[0] {
			b.Append(decodedExpr("j.value", "j.type", "j.value"))
		} else {
			b.Append("j.value")
		}
	} else {
		b.renderElements(len(in.Columns), tagged, "")
	}
	b.Append(" FROM json_each(")
	b.addArg(doc)
	b.Append(") AS j)")
}

// alikeKeys adds to whole numbers their texts, and to such texts their numbers. A column without a
// type stores either, and a foreign key converts it to the type of the referenced column.
// https://sqlite.org/foreignkeys.html#fk_basics
func alikeKeys(keys []dialect.Key) []dialect.Key {
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

// renderReferring renders the searched columns. Their own collation applies, unless the referenced
// columns have another.
func (b *builder) renderReferring(r *relation, alias string, in dialect.In) {
	if len(in.RefColumns) != len(in.Columns) {
		b.writeRefs(r, alias, in.Columns)
		return
	}
	to := b.relationOf(in.RefTable)
	if len(in.Columns) > 1 {
		b.Append("(")
		defer b.Append(")")
	}
	for i, name := range in.Columns {
		if i > 0 {
			b.Append(", ")
		}
		c := b.writeRef(r, alias, name)
		if theirs := b.columnOf(to, in.RefColumns[i]).Collation; !strings.EqualFold(theirs, c.Collation) {
			b.Append(" COLLATE ", quoteIdent(theirs))
		}
	}
}

// renderElements renders the elements of the JSON arrays of json_each j as columns, named prefix0,
// prefix1, … where there is a prefix.
func (b *builder) renderElements(n int, tagged []bool, prefix string) {
	for i := range n {
		if i > 0 {
			b.Append(", ")
		}
		at := strconv.Itoa(i)
		if tagged[i] {
			b.Append(decodedExpr("j.value ->> "+at, "json_type(j.value, '$["+at+"]')", "(j.value -> "+at+")"))
		} else {
			b.Append("j.value ->> ", at)
		}
		if prefix != "" {
			b.Append(" AS ", prefix, at)
		}
	}
}

// renderKeyRange renders a row value comparison with a key; an empty key is no bound.
func (b *builder) renderKeyRange(r *relation, alias string, columns []string, key dialect.Key, op string) {
	if len(key) == 0 {
		b.Append("1")
		return
	}
	if !b.SameLength(r.name, len(key), len(columns)) {
		return
	}
	b.writeRefs(r, alias, columns)
	b.Append(" ", op, " ")
	if len(key) > 1 {
		b.Append("(")
		defer b.Append(")")
	}
	for i, v := range key {
		if i > 0 {
			b.Append(", ")
		}
		b.addArg(toEngine(b.columnOf(r, columns[i]).Kind, v))
	}
}

func (b *builder) renderCompare(r *relation, alias string, c dialect.Compare) {
	if !b.Operator(r.name, c.Op) {
		return
	}
	text, _ := c.Value.(string)
	if layout := layouts[b.columnOf(r, c.Column).Kind]; layout != "" && c.Op != "=" && c.Op != "<>" {
		if at, err := time.Parse(layout, text); err == nil {
			b.compareMoment(alias, c, at)
			return
		}
	}
	col := b.writeRef(r, alias, c.Column)
	b.Append(" ", c.Op, " ")
	b.addArg(toEngine(col.Kind, c.Value))
}

// renderReferenced renders the search for a row that refers to this one. The referenced column is
// on the left: its collation and affinity apply, as in a foreign key.
func (b *builder) renderReferenced(r *relation, alias string, c dialect.Referenced) {
	from := b.relationOf(c.Table)
	inner := innerAlias(alias)
	b.Append("EXISTS (SELECT 1 FROM ", quoteTable(c.Table), " AS ", inner, " WHERE ")
	b.renderKeyEquals(r, alias, c.RefColumns, from, inner, c.Columns)
	if c.Where != "" {
		b.Append(" AND ")
		b.renderMatch(c.Where)
	}
	if c.Except != nil {
		b.Append(" AND ")
		b.renderCond(from, inner, dialect.Not{Cond: *c.Except})
	}
	b.Append(")")
}

func (b *builder) renderOrphan(r *relation, alias string, c dialect.Orphan) {
	to := b.relationOf(c.RefTable)
	inner := innerAlias(alias)
	b.Append("(")
	for _, col := range c.Columns {
		b.writeRef(r, alias, col)
		b.Append(" IS NOT NULL AND ")
	}
	b.Append("NOT EXISTS (SELECT 1 FROM ", quoteTable(c.RefTable), " AS ", inner, " WHERE ")
	b.renderKeyEquals(to, inner, c.RefColumns, r, alias, c.Columns)
	b.Append("))")
}

func innerAlias(outer string) string {
	if outer == self {
		return other
	}
	return outer + other
}

func (b *builder) renderKeyEquals(left *relation, la string, lc []string, right *relation, ra string, rc []string) {
	if len(lc) != len(rc) || len(lc) == 0 {
		b.Fail(refusedError(dialect.Fatal, "follow a reference of", right.name, "both sides need the same number of columns"))
		return
	}
	for i := range lc {
		if i > 0 {
			b.Append(" AND ")
		}
		b.writeRef(left, la, lc[i])
		b.Append(" = ")
		b.writeRef(right, ra, rc[i])
	}
}

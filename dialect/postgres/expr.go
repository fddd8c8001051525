package postgres

import (
	"strconv"

	"github.com/expungedb/expunge/dialect"
)

// Renders reports whether an assignment of the expression to the column can be computed. All can,
// except moments for kinds without them. The caller decides about NULL for a NOT NULL column.
func (db *DB) Renders(e dialect.Expr, c *dialect.Column) bool {
	if _, ok := e.(dialect.Default); ok {
		return c.Assignable()
	}
	return c.Assignable() && dialect.Computes(e, computesNode)
}

// computesNode reports whether the server can compute an expression of computable operands.
func computesNode(e dialect.Expr) bool {
	switch e := e.(type) {
	case dialect.Null, dialect.Literal, dialect.Current, dialect.If, dialect.Left, dialect.Right, dialect.Repeat, dialect.RandomLike, dialect.RandomInt,
		dialect.RandomUUID, dialect.RandomBytes, dialect.Choose, dialect.Random, dialect.Floor, dialect.Round, dialect.Cast:
		return true
	case dialect.Concat:
		return len(e) > 0
	case dialect.RandomMoment:
		return momentType(e.Column.Kind) != ""
	case dialect.Arith:
		return e.Op == '+' || e.Op == '-' || e.Op == '*' || e.Op == '/'
	case dialect.TruncateMoment:
		return momentType(dialect.KindOf(e.Of)) != "" && units[e.Unit]
	case dialect.ShiftMoment:
		return momentType(dialect.KindOf(e.Of)) != ""
	}
	return false
}

var units = map[string]bool{"year": true, "month": true, "day": true, "hour": true}

// isApproximate reports whether the server computes a number in double precision: only where an
// operand is stored so. It computes exactly with random values, and round() with digits exists for
// numeric only.
func isApproximate(e dialect.Expr) bool {
	switch e := e.(type) {
	case dialect.Random, dialect.Round:
		return false
	case dialect.Arith:
		return isApproximate(e.A) || isApproximate(e.B)
	case dialect.Floor:
		return isApproximate(e.Of)
	}
	return dialect.KindOf(e) == dialect.Float
}

// computedType is the type for computing a column's values. It permits any length: a value too long
// for the column then fails in the assignment, and a cast doesn't truncate it.
func computedType(c *dialect.Column) string {
	switch c.Kind {
	case dialect.Bool:
		return "pg_catalog.bool"
	case dialect.Int:
		return "pg_catalog.int8"
	case dialect.Decimal:
		return "pg_catalog.numeric"
	case dialect.Float:
		return "pg_catalog.float8"
	case dialect.Text:
		return "pg_catalog.text"
	case dialect.Bytes:
		return "pg_catalog.bytea"
	case dialect.Bits:
		return "pg_catalog.varbit"
	case dialect.UUID:
		return "pg_catalog.uuid"
	case dialect.Interval:
		return "pg_catalog.interval"
	case dialect.XML:
		return "pg_catalog.xml"
	case dialect.Date, dialect.Timestamp, dialect.TimestampTZ:
		return momentType(c.Kind)
	}
	return qualifiedType(c.Type) // an enum, an array, time or timetz, …
}

func momentType(k dialect.Kind) string {
	switch k {
	case dialect.Date:
		return "pg_catalog.date"
	case dialect.Timestamp:
		return "pg_catalog.timestamp"
	case dialect.TimestampTZ:
		return "pg_catalog.timestamptz"
	}
	return ""
}

// renderAssigned renders the right side of an assignment.
func (b *builder) renderAssigned(r *relation, a dialect.Assign) string {
	switch e := a.Expr.(type) {
	case dialect.Default:
		return "DEFAULT"
	case dialect.Null:
		return "NULL"
	default:
		return b.renderAs(a.Column, b.renderExpr(r, e), dialect.KindOf(e))
	}
}

// renderAs casts an expression of the kind to the type of a column's values.
func (b *builder) renderAs(c *dialect.Column, sql string, kind dialect.Kind) string {
	if c.Kind == dialect.Bytes && kind == dialect.Text {
		return "pg_catalog.convert_to(" + sql + ", 'UTF8')" // a cast would interpret backslashes
	}
	return "(" + sql + ")::" + computedType(c)
}

// renderExpr renders an expression over the row t.
func (b *builder) renderExpr(r *relation, e dialect.Expr) string {
	text := func(e dialect.Expr) string { return "(" + b.renderExpr(r, e) + ")" + asText }
	of := func(e dialect.Expr) string { return "(" + b.renderExpr(r, e) + ")" }
	whole := func(n int) string { return b.addArg(strconv.AppendInt(nil, int64(n), 10), "pg_catalog.int4") }
	switch e := e.(type) {
	case dialect.Null:
		return "NULL"
	case dialect.Literal:
		return b.renderLiteral(e.Value, e.Column)
	case dialect.Current:
		return b.columnOf(r, e.Column.Name).read("t")
	case dialect.If:
		return "CASE WHEN " + b.renderCond(r, "t", e.Cond) + " THEN " + b.renderExpr(r, e.Then) + " ELSE " + b.renderExpr(r, e.Else) + " END"
	case dialect.Concat:
		s := ""
		for i, p := range e {
			if i > 0 {
				s += " " + qualifiedOperator("||") + " "
			}
			s += text(p)
		}
		return s
	case dialect.Left:
		return "pg_catalog.left(" + text(e.Of) + ", " + whole(e.N) + ")"
	case dialect.Right:
		return "pg_catalog.right(" + text(e.Of) + ", " + whole(e.N) + ")"
	case dialect.Repeat:
		return "pg_catalog.repeat(" + b.addArg([]byte(e.With), "pg_catalog.text") + ", pg_catalog.char_length(" + text(e.Of) + ") " + qualifiedOperator("-") + " " + whole(e.Less) + ")"
	case dialect.RandomLike:
		return b.randomLike(text(e.Of))
	case dialect.RandomInt:
		return b.randomInt(e)
	case dialect.RandomUUID:
		return "pg_catalog.gen_random_uuid()"
	case dialect.RandomBytes:
		return randomBytes(of(e.Of))
	case dialect.RandomMoment:
		return b.randomMoment(e)
	case dialect.Choose:
		return b.renderChoose(e)
	case dialect.Arith:
		typ := "::pg_catalog.numeric"
		if isApproximate(e) {
			typ = "::pg_catalog.float8"
		}
		return of(e.A) + typ + " " + qualifiedOperator(string(e.Op)) + " " + of(e.B) + typ
	case dialect.Random:
		return "pg_catalog.random()"
	case dialect.Floor:
		return "pg_catalog.floor" + of(e.Of)
	case dialect.Round:
		return "pg_catalog.round(" + of(e.Of) + "::pg_catalog.numeric, " + whole(e.Digits) + ")"
	case dialect.TruncateMoment:
		if dialect.KindOf(e.Of) == dialect.Date {
			return "pg_catalog.date_trunc(" + b.addArg([]byte(e.Unit), "pg_catalog.text") + ", " + of(e.Of) + "::pg_catalog.timestamp)::pg_catalog.date"
		}
		return "pg_catalog.date_trunc(" + b.addArg([]byte(e.Unit), "pg_catalog.text") + ", " + of(e.Of) + ")"
	case dialect.ShiftMoment:
		if dialect.KindOf(e.Of) == dialect.Date {
			return of(e.Of) + " " + qualifiedOperator("+") + " pg_catalog.trunc(" + of(e.Seconds) + "::pg_catalog.numeric " + qualifiedOperator("/") + " 86400)::pg_catalog.int4"
		}
		return of(e.Of) + " " + qualifiedOperator("+") + " pg_catalog.make_interval(secs => " + of(e.Seconds) + "::pg_catalog.float8)"
	case dialect.Cast:
		return b.renderAs(e.Column, b.renderExpr(r, e.Of), dialect.KindOf(e.Of))
	}
	b.Unsupported(r.name, "an expression of type %T is not supported here: it has to go through the client", e)
	return "NULL"
}

func (b *builder) renderLiteral(v dialect.Value, c *dialect.Column) string {
	s, ok := encodeValue(c.Kind, v)
	if !ok {
		return "NULL::" + computedType(c)
	}
	return b.addArg([]byte(s), computedType(c))
}

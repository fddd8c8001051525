package sqlite

import (
	"math"
	"strconv"

	"github.com/expungedb/expunge/dialect"
)

// renderExpr renders an expression for an assignment to column c. Each is complete, so that any
// other can contain it, and NULL where its operand is NULL.
func (b *builder) renderExpr(e dialect.Expr, c *dialect.Column) {
	switch e := e.(type) {
	case dialect.Null:
		b.Append("NULL")
	case dialect.Default:
		b.Append(defaultOf(c))
	case dialect.Literal:
		b.renderLiteral(e.Value, e.Column, c)
	case dialect.Current:
		b.writeRef(b.rel, self, e.Column.Name)
	case dialect.If:
		b.Append("CASE WHEN ")
		b.renderCond(b.rel, self, e.Cond)
		b.Append(" THEN ")
		b.renderExpr(e.Then, c)
		b.Append(" ELSE ")
		b.renderExpr(e.Else, c)
		b.Append(" END")
	case dialect.Concat:
		b.Append("(''")
		for _, part := range e {
			b.Append(" || ")
			b.renderExpr(part, c)
		}
		b.Append(")")
	case dialect.Left:
		b.renderCall("substr", e.Of, c, ", 1, "+strconv.Itoa(e.N))
	case dialect.Right:
		if e.N == 0 {
			b.renderCall("substr", e.Of, c, ", 1, 0") // substr(x, -0) would be all of it
			return
		}
		b.renderCall("substr", e.Of, c, ", -"+strconv.Itoa(e.N))
	case dialect.Repeat:
		b.renderOnce(e.Of, c, func(v string) {
			b.Append("CASE WHEN ", v, " IS NOT NULL THEN replace(hex(zeroblob(max(0, length(", v, ") - ", strconv.Itoa(e.Less), "))), '00', ")
			b.addArg(e.With)
			b.Append(") END")
		})
	case dialect.RandomInt:
		b.Append(randomInt(e.Low, e.High))
	case dialect.RandomUUID:
		b.Append(randomUUID)
	case dialect.RandomBytes:
		b.renderOnce(e.Of, c, func(v string) {
			// randomblob(0) has one byte.
			b.Append("CASE length(CAST(", v, " AS BLOB)) WHEN 0 THEN x'' ELSE CASE WHEN ", v, " IS NOT NULL THEN randomblob(length(CAST(", v, " AS BLOB))) END END")
		})
	case dialect.RandomMoment:
		b.randomMoment(e)
	case dialect.Choose:
		b.renderChoose(e, c)
	case dialect.Arith:
		b.renderArith(e, c)
	case dialect.Random:
		b.Append(random)
	case dialect.Floor:
		b.renderFloor(e, c)
	case dialect.Round:
		b.renderRound(e, c)
	case dialect.TruncateMoment:
		b.truncateMoment(e, c)
	case dialect.ShiftMoment:
		b.shiftMoment(e, c)
	case dialect.Cast:
		b.renderCast(e, c)
	default:
		b.Unsupported(b.rel.name, "sqlite doesn't know this expression")
	}
}

func (b *builder) renderLiteral(v dialect.Value, of, c *dialect.Column) {
	if of == nil {
		of = c
	}
	b.addArg(toEngine(of.Kind, v))
}

// renderCall renders a function of one expression and the rest of its arguments.
func (b *builder) renderCall(function string, of dialect.Expr, c *dialect.Column, rest string) {
	b.Append(function, "(")
	b.renderExpr(of, c)
	b.Append(rest, ")")
}

// renderOnce makes SQLite compute an expression once a row, for SQL with several uses of its value:
// a random one would differ in each. The OFFSET prevents SQLite from moving the expression into its
// uses.
func (b *builder) renderOnce(e dialect.Expr, c *dialect.Column, use func(v string)) {
	b.Append("(SELECT ")
	use("o.v")
	b.Append(" FROM (SELECT ")
	b.renderExpr(e, c)
	b.Append(" AS v LIMIT -1 OFFSET 0) AS o WHERE ", perRow(c), ")")
}

// perRow is a true condition that mentions the row. SQLite runs a subquery without such a mention
// once for the whole statement, and so gives every row the same random value.
func perRow(c *dialect.Column) string {
	return "(" + self + "." + quoteIdent(c.Name) + " IS NULL OR 1)"
}

func (b *builder) renderArith(e dialect.Arith, c *dialect.Column) {
	switch e.Op {
	case '+', '-', '*':
		b.Append("(")
		b.renderExpr(e.A, c)
		b.Append(" ", string(e.Op), " ")
		b.renderExpr(e.B, c)
		b.Append(")")
	case '/':
		b.Append("(CAST(") // SQLite divides integers to integers
		b.renderExpr(e.A, c)
		b.Append(" AS REAL) / ")
		b.renderExpr(e.B, c)
		b.Append(")")
	default:
		b.Unsupported(b.rel.name, "invalid operator: use one of + - * /")
	}
}

// renderFloor avoids floor(): it is an option of the build.
func (b *builder) renderFloor(e dialect.Floor, c *dialect.Column) {
	b.renderOnce(e.Of, c, func(v string) { b.Append("CAST(", v, " AS INTEGER) - (", v, " < CAST(", v, " AS INTEGER))") })
}

func (b *builder) renderRound(e dialect.Round, c *dialect.Column) {
	if e.Digits >= 0 {
		b.renderCall("round", e.Of, c, ", "+strconv.Itoa(e.Digits))
		return
	}
	unit := "1" // round() takes no negative digits
	for range -e.Digits {
		unit += "0"
	}
	b.Append("(round(")
	b.renderExpr(e.Of, c)
	b.Append(" / ", unit, ".0) * ", unit, ")")
}

// renderCast converts a value to the storage class of the column's kind.
func (b *builder) renderCast(e dialect.Cast, c *dialect.Column) {
	to := map[dialect.Kind]string{dialect.Int: "INTEGER", dialect.Decimal: "NUMERIC", dialect.Float: "REAL", dialect.Bytes: "BLOB"}[e.Column.Kind]
	switch {
	case e.Column.Kind == dialect.Bool:
		b.Append("(")
		b.renderExpr(e.Of, c)
		b.Append(" IN (1, '1', 'true'))")
	case to == "" && e.Column.Kind == dialect.Text && e.Column.Length > 0:
		b.renderCall("substr", e.Of, c, ", 1, "+strconv.Itoa(e.Column.Length))
	case to == "":
		b.renderCall("CAST", e.Of, c, " AS TEXT")
	default:
		b.renderCall("CAST", e.Of, c, " AS "+to)
	}
}

// Renders reports whether SQLite can compute the expression. It computes nearly all. The exceptions
// are sums beyond the 64-bit range, and moments of a kind other than a date or timestamp.
func (db *DB) Renders(e dialect.Expr, c *dialect.Column) bool {
	if !c.Assignable() {
		return false
	}
	if _, ok := e.(dialect.Default); ok {
		return true
	}
	return dialect.Computes(e, func(e dialect.Expr) bool { return computesNode(e, c) })
}

// computesNode reports whether SQLite can compute an expression of computable operands.
func computesNode(e dialect.Expr, c *dialect.Column) bool {
	switch e := e.(type) {
	case dialect.Null, dialect.Literal, dialect.Current, dialect.If, dialect.Concat, dialect.Repeat, dialect.RandomUUID, dialect.RandomBytes,
		dialect.Arith, dialect.Random, dialect.Floor, dialect.Round, dialect.Cast:
		return true
	case dialect.RandomLike:
		// Splitting a text in SQL costs several times as much as the way through the client. The
		// client is this process anyhow.
		return false
	case dialect.Left:
		return e.N >= 0
	case dialect.Right:
		return e.N >= 0
	case dialect.RandomInt:
		return e.Low <= e.High && (e.Low >= 0 || e.High < math.MaxInt64+e.Low)
	case dialect.RandomMoment:
		return isMoment(e.Column.Kind)
	case dialect.Choose:
		_, ok := choiceValues(e)
		return ok
	case dialect.TruncateMoment, dialect.ShiftMoment:
		return isMoment(c.Kind)
	}
	return false
}

func isMoment(k dialect.Kind) bool {
	return k == dialect.Date || k == dialect.Timestamp || k == dialect.TimestampTZ
}

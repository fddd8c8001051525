package sqlite

import (
	"strconv"

	"github.com/expungedb/expunge/dialect"
)

// expr writes an expression for an assignment to column c. Each is complete in
// itself, so that it can stand in any other, and NULL where what it works on is.
func (b *builder) expr(e dialect.Expr, c *dialect.Column) {
	switch e := e.(type) {
	case dialect.Null:
		b.write("NULL")
	case dialect.Default:
		b.write(defaultOf(c))
	case dialect.Literal:
		b.literal(e.Value, e.Column, c)
	case dialect.Current:
		b.ref(b.rel, self, e.Column.Name)
	case dialect.If:
		b.write("CASE WHEN ")
		b.cond(b.rel, self, e.Cond)
		b.write(" THEN ")
		b.expr(e.Then, c)
		b.write(" ELSE ")
		b.expr(e.Else, c)
		b.write(" END")
	case dialect.Concat:
		b.write("(''")
		for _, part := range e {
			b.write(" || ")
			b.expr(part, c)
		}
		b.write(")")
	case dialect.Left:
		b.call("substr", e.Of, c, ", 1, "+strconv.Itoa(e.N))
	case dialect.Right:
		if e.N == 0 {
			b.call("substr", e.Of, c, ", 1, 0") // substr(x, -0) would be all of it
			return
		}
		b.call("substr", e.Of, c, ", -"+strconv.Itoa(e.N))
	case dialect.Fill:
		b.once(e.Of, c, func(v string) {
			b.write("CASE WHEN ", v, " IS NOT NULL THEN replace(hex(zeroblob(max(0, length(", v, ") - ", strconv.Itoa(e.Less), "))), '00', ")
			b.bind(e.With)
			b.write(") END")
		})
	case dialect.RandomInt:
		b.write(randomInt(e.Low, e.High))
	case dialect.RandomUUID:
		b.write(randomUUID)
	case dialect.RandomBytes:
		b.once(e.Of, c, func(v string) {
			// randomblob(0) has one byte.
			b.write("CASE length(CAST(", v, " AS BLOB)) WHEN 0 THEN x'' ELSE CASE WHEN ", v, " IS NOT NULL THEN randomblob(length(CAST(", v, " AS BLOB))) END END")
		})
	case dialect.RandomMoment:
		b.randomMoment(e)
	case dialect.Choose:
		b.choose(e, c)
	case dialect.Arith:
		b.arith(e, c)
	case dialect.Random:
		b.write(random)
	case dialect.Floor:
		b.floor(e, c)
	case dialect.Round:
		b.round(e, c)
	case dialect.TruncateMoment:
		b.truncateMoment(e, c)
	case dialect.ShiftMoment:
		b.shiftMoment(e, c)
	case dialect.Cast:
		b.cast(e, c)
	default:
		b.fail(refused(dialect.Fatal, "render an expression for", b.rel.name, "sqlite doesn't know this expression"))
	}
}

func (b *builder) literal(v dialect.Value, of, c *dialect.Column) {
	if of == nil {
		of = c
	}
	b.bind(toEngine(of.Kind, v))
}

// call writes a function of one expression and what follows it.
func (b *builder) call(function string, of dialect.Expr, c *dialect.Column, rest string) {
	b.write(function, "(")
	b.expr(of, c)
	b.write(rest, ")")
}

// once has an expression computed one time a row, for SQL that needs its value
// in several places: a random one would differ in each. The OFFSET keeps SQLite
// from moving the expression into the places where it is used.
func (b *builder) once(e dialect.Expr, c *dialect.Column, use func(v string)) {
	b.write("(SELECT ")
	use("o.v")
	b.write(" FROM (SELECT ")
	b.expr(e, c)
	b.write(" AS v LIMIT -1 OFFSET 0) AS o WHERE ", perRow(c), ")")
}

// perRow is a true condition that mentions the row. A subquery that doesn't is
// run once for the whole statement, and gives every row the same random value.
func perRow(c *dialect.Column) string { return "(" + self + "." + quote(c.Name) + " IS NULL OR 1)" }

func (b *builder) arith(e dialect.Arith, c *dialect.Column) {
	switch e.Op {
	case '+', '-', '*':
		b.write("(")
		b.expr(e.A, c)
		b.write(" ", string(e.Op), " ")
		b.expr(e.B, c)
		b.write(")")
	case '/':
		b.write("(CAST(") // integers divide to integers
		b.expr(e.A, c)
		b.write(" AS REAL) / ")
		b.expr(e.B, c)
		b.write(")")
	default:
		b.fail(refused(dialect.Fatal, "render an expression for", b.rel.name, "the operator is none of + - * /"))
	}
}

// floor does without floor(), which is an option of the build.
func (b *builder) floor(e dialect.Floor, c *dialect.Column) {
	b.once(e.Of, c, func(v string) { b.write("CAST(", v, " AS INTEGER) - (", v, " < CAST(", v, " AS INTEGER))") })
}

func (b *builder) round(e dialect.Round, c *dialect.Column) {
	if e.Digits >= 0 {
		b.call("round", e.Of, c, ", "+strconv.Itoa(e.Digits))
		return
	}
	unit := "1" // round() takes no negative digits
	for range -e.Digits {
		unit += "0"
	}
	b.write("(round(")
	b.expr(e.Of, c)
	b.write(" / ", unit, ".0) * ", unit, ")")
}

// cast gives a value the class that the column's kind is stored as.
func (b *builder) cast(e dialect.Cast, c *dialect.Column) {
	to := map[dialect.Kind]string{dialect.Int: "INTEGER", dialect.Decimal: "NUMERIC", dialect.Float: "REAL", dialect.Bytes: "BLOB"}[e.Column.Kind]
	switch {
	case e.Column.Kind == dialect.Bool:
		b.write("(")
		b.expr(e.Of, c)
		b.write(" IN (1, '1', 'true'))")
	case to == "" && e.Column.Kind == dialect.Text && e.Column.Length > 0:
		b.call("substr", e.Of, c, ", 1, "+strconv.Itoa(e.Column.Length))
	case to == "":
		b.call("CAST", e.Of, c, " AS TEXT")
	default:
		b.call("CAST", e.Of, c, " AS "+to)
	}
}

package mysql

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/render"
)

// renderAssigned renders the right side of an assignment.
func (b *builder) renderAssigned(t *dialect.Table, a dialect.Assign) string {
	if _, ok := a.Expr.(dialect.Default); ok {
		return "DEFAULT"
	}
	value := b.renderExpr(t, a.Expr)
	if _, drawn := a.Expr.(dialect.RandomUUID); drawn && storedKind(a.Column) == dialect.Bytes {
		value = "UNHEX(REPLACE(" + value + ", '-', ''))"
	}
	return value
}

// renderExpr renders an expression over the statement's table.
func (b *builder) renderExpr(t *dialect.Table, e dialect.Expr) string {
	of := func(e dialect.Expr) string { return b.renderExpr(t, e) }
	switch e := e.(type) {
	case dialect.Null:
		return "NULL"
	case dialect.Literal:
		return b.renderLiteral(e.Column, e.Value)
	case dialect.Current:
		if ref := b.old[e.Column.Name]; ref != "" {
			return ref
		}
		return target + "." + quoteIdent(e.Column.Name)
	case dialect.If:
		return "CASE WHEN " + b.renderCond(t, target, e.Cond) + " THEN " + of(e.Then) + " ELSE " + of(e.Else) + " END"
	case dialect.Concat:
		if len(e) == 0 {
			return "''"
		}
		return "CONCAT(" + render.List(e, of) + ")"
	case dialect.Left:
		return fmt.Sprintf("LEFT(%s, %d)", of(e.Of), e.N)
	case dialect.Right:
		return fmt.Sprintf("RIGHT(%s, %d)", of(e.Of), e.N)
	case dialect.Repeat:
		return fmt.Sprintf("REPEAT(%s, GREATEST(CHAR_LENGTH(%s) - %d, 0))", b.addArg(e.With), of(e.Of), e.Less)
	case dialect.RandomLike:
		return b.randomLike(t, e.Of)
	case dialect.RandomInt:
		return randomInt(e.Low, e.High)
	case dialect.RandomUUID:
		return b.randomUUID()
	case dialect.RandomBytes:
		return b.randomBytes(t, e.Of)
	case dialect.RandomMoment:
		return b.randomMoment(t.Name, e)
	case dialect.Choose:
		return b.renderChoose(e)
	case dialect.Arith:
		return b.renderArith(t, e)
	case dialect.Random:
		return "RAND()"
	case dialect.Floor:
		return "FLOOR(" + of(e.Of) + ")"
	case dialect.Round:
		return fmt.Sprintf("ROUND(%s, %d)", of(e.Of), e.Digits)
	case dialect.TruncateMoment:
		return b.renderTruncate(t, e)
	case dialect.ShiftMoment:
		return b.renderShift(t, e)
	case dialect.Cast:
		return b.renderCast(t, e)
	}
	b.unsupported(t.Name, "an expression of type %T here", e)
	return "NULL"
}

func (b *builder) renderArith(t *dialect.Table, e dialect.Arith) string {
	switch e.Op {
	case '+', '-', '*', '/':
	default:
		b.unsupported(t.Name, "the operator %c", e.Op)
	}
	return "(" + b.renderExpr(t, e.A) + " " + string(e.Op) + " " + b.renderExpr(t, e.B) + ")"
}

// renderLiteral is a parameter of the column's type. It sends a value of another type unchanged,
// and the server refuses it.
func (b *builder) renderLiteral(c *dialect.Column, v dialect.Value) string {
	if v == nil {
		return "NULL"
	}
	if sql, arg, ok := bindValue(c, v); ok {
		b.addArg(arg)
		return sql
	}
	return b.addArg(wireValue(c, v))
}

// renderChoose draws once: both functions evaluate their first argument once.
func (b *builder) renderChoose(e dialect.Choose) string {
	if len(e.Values) == 0 {
		return "NULL"
	}
	pick := fmt.Sprintf("1 + FLOOR(RAND() * %d)", len(e.Values))
	if len(e.Weights) == len(e.Values) {
		sum := 0
		ends := render.List(e.Weights, func(w int) string {
			sum += w
			return strconv.Itoa(sum)
		})
		pick = fmt.Sprintf("1 + INTERVAL(FLOOR(RAND() * %d), %s)", sum, ends)
	}
	return "ELT(" + pick + ", " + render.List(e.Values, func(v dialect.Value) string { return b.addArg(wireValue(e.Column, v)) }) + ")"
}

// cuts are the formats for truncating a moment to a unit.
var cuts = map[string]string{
	"year": "%Y-01-01", "month": "%Y-%m-01", "day": "%Y-%m-%d", "hour": "%Y-%m-%d %H:00:00",
}

func (b *builder) renderTruncate(t *dialect.Table, e dialect.TruncateMoment) string {
	cut, ok := cuts[e.Unit]
	if !ok {
		b.unsupported(t.Name, "cutting a moment to %s", e.Unit)
	}
	typ := "DATETIME(6)"
	if dialect.KindOf(e.Of) == dialect.Date {
		typ = "DATE"
	}
	return "CAST(DATE_FORMAT(" + b.renderExpr(t, e.Of) + ", '" + cut + "') AS " + typ + ")"
}

func (b *builder) renderShift(t *dialect.Table, e dialect.ShiftMoment) string {
	template := "DATE_ADD(%s, INTERVAL %s SECOND)"
	if dialect.KindOf(e.Of) == dialect.Date {
		template = "DATE_ADD(%s, INTERVAL FLOOR((%s) / 86400) DAY)"
	}
	return fmt.Sprintf(template, b.renderExpr(t, e.Of), b.renderExpr(t, e.Seconds))
}

func (b *builder) renderCast(t *dialect.Table, e dialect.Cast) string {
	of := b.renderExpr(t, e.Of)
	as := func(typ string) string { return "CAST(" + of + " AS " + typ + ")" }
	switch c := e.Column; c.Kind {
	case dialect.Int, dialect.Bool:
		if c.Unsigned {
			return as("UNSIGNED")
		}
		return as("SIGNED")
	case dialect.Decimal:
		return as(fmt.Sprintf("DECIMAL(65, %d)", c.Scale))
	case dialect.Float:
		return "(" + of + " + 0E0)" // CAST has DOUBLE since 8.0.17
	case dialect.Text, dialect.Enum, dialect.Set:
		return as("CHAR")
	case dialect.Date:
		return as("DATE")
	case dialect.Time:
		return as(fmt.Sprintf("TIME(%d)", c.Precision))
	case dialect.Timestamp, dialect.TimestampTZ:
		return as(fmt.Sprintf("DATETIME(%d)", c.Precision))
	case dialect.Bytes:
		return as("BINARY")
	}
	return of // the assignment converts it
}

// mentionsColumn reports whether an expression reads a column; a condition of the policy may read
// any.
func mentionsColumn(e dialect.Expr, column string) bool {
	if c, ok := e.(dialect.Current); ok {
		return c.Column.Name == column
	}
	if c, ok := e.(dialect.If); ok && condMentions(c.Cond, column) {
		return true
	}
	operands, known := dialect.Operands(e)
	return !known || slices.ContainsFunc(operands, func(of dialect.Expr) bool { return mentionsColumn(of, column) })
}

func condMentions(c dialect.Cond, column string) bool {
	in := func(names []string) bool { return slices.Contains(names, column) }
	some := func(cs []dialect.Cond) bool {
		return slices.ContainsFunc(cs, func(c dialect.Cond) bool { return condMentions(c, column) })
	}
	switch c := c.(type) {
	case dialect.In:
		return in(c.Columns)
	case dialect.Not:
		return condMentions(c.Cond, column)
	case dialect.After:
		return in(c.Columns)
	case dialect.UpTo:
		return in(c.Columns)
	case dialect.Compare:
		return c.Column == column
	case dialect.IsNull:
		return c.Column == column
	case dialect.LongerThan:
		return c.Column == column
	case dialect.Referenced:
		return in(c.RefColumns)
	case dialect.Orphan:
		return in(c.Columns)
	case dialect.Any:
		return some(c)
	case dialect.All:
		return some(c)
	}
	return true // Match
}

// Renders implements dialect.DB.
func (d *DB) Renders(e dialect.Expr, c *dialect.Column) bool {
	if _, ok := e.(dialect.Default); ok {
		return true
	}
	switch c.Kind {
	case dialect.Array, dialect.Interval, dialect.RowAddress, dialect.XML:
		return false
	}
	if c.Kind == dialect.UUID && storedKind(c) == dialect.Bytes {
		switch e.(type) { // the server can't compute with the text of a UUID stored as bytes
		case dialect.Null, dialect.Literal, dialect.RandomUUID:
			return true
		}
		return false
	}
	return dialect.Computes(e, computesNode)
}

// computesNode reports whether the server can compute an expression of computable operands.
func computesNode(e dialect.Expr) bool {
	switch e := e.(type) {
	case dialect.Null, dialect.Literal, dialect.Current, dialect.If, dialect.Concat, dialect.Left, dialect.Right, dialect.Repeat, dialect.RandomUUID,
		dialect.Arith, dialect.Random, dialect.Floor, dialect.Round, dialect.ShiftMoment, dialect.Cast:
		return true
	case dialect.RandomLike:
		n, ok := dialect.MaxChars(e.Of)
		return ok && n <= mostRandomised
	case dialect.RandomBytes:
		n, ok := dialect.MaxChars(e.Of)
		return ok && n <= mostRandomBytes
	case dialect.RandomInt:
		return e.Low <= e.High
	case dialect.RandomMoment:
		_, _, err := momentSpan(e)
		return err == nil
	case dialect.Choose:
		// ELT returns text, and a BIT column doesn't accept text.
		return (e.Weights == nil || len(e.Weights) == len(e.Values)) && e.Column.Kind != dialect.Bits
	case dialect.TruncateMoment:
		return cuts[e.Unit] != ""
	}
	return false
}

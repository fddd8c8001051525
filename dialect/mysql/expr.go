package mysql

import (
	"fmt"
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// renderAssigned renders the right side of an assignment.
func (b *builder) renderAssigned(t *dialect.Table, a dialect.Assign) (string, error) {
	if _, ok := a.Expr.(dialect.Default); ok {
		return "DEFAULT", nil
	}
	value, err := b.renderExpr(t, a.Expr)
	if _, drawn := a.Expr.(dialect.RandomUUID); drawn && storedKind(a.Column) == dialect.Bytes {
		value = "UNHEX(REPLACE(" + value + ", '-', ''))"
	}
	return value, err
}

// renderExpr renders an expression over the statement's table.
func (b *builder) renderExpr(t *dialect.Table, e dialect.Expr) (string, error) {
	switch e := e.(type) {
	case dialect.Null:
		return "NULL", nil
	case dialect.Literal:
		return b.renderLiteral(e.Column, e.Value), nil
	case dialect.Current:
		if ref := b.old[e.Column.Name]; ref != "" {
			return ref, nil
		}
		return target + "." + quoteIdent(e.Column.Name), nil
	case dialect.If:
		return b.renderFormat(t, "CASE WHEN %s THEN %s ELSE %s END", e.Cond, e.Then, e.Else)
	case dialect.Concat:
		if len(e) == 0 {
			return "''", nil
		}
		parts := make([]any, len(e))
		for i, p := range e {
			parts[i] = p
		}
		return b.renderFormat(t, "CONCAT("+strings.TrimSuffix(strings.Repeat("%s, ", len(e)), ", ")+")", parts...)
	case dialect.Left:
		return b.renderFormat(t, fmt.Sprintf("LEFT(%%s, %d)", e.N), e.Of)
	case dialect.Right:
		return b.renderFormat(t, fmt.Sprintf("RIGHT(%%s, %d)", e.N), e.Of)
	case dialect.Fill:
		with := b.addArg(e.With)
		return b.renderFormat(t, "REPEAT("+with+fmt.Sprintf(", GREATEST(CHAR_LENGTH(%%s) - %d, 0))", e.Less), e.Of)
	case dialect.RandomLike:
		return b.randomLike(t, e.Of)
	case dialect.RandomInt:
		return randomInt(e.Low, e.High), nil
	case dialect.RandomUUID:
		return b.randomUUID(), nil
	case dialect.RandomBytes:
		return b.randomBytes(t, e.Of)
	case dialect.RandomMoment:
		return b.randomMoment(t.Name, e)
	case dialect.Choose:
		return b.renderChoose(e)
	case dialect.Arith:
		switch e.Op {
		case '+', '-', '*', '/':
			return b.renderFormat(t, "(%s "+string(e.Op)+" %s)", e.A, e.B)
		}
		return "", unsupported(t.Name, "the operator "+string(e.Op))
	case dialect.Random:
		return "RAND()", nil
	case dialect.Floor:
		return b.renderFormat(t, "FLOOR(%s)", e.Of)
	case dialect.Round:
		return b.renderFormat(t, fmt.Sprintf("ROUND(%%s, %d)", e.Digits), e.Of)
	case dialect.TruncateMoment:
		return b.renderTruncate(t, e)
	case dialect.ShiftMoment:
		return b.renderShift(t, e)
	case dialect.Cast:
		return b.renderCast(t, e)
	}
	return "", unsupported(t.Name, fmt.Sprintf("an expression of type %T here", e))
}

// renderFormat renders expressions and conditions into a template, one after the
// other, since their arguments have to be in the order of the text.
func (b *builder) renderFormat(t *dialect.Table, template string, parts ...any) (string, error) {
	rendered := make([]any, len(parts))
	for i, p := range parts {
		var err error
		switch p := p.(type) {
		case dialect.Expr:
			rendered[i], err = b.renderExpr(t, p)
		case dialect.Cond:
			rendered[i], err = b.renderCond(t, target, p)
		}
		if err != nil {
			return "", err
		}
	}
	return fmt.Sprintf(template, rendered...), nil
}

// renderLiteral is a parameter of the column's type. What isn't of the type goes as
// it is, for the server to refuse.
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

// renderChoose draws once: both functions evaluate their first argument one time.
func (b *builder) renderChoose(e dialect.Choose) (string, error) {
	if len(e.Values) == 0 {
		return "NULL", nil
	}
	pick := fmt.Sprintf("1 + FLOOR(RAND() * %d)", len(e.Values))
	if len(e.Weights) == len(e.Values) {
		var sum int
		var ends []string
		for _, w := range e.Weights {
			sum += w
			ends = append(ends, fmt.Sprint(sum))
		}
		pick = fmt.Sprintf("1 + INTERVAL(FLOOR(RAND() * %d), %s)", sum, strings.Join(ends, ", "))
	}
	values := make([]string, len(e.Values))
	for i, v := range e.Values {
		values[i] = b.addArg(wireValue(e.Column, v))
	}
	return "ELT(" + pick + ", " + strings.Join(values, ", ") + ")", nil
}

// cuts are the formats of a moment that is cut down to a unit.
var cuts = map[string]string{
	"year": "%Y-01-01", "month": "%Y-%m-01", "day": "%Y-%m-%d", "hour": "%Y-%m-%d %H:00:00",
}

func (b *builder) renderTruncate(t *dialect.Table, e dialect.TruncateMoment) (string, error) {
	cut, ok := cuts[e.Unit]
	if !ok {
		return "", unsupported(t.Name, "cutting a moment to "+e.Unit)
	}
	of, err := b.renderExpr(t, e.Of)
	if err != nil {
		return "", err
	}
	typ := "DATETIME(6)"
	if dialect.KindOf(e.Of) == dialect.Date {
		typ = "DATE"
	}
	return "CAST(DATE_FORMAT(" + of + ", '" + cut + "') AS " + typ + ")", nil
}

func (b *builder) renderShift(t *dialect.Table, e dialect.ShiftMoment) (string, error) {
	if dialect.KindOf(e.Of) == dialect.Date {
		return b.renderFormat(t, "DATE_ADD(%s, INTERVAL FLOOR((%s) / 86400) DAY)", e.Of, e.Seconds)
	}
	return b.renderFormat(t, "DATE_ADD(%s, INTERVAL %s SECOND)", e.Of, e.Seconds)
}

func (b *builder) renderCast(t *dialect.Table, e dialect.Cast) (string, error) {
	as := func(typ string) (string, error) { return b.renderFormat(t, "CAST(%s AS "+typ+")", e.Of) }
	switch c := e.Column; c.Kind {
	case dialect.Int, dialect.Bool:
		if c.Unsigned {
			return as("UNSIGNED")
		}
		return as("SIGNED")
	case dialect.Decimal:
		return as(fmt.Sprintf("DECIMAL(65, %d)", c.Scale))
	case dialect.Float:
		return b.renderFormat(t, "(%s + 0E0)", e.Of) // CAST knows DOUBLE since 8.0.17
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
	return b.renderExpr(t, e.Of) // the assignment converts it
}

// mentionsColumn reports whether an expression reads a column; a condition of the
// policy's may read any.
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
	case dialect.Longer:
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

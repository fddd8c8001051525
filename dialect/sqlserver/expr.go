package sqlserver

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// renderCharacters casts a text, of any length and code page, to a collation that counts a
// character beyond the basic plane as one. Under other collations LEN, LEFT and SUBSTRING count
// pairs of bytes, and split such a character.
// https://learn.microsoft.com/sql/relational-databases/collations/collation-and-unicode-support#Supplementary_Characters
func (b *builder) renderCharacters(text string) string {
	collation := "Latin1_General_100_CS_AS_SC"
	if b.babelfish { // it has no _SC, and always counts characters
		collation = bytewise
	}
	return "CAST(" + text + " AS nvarchar(max)) COLLATE " + collation
}

// renderLength counts the characters of such a text. LEN ignores spaces at the end.
func (b *builder) renderLength(characters string) string {
	return "(LEN(" + characters + " + N'.') - 1)"
}

// renderText renders an expression as such a text.
func (b *builder) renderText(r *relation, e dialect.Expr) string {
	s := b.renderExpr(r, e)
	switch dialect.KindOf(e) {
	case dialect.UUID:
		s = "LOWER(CONVERT(char(36), " + s + "))"
	case dialect.Float:
		s = "CONVERT(nvarchar(50), " + s + ", 3)" // all 17 digits
	case dialect.Date:
		s = "CONVERT(nvarchar(33), " + s + ", 23)"
	case dialect.Time, dialect.Timestamp, dialect.TimestampTZ:
		s = "CONVERT(nvarchar(40), " + s + ", 121)"
	}
	return b.renderCharacters(s)
}

// renderAssigned renders the right side of an assignment.
func (b *builder) renderAssigned(r *relation, c *column, a dialect.Assign) string {
	switch e := a.Expr.(type) {
	case dialect.Default:
		return "DEFAULT"
	case dialect.Null:
		return "NULL"
	case dialect.Literal:
		return b.assignableValue(r, c, e.Value)
	}
	if k := dialect.KindOf(a.Expr); c.kindOf() == dialect.Text && k != dialect.Text && k != dialect.Unknown {
		return b.renderText(r, a.Expr)
	}
	return b.renderExpr(r, a.Expr)
}

// renderExpr renders an expression over the row t.
func (b *builder) renderExpr(r *relation, e dialect.Expr) string {
	switch e := e.(type) {
	case dialect.Null:
		return "NULL"
	case dialect.Literal:
		return b.renderLiteral(r, e.Value, e.Column)
	case dialect.Current:
		return b.columnOf(r, e.Column.Name).qualifiedName("t")
	case dialect.If:
		return "CASE WHEN " + b.renderCond(r, "t", e.Cond) + " THEN " + b.renderBranch(r, e.Then) + " ELSE " + b.renderBranch(r, e.Else) + " END"
	case dialect.Concat:
		parts := make([]string, len(e))
		for i, p := range e {
			parts[i] = b.renderText(r, p)
		}
		return "(" + strings.Join(parts, " + ") + ")"
	case dialect.Left:
		return fmt.Sprintf("LEFT(%s, %d)", b.renderText(r, e.Of), e.N)
	case dialect.Right:
		return fmt.Sprintf("RIGHT(%s, %d)", b.renderText(r, e.Of), e.N)
	case dialect.Repeat:
		n := b.renderLength(b.renderText(r, e.Of)) + " - " + strconv.Itoa(e.Less)
		// REPLICATE with a negative count is NULL.
		return fmt.Sprintf("REPLICATE(CAST(%s AS nvarchar(max)), CASE WHEN %s < 0 THEN 0 ELSE %s END)", b.addArg(e.With), n, n)
	case dialect.RandomLike:
		return b.randomLike(r, e.Of)
	case dialect.RandomInt:
		return b.randomInt(e)
	case dialect.RandomUUID:
		return "NEWID()"
	case dialect.RandomBytes:
		return b.randomBytes(r, e.Of)
	case dialect.RandomMoment:
		return b.randomMoment(r, e)
	case dialect.Choose:
		return b.renderChoose(r, e)
	case dialect.Arith:
		if dialect.KindOf(e) == dialect.Float {
			return "(CAST(" + b.renderExpr(r, e.A) + " AS float) " + string(e.Op) + " CAST(" + b.renderExpr(r, e.B) + " AS float))"
		}
		return "(CAST(" + b.renderExpr(r, e.A) + " AS " + b.renderNumber(r, e.A) + ") " + string(e.Op) + " CAST(" + b.renderExpr(r, e.B) + " AS " + b.renderNumber(r, e.B) + "))"
	case dialect.Random:
		// 48 bits are fewer than a float's 53, so that the result is below 1.
		return "(CAST(" + randomBits(6) + " AS float) / 281474976710656)"
	case dialect.Floor:
		return "FLOOR(" + b.renderExpr(r, e.Of) + ")"
	case dialect.Round:
		return fmt.Sprintf("ROUND(%s, %d)", b.renderExpr(r, e.Of), e.Digits)
	case dialect.TruncateMoment:
		return b.renderTruncate(r, e)
	case dialect.ShiftMoment:
		return b.renderShift(r, e)
	case dialect.Cast:
		return b.renderCast(r, e)
	}
	b.Unsupported(r.name, "an expression of type %T is not supported here: it has to go through the client", e)
	return "NULL"
}

// renderBranch renders a value of a CASE: all texts get one collation.
func (b *builder) renderBranch(r *relation, e dialect.Expr) string {
	if dialect.KindOf(e) == dialect.Text {
		return b.renderText(r, e)
	}
	return b.renderExpr(r, e)
}

// renderNumber is the decimal type for computing with an operand. It is as small as possible: the
// server reduces the scale of a result beyond 38 digits.
// https://learn.microsoft.com/sql/t-sql/data-types/precision-scale-and-length-transact-sql
func (b *builder) renderNumber(r *relation, e dialect.Expr) string {
	switch e := e.(type) {
	case dialect.Current:
		switch c := b.columnOf(r, e.Column.Name); c.kindOf() {
		case dialect.Int:
			return "decimal(19,0)"
		case dialect.Decimal:
			precision, scale := c.sizeOf()
			return fmt.Sprintf("decimal(%d,%d)", precision, scale)
		}
	case dialect.Literal:
		if s, ok := dialect.TextOf(e.Value); ok {
			if m := decimals.FindStringSubmatch(s); m != nil && len(m[1])+len(m[2]) <= 38 {
				return fmt.Sprintf("decimal(%d,%d)", len(m[1])+len(m[2]), len(m[2]))
			}
		}
	case dialect.RandomInt:
		return "decimal(19,0)"
	}
	return "decimal(38,10)"
}

// computedType is the type for computing a column's values. It permits any length: a value too long
// for the column then fails in the assignment, and a cast doesn't truncate it.
func computedType(c *dialect.Column) sqlType {
	switch c.Kind {
	case dialect.Bool:
		return sqlType{name: "bit"}
	case dialect.Int:
		return sqlType{name: "bigint"}
	case dialect.Decimal:
		return sqlType{name: "decimal", precision: 38, scale: c.Scale}
	case dialect.Float:
		return sqlType{name: "float"}
	case dialect.Bytes:
		return sqlType{name: "varbinary", maxLength: -1}
	case dialect.UUID:
		return sqlType{name: "uniqueidentifier"}
	case dialect.Date:
		return sqlType{name: "date"}
	case dialect.Time:
		return sqlType{name: "time", scale: 7}
	case dialect.Timestamp:
		return sqlType{name: "datetime2", scale: 7}
	case dialect.TimestampTZ:
		return sqlType{name: "datetimeoffset", scale: 7}
	case dialect.XML:
		return sqlType{name: "xml"}
	}
	return sqlType{name: "nvarchar", maxLength: -1}
}

func (b *builder) renderLiteral(r *relation, v dialect.Value, of *dialect.Column) string {
	c := &column{name: of.Name, sqlType: computedType(of)}
	if v == nil {
		return "CAST(NULL AS " + c.sqlText() + ")"
	}
	if c.kindOf() == dialect.Text {
		s, _ := dialect.TextOf(v)
		return "CAST(" + b.addArg(s) + " AS nvarchar(max))"
	}
	return b.assignableValue(r, c, v)
}

func (b *builder) renderCast(r *relation, e dialect.Cast) string {
	if e.Column.Kind == dialect.Text || e.Column.Kind == dialect.JSON {
		return b.renderText(r, e.Of)
	}
	return "CAST(" + b.renderExpr(r, e.Of) + " AS " + computedType(e.Column).sqlText() + ")"
}

// units are the units for truncating a moment.
var units = map[string]bool{"year": true, "month": true, "day": true, "hour": true}

// renderTruncate builds a new moment: DATETRUNC is new in SQL Server 2022.
func (b *builder) renderTruncate(r *relation, e dialect.TruncateMoment) string {
	of, kind := b.renderExpr(r, e.Of), dialect.KindOf(e.Of)
	if kind == dialect.TimestampTZ {
		of = "CAST(SWITCHOFFSET(" + of + ", '+00:00') AS datetime2(7))"
	}
	var cut string
	switch e.Unit {
	case "year":
		cut = "DATEFROMPARTS(YEAR(" + of + "), 1, 1)"
	case "month":
		cut = "DATEFROMPARTS(YEAR(" + of + "), MONTH(" + of + "), 1)"
	case "day":
		cut = "CAST(" + of + " AS date)"
	case "hour":
		cut = "DATEADD(hour, DATEPART(hour, " + of + "), CAST(CAST(" + of + " AS date) AS datetime2(7)))"
	default:
		b.Unsupported(r.name, "a moment can't be cut down to this unit")
	}
	switch kind {
	case dialect.Date:
		return "CAST(" + cut + " AS date)"
	case dialect.TimestampTZ:
		return "TODATETIMEOFFSET(CAST(" + cut + " AS datetime2(7)), '+00:00')"
	}
	return "CAST(" + cut + " AS datetime2(7))"
}

// renderShift adds seconds, or whole days. DATEADD accepts an int, so shifting a timestamp by more
// than 68 years fails, unless the shift is a literal.
func (b *builder) renderShift(r *relation, e dialect.ShiftMoment) string {
	of, seconds := b.renderExpr(r, e.Of), e.Seconds
	if dialect.KindOf(e.Of) == dialect.Date {
		return "DATEADD(day, CAST(FLOOR(CAST(" + b.renderExpr(r, seconds) + " AS decimal(38,10)) / 86400) AS int), " + of + ")"
	}
	of = "CAST(" + of + " AS " + computedType(&dialect.Column{Kind: dialect.KindOf(e.Of)}).sqlText() + ")"
	if l, ok := seconds.(dialect.Literal); ok {
		if s, ok := dialect.TextOf(l.Value); ok {
			if n, err := strconv.ParseInt(s, 10, 64); err == nil {
				return fmt.Sprintf("DATEADD(second, %d, DATEADD(day, %d, %s))", n%86400, n/86400, of)
			}
		}
	}
	return "DATEADD(second, CAST(" + b.renderExpr(r, seconds) + " AS int), " + of + ")"
}

// Renders implements dialect.DB.
func (d *DB) Renders(e dialect.Expr, c *dialect.Column) bool {
	if !c.Assignable() {
		return false
	}
	switch e.(type) {
	case dialect.Null, dialect.Default:
		return true
	}
	guarded := e
	if keepsNull, ok := e.(dialect.If); ok {
		guarded = keepsNull.Else
	}
	if r, ok := guarded.(dialect.RandomBytes); ok && d.isBabelfish() {
		// It treats the + of two binary values as an addition of numbers.
		c, ok := r.Of.(dialect.Current)
		if !ok || c.Column.Length > 32 {
			return false
		}
	}
	return c.Kind != dialect.Unknown && c.Kind != dialect.XML && dialect.Computes(e, computesNode)
}

// mostChoices leaves room, among a statement's maximum of parameters, for the choices of twenty
// columns. Beyond it the client chooses.
const mostChoices = 100

// computesNode reports whether the server can compute an expression of computable operands.
func computesNode(e dialect.Expr) bool {
	switch e := e.(type) {
	case dialect.Null, dialect.Literal, dialect.Current, dialect.If, dialect.Left, dialect.Right, dialect.Repeat, dialect.RandomUUID, dialect.Random,
		dialect.Floor, dialect.Round, dialect.Cast:
		return true
	case dialect.Concat:
		return len(e) > 0
	case dialect.RandomLike:
		n, ok := dialect.MaxChars(e.Of)
		return ok && n <= mostRandomised
	case dialect.RandomBytes:
		c, ok := e.Of.(dialect.Current)
		return ok && c.Column.Kind == dialect.Bytes && c.Column.Length > 0 && c.Column.Length <= mostRandomBytes
	case dialect.RandomInt:
		return e.Low <= e.High
	case dialect.RandomMoment:
		_, _, err := momentSpan(e)
		return err == nil
	case dialect.Choose:
		return len(e.Values) > 0 && len(e.Values) <= mostChoices && (e.Weights == nil || len(e.Weights) == len(e.Values))
	case dialect.Arith:
		return strings.IndexByte("+-*/", e.Op) >= 0
	case dialect.TruncateMoment:
		return units[e.Unit] && isMoment(e.Of)
	case dialect.ShiftMoment:
		return isMoment(e.Of)
	}
	return false
}

func isMoment(e dialect.Expr) bool {
	k := dialect.KindOf(e)
	return k == dialect.Date || k == dialect.Timestamp || k == dialect.TimestampTZ
}

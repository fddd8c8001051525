package sqlserver

import (
	"encoding/hex"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/expungedb/expunge/dialect"
)

// bytewise is the collation for comparing texts as stored, except spaces at their ends: every
// comparison ignores these.
const bytewise = "Latin1_General_100_BIN2"

// qualifiedName renders the column of the row of that alias.
func (c *column) qualifiedName(alias string) string {
	if c.name == address {
		return alias + "." + address
	}
	return alias + "." + quoteIdent(c.name)
}

// readExpr renders the column for a SELECT. It converts to text the types that the driver decodes
// by its own rules: moments, as it doesn't know their precision, and varchar, as it doesn't know
// the collation's code page.
func (c *column) readExpr(alias string) string {
	ref := c.qualifiedName(alias)
	switch c.sqlType.name {
	case "char", "varchar":
		if n := c.length(); n > 0 && n <= 4000 {
			return fmt.Sprintf("CAST(%s AS nvarchar(%d))", ref, n)
		}
		return "CAST(" + ref + " AS nvarchar(max))"
	case "text", "ntext", "xml", "json":
		return "CAST(" + ref + " AS nvarchar(max))"
	case "uniqueidentifier":
		return "CONVERT(char(36), " + ref + ")"
	case "decimal", "numeric":
		return "CONVERT(varchar(41), " + ref + ")"
	case "money", "smallmoney":
		return "CONVERT(varchar(41), " + ref + ", 2)" // all four digits
	case "date":
		return "CONVERT(char(10), " + ref + ", 23)"
	case "time":
		return "CONVERT(varchar(16), " + ref + ", 121)"
	case "datetime", "datetime2", "smalldatetime":
		return "CONVERT(varchar(33), " + ref + ", 121)"
	case "datetimeoffset":
		return "CONVERT(varchar(33), CAST(SWITCHOFFSET(" + ref + ", '+00:00') AS datetime2(7)), 121)"
	case "image", "hierarchyid", "geometry", "geography":
		return "CAST(" + ref + " AS varbinary(max))"
	case "timestamp":
		return "CAST(" + ref + " AS binary(8))"
	case "sql_variant":
		return "CAST(" + ref + " AS nvarchar(4000))"
	}
	return ref
}

// textExpr is the column's value as text, for references from columns of other types.
func (c *column) textExpr(alias string) string {
	if c.kindOf() == dialect.Text {
		return "CAST(" + c.qualifiedName(alias) + " AS nvarchar(max))"
	}
	return "CAST(" + c.readExpr(alias) + " AS nvarchar(max))"
}

// comparand renders the column for a comparison: unchanged, so that the server uses its index,
// except for types without comparison.
func (c *column) comparand(alias string) string {
	if c.as != "" {
		return "CAST(" + c.qualifiedName(alias) + " AS " + c.as + ") COLLATE " + c.collation
	}
	switch c.sqlType.name {
	case "text", "ntext":
		return "CAST(" + c.qualifiedName(alias) + " AS nvarchar(max))"
	case "xml", "json", "sql_variant", "image", "geometry", "geography":
		return c.readExpr(alias)
	}
	return c.qualifiedName(alias)
}

// storedExprs are the expressions that are equal for identical values of a column.
func (c *column) storedExprs(ref string) []string {
	switch c.kindOf() {
	case dialect.Text:
		text := "CAST(" + ref + " AS nvarchar(max))"
		if c.isFixed() {
			return []string{"RTRIM(" + text + ") COLLATE " + bytewise}
		}
		return []string{text + " COLLATE " + bytewise, "DATALENGTH(" + text + ")"}
	case dialect.XML, dialect.JSON:
		return []string{"CAST(" + ref + " AS nvarchar(max)) COLLATE " + bytewise}
	case dialect.Bytes:
		return []string{ref, "DATALENGTH(" + ref + ")"} // comparisons ignore zeros at the end
	case dialect.Unknown:
		if c.sqlType.name == "sql_variant" {
			return []string{"CAST(" + ref + " AS varbinary(8000))"}
		}
		return []string{"CAST(" + ref + " AS varbinary(max))"}
	}
	return []string{ref}
}

// decodeValue converts a value of the driver to its canonical form. It returns a value of another
// kind unchanged.
func decodeValue(c *column, v any) dialect.Value {
	switch v := v.(type) {
	case nil:
		return nil
	case bool:
		return strconv.FormatBool(v)
	case int64:
		if c.kindOf() == dialect.Bool {
			return strconv.FormatBool(v != 0)
		}
		return v
	case float32:
		return strconv.FormatFloat(float64(v), 'g', -1, 32)
	case float64:
		if c.sqlType.name == "real" {
			return strconv.FormatFloat(v, 'g', -1, 32)
		}
		return strconv.FormatFloat(v, 'g', -1, 64)
	case []byte:
		if k := c.kindOf(); k == dialect.Bytes || k == dialect.Unknown {
			return append([]byte{}, v...)
		}
		return decodeText(c, string(v))
	case string:
		return decodeText(c, v)
	case time.Time:
		return decodeText(c, v.UTC().Format("2006-01-02 15:04:05.9999999"))
	}
	return fmt.Sprint(v)
}

func decodeText(c *column, s string) dialect.Value {
	switch c.kindOf() {
	case dialect.Text:
		if c.isFixed() {
			return strings.TrimRight(s, " ") // the padding isn't part of the value
		}
	case dialect.UUID:
		return strings.ToLower(s)
	case dialect.Time, dialect.Timestamp:
		return trimFraction(s)
	case dialect.TimestampTZ:
		return trimFraction(s) + "+00"
	case dialect.Decimal:
		return strings.TrimSpace(s)
	}
	return s
}

// trimFraction removes zeros from the end of fractional seconds.
func trimFraction(s string) string {
	if !strings.Contains(s, ".") {
		return s
	}
	return strings.TrimRight(strings.TrimRight(s, "0"), ".")
}

var (
	decimals = regexp.MustCompile(`^[+-]?(\d+)(?:\.(\d*))?$`)
	uuids    = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)
	moments  = regexp.MustCompile(`^\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d:\d\d(?:\.(\d{1,9}))?)?$`)
	clocks   = regexp.MustCompile(`^\d\d:\d\d:\d\d(?:\.(\d{1,9}))?$`)
)

// encodeValue converts a value to the text sent to the server, which converts it to the column's
// type. ok is false where it isn't of the type. exact is true where the conversion neither rounds
// nor truncates, so that it can equal a stored value.
func encodeValue(c *column, v dialect.Value) (s string, exact, ok bool) {
	s, ok = dialect.TextOf(v)
	if !ok {
		return "", false, false
	}
	switch c.kindOf() {
	case dialect.Int:
		n, err := strconv.ParseInt(s, 10, 64)
		bits := integers[c.sqlType.name]
		if err != nil || bits == 8 && (n < 0 || n > 255) || bits > 8 && bits < 64 && (n < -1<<(bits-1) || n >= 1<<(bits-1)) {
			return "", false, false
		}
		return s, true, true
	case dialect.Bool:
		switch s {
		case "true", "1":
			return "1", true, true
		case "false", "0":
			return "0", true, true
		}
		return "", false, false
	case dialect.Decimal:
		m := decimals.FindStringSubmatch(s)
		if m == nil {
			return "", false, false
		}
		precision, scale := c.sizeOf()
		return s, len(strings.TrimRight(m[2], "0")) <= scale && len(strings.TrimLeft(m[1], "0")) <= precision-scale, true
	case dialect.Float:
		f, err := strconv.ParseFloat(s, 64)
		return s, true, err == nil && !math.IsInf(f, 0) && !math.IsNaN(f)
	case dialect.UUID:
		return s, true, uuids.MatchString(s)
	case dialect.Date:
		return s, true, moments.MatchString(s)
	case dialect.Time:
		m := clocks.FindStringSubmatch(s)
		return s, m != nil && fractionOf(m[1]) <= c.scale, m != nil
	case dialect.Timestamp:
		m := moments.FindStringSubmatch(s)
		if m == nil {
			return "", false, false
		}
		return s, fractionOf(m[1]) <= c.fractions() && (c.sqlType.name != "smalldatetime" || len(s) < 19 || s[17:19] == "00"), true
	case dialect.TimestampTZ:
		bare, _ := strings.CutSuffix(s, "+00")
		m := moments.FindStringSubmatch(bare)
		return bare + " +00:00", m != nil && fractionOf(m[1]) <= c.scale, m != nil
	case dialect.Bytes, dialect.Unknown:
		if _, text := v.(string); c.sqlType.name == "sql_variant" && text {
			return s, true, true
		}
		return hex.EncodeToString([]byte(s)), true, true
	}
	return s, true, true
}

// sizeOf is the precision and scale of a decimal type.
func (t sqlType) sizeOf() (precision, scale int) {
	switch t.name {
	case "money":
		return 19, 4
	case "smallmoney":
		return 10, 4
	}
	return t.precision, t.scale
}

// fractions is the maximum number of a timestamp's digits after the second.
func (t sqlType) fractions() int {
	switch t.name {
	case "datetime":
		return 3
	case "smalldatetime":
		return 0
	}
	return t.scale
}

func fractionOf(digits string) int { return len(strings.TrimRight(digits, "0")) }

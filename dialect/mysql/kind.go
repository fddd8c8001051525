package mysql

import (
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// setType sets a column's fields from its type.
func setType(c *dialect.Column, dataType string, length, precision, scale, fraction int) {
	c.Unsigned = strings.Contains(c.Type, "unsigned")
	switch dataType {
	case "tinyint":
		c.Kind, c.Precision = dialect.Int, 8
		if strings.HasPrefix(c.Type, "tinyint(1)") && !c.Unsigned {
			c.Kind, c.Precision = dialect.Bool, 0
		}
	case "smallint", "year":
		c.Kind, c.Precision = dialect.Int, 16
	case "mediumint":
		c.Kind, c.Precision = dialect.Int, 24
	case "int":
		c.Kind, c.Precision = dialect.Int, 32
	case "bigint":
		c.Kind, c.Precision = dialect.Int, 64
	case "decimal":
		c.Kind, c.Precision, c.Scale = dialect.Decimal, precision, scale
	case "float": // the scale is that of float(10,2), a rounding type
		c.Kind, c.Precision, c.Scale = dialect.Float, 32, scale
	case "double":
		c.Kind, c.Precision, c.Scale = dialect.Float, 64, scale
	case "bit":
		c.Kind, c.Length, c.Fixed = dialect.Bits, precision, true
	case "char", "varchar":
		c.Kind, c.Length, c.Fixed = dialect.Text, length, dataType == "char"
	case "tinytext", "text", "mediumtext", "longtext":
		c.Kind, c.Length, c.LengthInBytes = dialect.Text, length, length > 0
	case "binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob":
		c.Kind, c.Length, c.Fixed = dialect.Bytes, length, dataType == "binary"
	case "enum":
		c.Kind, c.Labels = dialect.Enum, enumLabels(c.Type)
	case "set":
		c.Kind, c.Labels = dialect.Set, enumLabels(c.Type)
	case "date":
		c.Kind = dialect.Date
	case "time":
		c.Kind, c.Precision = dialect.Time, fraction
	case "datetime":
		c.Kind, c.Precision = dialect.Timestamp, fraction
	case "timestamp":
		c.Kind, c.Precision = dialect.TimestampTZ, fraction
	case "json":
		c.Kind = dialect.JSON
	case "uuid":
		c.Kind = dialect.UUID
	case "inet4", "inet6":
		c.Kind = dialect.Inet
	case "xmltype":
		c.Kind = dialect.XML
	default: // geometry and its like, vector: sent as their bytes
		c.Kind = dialect.Unknown
	}
}

// enumLabels parses the labels of enum('a','b”c'). Quotes are doubled, and special characters
// escaped as in MySQL's strings.
func enumLabels(columnType string) []string {
	_, list, ok := strings.Cut(columnType, "(")
	if !ok {
		return nil
	}
	var out []string
	var b strings.Builder
	inside := false
	for i := 0; i < len(list); i++ {
		switch ch := list[i]; {
		case !inside:
			inside = ch == '\''
		case ch == '\'' && i+1 < len(list) && list[i+1] == '\'':
			b.WriteByte('\'')
			i++
		case ch == '\'':
			out = append(out, b.String())
			b.Reset()
			inside = false
		case ch == '\\' && i+1 < len(list):
			i++
			b.WriteByte(unescapeByte(list[i]))
		default:
			b.WriteByte(ch)
		}
	}
	return out
}

func unescapeByte(ch byte) byte {
	switch ch {
	case '0':
		return 0
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	}
	return ch
}

// foldsOf derives from a collation's name whether it ignores case and accents: _ci and _ai say so.
// A name with _ci and nothing about accents (utf8mb4_general_ci, latin1_swedish_ci) ignores most
// accents too.
func foldsOf(collation string) (foldsCase, foldsAccents bool) {
	has := func(suffix string) bool {
		return strings.Contains(collation+"_", "_"+suffix+"_")
	}
	foldsCase = has("ci")
	return foldsCase, has("ai") || foldsCase && !has("as")
}

package sqlserver

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// sqlType is a column's type as sys.columns describes it, alias types resolved.
type sqlType struct {
	name      string // of the system type: nvarchar, datetime2, hierarchyid, …
	maxLength int    // in bytes, -1 for max
	precision int
	scale     int
	collation string
	codePage  int
}

var kinds = map[string]dialect.Kind{
	"bit": dialect.Bool, "tinyint": dialect.Int, "smallint": dialect.Int, "int": dialect.Int, "bigint": dialect.Int,
	"decimal": dialect.Decimal, "numeric": dialect.Decimal, "money": dialect.Decimal, "smallmoney": dialect.Decimal,
	"float": dialect.Float, "real": dialect.Float,
	"char": dialect.Text, "varchar": dialect.Text, "nchar": dialect.Text, "nvarchar": dialect.Text, "text": dialect.Text, "ntext": dialect.Text,
	"binary": dialect.Bytes, "varbinary": dialect.Bytes, "image": dialect.Bytes, "timestamp": dialect.Bytes,
	"uniqueidentifier": dialect.UUID, "date": dialect.Date, "time": dialect.Time,
	"datetime": dialect.Timestamp, "datetime2": dialect.Timestamp, "smalldatetime": dialect.Timestamp, "datetimeoffset": dialect.TimestampTZ,
	"xml": dialect.XML, "json": dialect.JSON,
}

// kindOf is Unknown for hierarchyid, geometry, geography, sql_variant and CLR types.
func (t sqlType) kindOf() dialect.Kind { return kinds[t.name] }

// integers are the widths of the integer types, in bits.
var integers = map[string]int{"tinyint": 8, "smallint": 16, "int": 32, "bigint": 64}

// sqlText renders the type for a cast or a declaration.
// https://learn.microsoft.com/sql/relational-databases/system-catalog-views/sys-columns-transact-sql
func (t sqlType) sqlText() string {
	switch t.name {
	case "nchar", "nvarchar", "char", "varchar", "binary", "varbinary":
		if t.maxLength < 0 {
			return t.name + "(max)"
		}
		return t.name + "(" + strconv.Itoa(t.length()) + ")"
	case "decimal", "numeric":
		return fmt.Sprintf("%s(%d,%d)", t.name, t.precision, t.scale)
	case "datetime2", "datetimeoffset", "time":
		return fmt.Sprintf("%s(%d)", t.name, t.scale)
	case "timestamp":
		return "rowversion"
	}
	return t.name
}

// length is the maximum number of a text's characters or a binary's bytes, 0 for no declared limit.
// An nvarchar's is counted in pairs of bytes, so a character beyond the basic plane takes two.
func (t sqlType) length() int {
	switch {
	case t.maxLength < 0 || t.isLarge():
		return 0
	case t.name == "nchar" || t.name == "nvarchar":
		return t.maxLength / 2
	}
	return t.maxLength
}

// isLarge reports the deprecated types without comparison and grouping.
func (t sqlType) isLarge() bool { return t.name == "text" || t.name == "ntext" || t.name == "image" }

func (t sqlType) isFixed() bool { return t.name == "char" || t.name == "nchar" || t.name == "binary" }

// isNational says that the type stores UTF-16 whatever its collation.
func (t sqlType) isNational() bool {
	return t.name == "nchar" || t.name == "nvarchar" || t.name == "ntext"
}

const utf8Page = 65001

// asColumn describes the type as a dialect.Column.
func (t sqlType) asColumn(name string) *dialect.Column {
	c := &dialect.Column{Name: name, Kind: t.kindOf(), Type: t.sqlText(), Fixed: t.isFixed()}
	switch c.Kind {
	case dialect.Text:
		c.Length, c.Collation = t.length(), t.collation
		name := strings.ToUpper(t.collation) // Babelfish spells them in lower case
		c.FoldsCase, c.FoldsAccents = strings.Contains(name, "_CI"), strings.Contains(name, "_AI")
		switch {
		case t.isNational():
			c.Charset = "UTF-16"
		case t.codePage == utf8Page:
			c.Charset, c.LengthInBytes = "UTF-8", true
		case t.codePage > 0:
			c.Charset = fmt.Sprintf("CP%d", t.codePage)
			switch t.codePage {
			case 932, 936, 949, 950: // one or two bytes a character
				c.LengthInBytes = true
			}
		}
	case dialect.Bytes:
		c.Length = t.length()
		c.ReadOnly = t.name == "timestamp"
	case dialect.Int:
		c.Precision, c.Unsigned = integers[t.name], t.name == "tinyint"
	case dialect.Decimal:
		c.Precision, c.Scale = t.precision, t.scale
	case dialect.Float:
		c.Precision = map[string]int{"float": 64, "real": 32}[t.name]
	case dialect.Time, dialect.Timestamp, dialect.TimestampTZ:
		c.Precision = t.scale
	}
	return c
}

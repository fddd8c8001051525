package sqlite

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// declared is the parsed declared type of a column: "DECIMAL(10, 2)".
type declared struct {
	name string // upper case, single spaces
	args []int
}

var typeShape = regexp.MustCompile(`^\s*([^(]*?)\s*(?:\(\s*([+-]?\d+)\s*(?:,\s*([+-]?\d+)\s*)?\)\s*(.*?))?\s*$`)

func parseType(text string) declared {
	m := typeShape.FindStringSubmatch(text)
	if m == nil {
		return declared{name: strings.ToUpper(text)}
	}
	d := declared{name: strings.Join(strings.Fields(strings.ToUpper(m[1]+" "+m[4])), " ")}
	for _, a := range m[2:4] {
		if n, err := strconv.Atoi(a); err == nil && n >= 0 {
			d.args = append(d.args, n)
		}
	}
	return d
}

func (d declared) argAt(i int) int {
	if i < len(d.args) {
		return d.args[i]
	}
	return 0
}

// words maps common type names to kinds. SQLite itself knows only affinities: a name states an
// intention, and SQLite doesn't enforce it.
var words = map[string]dialect.Kind{
	"BOOL": dialect.Bool, "BOOLEAN": dialect.Bool,
	"DATE": dialect.Date, "TIME": dialect.Time, "TIME WITHOUT TIME ZONE": dialect.Time, "TIMETZ": dialect.Time,
	"DATETIME": dialect.Timestamp, "TIMESTAMP": dialect.Timestamp, "DATETIME2": dialect.Timestamp, "SMALLDATETIME": dialect.Timestamp,
	"TIMESTAMP WITHOUT TIME ZONE": dialect.Timestamp,
	"TIMESTAMPTZ":                 dialect.TimestampTZ, "TIMESTAMP WITH TIME ZONE": dialect.TimestampTZ, "DATETIMEOFFSET": dialect.TimestampTZ,
	"UUID": dialect.UUID, "GUID": dialect.UUID, "UNIQUEIDENTIFIER": dialect.UUID,
	"JSON": dialect.JSON, "JSON TEXT": dialect.JSON, "JSONB": dialect.JSON, "XML": dialect.XML,
	"INET": dialect.Inet, "CIDR": dialect.Inet, "MACADDR": dialect.Inet,
	"DECIMAL": dialect.Decimal, "NUMERIC": dialect.Decimal, "NUMBER": dialect.Decimal, "MONEY": dialect.Decimal, "SMALLMONEY": dialect.Decimal,
	"STRING": dialect.Text, "CITEXT": dialect.Text, "ENUM": dialect.Text,
	"BINARY": dialect.Bytes, "VARBINARY": dialect.Bytes, "BYTEA": dialect.Bytes, "IMAGE": dialect.Bytes,
	"INTERVAL": dialect.Interval,
}

// bits are the sizes of integer type names on other engines. SQLite stores 64 bits under each of
// them; plain INTEGER means 64.
var bits = map[string]int{"TINYINT": 8, "SMALLINT": 16, "INT2": 16, "MEDIUMINT": 32, "INT": 32, "INT4": 32}

// kindOf returns a declared type's kind: by its name where programs agree on it, else by the
// affinity rules of https://sqlite.org/datatype3.html#determination_of_column_affinity.
func kindOf(d declared) dialect.Kind {
	if k, ok := words[d.name]; ok {
		return k
	}
	has := func(s string) bool { return strings.Contains(d.name, s) }
	switch {
	case has("INT"):
		return dialect.Int
	case has("CHAR"), has("CLOB"), has("TEXT"):
		return dialect.Text
	case d.name == "":
		return dialect.Unknown
	case has("BLOB"):
		return dialect.Bytes
	case has("REAL"), has("FLOA"), has("DOUB"):
		return dialect.Float
	}
	return dialect.Unknown
}

// isTypeless reports whether the column converts no stored value: it has no declared type, or one
// of BLOBs.
func isTypeless(c *dialect.Column) bool {
	t := strings.ToUpper(c.Type)
	has := func(s string) bool { return strings.Contains(t, s) }
	return c.Kind != dialect.RowAddress && (t == "" || has("BLOB") && !has("INT") && !has("CHAR") && !has("CLOB") && !has("TEXT"))
}

// setType sets a column's fields from the declared type. SQLite enforces no length; it is kept as
// the intention of the schema's author.
func setType(c *dialect.Column, text string) {
	d := parseType(text)
	c.Type, c.Kind = text, kindOf(d)
	switch c.Kind {
	case dialect.Text, dialect.Bytes:
		c.Length = d.argAt(0)
		c.Fixed = c.Length > 0 && (d.name == "CHAR" || d.name == "CHARACTER" || d.name == "NCHAR" || d.name == "BINARY")
	case dialect.Int:
		c.Unsigned = strings.Contains(d.name, "UNSIGNED")
		c.Precision = 64
		if n, ok := bits[strings.TrimSuffix(d.name, " UNSIGNED")]; ok {
			c.Precision = n
		}
	case dialect.Decimal:
		c.Precision, c.Scale = d.argAt(0), d.argAt(1)
	case dialect.Timestamp, dialect.TimestampTZ, dialect.Time:
		c.Precision = 6
		if len(d.args) > 0 {
			c.Precision = d.argAt(0)
		}
	}
}

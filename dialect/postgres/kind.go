package postgres

import "github.com/expungedb/expunge/dialect"

// typ is a row of pg_type.
type typ struct {
	schema, name string
	class        string // typtype: b base, c composite, d domain, e enum, r range, m multirange, p pseudo
	category     string // typcategory: A array, …
	base         string // of a domain: the OID of the type below it
	modifier     int64  // of a domain: the type modifier of that type, -1 for none
	element      string // of an array: the OID of its elements' type
	notNull      bool   // of a domain
	def          *string

	operators operators // where it has an order
	elements  bool      // an array can have it as its element type
	sorts     bool      // it has an order, used by indexes
}

func (t typ) is(name string) bool { return t.schema == "pg_catalog" && t.name == name }

// kinds maps the types of pg_catalog.
var kinds = map[string]dialect.Kind{
	"bool": dialect.Bool,
	"int2": dialect.Int, "int4": dialect.Int, "int8": dialect.Int, "oid": dialect.Int,
	"numeric": dialect.Decimal, "money": dialect.Decimal,
	"float4": dialect.Float, "float8": dialect.Float,
	"text": dialect.Text, "varchar": dialect.Text, "bpchar": dialect.Text, "name": dialect.Text, "char": dialect.Text,
	"bytea": dialect.Bytes, "bit": dialect.Bits, "varbit": dialect.Bits, "uuid": dialect.UUID,
	"date": dialect.Date, "time": dialect.Time, "timetz": dialect.Time,
	"timestamp": dialect.Timestamp, "timestamptz": dialect.TimestampTZ, "interval": dialect.Interval,
	"json": dialect.JSON, "jsonb": dialect.JSON, "xml": dialect.XML,
	"inet": dialect.Inet, "cidr": dialect.Inet, "macaddr": dialect.Inet, "macaddr8": dialect.Inet,
	"tid": dialect.RowAddress, "xid": dialect.RowAddress,
}

// kindOf returns the kind of a type that isn't a domain.
func (t typ) kindOf() dialect.Kind {
	switch {
	case t.class == "e":
		return dialect.Enum
	case t.category == "A" && !t.is("oidvector") && !t.is("int2vector"):
		return dialect.Array
	case t.schema == "pg_catalog":
		return kinds[t.name]
	case t.name == "citext":
		return dialect.Text
	}
	return dialect.Unknown
}

// polymorphicEquality reports whether the type compares by an operator of all types of its class
// (anyenum, anyarray, record, anyrange), or as its underlying type. Or it has an operator but no
// order, as xid.
func (t typ) polymorphicEquality() bool {
	return t.class == "e" || t.class == "c" || t.class == "r" || t.class == "m" || t.category == "A" || t.is("varchar") || t.is("cidr") || t.is("xid")
}

// setSize sets the column's lengths from a type modifier (atttypmod).
func (t typ) setSize(c *dialect.Column, modifier int64) {
	precision := func() int {
		if modifier < 0 || modifier&0xffff > 6 {
			return 6
		}
		return int(modifier & 0xffff)
	}
	switch t.name {
	case "int2":
		c.Precision = 16
	case "int4":
		c.Precision = 32
	case "int8":
		c.Precision = 64
	case "oid":
		c.Precision, c.Unsigned = 32, true
	case "numeric":
		if modifier >= 4 {
			m := modifier - 4
			c.Precision = int(m >> 16 & 0xffff)
			c.Scale = int(m&0x7ff^1024) - 1024 // signed, 11 bits
		}
	case "money":
		c.Precision, c.Scale = 19, 2 // the scale of nearly all locales
	case "varchar":
		c.Length = int(max(modifier-4, 0))
	case "bpchar":
		c.Length, c.Fixed = int(max(modifier-4, 0)), modifier > 4
	case "name":
		c.Length, c.LengthInBytes = 63, true
	case "char":
		c.Length, c.LengthInBytes = 1, true
	case "bit":
		c.Length, c.Fixed = int(max(modifier, 0)), true
	case "varbit":
		c.Length = int(max(modifier, 0))
	case "time", "timetz", "timestamp", "timestamptz", "interval":
		c.Precision = precision()
	}
}

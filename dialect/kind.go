package dialect

// Kind is a column's type, normalised over the engines: a strategy's knowledge to make a fitting
// value. Column.Type keeps the engine's own spelling.
type Kind string

// The kinds, each with its values' canonical form (see Value).
const (
	Unknown     Kind = ""            // a type without a rule in expunge; strategies other than null and default refuse it
	Bool        Kind = "bool"        // "true" or "false"
	Int         Kind = "int"         // int64, or a decimal string beyond its range (unsigned bigint)
	Decimal     Kind = "decimal"     // decimal string, no exponent; money included
	Float       Kind = "float"       // shortest decimal string that parses to the same number
	Text        Kind = "text"        // UTF-8 string; citext and CHAR(n) included
	Enum        Kind = "enum"        // one of Column.Labels
	Set         Kind = "set"         // labels joined by commas (MySQL, MariaDB)
	Bytes       Kind = "bytes"       // []byte
	Bits        Kind = "bits"        // string of 0 and 1
	UUID        Kind = "uuid"        // lower case, with hyphens, also for a binary(16) declared as uuid
	Date        Kind = "date"        // 2006-01-02
	Time        Kind = "time"        // 15:04:05.999999, with an offset where the type has one
	Timestamp   Kind = "timestamp"   // 2006-01-02 15:04:05.999999, without a time zone
	TimestampTZ Kind = "timestamptz" // 2006-01-02 15:04:05.999999+00, always in UTC
	Interval    Kind = "interval"    // as the engine spells it
	JSON        Kind = "json"        // a JSON text
	XML         Kind = "xml"         // an XML text
	Inet        Kind = "inet"        // address, network or MAC address as text
	Array       Kind = "array"       // the engine's array literal; Column.Element has the element's type
	RowAddress  Kind = "row address" // the engine's physical row address (ctid, rowid, %%physloc%%)
)

package mysql

import (
	"encoding/base64"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// projectColumn is the expression that a SELECT reads a column by. What the driver
// decodes by the DSN's options (parseTime, loc) is made text first.
func projectColumn(c *dialect.Column, ref string) string {
	switch storedKind(c) {
	case dialect.Date, dialect.Time, dialect.Timestamp, dialect.TimestampTZ, dialect.Decimal, dialect.UUID, dialect.Inet:
		return "CAST(" + ref + " AS CHAR)"
	case dialect.Float:
		// A FLOAT as text has six digits; as a DOUBLE it has them all.
		return "(" + ref + " + 0E0)"
	case dialect.Bits:
		return fmt.Sprintf("LPAD(BIN(%s + 0), %d, '0')", ref, c.Length)
	}
	return ref
}

// decodeValue gives a value that was read by projected its canonical form. Errors
// don't quote it.
func decodeValue(c *dialect.Column, v any) (dialect.Value, error) {
	if v == nil {
		return nil, nil
	}
	switch storedKind(c) {
	case dialect.Int, dialect.Bool:
		return decodeInt(c, v)
	case dialect.Float:
		f, err := strconv.ParseFloat(textOf(v), 64)
		if err != nil {
			return nil, fmt.Errorf("not a number")
		}
		if c.Precision == 32 {
			return strconv.FormatFloat(f, 'g', -1, 32), nil
		}
		return strconv.FormatFloat(f, 'g', -1, 64), nil
	case dialect.Bytes, dialect.Unknown:
		if b := []byte(textOf(v)); c.Kind == dialect.UUID {
			return uuidText(b), nil
		} else {
			return b, nil
		}
	case dialect.Time, dialect.Timestamp:
		return trimFraction(textOf(v)), nil
	case dialect.TimestampTZ:
		return trimFraction(textOf(v)) + "+00", nil
	}
	return textOf(v), nil
}

func decodeInt(c *dialect.Column, v any) (dialect.Value, error) {
	n, known := v.(int64) // which all are that come by a statement with parameters
	if !known {
		s := textOf(v)
		var err error
		if n, err = strconv.ParseInt(s, 10, 64); err != nil {
			if _, err := strconv.ParseUint(s, 10, 64); err == nil {
				return s, nil // beyond int64: unsigned bigint
			}
			return nil, fmt.Errorf("not an integer")
		}
	}
	if c.Kind == dialect.Bool && n == 0 {
		return "false", nil
	}
	if c.Kind == dialect.Bool && n == 1 {
		return "true", nil
	}
	return n, nil // also a TINYINT(1) that holds another number
}

// textOf is what the driver returned, as text: its type depends on the protocol
// (with or without parameters) that the statement went by.
func textOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case []byte:
		return string(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case uint64:
		return strconv.FormatUint(v, 10)
	case float32:
		return strconv.FormatFloat(float64(v), 'g', -1, 32)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return fmt.Sprint(v)
}

// trimFraction takes the zeros off the end of fractional seconds.
func trimFraction(s string) string {
	if !strings.Contains(s, ".") {
		return s
	}
	return strings.TrimRight(strings.TrimRight(s, "0"), ".")
}

// wireValue is a value as the server takes it for a column, before it is cast: an
// integer, text, or bytes.
func wireValue(c *dialect.Column, v dialect.Value) any {
	switch v := v.(type) {
	case string:
		return wireText(c, v)
	case []byte:
		if storedKind(c) != dialect.Bytes && c.Kind != dialect.Unknown {
			return string(v)
		}
	}
	return v
}

// wireText is what a text means to the column: a number, bytes, a text as the server keeps it. What
// isn't of the column's type stays as it is.
func wireText(c *dialect.Column, s string) any {
	switch storedKind(c) {
	case dialect.Bool:
		if s == "true" {
			return int64(1)
		}
		if s == "false" {
			return int64(0)
		}
	case dialect.Int:
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return n
		}
		if n, err := strconv.ParseUint(s, 10, 64); err == nil {
			return n
		}
	case dialect.Bits:
		if n, err := strconv.ParseUint(s, 2, 64); err == nil {
			return n
		}
	case dialect.Float:
		if f, err := strconv.ParseFloat(s, 64); err == nil {
			return roundedFloat(c, f)
		}
	case dialect.Bytes, dialect.Unknown:
		if c.Kind == dialect.UUID {
			return uuidBytes(s)
		}
		return []byte(s)
	case dialect.TimestampTZ:
		return strings.TrimSuffix(s, "+00")
	case dialect.Set:
		return inLabelOrder(c.Labels, s)
	}
	return s
}

// roundedFloat is a number as the column compares.
func roundedFloat(c *dialect.Column, f float64) float64 {
	if c.Precision == 32 {
		return float64(float32(f))
	}
	return f
}

// inLabelOrder writes a set's labels in the order in which the server keeps them.
func inLabelOrder(labels []string, set string) string {
	parts := strings.Split(set, ",")
	slices.SortStableFunc(parts, func(a, b string) int { return slices.Index(labels, a) - slices.Index(labels, b) })
	return strings.Join(parts, ",")
}

// bindValue is the placeholder for one value that is compared with the column: cast
// where the server would otherwise compare both as floating-point numbers, which
// are inexact and use no index. ok is false where no value of the column can equal it.
func bindValue(c *dialect.Column, v dialect.Value) (sql string, arg any, ok bool) {
	arg = wireValue(c, v)
	if arg == nil {
		return "", nil, false
	}
	switch c.Kind {
	case dialect.Int, dialect.Bool, dialect.Bits:
		if _, isText := arg.(string); isText {
			return "", nil, false
		}
		return "?", arg, true
	case dialect.Decimal:
		s, _ := dialect.TextOf(arg)
		if !number10.MatchString(s) {
			return "", nil, false
		}
		return "CAST(? AS DECIMAL(65, 30))", s, true
	case dialect.Float:
		if f, isFloat := arg.(float64); isFloat && !math.IsInf(f, 0) && !math.IsNaN(f) {
			return "?", f, true
		}
		n, isInt := arg.(int64)
		return "?", n, isInt
	case dialect.Date:
		return "CAST(? AS DATE)", arg, moment.MatchString(fmt.Sprint(arg))
	case dialect.Timestamp, dialect.TimestampTZ:
		return "CAST(? AS DATETIME(6))", arg, moment.MatchString(fmt.Sprint(arg))
	case dialect.Time:
		return "CAST(? AS TIME(6))", arg, clock.MatchString(fmt.Sprint(arg))
	}
	return "?", arg, true
}

var (
	number10 = regexp.MustCompile(`^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$`)
	moment   = regexp.MustCompile(`^\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d(\.\d+)?)?$`)
	clock    = regexp.MustCompile(`^-?\d{2,3}:\d\d:\d\d(\.\d+)?$`)
)

// ordinalValue is where a value stands in its column's order, where that isn't the
// order of what it is written as: an ENUM's is that of its labels, a SET's that of its bits.
func ordinalValue(c *dialect.Column, v dialect.Value) any {
	s, ok := dialect.TextOf(v)
	if !ok {
		return nil
	}
	if c.Kind == dialect.Enum {
		return int64(slices.Index(c.Labels, s) + 1)
	}
	var bits uint64
	for label := range strings.SplitSeq(s, ",") {
		if i := slices.Index(c.Labels, label); i >= 0 {
			bits |= 1 << i
		}
	}
	return bits
}

// carried is how a column's values travel inside a JSON parameter.
type carried struct {
	kind string // of JSON_TABLE's column
	// key makes an expression over that column one of the column's own type and
	// collation, so that comparing uses the column's index.
	key func(raw string) string
	// kept is a condition that holds for values that came through the
	// conversion to the column's type as they were, or nil.
	kept func(raw string) string
}

func sameText(raw string) string { return raw }

// carriedType says how the values of a column travel; most is the longest of them in characters.
func carriedType(c *dialect.Column, most int) carried {
	utf8 := "LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
	if most < 4000 { // a VARCHAR stays in memory
		utf8 = fmt.Sprintf("VARCHAR(%d) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", max(most, 1))
	}
	as := func(typ string) carried { return carried{kind: typ, key: sameText} }
	switch storedKind(c) {
	case dialect.Int, dialect.Bool:
		if c.Unsigned {
			return as("BIGINT UNSIGNED")
		}
		return as("BIGINT")
	case dialect.Bits:
		return as("BIGINT UNSIGNED")
	case dialect.Decimal:
		return as("DECIMAL(65, 30)")
	case dialect.Float:
		if c.Precision == 32 {
			return as("FLOAT")
		}
		return as("DOUBLE")
	case dialect.Date:
		return as("DATE")
	case dialect.Time:
		return as("TIME(6)")
	case dialect.Timestamp, dialect.TimestampTZ:
		return as("DATETIME(6)")
	case dialect.Bytes, dialect.Unknown:
		decoded := func(raw string) string { return "FROM_BASE64(" + raw + ")" }
		return carried{kind: utf8, key: decoded}
	case dialect.UUID, dialect.Inet:
		return carried{kind: utf8, key: func(raw string) string { return "CAST(" + raw + " AS " + c.Type + ")" }}
	case dialect.Text, dialect.Enum, dialect.Set:
		t := carried{kind: utf8}
		t.key = func(raw string) string {
			return "CONVERT(" + raw + " USING " + c.Charset + ") COLLATE " + c.Collation
		}
		if c.Charset != "utf8mb4" {
			// A character that the column's character set lacks becomes a
			// question mark, and that might be another row's key.
			t.kept = func(raw string) string {
				return "CONVERT(CONVERT(" + raw + " USING " + c.Charset + ") USING utf8mb4) COLLATE utf8mb4_bin = " + raw
			}
		}
		return t
	}
	return carried{kind: utf8, key: sameText}
}

// encodeValue is a value inside the JSON parameter. ok is false where the column
// can't hold it.
func encodeValue(c *dialect.Column, v dialect.Value) (j any, ok bool) {
	if v == nil {
		return nil, true
	}
	switch w := wireValue(c, v).(type) {
	case []byte:
		return base64.StdEncoding.EncodeToString(w), true
	case int64:
		return w, !c.Unsigned || w >= 0
	case uint64:
		return w, c.Unsigned || c.Kind == dialect.Bits
	case float64:
		return w, !math.IsInf(w, 0) && !math.IsNaN(w)
	case string:
		switch c.Kind {
		case dialect.Int, dialect.Bool, dialect.Bits, dialect.Float:
			return w, false
		case dialect.Decimal:
			return w, number10.MatchString(w)
		case dialect.Date, dialect.Timestamp, dialect.TimestampTZ:
			return w, moment.MatchString(w)
		case dialect.Time:
			return w, clock.MatchString(w)
		}
		return w, true
	}
	return nil, false
}

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

// projectColumn is the expression for reading a column. It converts to text the types that the
// driver decodes by the DSN's options (parseTime, loc).
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

// decodeValue converts a value read by projectColumn to its canonical form. Its errors don't quote
// the value.
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
	n, known := v.(int64) // always, for a statement with parameters
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
	return n, nil // also a TINYINT(1) with another number
}

// textOf is the driver's value as text. Its type depends on the statement's protocol (with or
// without parameters).
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

// trimFraction removes zeros from the end of fractional seconds.
func trimFraction(s string) string {
	if !strings.Contains(s, ".") {
		return s
	}
	return strings.TrimRight(strings.TrimRight(s, "0"), ".")
}

// wireValue is a value in the server's form for a column, before a cast: an integer, text, or
// bytes.
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

// wireText converts a text to the column's type: a number, bytes, or a text in the server's form.
// It returns a text of another type unchanged.
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

// roundedFloat is a number with the column's precision.
func roundedFloat(c *dialect.Column, f float64) float64 {
	if c.Precision == 32 {
		return float64(float32(f))
	}
	return f
}

// inLabelOrder orders a set's labels as the server does.
func inLabelOrder(labels []string, set string) string {
	parts := strings.Split(set, ",")
	slices.SortStableFunc(parts, func(a, b string) int { return slices.Index(labels, a) - slices.Index(labels, b) })
	return strings.Join(parts, ",")
}

// bindValue is the placeholder for a value compared with the column. It casts the value where the
// server would otherwise compare both as floating-point numbers, inexact and without an index. ok
// is false where no value of the column can equal it.
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

// ordinalValue is a value's place in its column's order, where that differs from the order of the
// written values: an ENUM has the order of its labels, a SET that of its bits.
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

// carried is the form of a column's values in a JSON parameter.
type carried struct {
	kind string // of JSON_TABLE's column
	// key converts an expression over that column to the column's own type and collation, so that
	// the comparison uses the column's index.
	key func(raw string) string
	// kept is a condition for values unchanged by the conversion to the column's type, or nil.
	kept func(raw string) string
}

func sameText(raw string) string { return raw }

// carriedType is the form of a column's values in JSON; most is the length of the longest in
// characters.
func carriedType(c *dialect.Column, most int) carried {
	utf8 := "LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
	if most < 4000 { // a VARCHAR is kept in memory
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
			// A character missing from the column's character set becomes a question mark, and the
			// result might be another row's key.
			t.kept = func(raw string) string {
				return "CONVERT(CONVERT(" + raw + " USING " + c.Charset + ") USING utf8mb4) COLLATE utf8mb4_bin = " + raw
			}
		}
		return t
	}
	return carried{kind: utf8, key: sameText}
}

// encodeValue converts a value for the JSON parameter. ok is false where the column can't store it.
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

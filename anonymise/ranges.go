package anonymise

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/expungedb/expunge/dialect"
)

// intBits is the width of an Int column; 64 where the catalogue doesn't say.
func intBits(c *dialect.Column) int {
	if c.Precision > 0 && c.Precision <= 64 {
		return c.Precision
	}
	return 64
}

// floatBits is the width of a Float column; 64 where the catalogue doesn't say.
func floatBits(c *dialect.Column) int {
	if c.Precision > 0 && c.Precision <= 32 || c.Type == "real" || c.Type == "float4" {
		return 32
	}
	return 64
}

// declaredDigits is the maximum number of digits of MySQL's FLOAT(M, D) and DOUBLE(M, D); 0 where
// none are declared.
func declaredDigits(c *dialect.Column) int {
	_, size, _ := strings.Cut(c.Type, "(")
	digits, _, sized := strings.Cut(size, ",")
	n, err := strconv.Atoi(digits)
	if !sized || err != nil || c.Kind != dialect.Float {
		return 0
	}
	return n
}

// isYear reports whether the column is of MySQL's YEAR, an Int from 1901 to 2155.
func isYear(c *dialect.Column) bool {
	return c.Kind == dialect.Int && (c.Type == "year" || c.Type == "year(4)")
}

// maxInt is the largest number in both an Int column and an int64.
func maxInt(c *dialect.Column) int64 {
	if isYear(c) {
		return 2155
	}
	bits := intBits(c)
	if !c.Unsigned {
		bits--
	}
	if bits >= 63 {
		return math.MaxInt64
	}
	return 1<<bits - 1
}

// minInt is the least number in an Int column.
func minInt(c *dialect.Column) int64 {
	switch {
	case isYear(c):
		return 1901
	case c.Unsigned:
		return 0
	}
	return -1 << (intBits(c) - 1)
}

// numberRange is the column's range; without a precision the range of a Decimal or Float exceeds
// any noise.
func numberRange(c *dialect.Column) (low, high float64) {
	switch {
	case c.Kind == dialect.Int:
		return float64(minInt(c)), float64(maxInt(c))
	case c.Type == "smallmoney": // whole numbers of ten-thousandths, in 32 bits
		high = math.MaxInt32 / math.Pow10(c.Scale)
	case c.Type == "money": // of hundredths or ten-thousandths, in 64 bits
		high = math.MaxInt64 / math.Pow10(c.Scale)
	case c.Kind == dialect.Decimal && c.Precision > 0:
		high = math.Pow10(c.Precision-c.Scale) - math.Pow10(-c.Scale)
	case c.Kind == dialect.Float && declaredDigits(c) > 0:
		high = math.Pow10(declaredDigits(c)-c.Scale) - math.Pow10(-c.Scale)
	case c.Kind == dialect.Float && floatBits(c) == 32:
		high = math.MaxFloat32
	default:
		high = math.MaxFloat64 / 2
	}
	if c.Unsigned {
		return 0, high
	}
	return -high, high
}

// momentEnds are the first and the last moment that a date or timestamp column gets: the years 1 to
// 9999, or less where its type holds less.
//
// https://dev.mysql.com/doc/refman/8.4/en/datetime.html (TIMESTAMP),
// https://learn.microsoft.com/sql/t-sql/data-types/datetime-transact-sql and
// smalldatetime-transact-sql.
func momentEnds(c *dialect.Column) (first, last time.Time) {
	first, last = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	name, _, _ := strings.Cut(c.Type, "(")
	switch {
	case c.Kind == dialect.TimestampTZ && name == "timestamp" && !strings.Contains(c.Type, "zone"):
		return time.Unix(1, 0).UTC(), time.Unix(math.MaxInt32, 0).UTC()
	case c.Kind == dialect.Timestamp && name == "datetime":
		first = time.Date(1753, 1, 1, 0, 0, 0, 0, time.UTC)
	case name == "smalldatetime":
		return time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2079, 6, 6, 23, 59, 0, 0, time.UTC)
	}
	return first, last
}

// isHeld reports whether the column holds the moment.
func isHeld(c *dialect.Column, m moment) bool {
	if m.kind == dialect.Time {
		return true
	}
	first, last := momentEnds(c)
	return !m.t.Before(first) && !m.t.After(last.Add(time.Second-1))
}

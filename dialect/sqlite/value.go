package sqlite

import (
	"encoding/hex"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/render"
)

// fromEngine converts a stored value to its canonical form. SQLite keeps the class of a stored
// value. fromEngine returns a value of another kind than its column's unchanged: a key has to find
// it again.
func fromEngine(k dialect.Kind, v any) dialect.Value {
	switch v := v.(type) {
	case []byte:
		if v == nil {
			return []byte{}
		}
	case bool: // a driver that uses the declared type
		return strconv.FormatBool(v)
	case int64:
		switch k {
		case dialect.Bool:
			if v == 0 || v == 1 {
				return strconv.FormatBool(v == 1)
			}
		case dialect.Decimal, dialect.Float, dialect.JSON:
			return strconv.FormatInt(v, 10)
		}
	case float64:
		if math.IsInf(v, 0) && k != dialect.Float {
			return v
		}
		switch k {
		case dialect.Decimal:
			return strconv.FormatFloat(v, 'f', -1, 64)
		case dialect.Float, dialect.JSON:
			return strconv.FormatFloat(v, 'g', -1, 64)
		}
	}
	return v
}

// toEngine converts a canonical value to the one to bind. It converts texts of numbers itself:
// SQLite's conversion may be off by one bit in the last place, and the key then finds no row.
func toEngine(k dialect.Kind, v dialect.Value) any {
	s, ok := v.(string)
	if !ok {
		return v
	}
	switch k {
	case dialect.Bool:
		switch s {
		case "true":
			return int64(1)
		case "false":
			return int64(0)
		}
	case dialect.Int:
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return n
		}
	case dialect.Decimal:
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return n
		}
		if f, err := strconv.ParseFloat(s, 64); err == nil && strings.ContainsAny(s, "0123456789") {
			return f
		}
	case dialect.Float:
		if f, err := strconv.ParseFloat(s, 64); err == nil {
			return f
		}
	}
	return s
}

// appendJSON appends a value to the JSON parameter, and reports whether it is tagged. A tagged
// value is an object for a value without a JSON form; decodedExpr converts it back.
func appendJSON(b []byte, v any) (_ []byte, tagged bool) {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...), false
	case int64:
		return strconv.AppendInt(b, v, 10), false
	case float64:
		return appendFloat(b, v), true
	case []byte:
		return append(hex.AppendEncode(append(b, `{"x":"`...), v), `"}`...), true
	case string:
		if render.IsPlainJSON(v) {
			return append(append(append(b, '"'), v...), '"'), false
		}
		// JSON text can't contain invalid UTF-8, and SQLite stops at a NUL.
		if !utf8.ValidString(v) || strings.IndexByte(v, 0) >= 0 {
			return append(hex.AppendEncode(append(b, `{"t":"`...), []byte(v)), `"}`...), true
		}
		quoted, _ := json.Marshal(v) // a string is always encodable
		return append(b, quoted...), false
	}
	panic("sqlite: not a dialect.Value")
}

// appendFloat writes a number as a whole mantissa, a power of two to multiply it and three to
// divide it. None of these rounds, while decimal text may. Numbers beyond this range are decimal
// text.
func appendFloat(b []byte, f float64) []byte {
	const most = 62 // the largest power of two in an int64
	if math.IsInf(f, 0) {
		return append(strconv.AppendFloat(append(b, `{"r":`...), math.Copysign(9, f), 'g', -1, 64), "e999}"...)
	}
	frac, exp := math.Frexp(f)
	exp -= 53
	if exp > most || exp < -3*most {
		return append(strconv.AppendFloat(append(b, `{"r":`...), f, 'g', -1, 64), '}')
	}
	b = strconv.AppendInt(append(b, `{"f":[`...), int64(frac*(1<<53)), 10)
	b = strconv.AppendInt(append(b, ','), 1<<max(exp, 0), 10)
	for range 3 {
		by := min(max(-exp, 0), most)
		exp += by
		b = strconv.AppendInt(append(b, ','), 1<<by, 10)
	}
	return append(b, "]}"...)
}

// decodedExpr is the SQL for decoding a value from its JSON. plain is the SQL of an untagged value,
// kind that of its JSON type, object that of the tagged object.
func decodedExpr(plain, kind, object string) string {
	return "CASE " + kind + " WHEN 'object' THEN CASE" +
		" WHEN " + object + " ->> 'x' IS NOT NULL THEN unhex(" + object + " ->> 'x')" +
		" WHEN " + object + " ->> 't' IS NOT NULL THEN CAST(unhex(" + object + " ->> 't') AS TEXT)" +
		" WHEN " + object + " ->> 'r' IS NOT NULL THEN CAST(" + object + " ->> 'r' AS REAL)" +
		" ELSE CAST(" + object + " ->> '$.f[0]' AS REAL) * (" + object + " ->> '$.f[1]') / (" + object + " ->> '$.f[2]') / (" +
		object + " ->> '$.f[3]') / (" + object + " ->> '$.f[4]') END ELSE " + plain + " END"
}

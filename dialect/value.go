package dialect

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
)

// Value is one column's value in transit between a database and Go. It is nil for NULL, else an
// int64, a float64, a string or a []byte.
//
// Every Kind has one canonical form (see the Kind constants), used by all engines in both
// directions, so that the same person is the same value everywhere. Integers are int64, Bytes
// []byte, all else string. SQLite stores any value whatever the column's type: a value outside of
// its column's kind keeps its stored type, the only case of a float64.
//
// A value decoded from the same column twice is the same Value twice, so that a Key can identify a
// row. Never compare it in Go with a value of another column (collations differ): ask the database.
type Value = any

// Row is a row's values, in the order of the requested columns.
type Row = []Value

// Key is the values of a row's key columns, in the key's order. It never holds a NULL.
type Key = []Value

// EncodeKey encodes a key so that only equal keys have equal encodings, for map indexes and for the
// journal; DecodeKey reverses it.
func EncodeKey(k Key) string {
	var b strings.Builder
	for i, v := range k {
		if i > 0 {
			b.WriteByte(',')
		}
		switch v := v.(type) {
		case nil:
			b.WriteString("n")
		case int64:
			b.WriteString("i" + strconv.FormatInt(v, 10))
		case float64:
			b.WriteString("f" + strconv.FormatFloat(v, 'g', -1, 64))
		case string:
			b.WriteString("s" + base64.RawURLEncoding.EncodeToString([]byte(v)))
		case []byte:
			b.WriteString("b" + base64.RawURLEncoding.EncodeToString(v))
		default:
			panic(fmt.Sprintf("dialect: a %T is no Value", v))
		}
	}
	return b.String()
}

// DecodeKey reverses EncodeKey. The error doesn't quote the input.
func DecodeKey(s string) (Key, error) {
	var k Key
	for part := range strings.SplitSeq(s, ",") {
		v, err := decodePart(part)
		if err != nil {
			return nil, fmt.Errorf("dialect: not an encoded key (part %d)", len(k)+1)
		}
		k = append(k, v)
	}
	return k, nil
}

func decodePart(p string) (Value, error) {
	if p == "" {
		return nil, strconv.ErrSyntax
	}
	switch rest := p[1:]; p[0] {
	case 'n':
		return nil, nil
	case 'i':
		return strconv.ParseInt(rest, 10, 64)
	case 'f':
		return strconv.ParseFloat(rest, 64)
	case 's':
		b, err := base64.RawURLEncoding.DecodeString(rest)
		return string(b), err
	case 'b':
		return base64.RawURLEncoding.DecodeString(rest)
	}
	return nil, strconv.ErrSyntax
}

// TextOf returns a value as canonical text; ok is false for NULL. It takes bytes unchanged.
func TextOf(v Value) (string, bool) {
	switch v := v.(type) {
	case nil:
		return "", false
	case string:
		return v, true
	case []byte:
		return string(v), true
	case int64:
		return strconv.FormatInt(v, 10), true
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64), true
	}
	panic(fmt.Sprintf("dialect: a %T is no Value", v))
}

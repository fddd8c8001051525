package dialect

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
)

// Value is one column's value in transit between a database and Go. It is nil
// for NULL, else an int64, a float64, a string or a []byte.
//
// Every Kind has one canonical form (see the Kind constants), in which all
// engines hand values out and take them, so that the same person is the same
// value everywhere. Integers come as int64, Bytes as []byte, all else as
// string. SQLite stores what it was given whatever the column says; a value
// that doesn't fit its column's kind comes as it is stored, which is the one
// case of a float64.
//
// A value decoded from the same column twice is the same Value twice, so that
// a Key can be used to recognise a row; it must not be compared with a value
// of another column (collations differ): ask the database.
type Value = any

// Row is a row's values, in the order of the columns that were asked for.
type Row = []Value

// Key is the values of a row's key columns, in the key's order. It never holds a NULL.
type Key = []Value

// EncodeKey gives a key a form that is equal for equal keys only, to index
// maps with and to store in the journal; DecodeKey reverses it.
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

// TextOf returns a value as canonical text, and whether it is one: NULL is not.
// Bytes are taken as they are.
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

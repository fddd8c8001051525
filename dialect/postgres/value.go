package postgres

import (
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// encodeValue converts a value to the text form of the column's type; ok is false for NULL.
func encodeValue(kind dialect.Kind, v dialect.Value) (s string, ok bool) {
	if kind == dialect.Bytes {
		s, ok = dialect.TextOf(v)
		if !ok {
			return "", false
		}
		return `\x` + hex.EncodeToString([]byte(s)), true
	}
	return dialect.TextOf(v)
}

// decodeValue converts the text form of a value to its canonical form. It returns a text that isn't
// of the kind (numeric NaN, infinity) unchanged.
func decodeValue(c *column, b []byte) dialect.Value {
	if b == nil {
		return nil
	}
	switch s := string(b); c.kind {
	case dialect.Int:
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return n
		}
		return s
	case dialect.Bool:
		switch s {
		case "t":
			return "true"
		case "f":
			return "false"
		}
		return s
	case dialect.Bytes:
		if raw, err := hex.DecodeString(strings.TrimPrefix(s, `\x`)); err == nil {
			return raw
		}
		return s
	case dialect.Text:
		if c.fixed {
			return strings.TrimRight(s, " ") // CHAR(n)'s padding isn't part of the value
		}
		return s
	default:
		return s
	}
}

// arrayLiteral renders column i of the rows as an array literal, see
// https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO.
func arrayLiteral(kind dialect.Kind, rows []dialect.Row, i int) []byte {
	b := make([]byte, 0, 2+16*len(rows))
	b = append(b, '{')
	for n, r := range rows {
		if n > 0 {
			b = append(b, ',')
		}
		if v, ok := r[i].(int64); ok {
			b = strconv.AppendInt(b, v, 10)
			continue
		}
		s, ok := encodeValue(kind, r[i])
		if !ok {
			b = append(b, "NULL"...)
			continue
		}
		b = append(b, '"')
		for {
			plain := strings.IndexAny(s, `"\`)
			if plain < 0 {
				break
			}
			b = append(b, s[:plain]...)
			b = append(b, '\\', s[plain])
			s = s[plain+1:]
		}
		b = append(append(b, s...), '"')
	}
	return append(b, '}')
}

// quoteIdent quotes an identifier.
func quoteIdent(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// quoteTable quotes a table's name.
func quoteTable(n dialect.Name) string {
	if n.Schema == "" {
		return quoteIdent(n.Table)
	}
	return quoteIdent(n.Schema) + "." + quoteIdent(n.Table)
}

// quoteText renders a string constant. Its only arguments are names and settings.
func quoteText(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

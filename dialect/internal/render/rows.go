package render

import (
	"unicode/utf8"

	"github.com/expungedb/expunge/dialect"
)

// Parts splits the update's rows into parts, calls f for each, and adds up its results. A part has
// at most the given number of bytes, or one row. The size is approximate: it counts the values
// only, in the form sent to the server.
func Parts(u dialect.BulkUpdate, most int, f func(dialect.BulkUpdate) (int64, error)) (int64, error) {
	var sum int64
	for rows := u.Rows; len(rows) > 0; {
		n, size := 0, 0
		for _, r := range rows {
			if size += rowSize(r); n > 0 && size > most {
				break
			}
			n++
		}
		u.Rows, rows = rows[:n], rows[n:]
		found, err := f(u)
		if err != nil {
			return 0, err
		}
		sum += found
	}
	return sum, nil
}

func rowSize(r dialect.Row) int {
	size := 0
	for _, v := range r {
		switch v := v.(type) {
		case string:
			size += len(v)
		case []byte:
			size += 2 * len(v) // in hexadecimal
		default:
			size += 8
		}
	}
	return size
}

// IsPlainJSON reports whether a text is unchanged in JSON. Most texts are, and so avoid the slower
// encoder.
func IsPlainJSON(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= utf8.RuneSelf || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

package render

import (
	"unicode/utf8"

	"github.com/expungedb/expunge/dialect"
)

// Parts runs f for runs of the update's rows of at most so many bytes, or of one row, and adds up
// its numbers. The runs are near the limit: it counts the values only, as they travel.
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

// IsPlainJSON reports whether a text stands in JSON as it is: most do, which
// saves the encoder's detours.
func IsPlainJSON(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= utf8.RuneSelf || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

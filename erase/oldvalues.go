package erase

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// ErrBadOldValue says that an old value to look for isn't written as ReadOldValues reads it.
var ErrBadOldValue = errors.New("not an old value")

// ReadOldValues reads the values that columns held before they were
// overwritten, one a line, for Verify to look for:
//
//	customer.email=ada@example.com
//
// Everything behind the first = is the value, spaces included; what stands before
// it is a table, with its schema unless that is the default one, and a column.
// Empty lines are passed over. An error names a line by its number and never
// quotes a value.
func ReadOldValues(r io.Reader, s *dialect.Schema) ([]OldValue, error) {
	var out []OldValue
	lines := bufio.NewScanner(unmarked(r))
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSuffix(lines.Text(), "\r")
		if strings.TrimSpace(line) == "" {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		at := strings.LastIndex(name, ".")
		if !ok || at < 0 {
			return nil, fmt.Errorf("%w: line %d: write table.column=value", ErrBadOldValue, n)
		}
		t, c := columnNamed(s, name[:at], name[at+1:])
		if c == nil {
			return nil, fmt.Errorf("%w: line %d: what stands before the = is no column of the database", ErrBadOldValue, n)
		}
		v, err := typed(value, c)
		if err != nil {
			return nil, fmt.Errorf("%w: line %d: %w", ErrBadOldValue, n, err)
		}
		out = append(out, OldValue{Table: t.Name, Column: c.Name, Value: v})
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("the old values: %w", err)
	}
	return out, nil
}

func columnNamed(s *dialect.Schema, table, column string) (*dialect.Table, *dialect.Column) {
	for _, t := range s.Tables {
		if t.Name.String() == table || t.Name == (dialect.Name{Schema: s.Default, Table: table}) {
			return t, t.Column(column)
		}
	}
	return nil, nil
}

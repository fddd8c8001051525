package erase

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// ErrBadOldValue says: an old value isn't in the form of ReadOldValues.
var ErrBadOldValue = errors.New("invalid old value")

// ReadOldValues reads values of columns from before an overwrite, one a line, for Verify to search:
//
//	customer.email=ada@example.com
//
// Everything after the first = is the value, spaces included. Before it stand a table, with its schema
// unless this is the default one, and a column. Empty lines are skipped. An error names a line by its
// number and never quotes a value.
func ReadOldValues(r io.Reader, s *dialect.Schema) ([]OldValue, error) {
	var out []OldValue
	lines := bufio.NewScanner(withoutBOM(r))
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
			return nil, fmt.Errorf("%w: line %d: no such column before the =", ErrBadOldValue, n)
		}
		v, err := parseValue(value, c)
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

// Typed converts the value to the type used for its column: whole numbers may have any type, and text
// fits each kind of column. The error wraps ErrBadOldValue if there is no such column, or the value
// doesn't fit it.
func (o OldValue) Typed(s *dialect.Schema) (OldValue, error) {
	var c *dialect.Column
	if t := s.Table(o.Table); t != nil {
		c = t.Column(o.Column)
	}
	if c == nil {
		return o, fmt.Errorf("%w: %s has no column %s", ErrBadOldValue, o.Table, o.Column)
	}
	written := ""
	switch v := reflect.ValueOf(o.Value); {
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8:
		written = string(v.Bytes())
	case v.Kind() == reflect.String:
		written = v.String()
	case v.CanInt():
		written = strconv.FormatInt(v.Int(), 10)
	case v.CanUint():
		written = strconv.FormatUint(v.Uint(), 10)
	case v.CanFloat():
		written = strconv.FormatFloat(v.Float(), valueForm(c), -1, v.Type().Bits())
	default:
		return o, fmt.Errorf("%w: one of %s, column %s, is a %T: give a number, or a text as a file would have it", ErrBadOldValue, o.Table, o.Column, o.Value)
	}
	value, err := parseValue(written, c)
	if err != nil {
		return o, fmt.Errorf("%w: of %s: %w", ErrBadOldValue, o.Table, err)
	}
	o.Value = value
	return o, nil
}

// valueForm is the format of a column's fractions: decimal numbers have no exponent.
func valueForm(c *dialect.Column) byte {
	if c.Kind == dialect.Decimal {
		return 'f'
	}
	return 'g'
}

func columnNamed(s *dialect.Schema, table, column string) (*dialect.Table, *dialect.Column) {
	for _, t := range s.Tables {
		if t.Name.String() == table || t.Name == (dialect.Name{Schema: s.Default, Table: table}) {
			return t, t.Column(column)
		}
	}
	return nil, nil
}

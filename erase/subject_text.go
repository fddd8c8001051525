package erase

import (
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan"
	"github.com/google/uuid"
)

// subject is one subject as given: a key, or an identifier and its column.
type subject struct {
	number     int // from 1, for errors
	key        dialect.Key
	column     string
	identifier dialect.Value
}

// parseSubjects reads the subjects of a source. Errors name a subject by its number.
func parseSubjects(source Source, s *plan.Subject, t *dialect.Table) iter.Seq2[subject, error] {
	return func(yield func(subject, error) bool) {
		n := 0
		for raw, err := range source.Subjects() {
			if err != nil {
				yield(subject{}, err)
				return
			}
			n++
			sub, err := parseSubject(raw, s, t)
			if err != nil {
				yield(subject{}, fmt.Errorf("%w: number %d: %w", ErrBadSubject, n, err))
				return
			}
			sub.number = n
			if !yield(sub, nil) {
				return
			}
		}
	}
}

// parseSubject reads one subject. It never confuses two forms: a text not certain to be a key is
// refused, with the way to write it.
func parseSubject(raw string, s *plan.Subject, t *dialect.Table) (subject, error) {
	name, value, named := cutColumn(raw, slices.Concat(s.Key, s.Identifiers))
	composite := len(s.Key) > 1
	switch {
	case named && slices.Contains(s.Identifiers, name) && (composite || name != s.Key[0]):
		v, err := parseValue(value, t.Column(name))
		return subject{column: name, identifier: v}, err
	case composite:
		return compositeSubject(raw, s, t)
	case named:
		raw = value
	case resemblesIdentifier(raw, t.Column(s.Key[0]), t):
		return subject{}, fmt.Errorf("the text before the = is not one of the policy's identifiers (%s): write %s= before a key like this",
			strings.Join(s.Identifiers, ", "), s.Key[0])
	}
	v, err := parseValue(raw, t.Column(s.Key[0]))
	return subject{key: dialect.Key{v}}, err
}

// cutColumn splits "column=value" after the longest matching column.
func cutColumn(raw string, columns []string) (name, value string, ok bool) {
	for _, c := range columns {
		if rest, begins := strings.CutPrefix(raw, c+"="); begins && len(c) >= len(name) {
			name, value, ok = c, rest, true
		}
	}
	return name, value, ok
}

// resemblesIdentifier reports whether the text before = can't be part of the key, or may be meant as
// the name of another column.
func resemblesIdentifier(raw string, key *dialect.Column, t *dialect.Table) bool {
	before, _, ok := strings.Cut(raw, "=")
	named := func(c *dialect.Column) bool { return strings.EqualFold(strings.TrimSpace(before), c.Name) }
	return ok && (key.Kind != dialect.Text || slices.ContainsFunc(t.Columns, named))
}

// compositeSubject reads the values of a key of several columns.
func compositeSubject(raw string, s *plan.Subject, t *dialect.Table) (subject, error) {
	parts, err := splitKey(raw)
	if err != nil {
		return subject{}, err
	}
	if len(parts) != len(s.Key) {
		return subject{}, fmt.Errorf("the key has %d columns (%s), joined by commas, and this has %d: write \\, for a comma within a value and \\\\ for a backslash",
			len(s.Key), strings.Join(s.Key, ", "), len(parts))
	}
	key := make(dialect.Key, len(parts))
	for i, part := range parts {
		if key[i], err = parseValue(part, t.Column(s.Key[i])); err != nil {
			return subject{}, err
		}
	}
	return subject{key: key}, nil
}

// escaped are the characters to be escaped by a backslash in a key of several columns.
const escaped = `\,=#`

// splitKey splits at unescaped commas. A backslash before any other character may be part of a value,
// such as DOMAIN\ada: it is refused.
func splitKey(raw string) ([]string, error) {
	var parts []string
	var b strings.Builder
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == '\\' && (i+1 == len(raw) || !strings.Contains(escaped, raw[i+1:i+2])):
			return nil, errors.New("a backslash escapes no comma, =, # or backslash: write \\\\ for a backslash within a value")
		case c == '\\':
			i++
			b.WriteByte(raw[i])
		case c == ',':
			parts = append(parts, b.String())
			b.Reset()
		default:
			b.WriteByte(c)
		}
	}
	return append(parts, b.String()), nil
}

// JoinKey joins the values of a key of several columns for a [Source].
func JoinKey(values ...string) string {
	parts := make([]string, len(values))
	for i, v := range values {
		for _, c := range []byte(v) {
			if strings.IndexByte(escaped, c) >= 0 {
				parts[i] += `\`
			}
			parts[i] += string([]byte{c})
		}
	}
	return strings.Join(parts, ",")
}

// FormatSubject formats the key of a subject for a [Source]. The columns are those of the key, as in
// plan.Subject.
func FormatSubject(key dialect.Key, columns []string) string {
	values := make([]string, len(key))
	for i, v := range key {
		values[i], _ = dialect.TextOf(v)
	}
	if len(values) > 1 {
		return JoinKey(values...)
	}
	if strings.ContainsAny(values[0], "=#") {
		return columns[0] + "=" + values[0]
	}
	return values[0]
}

var decimalForm = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)

// parseValue converts a subject's text to the type used for the column.
func parseValue(s string, c *dialect.Column) (dialect.Value, error) {
	if s == "" && c.Kind != dialect.Text {
		return nil, errors.New("value is empty")
	}
	switch c.Kind {
	case dialect.Text:
		if !utf8.ValidString(s) {
			return nil, fmt.Errorf("value for text column %s isn't UTF-8", c.Name)
		}
	case dialect.Decimal:
		if !decimalForm.MatchString(s) {
			return nil, fmt.Errorf("value for decimal column %s isn't a decimal number", c.Name)
		}
	case dialect.Int:
		if s[0] == '+' { // for example of a telephone number
			return nil, fmt.Errorf("value for integer column %s has a plus: write it without", c.Name)
		}
		n, err := strconv.ParseInt(s, 10, 64)
		switch _, beyond := strconv.ParseUint(s, 10, 64); {
		case err == nil:
			return n, nil
		case beyond == nil && c.Unsigned:
			return s, nil
		case errors.Is(err, strconv.ErrRange):
			return nil, fmt.Errorf("value out of range for integer column %s", c.Name)
		}
		return nil, fmt.Errorf("value for integer column %s isn't a whole number", c.Name)
	case dialect.UUID:
		id, err := uuid.Parse(s)
		if err != nil {
			return nil, fmt.Errorf("value for column %s isn't a UUID", c.Name)
		}
		return id.String(), nil
	case dialect.Bytes:
		return parseBytes(s, c)
	case dialect.Bits:
		if strings.Trim(s, "01") != "" || c.Fixed && c.Length > 0 && len(s) != c.Length {
			return nil, fmt.Errorf("value for bit column %s isn't all of its bits: write %s", c.Name, bitsExample(c))
		}
	}
	return s, nil
}

// bitsExample says how to write the bits of a column. Numbers are refused: 10 could be ten or two.
func bitsExample(c *dialect.Column) string {
	if c.Fixed && c.Length > 0 {
		return fmt.Sprintf("%d digits, 0 or 1", c.Length)
	}
	return "digits 0 or 1"
}

// parseBytes reads a text longer than the column's bytes as a UUID, for which BINARY(16) is the usual
// type, or as hexadecimal digits.
func parseBytes(s string, c *dialect.Column) (dialect.Value, error) {
	if c.Length == 0 || len(s) <= c.Length {
		return []byte(s), nil
	}
	if id, err := uuid.Parse(s); err == nil && c.Length == len(id) {
		return id[:], nil
	}
	for _, mark := range []string{"0x", "0X", `\x`} {
		s = strings.TrimPrefix(s, mark)
	}
	b, err := hex.DecodeString(s)
	if err != nil || len(b) > c.Length {
		return nil, fmt.Errorf("value for column %s has more than %d bytes: write hexadecimal digits", c.Name, c.Length)
	}
	return b, nil
}

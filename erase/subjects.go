package erase

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan"
	"github.com/google/uuid"
)

// Source gives the subjects of a run, each as a text: the value of the
// subject's key ("42"), the values of a composite key joined by commas in the
// key's order ("7,42", with \, for a comma within a value), or an identifier
// with its column ("email=ada@example.com"). Bytes are given as they are, or, where
// their column is too short for the text, in hexadecimal digits ("0x61f3…") or as a
// UUID. A source is read more than once, also when a run is continued, and must give
// the same subjects each time, in any order.
type Source interface {
	Subjects() iter.Seq2[string, error]
}

// SubjectKeys is a Source of the given subjects.
func SubjectKeys(subjects ...string) Source { return keyList(slices.Clone(subjects)) }

type keyList []string

func (l keyList) Subjects() iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, s := range l {
			if !yield(s, nil) {
				return
			}
		}
	}
}

// SubjectsFile is a Source that reads a file with one subject a line, in UTF-8; empty
// lines and lines that begin with # are passed over. It is read more than once, so
// a pipe is refused (ErrBadSubject).
func SubjectsFile(path string) Source { return subjectsFile(path) }

type subjectsFile string

func (f subjectsFile) Subjects() iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		if info, err := os.Stat(string(f)); err == nil && !info.Mode().IsRegular() {
			yield("", fmt.Errorf("%w: the list must be in a file that can be read again, not in a pipe or folder: save it first", ErrBadSubject))
			return
		}
		file, err := os.Open(string(f))
		if err != nil {
			yield("", fmt.Errorf("the file of subjects: %w", err))
			return
		}
		defer file.Close()
		lines := bufio.NewScanner(unmarked(file))
		for lines.Scan() {
			line := strings.TrimSpace(lines.Text())
			if line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			if !yield(line, nil) {
				return
			}
		}
		switch err := lines.Err(); {
		case errors.Is(err, bufio.ErrTooLong):
			yield("", fmt.Errorf("%w: a line of the file is longer than any key: write one subject a line", ErrBadSubject))
		case err != nil:
			yield("", fmt.Errorf("the file of subjects: %w", err))
		}
	}
}

// unmarked reads a text without the byte order mark that some editors put before
// it: the first subject would have it in its key, and not be found.
func unmarked(r io.Reader) io.Reader {
	b := bufio.NewReader(r)
	if mark, _ := b.Peek(3); string(mark) == "\ufeff" {
		b.Discard(3) //nolint:errcheck // they were seen
	}
	return b
}

// SubjectsFunc is a Source that calls f each time it is read: a query, say.
func SubjectsFunc(f func() iter.Seq2[string, error]) Source { return subjectsFunc(f) }

type subjectsFunc func() iter.Seq2[string, error]

func (f subjectsFunc) Subjects() iter.Seq2[string, error] { return f() }

// subject is one subject as it was given: a key, or an identifier and its column.
type subject struct {
	number     int // from 1, to name it by in an error
	key        dialect.Key
	column     string
	identifier dialect.Value
}

// parse reads the subjects of a source. Errors name a subject by its number.
func parse(source Source, s *plan.Subject, t *dialect.Table) iter.Seq2[subject, error] {
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

func parseSubject(raw string, s *plan.Subject, t *dialect.Table) (subject, error) {
	if column, value, ok := strings.Cut(raw, "="); ok {
		switch {
		case len(s.Key) == 1 && column == s.Key[0]:
			raw = value
		case slices.Contains(s.Identifiers, column):
			v, err := typed(value, t.Column(column))
			return subject{column: column, identifier: v}, err
		case len(s.Key) == 1 && t.Column(s.Key[0]).Kind != dialect.Text:
			return subject{}, fmt.Errorf("what stands before the = is not one of the policy's identifiers (%s)", strings.Join(s.Identifiers, ", "))
		}
	}
	parts := []string{raw}
	if len(s.Key) > 1 {
		parts = splitKey(raw)
	}
	if len(parts) != len(s.Key) {
		return subject{}, fmt.Errorf("the key has %d columns (%s), joined by commas, and this has %d", len(s.Key), strings.Join(s.Key, ", "), len(parts))
	}
	key := make(dialect.Key, len(parts))
	for i, part := range parts {
		v, err := typed(part, t.Column(s.Key[i]))
		if err != nil {
			return subject{}, err
		}
		key[i] = v
	}
	return subject{key: key}, nil
}

// splitKey splits at commas that no backslash stands before.
func splitKey(raw string) []string {
	var parts []string
	var b strings.Builder
	escaped := false
	for _, r := range raw {
		switch {
		case escaped:
			b.WriteRune(r)
			escaped = false
		case r == '\\':
			escaped = true
		case r == ',':
			parts = append(parts, b.String())
			b.Reset()
		default:
			b.WriteRune(r)
		}
	}
	return append(parts, b.String())
}

// typed gives a subject's text the form in which values of the column travel.
func typed(s string, c *dialect.Column) (dialect.Value, error) {
	if s == "" && c.Kind != dialect.Text {
		return nil, errors.New("it is empty")
	}
	switch c.Kind {
	case dialect.Int:
		n, err := strconv.ParseInt(s, 10, 64)
		switch _, beyond := strconv.ParseUint(s, 10, 64); {
		case err == nil:
			return n, nil
		case beyond == nil && c.Unsigned:
			return s, nil
		case errors.Is(err, strconv.ErrRange):
			return nil, fmt.Errorf("column %s holds whole numbers, and none as large", c.Name)
		}
		return nil, fmt.Errorf("column %s holds whole numbers, and this is not one", c.Name)
	case dialect.UUID:
		id, err := uuid.Parse(s)
		if err != nil {
			return nil, fmt.Errorf("column %s holds UUIDs, and this is not one", c.Name)
		}
		return id.String(), nil
	case dialect.Bytes:
		return typedBytes(s, c)
	}
	return s, nil
}

// typedBytes reads what is longer than the column's bytes as a UUID, for which
// BINARY(16) is the usual type, or as hexadecimal digits.
func typedBytes(s string, c *dialect.Column) (dialect.Value, error) {
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
		return nil, fmt.Errorf("column %s holds %d bytes, and this is longer: write them in hexadecimal digits", c.Name, c.Length)
	}
	return b, nil
}

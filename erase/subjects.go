package erase

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strings"
)

// Source yields the subjects of a run, each as a text. No character is dropped, folded or guessed:
//
//   - the value of the subject's key: 42
//   - the same with the key's column, for a value that looks like an identifier: code=email=x
//   - the values of a key of several columns, joined by commas in the key's order: 7,42.
//     Within a value, escape a comma, =, # or backslash by a backslash; see [JoinKey]
//   - an identifier with its column: email=ada@example.com
//
// Bytes are given as they are or, if their column is too short for the text, in hexadecimal digits
// ("0x61f3…") or as a UUID. A source is read several times, also for a continued run, and must yield
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

// SubjectsFile is a Source reading a file with one subject a line, in UTF-8. A line's blanks belong to
// the subject. Empty lines, and lines of # alone or # and a blank, are skipped. Any other line starting
// with # is refused, since it may be a subject. The file is read several times, so a pipe is refused
// (ErrBadSubject).
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
		for line, err := range subjectLines(file) {
			if !yield(line, err) {
				return
			}
		}
	}
}

// subjectLines yields the subjects of a file's text.
func subjectLines(r io.Reader) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		r := withoutBOM(r)
		if mark, _ := r.Peek(2); string(mark) == "\xff\xfe" || string(mark) == "\xfe\xff" {
			yield("", fmt.Errorf("%w: the file of subjects is in UTF-16: save it in UTF-8", ErrBadSubject))
			return
		}
		lines := bufio.NewScanner(r)
		for n := 1; lines.Scan(); n++ {
			line := lines.Text() // without the line end, in its Unix or Windows form
			rest, marked := strings.CutPrefix(line, "#")
			switch {
			case line == "", marked && (rest == "" || rest[0] == ' ' || rest[0] == '\t'):
				continue
			case marked:
				yield("", fmt.Errorf("%w: line %d of the file begins with #: write # and a blank before a comment, and the key's column and = (with a key of several columns a backslash) before a subject", ErrBadSubject, n))
				return
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

// withoutBOM skips the byte order mark that some editors add: otherwise it would be part of the first
// subject's key.
func withoutBOM(r io.Reader) *bufio.Reader {
	b := bufio.NewReader(r)
	if mark, _ := b.Peek(3); string(mark) == "\ufeff" {
		b.Discard(3) //nolint:errcheck // they were seen
	}
	return b
}

// SubjectsFunc is a Source calling f for each reading, for example for a query.
func SubjectsFunc(f func() iter.Seq2[string, error]) Source { return subjectsFunc(f) }

type subjectsFunc func() iter.Seq2[string, error]

func (f subjectsFunc) Subjects() iter.Seq2[string, error] { return f() }

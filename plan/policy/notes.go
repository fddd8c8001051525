package policy

import (
	"strings"
	"unicode"
)

// Notes are comments for a policy's file, beside or above its entries. A note
// may have several lines, except that of a column, a link or what is owned.
type Notes map[Place]string

// Place is where a note stands. The zero Place is the head of the file.
type Place struct {
	Section string // subject, tables, links or owns
	Table   string // under tables, as the policy names it
	Column  string // of that table; "" for the table itself
	Index   int    // under links and owns
}

// Annotated is YAML with notes. Parse reads the same policy with and without them.
func (p *Policy) Annotated(notes Notes) ([]byte, error) {
	return (&policyWriter{notes: notes}).writePolicy(p)
}

// writeNotesAbove writes the note of a place as lines of comment, at a depth.
func (w *policyWriter) writeNotesAbove(depth int, at Place) {
	note := w.notes[at]
	if note == "" {
		return
	}
	for line := range strings.SplitSeq(note, "\n") {
		w.WriteString(strings.TrimRight(strings.Repeat("  ", depth)+"# "+oneLine(line), " ") + "\n")
	}
}

// noteBeside is the note of a place as the end of a line.
func (w *policyWriter) noteBeside(at Place) string {
	if note := w.notes[at]; note != "" {
		return " # " + oneLine(note)
	}
	return ""
}

// oneLine leaves out what would end a comment's line: names of tables and
// columns may have anything in them.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
}

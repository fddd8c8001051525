package anonymise

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/expungedb/expunge/dialect"
)

// canon says how to bring a value to its canonical form, the input of a consistent strategy. So one
// person is one input whatever the column's charset, padding and collation. Text is in NFC (Unicode
// Annex 15).
type canon struct {
	trim        bool // trailing spaces are padding
	foldCase    bool
	foldAccents bool
}

// newCanon pads or folds as soon as the column or one of its joined columns does. The modifier
// `fold` overrides the collations, for columns that only the application joins.
func newCanon(t Target, fold string) canon {
	var c canon
	for _, col := range append([]*dialect.Column{t.Column}, t.Joined...) {
		if col.Kind != dialect.Text {
			continue
		}
		c.trim = c.trim || col.Fixed
		c.foldCase = c.foldCase || col.FoldsCase
		c.foldAccents = c.foldAccents || col.FoldsAccents
	}
	switch fold {
	case "true":
		c.foldCase, c.foldAccents = true, true
	case "false":
		c.foldCase, c.foldAccents = false, false
	}
	return c
}

// merges reports whether two values have one canonical form though the column distinguishes them.
func (c canon) merges(col *dialect.Column) bool {
	return col.Kind == dialect.Text && (c.foldCase && !col.FoldsCase || c.foldAccents && !col.FoldsAccents)
}

// value returns the canonical form of a value other than NULL.
func (c canon) value(v dialect.Value) string {
	s, ok := v.(string)
	if !ok {
		s, _ = dialect.TextOf(v)
		return s // numbers and bytes are canonical already
	}
	return c.canonicalText(s)
}

func (c canon) canonicalText(s string) string {
	if c.trim {
		s = strings.TrimRight(s, " ")
	}
	if isASCII(s) {
		if c.foldCase {
			s = strings.ToLower(s)
		}
		return s
	}
	if c.foldAccents {
		s = stripMarks(s)
	}
	if c.foldCase {
		s = cases.Fold().String(s)
		if c.foldAccents {
			s = stripMarks(s) // folding can add marks: İ → i + dot above
		}
	}
	return norm.NFC.String(s)
}

// stripMarks removes accents: the nonspacing marks of the canonical decomposition. Letters without
// a decomposition (ø, ł) remain.
func stripMarks(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFD.String(s))
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

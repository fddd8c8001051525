package anonymise

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/expungedb/expunge/dialect"
)

// canon says how a value is brought to the form that a consistent strategy
// sees, so that one person is one input whatever the column's charset, padding
// and collation. Text is in NFC (Unicode Annex 15).
type canon struct {
	trim        bool // trailing spaces are padding
	foldCase    bool
	foldAccents bool
}

// newCanon looks at the column and at those it is joined with: where one side
// of a comparison is padded or folded, both are. The modifier `fold` decides
// instead of the collations, for columns that are joined by the application only.
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

// merges reports whether values have one canonical form that the column tells apart.
func (c canon) merges(col *dialect.Column) bool {
	return col.Kind == dialect.Text && (c.foldCase && !col.FoldsCase || c.foldAccents && !col.FoldsAccents)
}

// value is the canonical form of a value that isn't NULL.
func (c canon) value(v dialect.Value) string {
	s, ok := v.(string)
	if !ok {
		s, _ = dialect.TextOf(v)
		return s // numbers and bytes are canonical as they come
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
			s = stripMarks(s) // folding can put marks back: İ → i + dot above
		}
	}
	return norm.NFC.String(s)
}

// stripMarks removes accents: the nonspacing marks of the canonical
// decomposition. Letters that have no decomposition (ø, ł) stay.
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

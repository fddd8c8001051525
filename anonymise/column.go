package anonymise

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/expungedb/expunge/dialect"
)

// describeColumn describes a column in errors: "an int", "a text of 40 characters".
func describeColumn(c *dialect.Column) string {
	kind := string(c.Kind)
	if c.Kind == dialect.Unknown {
		return fmt.Sprintf("of a type that expunge has no rule for (%s)", c.Type)
	}
	article := "a"
	if strings.ContainsRune("aeio", rune(kind[0])) {
		article = "an"
	}
	if c.Kind == dialect.Text && c.Length > 0 {
		return fmt.Sprintf("a text of %d %s", c.Length, lengthUnit(c))
	}
	return article + " " + kind
}

func lengthUnit(c *dialect.Column) string {
	if c.LengthInBytes {
		return "bytes"
	}
	return "characters"
}

func joinKinds(kinds []dialect.Kind) string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = string(k)
	}
	return strings.Join(names, ", ")
}

// fewValues reports whether the column has so few possible values that redrawing unchanged values
// would reveal the old one.
func fewValues(c *dialect.Column) bool {
	switch c.Kind {
	case dialect.Bool:
		return true
	case dialect.Enum, dialect.Set:
		return len(c.Labels) < 16
	case dialect.Bits:
		return c.Length < 4
	}
	return false
}

// roomOf returns the column's length, in characters as long as those are ASCII; math.MaxInt where
// it is unlimited.
func roomOf(c *dialect.Column) int {
	if c.Length <= 0 {
		return math.MaxInt
	}
	return c.Length
}

// fitsColumn reports whether the column can store the text unchanged.
func fitsColumn(c *dialect.Column, s string) bool {
	if !isEncodable(c, s) {
		return false
	}
	return c.Length <= 0 || len(s) <= c.Length || !c.LengthInBytes && utf8.RuneCountInString(s) <= c.Length
}

// cutToFit shortens a text to the column's length, and drops the characters that its charset lacks.
func cutToFit(c *dialect.Column, s string) string {
	if !isEncodable(c, s) {
		s = strings.Map(func(r rune) rune {
			if r >= utf8.RuneSelf {
				return -1
			}
			return r
		}, s)
	}
	if c.Length <= 0 || len(s) <= c.Length {
		return s
	}
	n := 0
	for i, r := range s {
		if c.LengthInBytes {
			n += utf8.RuneLen(r)
		} else {
			n++
		}
		if n > c.Length {
			return s[:i]
		}
	}
	return s
}

// isEncodable reports whether the column's charset has every character. Only Unicode charsets count
// as more than ASCII: the others differ by code page.
func isEncodable(c *dialect.Column, s string) bool {
	if c.Charset == "" || isASCII(s) {
		return true
	}
	charset := strings.ToLower(strings.ReplaceAll(c.Charset, "-", ""))
	for _, unicode := range []string{"utf8mb4", "utf16", "utf32", "ucs2", "utf8", "unicode"} {
		if strings.HasPrefix(charset, unicode) {
			// MySQL's utf8 (utf8mb3) and ucs2 end at U+FFFF, PostgreSQL's UTF8 doesn't; avoiding
			// later characters there costs nothing.
			return unicode == "utf8mb4" || unicode == "utf16" || unicode == "utf32" || !strings.ContainsFunc(s, func(r rune) bool { return r > 0xffff })
		}
	}
	return false
}

// collisionOdds is the probability below which a collision counts as improbable.
const collisionOdds = 1e-6

// rowsWhenUnknown is the assumed number of rows where the catalogue has no estimate.
const rowsWhenUnknown = 10_000_000

// birthdayClass returns the class of values drawn evenly from a space of the given size: two of n
// are equal with odds of about n²/2 over the size.
func birthdayClass(space float64, t Target) Class {
	n := float64(t.Rows)
	if t.Rows < 0 {
		n = rowsWhenUnknown
	}
	if n*n/2/space < collisionOdds {
		return LikelyUnique
	}
	return Lossy
}

// certainlyRepeats reports whether one value for every row certainly violates a unique index.
func certainlyRepeats(t Target) bool { return t.Sole && (t.Rows > 1 || t.Rows < 0) }

// hasRoom returns an error where a unique column has more rows than possible values.
func hasRoom(space float64, t Target) error {
	if t.Sole && t.Rows > 0 && float64(t.Rows) > space {
		return fmt.Errorf("column %s is unique with about %d rows, and there are only %.0f different values of this kind: leave it, make it longer, or use pseudonym where it is a number",
			t.Column.Name, t.Rows, space)
	}
	return nil
}

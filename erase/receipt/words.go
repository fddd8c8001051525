package receipt

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// formatDay is a date in people's notation, in UTC; "" for the zero time.
func formatDay(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2 January 2006")
}

// dayText is a day of the receipt in people's notation; any other text unchanged.
func dayText(s string) string {
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return formatDay(t)
	}
	return s
}

func count(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return numberText(n) + " " + many
}

// numberText has a comma after every three digits.
func numberText(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// words makes words of a name in the database: invoice_line, InvoiceLine and invoice-line are
// "invoice line".
func words(name string) string {
	var b strings.Builder
	before := ' '
	for _, r := range name {
		if unicode.IsUpper(r) && unicode.IsLower(before) {
			b.WriteRune(' ')
		}
		if r == '_' || r == '-' {
			r = ' '
		}
		b.WriteRune(r)
		before = r
	}
	list := strings.Fields(b.String())
	for i, w := range list {
		// Keep an abbreviation: "customer ID".
		if len(w) == 1 || w != strings.ToUpper(w) {
			list[i] = strings.ToLower(w)
		}
	}
	return strings.Join(list, " ")
}

func titleOf(name string) string {
	r := []rune(words(name))
	if len(r) > 0 {
		r[0] = unicode.ToUpper(r[0])
	}
	return string(r)
}

const textWidth = 78

// wrapLine breaks text into lines of at most 78 columns. The first line begins with first, the
// others are indented as far.
func wrapLine(first, text string) string {
	indent := strings.Repeat(" ", utf8.RuneCountInString(first))
	var b strings.Builder
	b.WriteString(first)
	col := len(indent)
	for i, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case col+1+n > textWidth:
			b.WriteString("\n" + indent)
			col = len(indent)
		default:
			b.WriteByte(' ')
			col++
		}
		b.WriteString(strings.Map(visibleRune, word))
		col += n
	}
	return b.String()
}

// visibleRune replaces runes that could control a terminal: names come from databases and policies.
func visibleRune(r rune) rune {
	if !unicode.IsPrint(r) {
		return unicode.ReplacementChar
	}
	return r
}

func underline(text string) string {
	return text + "\n" + strings.Repeat("=", utf8.RuneCountInString(text))
}

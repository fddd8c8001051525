package receipt

import (
	"strings"
	"unicode/utf8"
)

const textWidth = 78

// wrap breaks text into lines of at most 78 columns. The first line begins with
// first, the others are indented as far.
func wrap(first, text string) string {
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
		b.WriteString(word)
		col += n
	}
	return b.String()
}

func underline(text string) string {
	return text + "\n" + strings.Repeat("=", utf8.RuneCountInString(text))
}

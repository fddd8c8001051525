package word

import (
	"fmt"
	"strings"
	"unicode"
)

// Printable is a word of the policy for a message: quoted if it could be misread, and never longer
// than a line.
func Printable(word string) string {
	const most = 60
	if runes := []rune(word); len(runes) > most {
		word = string(runes[:most]) + "…"
	}
	if word == "" || strings.ContainsFunc(word, func(r rune) bool { return r == ' ' || r == ':' || r == '"' || !unicode.IsPrint(r) }) {
		return fmt.Sprintf("%q", word)
	}
	return word
}

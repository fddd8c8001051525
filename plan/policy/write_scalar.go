package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// plainScalar are the texts that need no quotes in YAML, in flow and block
// context alike: words that begin with a letter, with the arrow of a reference among them, and periods.
var plainScalar = regexp.MustCompile(`^([\pL_][\pL\pN_.()/+-]*( (->|[\pL\pN_.()/+-]+))*|\d+(y|mo|d|h)( \d+(mo|d|h))*)$`)

// notText are words that some version of YAML takes for something else.
var notText = []string{"null", "true", "false", "yes", "no", "on", "off", "y", "n"}

// Key is a name as a policy's file has it for a key.
func Key(name string) string { return scalarText(name) }

// scalarText writes a text: as it is where that reads as the same text, else in
// double quotes.
func scalarText(s string) string {
	if plainScalar.MatchString(s) && !slices.Contains(notText, strings.ToLower(s)) {
		return s
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r > 0xFFFF:
			fmt.Fprintf(&b, `\U%08X`, r)
		default:
			fmt.Fprintf(&b, `\u%04X`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

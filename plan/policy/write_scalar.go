package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// plainScalar are the texts without need of quotes in YAML, in flow and block context alike: words
// beginning with a letter, including those with the arrow of a reference, and periods.
var plainScalar = regexp.MustCompile(`^([\pL_][\pL\pN_.()/+-]*( (->|[\pL\pN_.()/+-]+))*|\d+(y|mo|d|h)( \d+(mo|d|h))*)$`)

// notText are words with another meaning in some version of YAML.
var notText = []string{"null", "true", "false", "yes", "no", "on", "off", "y", "n"}

// Key is a name as a key in a policy's file.
func Key(name string) string { return scalarText(name) }

// scalarText writes a text: unchanged if it reads as the same text, else in double quotes.
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

package discover

import (
	"strconv"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// isThing reports whether a key is named after a thing: its name is no
// person's name.
func isThing(key string) bool {
	m := readName(key, dialect.Text)
	return m.plainly() || thingWord(splitName(key))
}

// isTerm reports whether a key is a term of the lexicon or a word for people, but no
// known name of a person.
func isTerm(key string) bool {
	w := splitName(key)
	if knownName(key) { // a few words are names too
		return false
	}
	return key == "" || len(lexicon[strings.Join(w, "")]) > 0 || len(w) == 1 && personWord(w[0]) > 0
}

// valueLike reports whether a key has the form of a value.
func valueLike(key string) bool {
	return countDigits(key) > 3 || strings.ContainsAny(key, "@ ") || len(key) > 40 || isPersonName(key) || isIP(key)
}

// writtenPath formats a path for the strategy json; open says that it contains * for a key.
func writtenPath(keys []string, named func(string) bool) (written string, open bool) {
	var b strings.Builder
	for i, k := range keys {
		switch {
		case k == "":
			b.WriteString("[]")
			continue
		case i > 0:
			b.WriteByte('.')
		}
		switch {
		case !named(k):
			b.WriteByte('*')
			open = true
		case strings.ContainsFunc(k, func(r rune) bool { return !isKeyRune(r) }):
			b.WriteString(strconv.Quote(k))
		default:
			b.WriteString(k)
		}
	}
	return b.String(), open
}

func isKeyRune(r rune) bool {
	return r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

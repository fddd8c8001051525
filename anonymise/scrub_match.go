package anonymise

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A matcher finds the first match in text[at:], like a regular expression with leftmost,
// longest-first matches; from is -1 without a match. The text before at counts as no part of a
// word. Texts may hold megabytes: a matcher reads each byte once and reads further only where a
// match may begin.
type matcher func(text string, at int) (from, to int)

// nextEmail finds [L N . _ % + ' -]+ @ [L N] ([L N . -]* [L N])?, L and N being letters and
// numbers.
func nextEmail(text string, at int) (from, to int) {
	for i := at; ; {
		k := strings.IndexByte(text[i:], '@')
		if k < 0 {
			return -1, -1
		}
		k += i
		i = k + 1
		to = domainEnd(text, i)
		if to < 0 {
			continue
		}
		from = k
		for from > at {
			r, size := utf8.DecodeLastRuneInString(text[at:from])
			if !isEmailWord(r) && (r >= utf8.RuneSelf || strings.IndexByte("._%+'-", byte(r)) < 0) {
				break
			}
			from -= size
		}
		if from < k {
			return from, to
		}
	}
}

// domainEnd is the end of the domain that begins at i; -1 where none does.
func domainEnd(text string, i int) int {
	end := -1
	for j := i; j < len(text); {
		r, size := utf8.DecodeRuneInString(text[j:])
		j += size
		switch {
		case isEmailWord(r):
			end = j
		case end < 0 || r != '.' && r != '-':
			return end
		}
	}
	return end
}

// isEmailWord reports whether r is a letter or a number, or the other case of one.
func isEmailWord(r rune) bool {
	if r < utf8.RuneSelf {
		return isASCIIDigit(byte(r)) || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	}
	if unicode.IsLetter(r) || unicode.IsNumber(r) {
		return true
	}
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		if unicode.IsLetter(f) || unicode.IsNumber(f) {
			return true
		}
	}
	return false
}

// nextIBAN finds \b [a-z]{2} [0-9]{2} ([ -]? [a-z0-9]{1,4}){3,9}, whatever the case.
func nextIBAN(text string, at int) (from, to int) {
	for i := at + 2; i+1 < len(text); i++ {
		if !isASCIIDigit(text[i]) || !isASCIIDigit(text[i+1]) {
			continue
		}
		from = i
		for range 2 {
			r, size := utf8.DecodeLastRuneInString(text[at:from])
			if !isLatin(r) {
				size = 0
			}
			from -= size
			if size == 0 {
				from = -1
				break
			}
		}
		if from < 0 || !isBoundary(text, at, from) {
			continue
		}
		if to = groupsEnd(text, i+2); to > 0 {
			return from, to
		}
	}
	return -1, -1
}

// isLatin reports whether r is one of a to z, whatever its case: ſ is an s, and K a k.
func isLatin(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == 'ſ' || r == '\u212a'
}

// groupsEnd is the end of 3 to 9 groups of 1 to 4 letters or digits; -1 where there are too few.
// Groups are as long as possible, unless fewer than 3 would result.
func groupsEnd(text string, at int) int {
	groups, length, all, end := 0, 0, 0, at
	for j := at; j < len(text); {
		separated := 0
		if text[j] == ' ' || text[j] == '-' {
			separated = 1
		}
		r, size := utf8.DecodeRuneInString(text[j+separated:])
		if !isLatin(r) && (r >= utf8.RuneSelf || !isASCIIDigit(byte(r))) {
			break
		}
		if separated > 0 || length == 4 || groups == 0 {
			if groups == 9 {
				break
			}
			groups, length = groups+1, 0
		}
		j += separated + size
		length, all, end = length+1, all+1, j
	}
	if all < 3 {
		return -1
	}
	return end
}

// nextCard finds \b [0-9] ([ -]? [0-9]){11,18} \b.
func nextCard(text string, at int) (from, to int) {
	for from = at; from < len(text); from++ {
		if !isASCIIDigit(text[from]) || !isBoundary(text, at, from) {
			continue
		}
		if to = digitsEnd(text, from+1, " -", 1, 11, 18); to > 0 {
			return from, to
		}
	}
	return -1, -1
}

// nextPhone finds (\+ | \b) \(? [0-9] ([ ().-/]{0,2} [0-9]){6,14} \b.
func nextPhone(text string, at int) (from, to int) {
	for from = at; from < len(text); from++ {
		digit := from
		switch c := text[from]; {
		case c == '+':
			digit++
		case c != '(' && !isASCIIDigit(c) || !isBoundary(text, at, from):
			continue
		}
		if digit < len(text) && text[digit] == '(' {
			digit++
		}
		if digit == len(text) || !isASCIIDigit(text[digit]) {
			continue
		}
		if to = digitsEnd(text, digit+1, " ().-/", 2, 6, 14); to > 0 {
			return from, to
		}
	}
	return -1, -1
}

// digitsEnd is the end of at least least and at most most digits, as many as possible, with at most
// apart separators before each; the end is a word's end. It is -1 without one.
func digitsEnd(text string, at int, separators string, apart, least, most int) int {
	end := -1
	for n := 1; n <= most; n++ {
		i := at
		for i < len(text) && i-at < apart && strings.IndexByte(separators, text[i]) >= 0 {
			i++
		}
		if i == len(text) || !isASCIIDigit(text[i]) {
			break
		}
		at = i + 1
		if n >= least && (at == len(text) || !isASCIIWord(text[at])) {
			end = at
		}
	}
	return end
}

// nextIP finds \b [0-9]{1,3} (\. [0-9]{1,3}){3} \b, or [0-9a-f]* (: [0-9a-f]*){2,7} (\.
// [0-9]{1,3}){0,3}.
func nextIP(text string, at int) (from, to int) {
	hex := at // where the hexadecimal digits before i begin
	for i := at; i < len(text); i++ {
		switch c := text[i]; {
		case c == ':':
			if to = sixEnd(text, i); to > 0 {
				return hex, to
			}
			hex = i + 1
		case isASCIIDigit(c):
			if isBoundary(text, at, i) {
				if to = fourEnd(text, i); to > 0 {
					return i, to
				}
			}
		case !isHex(c):
			hex = i + 1
		}
	}
	return -1, -1
}

// fourEnd is the end of the address of four numbers that begins at i; -1 where none does.
func fourEnd(text string, i int) int {
	for n := range 4 {
		if n > 0 {
			if i == len(text) || text[i] != '.' {
				return -1
			}
			i++
		}
		end := i
		for end < len(text) && end-i < 3 && isASCIIDigit(text[end]) {
			end++
		}
		if end == i {
			return -1
		}
		i = end
	}
	if i < len(text) && isASCIIWord(text[i]) {
		return -1
	}
	return i
}

// sixEnd is the end of the address whose first colon is at i; -1 without a second colon.
func sixEnd(text string, i int) int {
	colons := 0
	for i < len(text) && text[i] == ':' && colons < 7 {
		colons++
		for i++; i < len(text) && isHex(text[i]); {
			i++
		}
	}
	if colons < 2 {
		return -1
	}
	for range 3 {
		end := i + 1
		for end < len(text) && text[i] == '.' && end-i <= 3 && isASCIIDigit(text[end]) {
			end++
		}
		if end == i+1 {
			break
		}
		i = end
	}
	return i
}

func isASCIIDigit(c byte) bool { return c >= '0' && c <= '9' }

func isHex(c byte) bool { return isASCIIDigit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }

// isASCIIWord reports whether \b takes c for a part of a word.
func isASCIIWord(c byte) bool {
	return isASCIIDigit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
}

// isBoundary is \b at i, before the end, in text[at:].
func isBoundary(text string, at, i int) bool {
	return (i > at && isASCIIWord(text[i-1])) != isASCIIWord(text[i])
}

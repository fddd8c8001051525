package policy

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// SameCondition reports whether two conditions are written alike. Space between words, the case of
// SQL's operators, and parentheses around the whole make no difference. It doesn't recognise one
// meaning in different words.
func SameCondition(a, b string) bool {
	if strings.ContainsRune(a+b, '\\') { // in some engines it escapes a quote
		return strings.TrimSpace(a) == strings.TrimSpace(b)
	}
	return slices.Equal(conditionTokens(a), conditionTokens(b))
}

// operators are words of conditions that aren't names: their case never counts.
var operators = []string{"and", "or", "not", "is", "null", "in", "like", "between", "true", "false", "exists"}

func conditionTokens(sql string) []string {
	var out []string
	for rest := strings.TrimSpace(sql); rest != ""; rest = strings.TrimLeftFunc(rest, unicode.IsSpace) {
		n := tokenEnd(rest)
		word := rest[:n]
		if lower := strings.ToLower(word); slices.Contains(operators, lower) {
			word = lower
		}
		out, rest = append(out, word), rest[n:]
	}
	for len(out) > 2 && out[0] == "(" && closingParen(out) == len(out)-1 {
		out = out[1 : len(out)-1]
	}
	return out
}

// tokenEnd is the length of the quoted text, word or sign at the start of a text.
func tokenEnd(text string) int {
	if c := text[0]; c == '\'' || c == '"' || c == '`' {
		for i := 1; i < len(text); i++ {
			switch {
			case text[i] != c:
			case i+1 < len(text) && text[i+1] == c: // a doubled one is inside
				i++
			default:
				return i + 1
			}
		}
		return len(text)
	}
	if word := leadingRunes(text, func(r rune) bool { return nameRune(r) || r == '.' }); word != "" {
		return len(word)
	}
	if sign := leadingRunes(text, func(r rune) bool { return strings.ContainsRune("<>=!|&+-*/%~^@#:", r) }); sign != "" {
		return len(sign)
	}
	_, n := utf8.DecodeRuneInString(text)
	return n
}

// closingParen is the place of the parenthesis closing the first one.
func closingParen(tokens []string) int {
	depth := 0
	for i, t := range tokens {
		switch t {
		case "(":
			depth++
		case ")":
			depth--
		}
		if depth == 0 {
			return i
		}
	}
	return -1
}

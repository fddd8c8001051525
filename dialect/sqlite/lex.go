package sqlite

import (
	"strings"
	"unicode/utf8"
)

// tokenKind is the kind of an SQL token.
type tokenKind int

const (
	word       tokenKind = iota // a keyword or a bare name
	quotedName                  // "name", `name` or [name]; text is without the quotes
	text                        // 'text' or x'ff', quotes included
	number
	sign // one character
)

type token struct {
	kind       tokenKind
	text       string
	start, end int // bytes of the source
}

// is reports whether the token is one of the keywords.
func (t token) is(keywords ...string) bool {
	if t.kind != word {
		return false
	}
	for _, k := range keywords {
		if strings.EqualFold(t.text, k) {
			return true
		}
	}
	return false
}

// name returns the name that the token spells, and whether it can be one. A text in single quotes
// can: SQLite accepts it where only a name makes sense.
func (t token) name() (string, bool) {
	switch t.kind {
	case word, quotedName:
		return t.text, true
	case text:
		if strings.HasPrefix(t.text, "'") {
			return strings.ReplaceAll(strings.Trim(t.text, "'"), "''", "'"), true
		}
	}
	return "", false
}

// lexSQL splits SQL into tokens as SQLite does (https://sqlite.org/syntax.html), without comments.
// It accepts any input: an unclosed token ends with it.
func lexSQL(sql string) []token {
	var out []token
	for i := 0; i < len(sql); {
		start := i
		c := sql[i]
		add := func(k tokenKind, s string) { out = append(out, token{k, s, start, i}) }
		switch {
		case strings.IndexByte(" \t\n\r\f", c) >= 0:
			i++
		case strings.HasPrefix(sql[i:], "--"):
			i = indexAfter(sql, i, "\n")
		case strings.HasPrefix(sql[i:], "/*"):
			i = indexAfter(sql, i+2, "*/")
		case c == '\'':
			i = closingParen(sql, i)
			add(text, sql[start:i])
		case (c == 'x' || c == 'X') && strings.HasPrefix(sql[i+1:], "'"):
			i = closingParen(sql, i+1)
			add(text, sql[start:i])
		case c == '"' || c == '`':
			i = closingParen(sql, i)
			q := string(c)
			inner := strings.TrimPrefix(sql[start:i], q)
			if i-start > 1 {
				inner = strings.TrimSuffix(inner, q)
			}
			add(quotedName, strings.ReplaceAll(inner, q+q, q))
		case c == '[':
			i = indexAfter(sql, i, "]")
			add(quotedName, strings.TrimSuffix(sql[start+1:i], "]"))
		case wordByte(c) && (c < '0' || c > '9'):
			for i < len(sql) && wordByte(sql[i]) {
				i++
			}
			add(word, sql[start:i])
		case c >= '0' && c <= '9':
			for i < len(sql) && (wordByte(sql[i]) || sql[i] == '.') {
				i++
			}
			add(number, sql[start:i])
		default:
			i++
			add(sign, sql[start:i])
		}
	}
	return out
}

func wordByte(c byte) bool {
	return c == '_' || c == '$' || c >= utf8.RuneSelf || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// indexAfter is the index after the next end, or the input's end.
func indexAfter(sql string, from int, end string) int {
	if from > len(sql) {
		return len(sql)
	}
	if i := strings.Index(sql[from:], end); i >= 0 {
		return from + i + len(end)
	}
	return len(sql)
}

// closingParen is the index after the quoted text at i; a doubled quote is part of the text.
func closingParen(sql string, i int) int {
	q := sql[i]
	for i++; i < len(sql); i++ {
		if sql[i] != q {
			continue
		}
		if i+1 < len(sql) && sql[i+1] == q {
			i++
			continue
		}
		return i + 1
	}
	return len(sql)
}

func escapeText(s string) string { return strings.ReplaceAll(s, "'", "''") }

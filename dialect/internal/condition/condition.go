// Package condition checks the conditions of a policy, written in an engine's SQL. It finds where
// each text, name and parenthesis ends. A condition is used in parentheses beside others. The
// package refuses one that could close them, hide the text after it, or mean something else under
// another setting of the session.
package condition

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Rules are an engine's SQL syntax. Check refuses anything else.
type Rules struct {
	// Quotes are the characters that begin a text or a name. A single quote begins a text.
	Quotes map[byte]Quote
	// NameQuote is the one of them around a name.
	NameQuote byte
	// Signs are the characters allowed by themselves, beside parentheses and commas.
	Signs string
	// Name are the characters allowed within a name, beside letters, digits and _.
	Name string
	// Brackets says that [ and ] enclose an index.
	Brackets bool
	// Texts are the words, in lower case, that change the meaning of a quoted text right after
	// them, each with what to write instead.
	Texts map[string]string
	// Refused are the beginnings with another meaning on this engine, each with what to do. Check
	// tries them in their order, wherever no text or name begins.
	Refused []Refused
}

// Quote is how a quoted text or name ends.
type Quote struct {
	End     byte
	Doubled bool // twice the end means the character itself
	Escapes bool // a backslash includes the next character, even an end
}

// Refused is the beginning of refused SQL.
type Refused struct {
	Begin  *regexp.Regexp
	Reason string
}

// Shared are refused on all engines.
var Shared = []Refused{
	{regexp.MustCompile(`^;`), "a semicolon: it is one condition, not a statement"},
	{regexp.MustCompile(`^(--|/\*|\*/)`), "an SQL comment: put it into the policy behind a #"},
	{regexp.MustCompile(`^\?`), "a parameter (?): write its value"},
	{regexp.MustCompile(`^\$`), "a dollar sign, of a quoted text or a parameter: write texts in single quotes"},
	{regexp.MustCompile(`^@@?[\pL_]`), "a variable or parameter (@): write its value"},
	{regexp.MustCompile(`^:[^:=]`), "a parameter (:): write its value"},
	{regexp.MustCompile(`^:=`), "an assignment (:=)"},
}

// number is a number in the syntax of all engines: 12, 1.5, 1e-3, 0xff.
var number = regexp.MustCompile(`^(0[xX][0-9a-fA-F]+|[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?)`)

// Check says what is wrong with a condition, or returns nil. The error continues the condition's
// name: "has a semicolon: …".
func Check(sql string, r Rules) error {
	if strings.TrimSpace(sql) == "" {
		return errors.New("is empty: leave it out, or say which rows")
	}
	if !utf8.ValidString(sql) {
		return errors.New("is not in UTF-8")
	}
	var open []byte // the open parentheses and brackets
	for at := 0; at < len(sql); {
		n, err := r.tokenLength(sql[at:])
		if err != nil {
			return err
		}
		switch c := sql[at]; {
		case c == '(' || c == '[' && r.Brackets:
			open = append(open, c)
		case c == ')' || c == ']' && r.Brackets:
			begin := byte('(')
			if c == ']' {
				begin = '['
			}
			if len(open) == 0 {
				return errors.New("closes a parenthesis it did not open")
			}
			if open[len(open)-1] != begin {
				return errors.New("closes parentheses in another order than it opened them")
			}
			open = open[:len(open)-1]
		}
		at += n
	}
	if len(open) > 0 {
		return errors.New("has a parenthesis that is not closed")
	}
	return nil
}

// tokenLength is the length of the token at the beginning.
func (r Rules) tokenLength(rest string) (int, error) {
	c := rest[0]
	if q, ok := r.Quotes[c]; ok {
		return q.quotedLength(rest)
	}
	for _, f := range append(r.Refused, Shared...) {
		if f.Begin.MatchString(rest) {
			return 0, errors.New("has " + f.Reason)
		}
	}
	switch {
	case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '(' || c == ')' || c == ',':
		return 1, nil
	case (c == '[' || c == ']') && r.Brackets:
		return 1, nil
	case c >= '0' && c <= '9':
		n := len(number.FindString(rest))
		if n < len(rest) && (r.inName(rest[n]) || rest[n] == '.') {
			return 0, errors.New("has a number that runs into a name or another number: put a blank between them")
		}
		return n, nil
	case r.inName(c) && !strings.ContainsRune(r.Name, rune(c)):
		return r.nameLength(rest)
	case strings.IndexByte(r.Signs, c) >= 0 && strings.HasPrefix(rest, "::"):
		return 2, nil
	case strings.IndexByte(r.Signs, c) >= 0:
		return 1, nil
	}
	char, _ := utf8.DecodeRuneInString(rest)
	return 0, fmt.Errorf("has the character %q, which is not understood here: write the condition without it", char)
}

// nameLength is the length of the name at the beginning. After some names a quote opens a text of
// another form.
func (r Rules) nameLength(rest string) (int, error) {
	n := 1
	for n < len(rest) && r.inName(rest[n]) {
		n++
	}
	prefix, quote := rest[:n], n
	if n < len(rest) && rest[n] == '&' { // U&'…'
		prefix, quote = rest[:n+1], n+1
	}
	if quote < len(rest) && r.opensQuote(rest[quote]) {
		if instead := r.Texts[strings.ToLower(prefix)]; instead != "" {
			return 0, fmt.Errorf("has a text of the form %s%c…: %s", prefix, rest[quote], instead)
		}
	}
	return n, nil
}

func (r Rules) opensQuote(c byte) bool {
	_, ok := r.Quotes[c]
	return ok
}

func (r Rules) inName(c byte) bool {
	return c == '_' || c >= utf8.RuneSelf || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.IndexByte(r.Name, c) >= 0
}

// quotedLength is the length of the quoted text or name at the beginning.
func (q Quote) quotedLength(rest string) (int, error) {
	for i := 1; i < len(rest); i++ {
		switch c := rest[i]; {
		case c == 0:
			return 0, errors.New(`has the character '\x00', which is not understood here: write the condition without it`)
		case c == '\\' && q.Escapes:
			if i++; i < len(rest) && rest[i] == q.End {
				return 0, fmt.Errorf("has a quote behind a backslash, which ends a text or not by the settings: write %c%[1]c", q.End)
			}
		case c == q.End && q.Doubled && i+1 < len(rest) && rest[i+1] == q.End:
			i++
		case c == q.End:
			return i + 1, nil
		}
	}
	return 0, errors.New("has a quote that is not closed")
}

package plan

import "strings"

// checkCondition says what is wrong with a condition of the policy as far as
// that shows without knowing the engine's SQL, or "". A condition is placed
// among others, in parentheses: one that closes them itself, ends the statement
// or hides what follows in a comment would change which rows are meant.
func checkCondition(sql string) string {
	if strings.TrimSpace(sql) == "" {
		return "is empty: leave out where, or say which rows"
	}
	depth := 0
	for rest := sql; rest != ""; {
		switch c := rest[0]; {
		case c == '\'' || c == '"' || c == '`':
			end := strings.IndexByte(rest[1:], c)
			if end < 0 {
				return "has a quote that is not closed"
			}
			rest = rest[end+2:]
			continue
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == ';':
			return "has a semicolon: it is one condition, not a statement"
		case strings.HasPrefix(rest, "--") || strings.HasPrefix(rest, "/*"):
			return "has an SQL comment: put it into the policy behind a #"
		}
		if depth < 0 {
			return "closes a parenthesis that it did not open"
		}
		rest = rest[1:]
	}
	if depth > 0 {
		return "has a parenthesis that is not closed"
	}
	return ""
}

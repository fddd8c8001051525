package policy

import "strings"

// CheckCondition says what is wrong with a condition on any engine, or "". Parse calls it to report
// the condition's line and column. Build, which knows the engine, checks the rest.
func CheckCondition(sql string) string {
	if strings.TrimSpace(sql) == "" {
		return "is empty: remove where, or write a condition"
	}
	if strings.ContainsAny(sql, "\\$[") {
		return ""
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
			return "closes a parenthesis it did not open"
		}
		rest = rest[1:]
	}
	if depth > 0 {
		return "has a parenthesis that is not closed"
	}
	return ""
}

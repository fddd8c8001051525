package mysql

import (
	"regexp"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// clause is one index in the text of SHOW CREATE TABLE.
type clause struct {
	index string
	text  string // the clause exactly as printed
	tree  bool   // neither full-text nor spatial nor of any other kind
}

// indexClauses finds the indexes in a CREATE TABLE as the server prints it, without the primary
// key: it has no name. It accepts any text.
func indexClauses(sql string) []clause {
	var out []clause
	for _, text := range splitParts(sql) {
		if c, ok := indexClause(text); ok {
			out = append(out, c)
		}
	}
	return out
}

// splitParts returns the parts between the outermost parentheses of a CREATE TABLE.
func splitParts(sql string) []string {
	var out []string
	open := skipQuoted(sql, strings.IndexByte(sql, '`'))
	for open < len(sql) && sql[open] != '(' {
		open = skipQuoted(sql, open)
	}
	depth, start := 0, open+1
	for i := open; i < len(sql); {
		switch sql[i] {
		case '(':
			depth++
		case ')':
			depth--
		}
		if depth == 0 || depth == 1 && sql[i] == ',' {
			out = append(out, strings.TrimSpace(sql[min(start, i):i]))
			start = i + 1
		}
		if depth == 0 {
			break
		}
		i = skipQuoted(sql, i)
	}
	return out
}

// indexClause parses KEY `name` (…) and UNIQUE KEY `name` (…), and marks other kinds of KEY.
func indexClause(text string) (clause, bool) {
	words, rest, named := strings.Cut(text, "`")
	if !named {
		return clause{}, false
	}
	words = strings.TrimSpace(words)
	if words != "KEY" && !strings.HasSuffix(words, " KEY") {
		return clause{}, false
	}
	name := text[len(text)-len(rest)-1:]
	name = name[:skipQuoted(name, 0)]
	tree := (words == "KEY" || words == "UNIQUE KEY") && !strings.Contains(text, ") USING HASH") // MariaDB's form for long columns
	return clause{index: unquoteIdent(name), text: text, tree: tree}, true
}

// action finds a foreign key's actions, after the last parenthesis of its clause.
var action = regexp.MustCompile(`ON (DELETE|UPDATE) (CASCADE|SET NULL|SET DEFAULT|NO ACTION|RESTRICT)`)

// declaredRules parses the actions of the foreign keys in a CREATE TABLE, by their names; usual is
// the default action.
func declaredRules(sql string, usual dialect.Action) map[string]rules {
	out := map[string]rules{}
	for _, text := range splitParts(sql) {
		name, ok := strings.CutPrefix(text, "CONSTRAINT ")
		end := skipQuoted(name, 0)
		if !ok || !strings.HasPrefix(name[end:], " FOREIGN KEY ") {
			continue
		}
		does := rules{usual, usual}
		for _, m := range action.FindAllStringSubmatch(text[strings.LastIndexByte(text, ')')+1:], -1) {
			if m[1] == "DELETE" {
				does.onDelete = dialect.Action(strings.ToLower(m[2]))
			} else {
				does.onUpdate = dialect.Action(strings.ToLower(m[2]))
			}
		}
		out[unquoteIdent(name[:end])] = does
	}
	return out
}

// skipQuoted is the index after the character at i, or after the name or text that begins there.
func skipQuoted(sql string, i int) int {
	if i < 0 || i >= len(sql) {
		return len(sql)
	}
	switch q := sql[i]; q {
	case '`', '\'', '"':
		for i++; i < len(sql); i++ {
			switch {
			case sql[i] == '\\' && q != '`':
				i++
			case sql[i] == q && i+1 < len(sql) && sql[i+1] == q:
				i++
			case sql[i] == q:
				return i + 1
			}
		}
		return len(sql)
	}
	return i + 1
}

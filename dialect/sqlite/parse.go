package sqlite

import "strings"

// tableText holds the facts found only in the text of a CREATE TABLE; the rest is in pragmas.
type tableText struct {
	checks   []check
	foreign  []string          // names of the foreign keys in the order of the text, "" for none
	collates map[string]string // by the column's name in lower case
}

type check struct{ name, condition string }

// parseTable parses a CREATE TABLE statement as SQLite keeps it. It accepts any text.
func parseTable(sql string) tableText {
	out := tableText{collates: map[string]string{}}
	toks := lexSQL(sql)
	open := indexOf(toks, 0, "(")
	if open < 0 {
		return out
	}
	end := matchingParen(toks, open)
	item := open + 1
	for i := open + 1; i <= end; i++ {
		switch {
		case i == end || toks[i].text == "," && toks[i].kind == sign:
			out.parseItem(sql, toks[item:i])
			item = i + 1
		case toks[i].kind == sign && toks[i].text == "(":
			i = matchingParen(toks, i)
			if i >= end {
				i = end - 1
			}
		}
	}
	return out
}

// parseItem parses a column's definition or a table constraint.
func (t *tableText) parseItem(sql string, toks []token) {
	if len(toks) == 0 {
		return
	}
	column := ""
	if !toks[0].is("CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN") {
		column, _ = toks[0].name()
		toks = toks[1:]
	}
	name := ""
	for i := 0; i < len(toks); i++ {
		switch tok := toks[i]; {
		case tok.is("CONSTRAINT") && i+1 < len(toks):
			i++
			name, _ = toks[i].name()
		case tok.is("CHECK") && i+1 < len(toks) && toks[i+1].text == "(":
			end := matchingParen(toks, i+1)
			t.checks = append(t.checks, check{name, textInside(sql, toks, i+1, end)})
			i, name = end, ""
		case tok.is("REFERENCES"):
			t.foreign = append(t.foreign, name)
			name = ""
		case tok.is("COLLATE") && column != "" && i+1 < len(toks):
			i++
			collation, _ := toks[i].name()
			t.collates[strings.ToLower(column)] = strings.ToUpper(collation)
		case tok.kind == sign && tok.text == "(":
			i = matchingParen(toks, i)
		}
	}
}

// virtualText holds the facts in the text of a CREATE VIRTUAL TABLE.
type virtualText struct {
	module  string // in lower case
	content string // the indexed table or view of a full-text index without rows of its own; "" where it isn't named
	// contentless is set where a full-text index stores no rows and names no table. deletes is set
	// where its entries can still be deleted.
	contentless, deletes bool
}

func parseVirtual(sql string) virtualText {
	var out virtualText
	toks := lexSQL(sql)
	for i, tok := range toks {
		switch {
		case out.module == "" && tok.is("USING") && i+1 < len(toks):
			name, _ := toks[i+1].name()
			out.module = strings.ToLower(name)
		case out.module != "" && tok.is("CONTENT") && i+2 < len(toks) && toks[i+1].text == "=":
			if of := toks[i+2]; of.kind == text {
				out.content = strings.ReplaceAll(strings.Trim(of.text, "'"), "''", "'")
			} else {
				out.content, _ = of.name()
			}
			out.contentless = out.content == ""
		case tok.is("CONTENTLESS_DELETE") && i+2 < len(toks) && toks[i+1].text == "=":
			out.deletes = strings.Trim(toks[i+2].text, `'"`) == "1"
		}
	}
	return out
}

// indexText holds the facts found only in the text of a CREATE INDEX.
type indexText struct {
	parts []string // SQL of each indexed column or expression
	where string
}

func parseIndex(sql string) indexText {
	var out indexText
	toks := lexSQL(sql)
	open := indexOf(toks, 0, "(")
	if open < 0 {
		return out
	}
	end := matchingParen(toks, open)
	start := open + 1
	for i := open + 1; i <= end && i < len(toks); i++ {
		switch {
		case i == end || toks[i].text == "," && toks[i].kind == sign:
			if start < i {
				out.parts = append(out.parts, partOf(sql, toks[start:i]))
			}
			start = i + 1
		case toks[i].kind == sign && toks[i].text == "(":
			i = min(matchingParen(toks, i), end-1)
		}
	}
	if end+1 < len(toks) && toks[end+1].is("WHERE") {
		out.where = strings.TrimSpace(sql[toks[end+1].end:])
	}
	return out
}

// partOf is an indexed expression without its collation and direction.
func partOf(sql string, toks []token) string {
	last := len(toks)
	for last > 1 && toks[last-1].is("ASC", "DESC") {
		last--
	}
	if last > 2 && toks[last-2].is("COLLATE") {
		last -= 2
	}
	return sql[toks[0].start:toks[last-1].end]
}

// triggerText holds the facts in the text of a CREATE TRIGGER.
type triggerText struct {
	timing                       string
	onInsert, onUpdate, onDelete bool
	writes                       []string
}

func parseTrigger(sql string) triggerText {
	out := triggerText{timing: "before"} // the default
	toks := lexSQL(sql)
	body := len(toks)
	for i, tok := range toks {
		if tok.is("BEGIN") {
			body = i
			break
		}
	}
	// The event is before ON; a trigger may have the name "update".
head:
	for i := 2; i < body; i++ {
		switch prev, tok := toks[i-1], toks[i]; {
		case tok.is("BEFORE", "AFTER") && !prev.is("TRIGGER", "EXISTS"):
			out.timing = strings.ToLower(tok.text)
		case tok.is("INSTEAD") && !prev.is("TRIGGER", "EXISTS"):
			out.timing = "instead of"
		case tok.is("UPDATE", "DELETE", "INSERT") && !prev.is("TRIGGER", "EXISTS") && prev.text != ".":
			out.onInsert, out.onUpdate, out.onDelete = tok.is("INSERT"), tok.is("UPDATE"), tok.is("DELETE")
			break head
		}
	}
	for i := body; i+1 < len(toks); i++ {
		at := 0
		switch {
		case toks[i].is("INTO") || toks[i].is("FROM") && toks[i-1].is("DELETE"):
			at = i + 1
		case toks[i].is("UPDATE") && toks[i+1].is("OR"):
			at = i + 3
		case toks[i].is("UPDATE"):
			at = i + 1
		}
		if at > 0 && at < len(toks) {
			if name, ok := toks[at].name(); ok {
				out.writes = append(out.writes, name)
			}
		}
	}
	return out
}

// parseNames lists the names in SQL, keywords among them.
func parseNames(sql string) []string {
	var out []string
	for _, t := range lexSQL(sql) {
		if t.kind == word || t.kind == quotedName {
			out = append(out, t.text)
		}
	}
	return out
}

// indexOf is the first token from i on with that sign, or -1.
func indexOf(toks []token, i int, s string) int {
	for ; i < len(toks); i++ {
		if toks[i].kind == sign && toks[i].text == s {
			return i
		}
	}
	return -1
}

// matchingParen is the token closing the parenthesis at i, or the number of tokens.
func matchingParen(toks []token, i int) int {
	depth := 0
	for ; i < len(toks); i++ {
		if toks[i].kind != sign {
			continue
		}
		switch toks[i].text {
		case "(":
			depth++
		case ")":
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(toks)
}

// textInside is the SQL between two parentheses.
func textInside(sql string, toks []token, open, end int) string {
	if end >= len(toks) {
		return strings.TrimSpace(sql[toks[open].end:toks[len(toks)-1].end])
	}
	return strings.TrimSpace(sql[toks[open].end:toks[end].start])
}

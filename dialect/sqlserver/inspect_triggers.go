package sqlserver

import (
	"context"
	"regexp"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

func (c *catalogue) readTriggers(ctx context.Context) error {
	const q = `
SELECT tr.parent_id, tr.object_id, tr.name, CAST(tr.is_disabled AS int), CAST(tr.is_instead_of_trigger AS int), e.type, COALESCE(m.definition, '')
FROM sys.triggers tr
JOIN sys.trigger_events e ON e.object_id = tr.object_id
LEFT JOIN sys.sql_modules m ON m.object_id = tr.object_id
WHERE tr.parent_class = 1 AND e.type IN (1, 2, 3)
ORDER BY tr.object_id`
	triggers := map[string]*dialect.Trigger{}
	return c.eachRow(ctx, q, func(row []string) {
		t := c.tables[row[0]]
		if t == nil {
			return
		}
		tr := triggers[row[1]]
		if tr == nil {
			tr = &dialect.Trigger{Name: row[2], Timing: "after", Disabled: row[3] == "1"}
			if row[4] == "1" {
				tr.Timing = "instead of"
			}
			tr.Writes = c.resolveNames(writtenTables(row[6]), t.Name.Schema)
			tr.Opaque = c.whyOpaque(row[6], tr.Writes)
			triggers[row[1]] = tr
			t.Triggers = append(t.Triggers, tr)
		}
		tr.OnInsert = tr.OnInsert || row[5] == "1"
		tr.OnUpdate = tr.OnUpdate || row[5] == "2"
		tr.OnDelete = tr.OnDelete || row[5] == "3"
	})
}

// resolveNames finds the tables and views named in SQL text, unqualified ones in the given schemas
// and then in the default one. Names compare without case, as in most databases: one too many does
// less harm than one too few.
func (c *catalogue) resolveNames(names []dialect.Name, schemas ...string) []dialect.Name {
	fold := func(n dialect.Name) dialect.Name {
		return dialect.Name{Schema: strings.ToLower(n.Schema), Table: strings.ToLower(n.Table)}
	}
	known := map[dialect.Name]dialect.Name{}
	for _, n := range c.names {
		known[fold(n)] = n
	}
	var out []dialect.Name
	for _, n := range names {
		candidates := []dialect.Name{n}
		if n.Schema == "" {
			candidates = nil
			for _, s := range append(schemas, c.schema.Default) {
				candidates = append(candidates, dialect.Name{Schema: s, Table: n.Table})
			}
		}
		for _, candidate := range candidates {
			if found, ok := known[fold(candidate)]; ok {
				out = append(out, found)
				break
			}
		}
	}
	return distinctNames(out)
}

// executes matches the execution of other code: a procedure, or dynamic SQL.
var (
	executes = regexp.MustCompile(`(?i)\b(?:exec|execute|sp_executesql)\b`)
	literals = regexp.MustCompile(`'(?:[^']|'')*'`)
)

// whyOpaque says why a trigger's text doesn't show all its writes, or "". A hidden text (WITH
// ENCRYPTION) shows none.
func (c *catalogue) whyOpaque(body string, writes []dialect.Name) string {
	if body == "" {
		return "its text isn't shown"
	}
	if executes.MatchString(literals.ReplaceAllString(comments.ReplaceAllString(body, " "), "''")) {
		return "it runs EXECUTE"
	}
	for _, n := range writes {
		if !c.isTable(n) {
			return "it writes to " + n.String() + ", which is no table"
		}
	}
	return ""
}

func (c *catalogue) isTable(n dialect.Name) bool {
	for _, t := range c.tables {
		if t.Name == n {
			return true
		}
	}
	return false
}

const part = `(\[(?:[^\]]|\]\])+\]|"(?:[^"]|"")+"|[\pL_#@][\pL\pN_$#@]*)`

var (
	comments = regexp.MustCompile(`(?s)--[^\n]*|/\*.*?\*/`)
	writes   = regexp.MustCompile(`(?i)\b(?:insert(?:\s+into)?|delete(?:\s+top\s*\([^)]*\))?(?:\s+from)?|update(?:\s+top\s*\([^)]*\))?|merge(?:\s+into)?|truncate\s+table|output\b[^;]*?\binto)\s+` + part + `(?:\s*\.\s*` + part + `)?(?:\s*\.\s*` + part + `)?`)
	froms    = regexp.MustCompile(`(?i)(?:\b(?:from|join|apply)|,)\s+` + part + `(?:\s*\.\s*` + part + `)?(?:\s*\.\s*` + part + `)?`)
)

// writtenTables finds the tables that T-SQL text writes to: the names after INSERT, UPDATE, DELETE,
// MERGE and OUTPUT INTO. It is no parser: it doesn't resolve aliases, and doesn't see the writes of
// EXECUTE and of other procedures.
func writtenTables(body string) []dialect.Name { return namedBy(writes, body) }

// mentionedNames finds the tables read by a view's text.
func mentionedNames(body string) []dialect.Name { return namedBy(froms, body) }

func namedBy(by *regexp.Regexp, body string) []dialect.Name {
	var out []dialect.Name
	for _, m := range by.FindAllStringSubmatch(comments.ReplaceAllString(body, " "), -1) {
		switch {
		case m[3] != "": // database.schema.table
			out = append(out, dialect.Name{Schema: unquoteIdent(m[2]), Table: unquoteIdent(m[3])})
		case m[2] != "":
			out = append(out, dialect.Name{Schema: unquoteIdent(m[1]), Table: unquoteIdent(m[2])})
		default:
			out = append(out, dialect.Name{Table: unquoteIdent(m[1])})
		}
	}
	return out
}

func unquoteIdent(ident string) string {
	switch {
	case strings.HasPrefix(ident, "["):
		return strings.ReplaceAll(ident[1:len(ident)-1], "]]", "]")
	case strings.HasPrefix(ident, `"`):
		return strings.ReplaceAll(ident[1:len(ident)-1], `""`, `"`)
	}
	return ident
}

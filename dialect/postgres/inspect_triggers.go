package postgres

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// The bits of pg_trigger.tgtype, of PostgreSQL's catalog/pg_trigger.h.
const (
	triggerBefore  = 1 << 1
	triggerDelete  = 1 << 3
	triggerUpdate  = 1 << 4
	triggerInstead = 1 << 6
)

func (c *catalogue) readTriggers(ctx context.Context) error {
	const q = `
SELECT t.tgrelid, t.tgname, t.tgtype, t.tgenabled, l.lanname, f.prosrc, fn.nspname
FROM pg_trigger t
JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_proc f ON f.oid = t.tgfoid JOIN pg_language l ON l.oid = f.prolang JOIN pg_namespace fn ON fn.oid = f.pronamespace
WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND t.tgtype & 24 <> 0 AND c.relkind IN ('r', 'p', 'f') AND ` + own
	return c.each(ctx, q, func(row [][]byte) {
		t := c.tables[text(row[0])]
		if t == nil {
			return
		}
		bits := number(row[2])
		trigger := &dialect.Trigger{
			Name: text(row[1]), Timing: "after", OnUpdate: bits&triggerUpdate != 0, OnDelete: bits&triggerDelete != 0,
			Disabled: text(row[3]) == "D" || text(row[3]) == "R", // R: on a replica only
		}
		switch {
		case bits&triggerInstead != 0:
			trigger.Timing = "instead of"
		case bits&triggerBefore != 0:
			trigger.Timing = "before"
		}
		if language := text(row[4]); language == "plpgsql" || language == "sql" {
			trigger.Writes = c.resolve(written(text(row[5])), text(row[6]), t.Name.Schema)
		}
		t.Triggers = append(t.Triggers, trigger)
	})
}

// readRules enters rewrite rules on UPDATE and DELETE as triggers: an ALSO
// rule comes with the statement, an INSTEAD rule takes its place.
func (c *catalogue) readRules(ctx context.Context) error {
	const q = `
SELECT c.oid, w.rulename, w.ev_type, w.is_instead::int, w.ev_enabled, pg_get_ruledef(w.oid)
FROM pg_rewrite w JOIN pg_class c ON c.oid = w.ev_class AND c.relkind IN ('r', 'p', 'f') JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE w.ev_type IN ('2', '4') AND ` + own
	return c.each(ctx, q, func(row [][]byte) {
		t := c.tables[text(row[0])]
		if t == nil {
			return
		}
		rule := &dialect.Trigger{
			Name: text(row[1]), Timing: "after", OnUpdate: text(row[2]) == "2", OnDelete: text(row[2]) == "4",
			Disabled: text(row[4]) == "D" || text(row[4]) == "R",
		}
		if number(row[3]) == 1 {
			rule.Timing = "instead of"
		}
		if r := c.related[t.Name]; r != nil && rule.OnUpdate {
			r.rules = true
		}
		_, does, _ := strings.Cut(text(row[5]), " DO ")
		rule.Writes = c.resolve(written(does), t.Name.Schema)
		t.Triggers = append(t.Triggers, rule)
	})
}

// resolve finds the tables that a function's text names, unqualified ones in
// the default schema and then in those given. What isn't a table of the
// catalogue (a variable, a temporary table) is left out.
func (c *catalogue) resolve(names []dialect.Name, schemas ...string) []dialect.Name {
	known := map[dialect.Name]dialect.Name{}
	for oid, n := range c.relations {
		if t := c.tables[oid]; t != nil {
			known[n] = t.Name
		}
	}
	var out []dialect.Name
	for _, n := range names {
		candidates := []dialect.Name{n}
		if n.Schema == "" {
			candidates = nil
			for _, s := range append([]string{c.schema.Default}, schemas...) {
				candidates = append(candidates, dialect.Name{Schema: s, Table: n.Table})
			}
		}
		for _, candidate := range candidates {
			if found, ok := known[candidate]; ok {
				out = append(out, found)
				break
			}
		}
	}
	return distinct(out)
}

func distinct(names []dialect.Name) []dialect.Name {
	slices.SortFunc(names, dialect.Name.Compare)
	return slices.Compact(names)
}

var (
	comments = regexp.MustCompile(`(?s)--[^\n]*|/\*.*?\*/`)
	writes   = regexp.MustCompile(`(?i)\b(?:insert\s+into|delete\s+from|update|merge\s+into|truncate(?:\s+table)?|copy)\s+(?:only\s+)?` + name + `(?:\s*\.\s*` + name + `)?`)
)

const name = `("(?:[^"]|"")+"|[\pL_][\pL\pN_$]*)`

// written finds the tables that SQL or PL/pgSQL text writes to: the names
// behind INSERT INTO, UPDATE, DELETE FROM and their like. It is no parser: what
// EXECUTE puts together, and what other functions do, it doesn't see.
func written(body string) []dialect.Name {
	var out []dialect.Name
	for _, m := range writes.FindAllStringSubmatch(comments.ReplaceAllString(body, " "), -1) {
		n := dialect.Name{Table: unquoted(m[1])}
		if m[2] != "" {
			n = dialect.Name{Schema: unquoted(m[1]), Table: unquoted(m[2])}
		}
		out = append(out, n)
	}
	return out
}

func unquoted(ident string) string {
	if strings.HasPrefix(ident, `"`) {
		return strings.ReplaceAll(ident[1:len(ident)-1], `""`, `"`)
	}
	return strings.ToLower(ident)
}

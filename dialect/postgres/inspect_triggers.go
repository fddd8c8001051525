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
	triggerInsert  = 1 << 2
	triggerDelete  = 1 << 3
	triggerUpdate  = 1 << 4
	triggerInstead = 1 << 6
)

// readTriggers reads the triggers, and the tables they write to: those in the text of their
// functions, and those named by their arguments, as the ones of temporal_tables do.
func (c *catalogue) readTriggers(ctx context.Context) error {
	const q = `
SELECT t.tgrelid, t.tgname, t.tgtype, t.tgenabled, l.lanname, f.prosrc, fn.nspname, f.probin, encode(t.tgargs, 'escape')
FROM pg_trigger t
JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_proc f ON f.oid = t.tgfoid JOIN pg_language l ON l.oid = f.prolang JOIN pg_namespace fn ON fn.oid = f.pronamespace
WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND t.tgtype & 28 <> 0 AND c.relkind IN ('r', 'p', 'f') AND ` + own + `
ORDER BY t.tgrelid, t.tgname`
	type source struct {
		*dialect.Trigger
		of                            *dialect.Table
		language, body, schema, probe string
		args                          []string
	}
	var found []source
	err := c.eachRow(ctx, q, func(row [][]byte) {
		t := c.tables[textOf(row[0])]
		if t == nil {
			return
		}
		bits := numberOf(row[2])
		trigger := &dialect.Trigger{
			Name: textOf(row[1]), Timing: "after", OnInsert: bits&triggerInsert != 0, OnUpdate: bits&triggerUpdate != 0, OnDelete: bits&triggerDelete != 0,
			Disabled: textOf(row[3]) == "D" || textOf(row[3]) == "R", // R: on a replica only
		}
		switch {
		case bits&triggerInstead != 0:
			trigger.Timing = "instead of"
		case bits&triggerBefore != 0:
			trigger.Timing = "before"
		}
		t.Triggers = append(t.Triggers, trigger)
		library := textOf(row[7])
		found = append(found, source{
			Trigger: trigger, of: t, language: textOf(row[4]), body: textOf(row[5]), schema: textOf(row[6]),
			probe: library[strings.LastIndexByte(library, '/')+1:], args: strings.Split(textOf(row[8]), `\000`),
		})
	})
	if err != nil || len(found) == 0 {
		return err
	}
	routines, err := c.readRoutines(ctx)
	if err != nil {
		return err
	}
	for _, f := range found {
		if !slices.Contains(harmless, f.probe) {
			e := c.traceRoutines(routines, f.language, f.body, f.schema, f.of.Name.Schema)
			f.Opaque, f.Writes = e.opaque, e.writes
		}
		var named []dialect.Name
		for _, arg := range f.args {
			schema, table, ok := strings.Cut(arg, ".")
			if !ok {
				schema, table = "", arg
			}
			named = append(named, dialect.Name{Schema: strings.Trim(schema, `"`), Table: strings.Trim(table, `"`)})
		}
		f.Writes = distinctNames(append(f.Writes, c.resolveNames(named, f.of.Name.Schema)...))
	}
	return nil
}

// readRules adds rewrite rules on INSERT, UPDATE and DELETE as triggers: an ALSO rule runs with the
// statement, an INSTEAD rule replaces it.
func (c *catalogue) readRules(ctx context.Context) error {
	const q = `
SELECT c.oid, w.rulename, w.ev_type, w.is_instead::int, w.ev_enabled, pg_get_ruledef(w.oid)
FROM pg_rewrite w JOIN pg_class c ON c.oid = w.ev_class AND c.relkind IN ('r', 'p', 'f') JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE w.ev_type IN ('2', '3', '4') AND ` + own
	does := map[*dialect.Trigger]string{}
	of := map[*dialect.Trigger]string{}
	err := c.eachRow(ctx, q, func(row [][]byte) {
		t := c.tables[textOf(row[0])]
		if t == nil {
			return
		}
		rule := &dialect.Trigger{
			Name: textOf(row[1]), Timing: "after", OnInsert: textOf(row[2]) == "3", OnUpdate: textOf(row[2]) == "2", OnDelete: textOf(row[2]) == "4",
			Disabled: textOf(row[4]) == "D" || textOf(row[4]) == "R",
		}
		if numberOf(row[3]) == 1 {
			rule.Timing = "instead of"
		}
		if r := c.related[t.Name]; r != nil && rule.OnUpdate {
			r.rules = true
		}
		_, does[rule], _ = strings.Cut(textOf(row[5]), " DO ")
		of[rule] = t.Name.Schema
		t.Triggers = append(t.Triggers, rule)
	})
	if err != nil || len(does) == 0 {
		return err
	}
	routines, err := c.readRoutines(ctx)
	if err != nil {
		return err
	}
	for rule, text := range does {
		e := c.traceRoutines(routines, "sql", text, of[rule])
		rule.Writes, rule.Opaque = e.writes, e.opaque
	}
	return nil
}

// resolveNames finds the tables named in a function's text, unqualified ones in the default schema
// and then in those given. It ignores other names (a variable, a temporary table).
func (c *catalogue) resolveNames(names []dialect.Name, schemas ...string) []dialect.Name {
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
	return distinctNames(out)
}

func distinctNames(names []dialect.Name) []dialect.Name {
	slices.SortFunc(names, dialect.Name.Compare)
	return slices.Compact(names)
}

var (
	comments = regexp.MustCompile(`(?s)--[^\n]*|/\*.*?\*/`)
	writes   = regexp.MustCompile(`(?i)\b(?:insert\s+into|delete\s+from|update|merge\s+into|truncate(?:\s+table)?|copy)\s+(?:only\s+)?` + name + `(?:\s*\.\s*` + name + `)?`)
)

const name = `("(?:[^"]|"")+"|[\pL_][\pL\pN_$]*)`

// writtenTables finds the tables that SQL or PL/pgSQL text writes to: the names after INSERT INTO,
// UPDATE, DELETE FROM and similar. It is no parser: see traceRoutines for EXECUTE and called
// functions.
func writtenTables(body string) []dialect.Name {
	var out []dialect.Name
	for _, m := range writes.FindAllStringSubmatch(comments.ReplaceAllString(body, " "), -1) {
		n := dialect.Name{Table: unquoteIdent(m[1])}
		if m[2] != "" {
			n = dialect.Name{Schema: unquoteIdent(m[1]), Table: unquoteIdent(m[2])}
		}
		out = append(out, n)
	}
	return out
}

func unquoteIdent(ident string) string {
	if strings.HasPrefix(ident, `"`) {
		return strings.ReplaceAll(ident[1:len(ident)-1], `""`, `"`)
	}
	return strings.ToLower(ident)
}

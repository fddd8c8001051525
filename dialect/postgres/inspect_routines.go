package postgres

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// routine is a function or procedure, for tracing the writes of triggers.
type routine struct {
	schema, language, body string
	readOnly               bool // STABLE and IMMUTABLE ones don't write
	harmless               bool // of a known extension
}

// harmless are libraries of PostgreSQL's own extensions. Their trigger functions change at most the
// current row, or large objects. https://www.postgresql.org/docs/current/contrib-spi.html
var harmless = []string{"moddatetime", "insert_username", "autoinc", "tcn", "lo"}

// readRoutines reads the functions other than PostgreSQL's own, by their names.
func (c *catalogue) readRoutines(ctx context.Context) (map[string][]routine, error) {
	const q = `
SELECT n.nspname, f.proname, l.lanname, f.provolatile, COALESCE(f.prosrc, ''), COALESCE(f.probin, '')
FROM pg_proc f JOIN pg_language l ON l.oid = f.prolang JOIN pg_namespace n ON n.oid = f.pronamespace
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND f.prokind IN ('f', 'p')`
	out := map[string][]routine{}
	err := c.eachRow(ctx, q, func(row [][]byte) {
		name := textOf(row[1])
		library := textOf(row[5])
		library = library[strings.LastIndexByte(library, '/')+1:]
		out[name] = append(out[name], routine{
			schema: textOf(row[0]), language: textOf(row[2]), body: textOf(row[4]),
			readOnly: textOf(row[3]) != "v", harmless: slices.Contains(harmless, library),
		})
	})
	return out, err
}

var (
	literals  = regexp.MustCompile(`(?s)'(?:[^']|'')*'`)
	executes  = regexp.MustCompile(`(?i)\bexecute\b`)
	callables = regexp.MustCompile(name + `\s*\(`)
	anyTable  = regexp.MustCompile(`(?i)\b(?:insert\s+into|delete\s+from|merge\s+into)\s+(?:only\s+)?` + name + `(?:\s*\.\s*` + name + `)?`)
)

// effects are the tables that code writes to, as far as its text says, and why it may write to
// more. They include those of called functions.
type effects struct {
	writes []dialect.Name
	opaque string
}

// traceRoutines returns the effects of the text of a trigger's function, or of a rule, with the
// functions it calls.
func (c *catalogue) traceRoutines(all map[string][]routine, language, body string, schemas ...string) effects {
	var e effects
	seen := map[string]bool{}
	var follow func(language, body string, schemas []string)
	follow = func(language, body string, schemas []string) {
		switch {
		case language == "internal":
			return
		case language != "plpgsql" && language != "sql":
			e.addReason("it runs a function in the language " + language)
			return
		case strings.TrimSpace(body) == "":
			e.addReason("the text of a function isn't shown")
			return
		}
		plain := literals.ReplaceAllString(comments.ReplaceAllString(body, " "), "''")
		if executes.MatchString(plain) {
			e.addReason("it runs EXECUTE")
		}
		e.writes = append(e.writes, c.resolveNames(writtenTables(body), schemas...)...)
		for _, m := range anyTable.FindAllStringSubmatch(plain, -1) {
			if view := c.writtenView(m, schemas); view != "" {
				e.addReason("it writes to " + view + ", which is no table")
			}
		}
		for _, m := range callables.FindAllStringSubmatch(plain, -1) {
			called := unquoteIdent(m[1])
			if seen[called] {
				continue
			}
			seen[called] = true
			for _, r := range all[called] {
				if !r.readOnly && !r.harmless {
					follow(r.language, r.body, append([]string{r.schema}, schemas...))
				}
			}
		}
	}
	follow(language, body, schemas)
	e.writes = distinctNames(e.writes)
	return e
}

func (e *effects) addReason(reason string) {
	if e.opaque == "" {
		e.opaque = reason
	}
}

// writtenView is the view that a statement writes to, or "".
func (c *catalogue) writtenView(m []string, schemas []string) string {
	wanted := dialect.Name{Table: unquoteIdent(m[1])}
	if m[2] != "" {
		wanted = dialect.Name{Schema: unquoteIdent(m[1]), Table: unquoteIdent(m[2])}
	}
	for oid, n := range c.relations {
		if n.Table != wanted.Table || c.tables[oid] != nil {
			continue
		}
		if n.Schema == wanted.Schema || wanted.Schema == "" && (n.Schema == c.schema.Default || slices.Contains(schemas, n.Schema)) {
			return n.String()
		}
	}
	return ""
}

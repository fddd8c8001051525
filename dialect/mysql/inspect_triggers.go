package mysql

import (
	"database/sql"
	"regexp"
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/sqlconn"
)

// writes finds the tables that a trigger's text may write to. It may find too many, never too few;
// names of other objects are dropped.
var writes = regexp.MustCompile("(?i)\\b(?:(?:INSERT|REPLACE)(?:\\s+(?:LOW_PRIORITY|DELAYED|HIGH_PRIORITY|IGNORE))*(?:\\s+INTO)?|INTO|UPDATE(?:\\s+(?:LOW_PRIORITY|IGNORE))*|FROM|TABLE)\\s+(?:(`(?:[^`]|``)+`|[\\p{L}\\p{N}_$]+)\\s*\\.\\s*)?(`(?:[^`]|``)+`|[\\p{L}\\p{N}_$]+)")

var (
	comments = regexp.MustCompile(`(?s)--\s[^\n]*|#[^\n]*|/\*.*?\*/`)
	literals = regexp.MustCompile(`(?s)'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"`)
	calls    = regexp.MustCompile(`(?i)\bCALL\s`)
	called   = regexp.MustCompile("(`(?:[^`]|``)+`|[\\p{L}\\p{N}_$]+)\\s*\\(")
)

func (in *inspection) readTriggers() error {
	rows, err := in.readRows(`SELECT EVENT_OBJECT_SCHEMA, EVENT_OBJECT_TABLE, TRIGGER_NAME, ACTION_TIMING, EVENT_MANIPULATION, ACTION_STATEMENT
		FROM information_schema.TRIGGERS WHERE EVENT_MANIPULATION IN ('INSERT', 'UPDATE', 'DELETE') AND `,
		"EVENT_OBJECT_SCHEMA", "EVENT_OBJECT_TABLE", " ORDER BY 1, 2, 3")
	if err != nil {
		return err
	}
	functions := map[string]bool{}
	if len(rows) > 0 {
		if functions, err = in.storedFunctions(); err != nil {
			return err
		}
	}
	for _, r := range rows {
		t := in.findTable(r[0], r[1])
		if t == nil {
			continue
		}
		event := r[4].String
		t.TriggersUnseen = t.TriggersUnseen || !r[5].Valid && event != "INSERT" // MariaDB hides the text
		tr := &dialect.Trigger{Name: r[2].String, Timing: strings.ToLower(r[3].String),
			OnInsert: event == "INSERT", OnUpdate: event == "UPDATE", OnDelete: event == "DELETE"}
		for _, m := range writes.FindAllStringSubmatch(r[5].String, -1) {
			schema := sql.NullString{String: unquoteIdent(m[1])}
			if schema.String == "" {
				schema = r[0]
			}
			if w := in.findTable(schema, sql.NullString{String: unquoteIdent(m[2])}); w != nil && !slices.Contains(tr.Writes, w.Name) {
				tr.Writes = append(tr.Writes, w.Name)
			}
		}
		slices.SortFunc(tr.Writes, dialect.Name.Compare)
		if tr.Opaque = whyOpaque(r[5].String, functions); tr.Opaque == "" {
			tr.Opaque = in.writesElsewhere(r[0].String, r[5].String)
		}
		t.Triggers = append(t.Triggers, tr)
	}
	return in.findUnseen()
}

// targets finds the target of each INSERT and DELETE in a text.
var targets = regexp.MustCompile("(?i)\\b(?:(?:INSERT|REPLACE)(?:\\s+(?:LOW_PRIORITY|DELAYED|HIGH_PRIORITY|IGNORE))*\\s+INTO|DELETE\\s+FROM)\\s+(?:(`(?:[^`]|``)+`|[\\p{L}\\p{N}_$]+)\\s*\\.\\s*)?(`(?:[^`]|``)+`|[\\p{L}_$][\\p{L}\\p{N}_$]*)\\s*(?:\\(|VALUES|SET|SELECT|WHERE|;|$)")

// writesElsewhere names a target of the trigger's text other than an inspected table: a view, or a
// table of another database.
func (in *inspection) writesElsewhere(schema, body string) string {
	body = literals.ReplaceAllString(comments.ReplaceAllString(body, " "), "''")
	for _, m := range targets.FindAllStringSubmatch(body, -1) {
		of, name := unquoteIdent(m[1]), unquoteIdent(m[2])
		if of == "" {
			of = schema
		}
		if in.findTable(sql.NullString{String: of}, sql.NullString{String: name}) == nil {
			return "it writes to " + in.tableName(of, name).String() + ", which is no table of this database"
		}
	}
	return ""
}

// storedFunctions returns the names of the stored functions visible to the user, in lower case.
func (in *inspection) storedFunctions() (map[string]bool, error) {
	rows, err := sqlconn.QueryAll(in.ctx, in.q, `SELECT ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_TYPE = 'FUNCTION' AND ROUTINE_SCHEMA NOT IN ('sys', 'mysql')`)
	if err != nil {
		return nil, err
	}
	out := map[string]bool{}
	for _, r := range rows {
		out[strings.ToLower(r[0].String)] = true
	}
	return out, nil
}

// whyOpaque names a procedure call or function in a trigger's text that may write too, or returns
// "".
func whyOpaque(body string, functions map[string]bool) string {
	body = literals.ReplaceAllString(comments.ReplaceAllString(body, " "), "''")
	if calls.MatchString(body) {
		return "it runs CALL"
	}
	for _, m := range called.FindAllStringSubmatch(body, -1) {
		if name := unquoteIdent(m[1]); functions[strings.ToLower(name)] {
			return "it runs the function " + name
		}
	}
	return ""
}

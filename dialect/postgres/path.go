package postgres

import (
	"context"
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect/internal/render"
)

// catalogueOnly is the search path of queries about the catalogue: bare names in
// them can only mean what the server ships. Named last, temporary objects don't go before it.
const catalogueOnly = "SET LOCAL search_path = pg_catalog, pg_temp"

// pinPath sets the search path of the transaction: the connection's own, with
// pg_catalog before all that it names and temporary objects behind.
// Triggers, and functions in constraints, look their names up through it; so
// do the conditions of a policy. What this package generates needs none.
//
// The path is read once. Pools and PgBouncer hand sessions around, and another
// user of one may have set something else meanwhile.
func (t *tx) pinPath(ctx context.Context) error {
	pinned := t.db.pinnedPath()
	if pinned == "" {
		row, err := t.oneRow(ctx, statement{sql: "SELECT pg_catalog.current_setting('search_path')"})
		if err != nil {
			return err
		}
		pinned = "SET LOCAL search_path = " + render.List(pathOf(textOf(row[0])), quoteText)
		t.db.mu.Lock()
		t.db.path = pinned
		t.db.mu.Unlock()
	}
	return t.runScript(ctx, "begin", pinned)
}

// pinnedPath is the statement that pins the search path, "" before it is known.
func (db *DB) pinnedPath() string {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.path
}

// inCatalogue runs f with nothing but pg_catalog on the search path.
func (t *tx) inCatalogue(ctx context.Context, f func() error) error {
	if err := t.runScript(ctx, "look up", catalogueOnly); err != nil {
		return err
	}
	if err := f(); err != nil {
		return err
	}
	return t.pinPath(ctx)
}

// pathOf reads the setting search_path. pg_catalog is left out, since the server
// searches it first where it isn't named, and pg_temp is moved behind all others.
// https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-SEARCH-PATH
func pathOf(setting string) []string {
	var out []string
	for setting = strings.TrimSpace(setting); setting != ""; {
		var name string
		if setting[0] == '"' {
			end := 1
			for end < len(setting) {
				if setting[end] == '"' {
					if !strings.HasPrefix(setting[end+1:], `"`) {
						break
					}
					end++
				}
				end++
			}
			name, setting = strings.ReplaceAll(setting[1:end], `""`, `"`), setting[min(end+1, len(setting)):]
			_, setting, _ = strings.Cut(setting, ",")
		} else {
			name, setting, _ = strings.Cut(setting, ",")
			name = strings.ToLower(strings.TrimSpace(name))
		}
		out = append(out, name)
		setting = strings.TrimSpace(setting)
	}
	out = slices.DeleteFunc(out, func(n string) bool { return n == "pg_catalog" || n == "pg_temp" })
	return append(out, "pg_temp")
}

// defaultSchema is where names without a schema belong. It leaves nothing but
// pg_catalog on the search path.
func (t *tx) defaultSchema(ctx context.Context) (string, error) {
	if err := t.pinPath(ctx); err != nil {
		return "", err
	}
	row, err := t.oneRow(ctx, statement{sql: "SELECT pg_catalog.current_schema()"})
	if err != nil {
		return "", err
	}
	schema := textOf(row[0])
	if schema == "" || strings.HasPrefix(schema, "pg_temp_") {
		schema = "public"
	}
	return schema, t.runScript(ctx, "look up", catalogueOnly)
}

package mysql

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/render"
)

// Grants renders the privileges that Check needs. Without SELECT on the whole database the
// catalogue hides tables and their references, and without TRIGGER it hides triggers. Without
// REFERENCES on all databases it hides foreign keys of other databases' tables. PROCESS shows those
// too, but also every session's statements.
func (d *DB) Grants(ctx context.Context, g dialect.Grant) ([]string, error) {
	const doing = "read the account's name"
	s, err := d.openSession(ctx, doing)
	if err != nil {
		return nil, err
	}
	defer func() { s.closeSession(ctx.Err() == nil) }()
	var database sql.NullString
	var own string
	if err := s.conn.QueryRowContext(ctx, "SELECT DATABASE(), CURRENT_USER()").Scan(&database, &own); err != nil {
		return nil, engineError(ctx, err, doing, dialect.Name{})
	}
	role := cmp.Or(g.Role, own)
	var out []string
	if database.Valid {
		out = append(out, "USE "+quoteIdent(database.String))
	}
	if g.Make {
		missing, err := s.missing(ctx, g.Journal)
		if err != nil {
			return nil, err
		}
		out = append(out, d.JournalDDL(missing)...)
	}
	to := " TO " + quoteAccount(role)
	out = append(out, "GRANT SELECT ON *"+to) // of the database selected by USE
	if len(g.Accesses) > 0 {
		out = append(out, "GRANT REFERENCES ON *.*"+to)
	}
	for _, a := range g.Accesses {
		out = append(out, "GRANT "+privileges(a, g.ReadOnly)+" ON "+quoteTable(a.Table)+to)
	}
	if g.ReadOnly {
		return out, nil
	}
	for _, t := range g.Journal {
		out = append(out, "GRANT INSERT, UPDATE, DELETE ON "+quoteTable(t.Name)+to)
	}
	return out, nil
}

// privileges are the privileges on a table beside SELECT on the database.
func privileges(a dialect.Access, readOnly bool) string {
	out := []string{"TRIGGER"}
	if a.Table.Schema != "" { // another database
		out = append(out, "SELECT")
	}
	if readOnly {
		return strings.Join(out, ", ")
	}
	columns := slices.Clone(a.Update)
	if len(columns) == 0 && !a.Delete {
		columns = a.Key
	}
	slices.Sort(columns)
	switch columns = slices.Compact(columns); {
	case len(columns) > 0:
		out = append(out, "UPDATE ("+render.List(columns, quoteIdent)+")")
	case !a.Delete:
		out = append(out, "UPDATE")
	}
	if a.Delete {
		out = append(out, "DELETE")
	}
	return strings.Join(out, ", ")
}

// quoteAccount renders user@host in the syntax of the server's statements.
func quoteAccount(role string) string {
	user, host := role, "%"
	if at := strings.LastIndexByte(role, '@'); at >= 0 {
		user, host = role[:at], role[at+1:]
	}
	return quoteIdent(user) + "@" + quoteIdent(host)
}

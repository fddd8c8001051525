package sqlserver

import (
	"context"
	"slices"

	"github.com/expungedb/expunge/dialect"
)

// Grants renders the privileges that Check needs.
func (d *DB) Grants(ctx context.Context, g dialect.Grant) ([]string, error) {
	database, role, err := d.user(ctx, g.Role)
	if err != nil {
		return nil, err
	}
	out := []string{"USE " + quoteIdent(database)}
	if g.Make {
		out = append(out, d.JournalDDL(g.Journal)...)
	}
	to := " TO " + quoteIdent(role)
	if len(g.Accesses) > 0 {
		out = append(out, "GRANT VIEW DEFINITION"+to)
	}
	for _, a := range g.Accesses {
		privileges := "SELECT"
		if a.Delete && !g.ReadOnly {
			privileges += ", DELETE"
		}
		out = append(out, "GRANT "+privileges+" ON "+quoteTable(a.Table)+to)
		if g.ReadOnly {
			continue
		}
		columns := slices.Clone(a.Update)
		slices.Sort(columns)
		for _, c := range slices.Compact(columns) {
			out = append(out, "GRANT UPDATE ON "+quoteTable(a.Table)+" ("+quoteIdent(c)+")"+to)
		}
	}
	onJournal := "SELECT, INSERT, UPDATE, DELETE"
	if g.ReadOnly {
		onJournal = "SELECT"
	}
	for _, t := range g.Journal {
		out = append(out, "GRANT "+onJournal+" ON "+quoteTable(t.Name)+to)
	}
	return out, nil
}

// user returns the connection's database, and the role, which defaults to the connection's user.
func (d *DB) user(ctx context.Context, role string) (database, user string, err error) {
	const doing = "read the user's name"
	conn, _, err := d.openSession(ctx, doing, nil)
	if err != nil {
		return "", "", err
	}
	defer conn.Close()
	rows, err := queryAll(ctx, conn, "SELECT DB_NAME(), USER_NAME()")
	if err != nil {
		return "", "", engineError(ctx, err, doing, dialect.Name{})
	}
	if role == "" {
		role = rows[0][1]
	}
	return rows[0][0], role, nil
}

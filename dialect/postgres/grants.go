package postgres

import (
	"context"
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/render"
)

// Grants renders the privileges that Check needs. Locking rows needs UPDATE on any column.
func (db *DB) Grants(ctx context.Context, g dialect.Grant) ([]string, error) {
	role, missing := g.Role, []*dialect.Table(nil)
	err := db.inReadTx(ctx, "read the role's name", func(t *tx) error {
		row, err := t.oneRow(ctx, statement{sql: "SELECT current_user"})
		if err == nil && g.Make {
			missing, err = t.missingOf(ctx, g.Journal)
		}
		if err == nil && role == "" {
			role = textOf(row[0])
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	to := " TO " + quoteIdent(role)
	var schemas, out []string
	for _, a := range g.Accesses {
		if s := a.Table.Schema; s != "" && !slices.Contains(schemas, s) {
			schemas = append(schemas, s)
		}
		out = append(out, "GRANT "+privileges(a, g.ReadOnly)+" ON "+quoteTable(a.Table)+to)
	}
	onJournal := "SELECT, INSERT, UPDATE, DELETE"
	if g.ReadOnly {
		onJournal = "SELECT"
	}
	for _, t := range g.Journal {
		out = append(out, "GRANT "+onJournal+" ON "+quoteTable(t.Name)+to)
	}
	if len(g.Journal) > 0 {
		schemas = append(schemas, journalSchema)
	}
	if len(schemas) > 0 {
		out = append([]string{"GRANT USAGE ON SCHEMA " + render.List(schemas, quoteIdent) + to}, out...)
	}
	if len(missing) > 0 {
		out = append(db.JournalDDL(missing), out...)
	}
	return out, nil
}

func privileges(a dialect.Access, readOnly bool) string {
	if readOnly {
		return "SELECT"
	}
	out := []string{"SELECT"}
	columns := slices.Clone(a.Update)
	if len(columns) == 0 {
		columns = a.Key
	}
	slices.Sort(columns)
	switch columns = slices.Compact(columns); {
	case len(columns) > 0:
		out = append(out, "UPDATE ("+render.List(columns, quoteIdent)+")")
	case a.Delete:
		out = append(out, "UPDATE")
	}
	if a.Delete {
		out = append(out, "DELETE")
	}
	return strings.Join(out, ", ")
}

package postgres

import (
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// Grants renders what Check asks for. Rows are locked by UPDATE on any column.
func (db *DB) Grants(accesses []dialect.Access, journal []*dialect.Table, role string) []string {
	to := " TO " + ident(role)
	var schemas, out []string
	for _, a := range accesses {
		privileges := []string{"SELECT"}
		columns := slices.Clone(a.Update)
		if len(columns) == 0 {
			columns = a.Key
		}
		slices.Sort(columns)
		switch columns = slices.Compact(columns); {
		case len(columns) > 0:
			privileges = append(privileges, "UPDATE ("+list(columns, ident)+")")
		case a.Delete:
			privileges = append(privileges, "UPDATE")
		}
		if a.Delete {
			privileges = append(privileges, "DELETE")
		}
		if s := a.Table.Schema; s != "" && !slices.Contains(schemas, s) {
			schemas = append(schemas, s)
		}
		out = append(out, "GRANT "+strings.Join(privileges, ", ")+" ON "+table(a.Table)+to)
	}
	for _, t := range journal {
		out = append(out, "GRANT SELECT, INSERT, UPDATE, DELETE ON "+table(t.Name)+to)
	}
	return append([]string{"GRANT USAGE ON SCHEMA " + list(append(schemas, journalSchema), ident) + to}, out...)
}

package sqlserver

import (
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// Grants renders what Check asks for.
func (d *DB) Grants(accesses []dialect.Access, journal []*dialect.Table, role string) []string {
	to := " TO " + ident(role)
	out := []string{"GRANT VIEW DEFINITION" + to}
	for _, a := range accesses {
		privileges := []string{"SELECT"}
		if a.Delete {
			privileges = append(privileges, "DELETE")
		}
		out = append(out, "GRANT "+strings.Join(privileges, ", ")+" ON "+table(a.Table)+to)
		columns := slices.Clone(a.Update)
		slices.Sort(columns)
		for _, c := range slices.Compact(columns) {
			out = append(out, "GRANT UPDATE ON "+table(a.Table)+" ("+ident(c)+")"+to)
		}
	}
	for _, t := range journal {
		out = append(out, "GRANT SELECT, INSERT, UPDATE, DELETE ON "+table(t.Name)+to)
	}
	return out
}

package mysql

import (
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// Grants renders what Check asks for: SELECT on the whole database, without which the
// catalogue hides tables and their references, TRIGGER, without which it hides triggers, and
// REFERENCES on all databases, without which it hides foreign keys of other databases' tables. PROCESS
// shows those too, but every session's statements with them.
func (d *DB) Grants(accesses []dialect.Access, journal []*dialect.Table, role string) []string {
	to := " TO " + account(role)
	out := []string{
		"GRANT SELECT ON *" + to, // of the connection's database
		"GRANT REFERENCES ON *.*" + to,
	}
	for _, a := range accesses {
		privileges := []string{"TRIGGER"}
		columns := slices.Clone(a.Update)
		if len(columns) == 0 && !a.Delete {
			columns = a.Key
		}
		slices.Sort(columns)
		switch columns = slices.Compact(columns); {
		case len(columns) > 0:
			privileges = append(privileges, "UPDATE ("+quoteAll(columns)+")")
		case !a.Delete:
			privileges = append(privileges, "UPDATE")
		}
		if a.Delete {
			privileges = append(privileges, "DELETE")
		}
		out = append(out, "GRANT "+strings.Join(privileges, ", ")+" ON "+quoteTable(a.Table)+to)
	}
	for _, t := range journal {
		out = append(out, "GRANT INSERT, UPDATE, DELETE ON "+quoteTable(t.Name)+to)
	}
	return out
}

// account writes user@host as the server's statements have it.
func account(role string) string {
	user, host := role, "%"
	if at := strings.LastIndexByte(role, '@'); at >= 0 {
		user, host = role[:at], role[at+1:]
	}
	return quote(user) + "@" + quote(host)
}

package erase

import (
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan"
)

// Grants returns the statements by which an administrator lets a role carry a plan out
// and nothing else: those that make the journal's tables, and grants on them and on the plan's tables. Of
// MySQL and MariaDB the role is user@host. SQLite has no privileges, and needs none granted.
//
// Suspending indexes takes the table's owner, and throttles may need to see the server's
// state: neither is among them.
func Grants(db dialect.DB, p *plan.Plan, role string) []string {
	return append(JournalDDL(db), db.Grants(accesses(p), journalTables(db), role)...)
}

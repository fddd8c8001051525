package erase_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/expungedb/expunge/plan"
)

// TestAConditionalLinkOnATextColumnInScopeEverything: only where a link's condition matches does its
// column contain the referenced values.
func TestAConditionalLinkOnATextColumnInScopeEverything(t *testing.T) {
	const policy = `
version: 1
database: wiki
tables:
  person: {columns: {id: none, login: {pii: identifier, overwrite: pseudonym}}}
  page: {columns: {id: none, ns: none, title: {pii: identifier, overwrite: {pseudonym: {}, when: "ns  = 2 AND id > 0"}}}}
links:
  - page(title) -> person(login) where ns = 2 and id > 0
`
	onEach(t, func(t *testing.T, db *target) {
		db.exec(t,
			"CREATE TABLE person (id INTEGER NOT NULL PRIMARY KEY, login VARCHAR(40) NOT NULL, CONSTRAINT uq_login UNIQUE (login))",
			"CREATE TABLE page (id INTEGER NOT NULL PRIMARY KEY, ns INTEGER NOT NULL, title VARCHAR(40) NOT NULL)",
			"INSERT INTO person VALUES (1, 'ada'), (2, 'bob')",
			"INSERT INTO page VALUES (1, 0, 'Main Page'), (2, 2, 'ada'), (3, 2, 'bob'), (4, 0, 'ada')",
		)
		p := db.plan(t, policy, plan.ScopeEverything)
		st := db.run(t, p, options(p, "wiki"))
		if got := strings.Join(scan[string](t, db, "SELECT title FROM page WHERE ns = 0 ORDER BY id")[0], ""); got != "Main Page" {
			t.Error("a title that is no login was overwritten")
		}
		if n := db.count(t, "SELECT count(*) FROM page WHERE ns = 0 AND title IN ('Main Page', 'ada')"); n != 2 {
			t.Errorf("%d of 2 other titles stayed", n)
		}
		if n := db.count(t, "SELECT count(*) FROM page JOIN person ON login = title WHERE ns = 2 AND login NOT IN ('ada', 'bob')"); n != 2 {
			t.Errorf("%d of 2 titles are a new login", n)
		}
		for step, n := range done(st) {
			if n.Left != 0 || n.Matched != n.Affected {
				t.Errorf("%s: %+v", step, n)
			}
		}
		plain := db.plan(t, strings.Replace(policy, `{pseudonym: {}, when: "ns  = 2 AND id > 0"}`, "{pseudonym: {}}", 1), plan.ScopeEverything)
		if !slices.ContainsFunc(plain.Hazards, func(h plan.Hazard) bool {
			return strings.Contains(h.Reason, "`when: ns = 2 and id > 0` leaves them unchanged")
		}) {
			t.Error("nothing says that rows without the link are overwritten too")
		}
	})
}

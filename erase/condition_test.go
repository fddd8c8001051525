package erase_test

import (
	"strings"
	"testing"

	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/internal/testdb"
	"github.com/expungedb/expunge/plan"
)

// A plan's file may contain a condition from no policy: it is refused before any query with it.
func TestAPlansConditionsMustBeWhole(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		db.club(t)
		p := db.plan(t, strings.Replace(deletes, "letter(about) -> member(member_id)", "letter(about) -> member(member_id) where body = 'x'", 1), plan.ScopeSubjects)
		for i := range p.Roots[0].Tables {
			for j := range p.Roots[0].Tables[i].Reach {
				if w := &p.Roots[0].Tables[i].Reach[j]; w.Where != "" {
					w.Where = "body = $$'$$) OR (1 = 1 AND body <> $$'$$"
				}
			}
		}
		db.unchanged(t, func() {
			_, run := erase.Run(t.Context(), db.DB, p, options(p, "broken", "2"))
			_, preview := erase.Preview(t.Context(), db.DB, p, options(p, "broken", "2"))
			_, remains := erase.Remains(t.Context(), db.DB, p, erase.SubjectKeys("2"))
			for name, err := range map[string]error{"Run": run, "Preview": preview, "Remains": remains} {
				if err == nil || !strings.Contains(err.Error(), "the condition of the link letter(about) -> member(member_id) has a dollar sign") {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	})
}

func TestALinksConditionCannotLeaveItsParentheses(t *testing.T) {
	db := openTarget(t, testdb.Postgres(t).URL)
	db.exec(t,
		"CREATE TABLE customer (id int PRIMARY KEY, email varchar(100))",
		"CREATE TABLE audit (id int PRIMARY KEY, ref int NOT NULL, kind varchar(20), body varchar(100))",
		"CREATE INDEX audit_ref ON audit (ref)")
	for condition, want := range map[string]string{
		"kind = 'customer'":                        "",
		"kind = 'customer' or true":                "",
		"kind = $$'$$) OR (true AND kind <> $$'$$": "the link's condition has a dollar sign",
		`kind = E'\') OR (true) OR (kind = '`:      "the link's condition has a text of the form E'",
	} {
		policy := mustParse([]byte(`
version: 1
database: shop
subject: {table: customer, identifiers: [email]}
tables:
  customer: {erase: delete, columns: {id: none, email: {pii: contact, overwrite: {fake: email}}}}
  audit: {erase: delete, columns: {id: none, ref: none, kind: none, body: {pii: free-text, overwrite: random}}}
links:
  - audit(ref) -> customer(id) where ` + condition + "\n"))
		p, err := plan.Build(t.Context(), db.DB, policy, plan.ScopeSubjects)
		switch {
		case want == "" && err != nil, want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v", condition, err)
		case want == "" && !strings.Contains(p.String(), "link audit(ref) -> customer(id): where "+condition+"\n"):
			t.Errorf("%s isn't in the plan's text:\n%s", condition, p)
		}
	}
}

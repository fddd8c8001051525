package plan_test

import (
	"database/sql"
	"strings"
	"testing"

	_ "modernc.org/sqlite"

	"github.com/expungedb/expunge/dialect/sqlite"
	"github.com/expungedb/expunge/plan"
	"github.com/expungedb/expunge/plan/policy"
)

func sqliteOf(t *testing.T, ddl string) *sqlite.DB {
	t.Helper()
	db, err := sql.Open("sqlite", ":memory:?_pragma=foreign_keys(1)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(ddl); err != nil {
		t.Fatal(err)
	}
	return sqlite.New(db)
}

const auditSchema = `
CREATE TABLE customer (id INTEGER PRIMARY KEY, email VARCHAR(100), kind TEXT);
CREATE TABLE audit (id INTEGER PRIMARY KEY, ref INTEGER NOT NULL, kind VARCHAR(20), body VARCHAR(100));
CREATE INDEX audit_ref ON audit (ref)`

const auditPolicy = `
version: 1
database: shop
subject: {table: customer, identifiers: [email]}
tables:
  customer:
    erase: overwrite
    hold: {because: a case, where: "HOLD", keep: [kind]}
    columns: {id: none, email: {pii: contact, overwrite: {fake: email, when: "WHEN"}}, kind: none}
  audit: {erase: delete, columns: {id: none, ref: none, kind: none, body: {pii: free-text, overwrite: random}}}
links:
  - audit(ref) -> customer(id) where LINK
`

func auditOf(t *testing.T, hold, when, link string) *policy.Policy {
	t.Helper()
	text := strings.NewReplacer("HOLD", hold, "WHEN", when, "LINK", link).Replace(auditPolicy)
	p, err := policy.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Two plans that differ in a condition alone mustn't read alike.
func TestEveryConditionIsShownToTheReviewer(t *testing.T) {
	db := sqliteOf(t, auditSchema)
	p, err := plan.Build(t.Context(), db, auditOf(t, "kind = 'dead' or 1", "email is not null or 2", "kind = 'customer' or true"), plan.ScopeSubjects)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for _, condition := range []string{"kind = 'dead' or 1", "email is not null or 2", "kind = 'customer' or true"} {
		for name, shown := range map[string]string{"text": p.String(), "Mermaid": p.Mermaid(), "JSON": string(stored)} {
			if !strings.Contains(shown, condition) {
				t.Errorf("the %s doesn't show %s:\n%s", name, condition, shown)
			}
		}
	}
}

func TestBuildAndCheckRefuseConditionsThatAreNotWhole(t *testing.T) {
	db := sqliteOf(t, auditSchema)
	schema, err := db.Inspect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const fine, broken = "kind = 'x'", "kind = [a]]' or 1"
	for name, p := range map[string]*policy.Policy{
		"the hold's condition":        auditOf(t, broken, fine, fine),
		"column email: the condition": auditOf(t, fine, broken, fine),
		"the link's condition":        auditOf(t, fine, fine, broken),
	} {
		for _, scope := range []plan.Scope{plan.ScopeSubjects, plan.ScopeEverything, plan.ScopeExpired} {
			if _, err := plan.FromSchema(schema, db, p, scope); err == nil || !strings.Contains(err.Error(), name+" has") {
				t.Errorf("%s, scope %s: %v", name, scope, err)
			}
		}
		if err := plan.Check(p, schema, db); err == nil || !strings.Contains(err.Error(), name+" has") {
			t.Errorf("Check: %s: %v", name, err)
		}
	}
}

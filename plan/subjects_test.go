package plan

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/policy"
)

const twoKinds = `version: 1
database: test
subjects:
  tenant: {table: tenant}
  user: {table: users, identifiers: [email]}
tables:
  tenant: {erase: delete, via: {owner_id: detach}, none: [id, owner_id], columns: {label: {pii: name, overwrite: random}}}
  users: {erase: delete, via: {tenant_id: delete}, none: [id, tenant_id], columns: {email: {pii: contact, overwrite: random}}}
  note: {erase: delete, none: [id, user_id], columns: {body: {pii: free-text, overwrite: random}}}
  bill: {erase: delete, none: [id, tenant_id], columns: {address: {pii: address, overwrite: random}}}
retention:
  - {table: bill, by: day, older_than: 90d, erase: delete}
`

const twoKindsSchema = `tenant: id, label text, owner_id? -> users
	users: id, tenant_id -> tenant, email text
	note: id, user_id -> users, body text
	bill: id, tenant_id -> tenant, address text, day date`

func kindsPolicy(t *testing.T, change ...string) *policy.Policy {
	t.Helper()
	text := strings.Replace(twoKinds, "none: [id, tenant_id], columns: {address", "none: [id, tenant_id, day], columns: {address", 1)
	for i := 0; i < len(change); i += 2 {
		text = replaceOnce(t, text, change[i], change[i+1])
	}
	p, err := policy.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func as(t *testing.T, p *policy.Policy, kind string) *policy.Policy {
	t.Helper()
	out, err := p.As(kind)
	if err != nil {
		t.Fatal(err)
	}
	if out.Digest() != p.Digest() {
		t.Error("the choice of a kind changes the policy's digest")
	}
	return out
}

func TestAPlanIsMadeForOneKindOfSubject(t *testing.T) {
	s, p := schemaOf(twoKindsSchema), kindsPolicy(t)
	if err := Check(p, s, capabilities(able)); err != nil {
		t.Fatal(err)
	}
	_, err := FromSchema(s, capabilities(able), p, ScopeSubjects)
	refused(t, err, "the policy has several kinds of subject: choose one with As (--as): tenant, user")

	user := mustBuild(t, s, as(t, p, "user"), ScopeSubjects)
	if d := cmp.Diff([]string{"detach tenant(owner_id)", "delete note", "delete users"}, stepsOf(user)); d != "" {
		t.Errorf("steps for a user (-want +got):\n%s", d)
	}
	tenant := mustBuild(t, s, as(t, p, "tenant"), ScopeSubjects)
	for _, want := range []string{"delete note", "delete users", "delete bill", "delete tenant"} {
		if got := stepsOf(tenant); !anyContains(got, want) {
			t.Errorf("steps for a tenant: %q, want %s", got, want)
		}
	}
	if user.Subject.Kind != "user" || tenant.Subject.Kind != "tenant" || user.Digest() == tenant.Digest() || user.Policy != tenant.Policy {
		t.Error("the plans don't say which kind they are for")
	}
	if text := tenant.String(); !strings.Contains(text, "A subject of the kind tenant is a row of tenant, named by id") {
		t.Errorf("the plan's text doesn't name the kind:\n%s", text)
	}
	data, err := user.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Decode(data); err != nil {
		t.Error(err)
	}
	if _, err := p.As("staff"); err == nil || err.Error() != "kind of subject staff not found: the policy has tenant, user" {
		t.Errorf("an unknown kind: %v", err)
	}
}

// Erasing one kind enters rows of another one only by a decision for the reference, never by their
// own decision.
func TestAnotherKindsRowsNeedADecisionOfTheirOwn(t *testing.T) {
	s := schemaOf(twoKindsSchema)
	refused(t, Check(kindsPolicy(t, "via: {owner_id: detach}, ", ""), s, capabilities(able)),
		"table tenant: (owner_id) refers to users, and the row is another kind of subject: add `via: {owner_id: delete}`, `detach` or `keep` under tables.tenant",
		"table tenant: (owner_id) refers to users, and the row may be another subject's: add `via: {owner_id: detach}` or `keep` under tables.tenant")
	refused(t, Check(kindsPolicy(t, "via: {tenant_id: delete}, ", ""), s, capabilities(able)),
		"table users: (tenant_id) refers to tenant, and the row is another kind of subject: add `via: {tenant_id: delete}`, `detach` or `keep` under tables.users")
}

func TestOtherScopesNeedNoKind(t *testing.T) {
	s, p := schemaOf(twoKindsSchema), kindsPolicy(t)
	mustBuild(t, s, p, ScopeEverything)
	if d := cmp.Diff([]string{"delete bill"}, stepsOf(mustBuild(t, s, p, ScopeExpired))); d != "" {
		t.Errorf("steps (-want +got):\n%s", d)
	}
	held := kindsPolicy(t, "bill: {erase: delete, none", "bill: {erase: delete, hold: {because: tax, until: day + 6y, keep: [day]}, none")
	_, err := FromSchema(s, capabilities(able), held, ScopeExpired)
	refused(t, err, "the policy has holds that end and several kinds of subject: make a plan of scope expired for each with As (--as): tenant, user")
	mustBuild(t, s, as(t, held, "tenant"), ScopeExpired)
}

// Retention never deletes a person whose row refers to an expired one.
func TestExpiredRowsTakeNoSubjectAlong(t *testing.T) {
	s := schemaOf(twoKindsSchema, with("tenant", func(t *dialect.Table) { addColumn(t, "day date") }))
	p := kindsPolicy(t, "none: [id, owner_id]", "none: [id, owner_id, day]", "  - {table: bill, by: day", "  - {table: tenant, by: day, older_than: 1y, erase: delete}\n  - {table: bill, by: day")
	refused(t, Check(p, s, capabilities(able)), "table users: (tenant_id) refers to tenant, and the row may be another subject's: add `via: {tenant_id: detach}` or `keep` under tables.users")
}

func TestATableOfNoKindIsAProblem(t *testing.T) {
	s := schemaOf(twoKindsSchema + "\nnewsletter: id, address text")
	p := kindsPolicy(t, "retention:", "  newsletter: {none: [id], columns: {address: {pii: contact, overwrite: random}}}\nretention:")
	got := problemsOf(t, Check(p, s, capabilities(able)))
	if len(got) == 0 || !anyContains(got, "table newsletter: it has personal columns (address), but no foreign key or link connects it to") {
		t.Errorf("problems %q", got)
	}
}

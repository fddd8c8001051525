package erase_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/plan"
)

const auditPolicy = `
version: 1
database: audited
subject: {table: person}
tables:
  person: {erase: delete, columns: {id: none, name: {pii: name, overwrite: random}}}
  audit: {erase: delete, columns: {id: none, kind: none, ref: none, body: {pii: free-text, overwrite: random}}}
links:
  - audit(ref) -> person(id)
`

// A link whose values are lists of keys, keys of another form or documents matches nothing: the plan
// says so, and only for such values.
func TestALinkThatNeverMatchesIsAHazard(t *testing.T) {
	text := func(format string) func(i int) string {
		return func(i int) string { return fmt.Sprintf("'"+format+"'", i) }
	}
	const people, rows = 30, 40
	beside := func(i int) string { return fmt.Sprintf("'%d'", 5000+i) }
	tests := []struct {
		name, ref    string
		people, rows int
		where        string
		value        func(i int) string
		never        bool
	}{
		{name: "lists of keys", value: text("1,2,%d"), never: true},
		{name: "keys with a prefix", value: text("U-%d"), never: true},
		{name: "documents", value: text(`{"id": %d}`), never: true},
		{name: "numbers that nobody has", ref: "int", value: func(i int) string { return fmt.Sprint(7000 + i) }, never: true},
		{name: "lists of keys, between NULLs", rows: 120, value: func(i int) string {
			if i%3 > 0 {
				return "NULL"
			}
			return text("1,2,%d")(i)
		}, never: true},
		{name: "lists under the condition", rows: 80, where: " where kind = 'person'", value: func(i int) string {
			if i%2 > 0 {
				return text("%d")(i % people)
			}
			return text("1,2,%d")(i)
		}, never: true},
		{name: "keys as texts", value: text("%d")},
		{name: "keys", ref: "int", value: func(i int) string { return fmt.Sprint(i) }},
		{name: "keys of the last row only", rows: 150, value: func(i int) string {
			if i == 150 {
				return "'7'"
			}
			return beside(i)
		}},
		{name: "keys of some rows", value: func(i int) string {
			if i%10 == 7 {
				return "'7'"
			}
			return beside(i)
		}},
		{name: "keys under the condition", rows: 80, where: " where kind = 'person'", value: func(i int) string {
			if i%2 > 0 {
				return text("U-%d")(i)
			}
			return text("%d")(i%people + 1)
		}},
		{name: "too few rows", rows: 19, value: text("1,2,%d")},
		{name: "too few different values", rows: 120, value: func(i int) string { return text("1,2,%d")(i % 19) }},
		{name: "too few people", people: 19, value: text("1,2,%d")},
		{name: "NULLs", rows: 120, value: func(int) string { return "NULL" }},
	}
	onEach(t, func(t *testing.T, db *target) {
		for i, test := range tests {
			if test.rows == 0 {
				test.rows = rows
			}
			if test.people == 0 {
				test.people = people
			}
			if test.ref == "" {
				test.ref = "varchar(60)"
			}
			if i > 0 {
				db.exec(t, "DROP TABLE audit", "DROP TABLE person")
			}
			db.audited(t, test.ref, test.people, test.rows, test.value)
			policy := mustParse([]byte(strings.Replace(auditPolicy, "person(id)\n", "person(id)"+test.where+"\n", 1)))
			p, err := plan.Build(t.Context(), db.DB, policy, plan.ScopeSubjects)
			if err != nil {
				t.Fatalf("%s: %v", test.name, err)
			}
			if got := len(neverMatching(p)) > 0; got != test.never {
				t.Errorf("%s: hazard %t, want %t", test.name, got, test.never)
			}
		}
	})
}

// The operator can allow the hazard; the plan with the hazard fits the schema.
func TestALinkThatNeverMatchesIsAllowedByName(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		db.audited(t, "varchar(60)", 30, 40, func(i int) string { return fmt.Sprintf("'U-%d'", i) })
		p := db.plan(t, auditPolicy, plan.ScopeSubjects)
		never := neverMatching(p)
		const want = "none of the sampled values of audit(ref) is in person(id), so the link may find no rows: link a column with only the key in it"
		if len(never) != 1 || never[0].Table != db.name("audit") || never[0].Reason != want {
			t.Fatalf("hazards %q", never)
		}
		digest := p.Digest()
		db.exec(t, "DELETE FROM audit WHERE id > 35", "DELETE FROM person WHERE id > 25")
		if again := db.plan(t, auditPolicy, plan.ScopeSubjects); again.Digest() != digest {
			t.Error("the digest changes with the number of rows")
		}
		if everything := db.plan(t, auditPolicy, plan.ScopeEverything); len(neverMatching(everything)) > 0 {
			t.Error("scope everything follows no link and has the hazard")
		}
		o := options(p, "unmatched", "7")
		o.Allow = slices.DeleteFunc(o.Allow, func(n plan.HazardName) bool { return n == plan.LinkNeverMatches })
		var refused *erase.HazardError
		if _, err := erase.Run(t.Context(), db.DB, p, o); !errors.As(err, &refused) || !slices.Equal(refused.Hazards, never) {
			t.Fatalf("not allowed: %v", err)
		}
		o.Allow = append(o.Allow, "LINK_NEVER_MATCHES:audit")
		st := db.run(t, p, o)
		if n := db.count(t, "SELECT count(*) FROM person WHERE id = 7"); n != 0 {
			t.Errorf("%d rows of the person are left", n)
		}
		v, err := erase.Verify(t.Context(), db.DB, mustParse([]byte(auditPolicy)), st, erase.VerifyOptions{Subjects: erase.SubjectKeys("7")})
		if err != nil || v.Outcome == erase.OutcomeBroken {
			t.Errorf("%+v, error %v", v, err)
		}
	})
}

// Without permission to read the values, the plan says: nothing is known of the link.
func TestALinkWhoseValuesMayNotBeReadIsAHazard(t *testing.T) {
	servers := slices.DeleteFunc(engines(t), func(e engine) bool { return e.name == "sqlite" || strings.HasPrefix(e.name, "sqlserver") })
	runOn(t, servers, func(t *testing.T, db *target) {
		db.audited(t, "varchar(60)", 30, 40, func(i int) string { return fmt.Sprintf("'%d'", i) })
		role, at := db.stranger(t)
		if name, host, ok := strings.Cut(role, "@"); ok {
			role = "`" + name + "`@`" + host + "`"
		} else {
			role = `"` + role + `"`
		}
		all := "*"
		if db.Engine == sample.Postgres {
			all = "ALL TABLES IN SCHEMA public"
		}
		db.exec(t, "GRANT INSERT ON "+all+" TO "+role)
		clerk := openTarget(t, at)
		const want = "the link from audit(ref) to person(id) can't be tried: the user can't read the values: build the plan as a user who can"
		if p := clerk.plan(t, auditPolicy, plan.ScopeSubjects); len(neverMatching(p)) != 1 || neverMatching(p)[0].Reason != want {
			t.Errorf("hazards %q", p.Hazards)
		}
		if p := db.plan(t, auditPolicy, plan.ScopeSubjects); len(neverMatching(p)) > 0 {
			t.Errorf("who may read them: hazards %q", p.Hazards)
		}
	})
}

// audited fills the database with people and with rows of an audit, with the given values of ref.
func (d *target) audited(t testing.TB, ref string, people, rows int, value func(i int) string) {
	t.Helper()
	var persons, audits []string
	for i := 1; i <= people; i++ {
		persons = append(persons, fmt.Sprintf("(%d, 'name %d')", i, i))
	}
	for i := 1; i <= rows; i++ {
		audits = append(audits, fmt.Sprintf("(%d, '%s', %s, 'x')", i, []string{"person", "order"}[i%2], value(i)))
	}
	d.exec(t, "CREATE TABLE person (id int PRIMARY KEY, name varchar(60) NOT NULL)",
		"CREATE TABLE audit (id int PRIMARY KEY, kind varchar(20), ref "+ref+", body varchar(60))",
		"CREATE INDEX audit_ref ON audit (ref)",
		"INSERT INTO person VALUES "+strings.Join(persons, ", "), "INSERT INTO audit VALUES "+strings.Join(audits, ", "))
}

func neverMatching(p *plan.Plan) []plan.Hazard {
	var out []plan.Hazard
	for _, h := range p.Hazards {
		if h.Name == plan.LinkNeverMatches {
			out = append(out, h)
		}
	}
	return out
}

// An unreachable table is a problem, reported with the link suggested by its values, with counts and no
// value. Numbers suggest nothing unless names do.
func TestValuesSuggestTheLinkThatIsMissing(t *testing.T) {
	const unreached = "\nversion: 1\ndatabase: d\nsubject: {table: person, identifiers: [email]}\ntables:\n" +
		"  person: {erase: delete, columns: {id: none, email: {pii: contact, overwrite: random}}}\n" +
		"  letter: {erase: delete, columns: {id: none, sent_to: {pii: contact, overwrite: random}, size: none, subject: none}}\n" +
		"  visit: {erase: delete, columns: {id: none, person_id: none}}\n"
	onOneOfEach(t, func(t *testing.T, db *target) {
		db.exec(t, "CREATE TABLE person (id int PRIMARY KEY, email varchar(60) NOT NULL, CONSTRAINT uq_email UNIQUE (email))",
			"CREATE TABLE letter (id int PRIMARY KEY, sent_to varchar(60), size int, subject varchar(60))", "CREATE TABLE visit (id int PRIMARY KEY, person_id int)")
		problems := func() string {
			t.Helper()
			schema, err := db.DB.Inspect(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			checked := plan.CheckDatabase(t.Context(), db.DB, mustParse([]byte(unreached)), schema)
			_, built := plan.Build(t.Context(), db.DB, mustParse([]byte(unreached)), plan.ScopeSubjects)
			if checked == nil || built == nil || checked.Error() != built.Error() {
				t.Errorf("checked: %v, built: %v", checked, built)
			}
			return fmt.Sprint(built)
		}
		if got := problems(); strings.Contains(got, "letter(") || !strings.Contains(got, "add `links: visit(person_id) -> person(id)` if its rows belong there, or") {
			t.Errorf("without rows: %s", got)
		}
		for i := range 30 {
			db.exec(t, fmt.Sprintf("INSERT INTO person VALUES (%d, 'zq%d@home.example')", i, i))
			db.exec(t, fmt.Sprintf("INSERT INTO letter VALUES (%d, 'zq%d@home.example', %d, 'about %d')", i, i+3, i, i))
			db.exec(t, fmt.Sprintf("INSERT INTO visit VALUES (%d, %d)", i, i%10))
		}
		got := problems()
		for _, says := range []string{"add `links: letter(sent_to) -> person(email)` if its rows belong there (27 of 30 sampled values are there)",
			"add `links: visit(person_id) -> person(id)` if its rows belong there (10 of 10 sampled values are there)"} {
			if !strings.Contains(got, says) {
				t.Errorf("%q isn't in %s", says, got)
			}
		}
		if strings.Contains(got, "zq") {
			t.Errorf("a value is in %s", got)
		}
	})
}

package erasetest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/erase/erasetest"
	"github.com/expungedb/expunge/plan"
	"github.com/expungedb/expunge/plan/policy"
)

// recorder records the errors of a test.
type recorder struct {
	testing.TB
	messages []string
}

func (r *recorder) Errorf(format string, args ...any) {
	r.messages = append(r.messages, fmt.Sprintf(format, args...))
}

// keeping keeps posts, with another body.
const keeping = `
version: 1
database: club
subject: {table: member, identifiers: [email]}
tables:
  member: {erase: overwrite, columns: {id: none, email: {pii: contact, overwrite: {fake: email}}}}
  post: {erase: overwrite, columns: {id: none, author: none, body: {pii: free-text, overwrite: null}}}`

func TestErased(t *testing.T) {
	everyone := []string{"1"}
	for _, test := range []struct {
		name     string
		policy   string
		sql      string
		subjects []string
		want     []string
	}{
		{"nothing was erased", policyFile, "", everyone, []string{
			"post: 1 row that should be gone", "member: 1 row that should be gone",
		}},
		{"all is gone", policyFile, "DELETE FROM post WHERE author = 1; DELETE FROM member WHERE id = 1", everyone, nil},
		{"a row refers to nobody", policyFile, "DELETE FROM member WHERE id = 1; DELETE FROM post WHERE author = 1; UPDATE post SET author = 7", everyone, []string{
			"post: 1 row linked by (author) to no row of member: whose they were can't be told",
		}},
		{"another one is asked for", policyFile, "DELETE FROM post WHERE author = 1; DELETE FROM member WHERE id = 1", []string{"1", "2"}, []string{
			"post: 1 row that should be gone", "member: 1 row that should be gone",
		}},
		{"rows that the plan overwrites may stay", keeping, "", everyone, nil},
		{"an identifier that nobody has", keeping, "", []string{"email=eve@old.example"}, []string{
			"member: 1 subject named by an identifier that no row has: name them by their keys to search what is linked to them",
		}},
		{"no subject", policyFile, "", nil, []string{"no subject was given: name those who must be gone"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, p, db := setup(t, test.policy, test.sql)
			erasetest.Erased(r, db, p, test.subjects...)
			if diff := cmp.Diff(test.want, r.messages); diff != "" {
				t.Errorf("failures (-want +got):\n%s", diff)
			}
		})
	}
}

func TestErasedNamesNoValueAndNoKey(t *testing.T) {
	r, p, db := setup(t, keeping, "INSERT INTO member VALUES (987654321, 'zoe@old.example'), (4, 'zoe@old.example')")
	erasetest.Erased(r, db, p, "987654321x", "email=zoe@old.example")
	erasetest.Erased(r, db, p, "email=zoe@old.example")
	erasetest.Overwritten(r, db, p, erase.OldValue{Table: dialect.Name{Table: "member"}, Column: "email", Value: "zoe@old.example"})
	if len(r.messages) != 3 {
		t.Fatalf("%d failures, want 3", len(r.messages))
	}
	for _, m := range r.messages {
		if strings.Contains(m, "zoe") || strings.Contains(m, "987654321") {
			t.Error("a failure quotes a value or a key")
		}
	}
}

func TestOverwritten(t *testing.T) {
	member := dialect.Name{Table: "member"}
	email := erase.OldValue{Table: member, Column: "email", Value: "ada@old.example"}
	for _, test := range []struct {
		name string
		sql  string
		old  []erase.OldValue
		want []string
	}{
		{"it is there", "", []erase.OldValue{email}, []string{"member: 1 rows hold an old value of column email"}},
		{"it is another type of text", "", []erase.OldValue{{Table: member, Column: "email", Value: []byte("ada@old.example")}}, []string{"member: 1 rows hold an old value of column email"}},
		{"it is no value", "", []erase.OldValue{{Table: member, Column: "email"}}, []string{
			"looking for an old value: invalid old value: one of member, column email, is a <nil>: give a number, or a text as a file would have it",
		}},
		{"it is gone", "UPDATE member SET email = 'new'", []erase.OldValue{email}, nil},
		{"the plan doesn't touch the column", "", []erase.OldValue{{Table: member, Column: "id", Value: int64(1)}}, []string{
			"member: the plan leaves column id as it is",
		}},
		{"there is no such table", "", []erase.OldValue{{Table: dialect.Name{Table: "guest"}, Column: "email", Value: "x"}}, []string{
			"guest: the plan leaves column email as it is",
		}},
		{"no value", "", nil, []string{"no value was given: read some before the subject is erased"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, p, db := setup(t, keeping, test.sql)
			erasetest.Overwritten(r, db, p, test.old...)
			if diff := cmp.Diff(test.want, r.messages); diff != "" {
				t.Errorf("failures (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAChangedSchemaFails(t *testing.T) {
	r, p, db := setup(t, policyFile, "ALTER TABLE post ADD COLUMN title TEXT")
	erasetest.Erased(r, db, p, "1")
	if len(r.messages) != 1 || !strings.Contains(r.messages[0], "the schema has changed since the plan was made") {
		t.Errorf("failures: %q", r.messages)
	}
}

func TestCoveredByAnEmptyDatabaseFails(t *testing.T) {
	r, _, db := setup(t, policyFile, "DROP TABLE post; DROP TABLE member")
	erasetest.Covered(r, db, &policy.Policy{})
	if diff := cmp.Diff([]string{"the database has no table: make its schema before the policy is held against it"}, r.messages); diff != "" {
		t.Errorf("failures (-want +got):\n%s", diff)
	}
}

// setup builds a plan for the club, then executes the statements.
func setup(t *testing.T, policyText, statements string) (*recorder, *plan.Plan, dialect.DB) {
	t.Helper()
	pool, db := club()
	t.Cleanup(func() {
		if err := pool.Close(); err != nil {
			t.Error(err)
		}
	})
	rules, err := policy.Parse(strings.NewReader(policyText))
	if err != nil {
		t.Fatal(err)
	}
	p, err := plan.Build(t.Context(), db, rules, plan.ScopeSubjects)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pool.ExecContext(t.Context(), statements); err != nil {
		t.Fatal(err)
	}
	return &recorder{TB: t}, p, db
}

package erasetest_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	_ "modernc.org/sqlite"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/sqlite"
	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/erase/erasetest"
	"github.com/expungedb/expunge/plan"
	"github.com/expungedb/expunge/plan/policy"
)

const schema = `
CREATE TABLE member (id INTEGER PRIMARY KEY, email TEXT NOT NULL);
CREATE TABLE post (id INTEGER PRIMARY KEY, author INTEGER NOT NULL REFERENCES member, body TEXT);
INSERT INTO member VALUES (1, 'ada@old.example'), (2, 'bob@old.example');
INSERT INTO post VALUES (10, 1, 'hello'), (11, 2, 'good day');`

const policyFile = `
version: 1
database: club
subject: {table: member}
tables:
  member: {erase: delete, columns: {id: none, email: {pii: contact, overwrite: {fake: email}}}}
  post: {erase: delete, columns: {id: none, author: none, body: {pii: free-text, overwrite: null}}}`

// This service's own code to delete a member forgets their posts. Each of the two tests that a
// service needs is one line.
func Example() {
	t := &reporter{}
	pool, db := club()
	defer pool.Close()
	rules, err := policy.Parse(strings.NewReader(policyFile))
	check(err)
	erasetest.Covered(t, db, rules)

	p, err := plan.Build(context.Background(), db, rules, plan.ScopeSubjects)
	check(err)
	deleteMember := func(id int) {
		_, err := pool.Exec("DELETE FROM member WHERE id = ?", id)
		check(err)
	}
	deleteMember(1)
	erasetest.Erased(t, db, p, "1")

	_, err = pool.Exec("DELETE FROM post WHERE author = 1")
	check(err)
	erasetest.Erased(t, db, p, "1")
	fmt.Println("failed:", t.failed)
	// Output:
	// post: 1 row that should be gone
	// failed: 1
}

// A migration adds a column without a decision in the policy.
func ExampleCovered() {
	t := &reporter{}
	pool, db := club()
	defer pool.Close()
	rules, err := policy.Parse(strings.NewReader(policyFile))
	check(err)

	_, err = pool.Exec("ALTER TABLE member ADD COLUMN phone TEXT")
	check(err)
	erasetest.Covered(t, db, rules)
	// Output:
	// policy: 6:3: table member: column phone is not classified: add `phone: {pii: …}` under tables.member.columns
}

// In scope everything, no row may hold an old address.
func ExampleOverwritten() {
	t := &reporter{}
	pool, db := club()
	defer pool.Close()
	rules, err := policy.Parse(strings.NewReader(policyFile))
	check(err)
	p, err := plan.Build(context.Background(), db, rules, plan.ScopeEverything)
	check(err)
	old := erase.OldValue{Table: dialect.Name{Table: "member"}, Column: "email", Value: "ada@old.example"}

	_, err = pool.Exec("UPDATE member SET email = 'x@new.example' WHERE id = 2") // not the right one
	check(err)
	erasetest.Overwritten(t, db, p, old)
	// Output:
	// member: 1 rows hold an old value of column email
}

// reporter replaces the *testing.T of a test: an example has none.
type reporter struct {
	testing.TB
	failed int
}

func (r *reporter) Helper()                  {}
func (r *reporter) Context() context.Context { return context.Background() }
func (r *reporter) Errorf(format string, args ...any) {
	r.failed++
	fmt.Printf(format+"\n", args...)
}

func club() (*sql.DB, *sqlite.DB) {
	pool, err := sql.Open("sqlite", ":memory:")
	check(err)
	pool.SetMaxOpenConns(1) // a second connection would be another database in memory
	_, err = pool.Exec(schema)
	check(err)
	return pool, sqlite.New(pool)
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

package erase_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	_ "modernc.org/sqlite"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/sqlite"
	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/plan"
	"github.com/expungedb/expunge/plan/policy"
)

// A reader's loans are deleted with her, and nobody else's.
func ExampleRun() {
	ctx := context.Background()
	db, policy, done := openLibrary()
	defer done()
	p, err := plan.Build(ctx, db, policy, plan.ScopeSubjects)
	check(err)
	signer, verifier := newKey()

	report, err := erase.Run(ctx, db, p, erase.Options{
		RunID: erase.RunID("case-2026-0042", "library"), Approved: p.Digest(),
		Subjects: erase.SubjectKeys("email=ada@example.com"), Signers: []receipt.Signer{signer},
	})
	// The receipt comes with an error, too, and counts the rows left.
	var left *erase.LeftError
	if err != nil && !errors.As(err, &left) {
		check(err)
	}
	statement, err := receipt.Open(report.Receipt, verifier)
	check(err)
	for _, a := range statement.Predicate.Actions {
		fmt.Println(a.Operation, a.Table, a.Rows.Affected)
	}
	// Output:
	// delete loan 2
	// delete reader 1
}

func ExamplePreview() {
	ctx := context.Background()
	db, policy, done := openLibrary()
	defer done()
	p, err := plan.Build(ctx, db, policy, plan.ScopeSubjects)
	check(err)

	result, err := erase.Preview(ctx, db, p, erase.Options{Subjects: erase.SubjectKeys("1")})
	check(err)
	for _, c := range result.Counts {
		fmt.Println(c.Step.Op, c.Step.Table, c.Rows)
	}
	// Output:
	// delete loan 2
	// delete reader 1
}

// Verify compares the live database with the receipt.
func ExampleVerify() {
	ctx := context.Background()
	db, policy, done := openLibrary()
	defer done()
	p, err := plan.Build(ctx, db, policy, plan.ScopeSubjects)
	check(err)
	signer, verifier := newKey()
	report, err := erase.Run(ctx, db, p, erase.Options{RunID: "case-7", Subjects: erase.SubjectKeys("1"), Signers: []receipt.Signer{signer}})
	check(err)
	statement, err := receipt.Open(report.Receipt, verifier)
	check(err)

	found, err := erase.Verify(ctx, db, policy, statement, erase.VerifyOptions{Subjects: erase.SubjectKeys("1")})
	check(err)
	fmt.Println("the database now:", found.Outcome)
	// Output:
	// the database now: holds
}

// All runs on a database wait, in all processes, until they are resumed.
func ExamplePause() {
	ctx := context.Background()
	db, _, done := openLibrary()
	defer done()

	check(erase.Pause(ctx, db, erase.AllRuns))
	was, err := erase.Resume(ctx, db, erase.AllRuns)
	check(err)
	fmt.Println("was paused:", was)
	// Output:
	// was paused: true
}

func openLibrary() (dialect.DB, *policy.Policy, func()) {
	pool, err := sql.Open("sqlite", ":memory:?_pragma=foreign_keys(1)")
	check(err)
	pool.SetMaxOpenConns(1) // a second connection would be another database in memory
	_, err = pool.Exec(`
		CREATE TABLE reader (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE);
		CREATE TABLE loan (id INTEGER PRIMARY KEY, reader_id INTEGER NOT NULL REFERENCES reader, title TEXT NOT NULL);
		CREATE INDEX loan_reader ON loan (reader_id);
		INSERT INTO reader VALUES (1, 'ada@example.com'), (2, 'bob@example.com');
		INSERT INTO loan VALUES (10, 1, 'Emma'), (11, 1, 'Persuasion'), (12, 2, 'Emma');`)
	check(err)
	rules, err := policy.Parse(strings.NewReader(`
version: 1
database: library
subject: {table: reader, identifiers: [email]}
tables:
  reader: {erase: delete, columns: {id: none, email: {pii: contact}}}
  loan: {erase: delete, columns: {id: none, reader_id: none, title: {pii: other}}}
`))
	check(err)
	return sqlite.New(pool), rules, func() { check(pool.Close()) }
}

func newKey() (receipt.Signer, receipt.Verifier) {
	key, err := receipt.GenerateKey(nil)
	check(err)
	signer, err := receipt.NewSigner(key)
	check(err)
	verifier, err := receipt.NewVerifier(key.Public())
	check(err)
	return signer, verifier
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

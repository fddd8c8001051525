// Command quickstart is the library in some forty lines: a policy, a plan, one member erased, and
// the signed receipt checked.
package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"strings"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/sqlite"
	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/plan"
	"github.com/expungedb/expunge/plan/policy"
)

//go:embed policy.yaml
var policyFile string

func main() {
	pool, err := openClub() // your *sql.DB, or *pgxpool.Pool for PostgreSQL
	if err != nil {
		log.Fatal(err)
	}
	err = forgetAda(context.Background(), sqlite.New(pool), os.Stdout, "receipt.json")
	if err := errors.Join(err, pool.Close()); err != nil {
		log.Fatal(err)
	}
}

func forgetAda(ctx context.Context, db dialect.DB, w io.Writer, file string) error {
	rules, err := policy.Parse(strings.NewReader(policyFile))
	if err != nil {
		return err // every mistake in the file, with its line and column
	}
	p, err := plan.Build(ctx, db, rules, plan.ScopeSubjects)
	if err != nil {
		return err // every undecided table and column
	}
	fmt.Fprint(w, p) // a person reviews it, and approves p.Digest()

	key, err := receipt.GenerateKey(nil)
	if err != nil {
		return err
	}
	signer, err := receipt.NewSigner(key)
	if err != nil {
		return err
	}
	report, err := erase.Run(ctx, db, p, erase.Options{
		RunID: "case-2026-0042", Approved: p.Digest(), Subjects: erase.SubjectKeys("email=ada@example.com"), Signers: []receipt.Signer{signer},
	})
	if report.Receipt != nil { // also beside an error: it lists the rows that are left
		err = errors.Join(err, os.WriteFile(file, report.Receipt, 0o644))
	}
	if err != nil {
		return err
	}

	verifier, err := receipt.NewVerifier(key.Public())
	if err != nil {
		return err
	}
	statement, err := receipt.Open(report.Receipt, verifier) // anyone, offline
	if err != nil {
		return err
	}
	for _, a := range statement.Predicate.Actions {
		fmt.Fprintf(w, "%s %s: %d\n", a.Operation, a.Table, a.Rows.Affected)
	}
	found, err := erase.Verify(ctx, db, rules, statement, erase.VerifyOptions{Subjects: erase.SubjectKeys("1")})
	if err != nil {
		return err
	}
	fmt.Fprintln(w, "the database now:", found.Outcome)
	return nil
}

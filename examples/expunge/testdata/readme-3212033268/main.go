package main

import (
	"context"
	"errors"
	"log"
	"os"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/expungedb/expunge/dialect/postgres"
	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/plan"
)

func forget(ctx context.Context, pool *pgxpool.Pool, signer receipt.Signer, approved string) error {
	db := postgres.New(pool)
	file, err := os.Open("policy.yaml")
	if err != nil {
		return err
	}
	defer file.Close()
	policy, err := plan.ParsePolicy(file) // every mistake at once, with its line and column
	if err != nil {
		return err
	}
	p, err := plan.Build(ctx, db, policy, plan.Subjects()) // every table and column that nobody decided on
	if err != nil {
		return err
	}
	log.Print(p) // a person reviews it, and approves p.Digest()
	report, err := erase.Run(ctx, db, p, erase.Options{
		RunID:    "case-2026-0042", // the same ID again continues the run, or returns its receipt once more
		Approved: approved,
		Subjects: erase.SubjectKeys("42", "email=ada@example.com"),
		Signer:   signer,
	})
	if report.Receipt != nil { // also beside an error: it says which rows are left over
		err = errors.Join(err, os.WriteFile("receipt.json", report.Receipt, 0o644))
	}
	return err
}

func main() { _ = forget }

package erase

import (
	"context"
	"time"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/plan"
	"github.com/expungedb/expunge/plan/policy"
)

// RunAt is Run with failpoints: each worker calls point with the name of each failpoint it passes.
var RunAt = runAt

// VerifyAt is Verify at a moment.
func VerifyAt(ctx context.Context, now time.Time, db dialect.DB, rules *policy.Policy, st *receipt.Statement, subjects Source, old ...OldValue) (*Verification, error) {
	v := &receiptVerifier{db: db, now: now, rules: rules, statement: st, old: newOldValues(old), findings: newFindings("")}
	return v.verify(ctx, subjects)
}

// ParseSubject reads the key of a subject.
func ParseSubject(raw string, s *plan.Subject, t *dialect.Table) (dialect.Key, error) {
	sub, err := parseSubject(raw, s, t)
	return sub.key, err
}

// Package erasetest is for the tests of services with personal data. They assert that the policy
// covers the present schema, and that no code leaves a deleted user's data behind.
//
//	erasetest.Covered(t, db, policy)              // a new column fails the build until it is decided on
//	erasetest.Erased(t, db, plan, "42")           // rows to delete are gone
//	erasetest.Overwritten(t, db, plan, old...)    // old values are gone
//
// Use it on a test's database, with a few rows of data. Its reports name tables, columns and
// counts, never a value or a key: a build's log remains clean.
package erasetest

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/plan"
	"github.com/expungedb/expunge/plan/policy"
)

// Covered fails the test with every problem of the policy on the database's schema: tables and
// columns without a decision, rules for missing ones, strategies unfit for their column,
// references without a decision.
func Covered(t testing.TB, db dialect.DB, rules *policy.Policy) {
	t.Helper()
	s, err := db.Inspect(t.Context())
	if err != nil {
		t.Errorf("reading the catalogue: %v", err)
		return
	}
	if len(s.Tables) == 0 {
		t.Errorf("the database has no table: make its schema before the policy is held against it")
		return
	}
	err = plan.Check(rules, s, db)
	problems, ok := errors.AsType[*policy.Error](err)
	if !ok && err != nil {
		t.Errorf("checking the policy: %v", err)
	}
	if ok {
		for _, p := range problems.Problems {
			t.Errorf("policy: %s", p)
		}
	}
}

// Erased fails the test where a row exists that the plan deletes for one of the subjects, and where
// it can't tell. Rows linked to nothing may belong to a subject, so give the test's database none.
// Write each subject as for erase.SubjectKeys, by its key: the row's deletion deletes an identifier
// too. The plan is of scope subjects.
func Erased(t testing.TB, db dialect.DB, p *plan.Plan, subjects ...string) {
	t.Helper()
	if len(subjects) == 0 {
		t.Errorf("no subject was given: name those who must be gone")
		return
	}
	found, err := erase.Remains(t.Context(), db, p, erase.SubjectKeys(subjects...))
	if err != nil {
		t.Errorf("looking for what remains: %v", err)
		return
	}
	for _, f := range found.Findings {
		if f.Outcome != erase.OutcomeHolds {
			t.Errorf("%s: %s", f.Table, f.Reason)
		}
	}
}

// Overwritten fails the test where a column still holds one of the values, in any row of its table.
// Give values unique to the subject's rows, such as an e-mail address. It also fails for a column
// that the plan neither overwrites nor deletes with its row.
func Overwritten(t testing.TB, db dialect.DB, p *plan.Plan, old ...erase.OldValue) {
	t.Helper()
	if len(old) == 0 {
		t.Errorf("no value was given: read some before the subject is erased")
	}
	schema, err := db.Inspect(t.Context())
	if err != nil {
		t.Errorf("reading the catalogue: %v", err)
		return
	}
	for _, o := range old {
		if !isReplaced(p, o.Table, o.Column) {
			t.Errorf("%s: the plan leaves column %s as it is", o.Table, o.Column)
			continue
		}
		o, err := o.Typed(schema)
		if err != nil {
			t.Errorf("looking for an old value: %v", err)
			continue
		}
		n, err := countOld(t.Context(), db, o)
		if err != nil {
			t.Errorf("looking for an old value: %v", err)
			continue
		}
		if n > 0 {
			t.Errorf("%s: %d rows hold an old value of column %s", o.Table, n, o.Column)
		}
	}
}

// isReplaced reports whether the plan deletes the table's rows or overwrites the column.
func isReplaced(p *plan.Plan, table dialect.Name, column string) bool {
	for _, r := range p.Roots {
		for _, s := range r.Steps {
			if s.Table == table && (s.Op == plan.Delete || slices.ContainsFunc(s.Set, func(a plan.Assignment) bool { return a.Column == column })) {
				return true
			}
		}
	}
	return false
}

func countOld(ctx context.Context, db dialect.DB, o erase.OldValue) (n int64, err error) {
	tx, err := db.Begin(ctx, dialect.TxOptions{ReadOnly: true})
	if err != nil {
		return 0, err
	}
	n, err = tx.Count(ctx, o.Table, []dialect.Cond{dialect.In{Columns: []string{o.Column}, Keys: []dialect.Key{{o.Value}}}})
	return n, errors.Join(err, tx.Rollback(ctx))
}

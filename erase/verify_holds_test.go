package erase_test

import (
	"testing"
	"time"

	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/plan"
	"github.com/google/go-cmp/cmp"
)

// Data kept by an ended hold is to do, until scope expired has erased it.
func TestVerifyFindsHoldsThatHaveEnded(t *testing.T) {
	policy := bills(`, until: "day + 6y", keep: [total, day]`)
	onEach(t, func(t *testing.T, db *target) {
		db.exec(t, ledger...)
		p := db.plan(t, policy, plan.ScopeSubjects)
		report, err := erase.Run(t.Context(), db.DB, p, options(p, "r", "4", "1"))
		if err != nil {
			t.Fatal(err)
		}
		st := opened(t, report.Receipt)
		verify := func(years int, subjects erase.Source) (erase.Outcome, map[string]int64) {
			t.Helper()
			v, err := erase.VerifyAt(t.Context(), clock().AddDate(years, 0, 0), db.DB, mustParse([]byte(policy)), st, subjects)
			if err != nil {
				t.Fatal(err)
			}
			todo := map[string]int64{}
			for _, f := range v.Findings {
				if f.Outcome == erase.OutcomeHoldEnded {
					todo[f.Table.Table] = f.Rows
				}
			}
			return v.Outcome, todo
		}
		// The subject's overwritten row can't be compared with its old values.
		if got, todo := verify(4, erase.SubjectKeys("4")); got != erase.OutcomeCannotTell || len(todo) > 0 {
			t.Errorf("before the end: %s, to do %v", got, todo)
		}
		want := map[string]int64{"person": 1, "bill": 2} // entries, too, are deleted by reference with their bills
		for name, subjects := range map[string]erase.Source{"with a subject": erase.SubjectKeys("4"), "without": nil} {
			got, todo := verify(5, subjects)
			if d := cmp.Diff(want, todo); d != "" || got != erase.OutcomeHoldEnded {
				t.Errorf("%s: %s, to do %s", name, got, d)
			}
		}
		expired := db.expire(t, policy, 5)
		if got, todo := verify(5, erase.SubjectKeys("4")); got != erase.OutcomeHolds || len(todo) > 0 {
			t.Errorf("when that is done: %s, to do %v", got, todo)
		}
		found := func() erase.Outcome {
			t.Helper()
			v, err := erase.VerifyAt(t.Context(), clock().AddDate(5, 0, 0), db.DB, mustParse([]byte(policy)), expired, nil)
			if err != nil {
				t.Fatal(err)
			}
			return v.Outcome
		}
		if got := found(); got != erase.OutcomeHolds {
			t.Errorf("the receipt of scope expired: %s", got)
		}
		db.exec(t, "INSERT INTO bill VALUES (11, 1, '2024-05-01', 'tax', 10, 'Ann Lee')")
		if got := found(); got != erase.OutcomeBroken {
			t.Errorf("the receipt of scope expired when a row is put back: %s", got)
		}
	})
}

// A hold has ended when its condition no longer matches; the row was not inserted again.
func TestVerifyFindsAHoldWhoseConditionHoldsNoLonger(t *testing.T) {
	policy := bills(`, where: "kind = 'tax'", keep: [total, day]`)
	onOneOfEach(t, func(t *testing.T, db *target) {
		db.exec(t, ledger...)
		p := db.plan(t, policy, plan.ScopeSubjects)
		report, err := erase.Run(t.Context(), db.DB, p, options(p, "r", "2"))
		if err != nil {
			t.Fatal(err)
		}
		db.exec(t, "UPDATE bill SET kind = 'void' WHERE bill_id = 21")
		v, err := erase.VerifyAt(t.Context(), clock().Add(time.Hour), db.DB, mustParse([]byte(policy)), opened(t, report.Receipt), erase.SubjectKeys("2"))
		if err != nil || v.Outcome != erase.OutcomeHoldEnded {
			t.Errorf("%+v, %v", v, err)
		}
	})
}

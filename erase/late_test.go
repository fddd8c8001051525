package erase_test

import (
	"sync"
	"testing"

	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/plan"
)

// A row linked to an erased subject and inserted after the commit is counted once, whatever the time of
// its insertion: deleted rows stay counted as deleted.
func TestALateRowIsCountedOnce(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		for _, moment := range []string{"committed", "checked"} {
			for _, subject := range []string{"1", "email=one@club.example"} {
				db := db.again(t).club(t)
				p := db.plan(t, deletes, plan.ScopeSubjects)
				late := sync.OnceFunc(func() { db.exec(t, "INSERT INTO letter VALUES (99, 1, 'late')") })
				report, err := erase.RunAt(t.Context(), db.DB, p, options(p, "r", subject), func(point string) {
					if point == moment {
						late()
					}
				})
				if report.Receipt == nil {
					t.Fatalf("%s: %v", moment, err)
				}
				want := receipt.Rows{Matched: 1, Affected: 1, Arrived: 1}
				if moment == "checked" && subject != "1" {
					want.Arrived = 0 // the identifier matches no row any more by the last scan
				}
				if n := done(opened(t, report.Receipt))["delete letter"]; n != want {
					t.Errorf("at %s: %+v, want %+v", moment, n, want)
				}
			}
		}
	})
}

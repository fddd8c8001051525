package erase_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/plan"
)

// TestPitfall11IndexesOfARunThatWasKilledComeBackFirst kills a process at every point with indexes
// suspended. The next call restores them: a repair, the same run, or another one on the table.
func TestPitfall11IndexesOfARunThatWasKilledComeBackFirst(t *testing.T) {
	onOneOfEach(t, func(t *testing.T, db *target) {
		if db.babelfish(t) {
			return // it can't disable an index
		}
		reset := db.resettable(t, func(d *target) { d.guests(t) })
		for _, c := range []struct {
			point string
			nth   int64
			next  string // the next call
			away  bool   // the indexes are suspended then
		}{
			{"suspending", 1, "repair", false},
			{"suspended", 1, "repair", true},
			{"committed", 3, "run", true},
			{"restoring", 1, "other", true},
			{"restored", 1, "run", false},
		} {
			t.Run(c.point, func(t *testing.T) {
				db := reset(t)
				before := db.indexed(t)
				p := db.plan(t, guestPolicy, plan.ScopeEverything)
				one := db.plan(t, guestPolicy, plan.ScopeSubjects)
				work := child{
					URL: db.URL, Scope: plan.ScopeEverything, Policy: guestPolicy, Allow: bothSuspended,
					MaxRows: guestBatch, Workers: 2, Point: c.point, Nth: c.nth,
				}
				work.kill(t)
				if n := db.pending(t); n != len(db.suspendable()) {
					t.Fatalf("%d indexes are in the journal, want %d", n, len(db.suspendable()))
				}
				if got := len(db.away(t)); (got > 0) != c.away || c.away && got != len(db.suspendable()) {
					t.Fatalf("%d indexes are away", got)
				}
				switch c.next {
				case "repair":
					r, err := erase.Repair(t.Context(), db.DB)
					if err != nil {
						t.Fatal(err)
					}
					var restored []string
					for _, name := range db.suspendable() {
						restored = append(restored, "index "+name+" of "+db.name("guest").String())
					}
					if d := cmp.Diff(restored, r.Restored); d != "" {
						t.Errorf("restored (-want +got):\n%s", d)
					}
					if again, err := erase.Repair(t.Context(), db.DB); err != nil || len(again.Restored) > 0 {
						t.Errorf("a second repair restored %v, %v", again, err)
					}
				case "other":
					db.run(t, one, options(one, "one", "7"))
				}
				if c.next != "run" {
					if d := cmp.Diff(before, db.indexed(t)); d != "" {
						t.Errorf("indexes (-before +after):\n%s", d)
					}
				}
				o := guestRun(p, "crash", bothSuspended...)
				db.run(t, p, o)
				if d := cmp.Diff(before, db.indexed(t)); d != "" {
					t.Errorf("indexes after the run (-before +after):\n%s", d)
				}
				if c.next == "other" { // it has deleted one
					db.exec(t, "INSERT INTO guest (guest_id, email) VALUES (1000, 'another')")
				}
				db.renewed(t)
				if n := db.pending(t); n > 0 {
					t.Errorf("%d indexes are suspended still, the journal says", n)
				}
				if r, err := erase.Repair(t.Context(), db.DB); err != nil || len(r.Restored)+len(r.Unfinished) > 0 {
					t.Errorf("repair says %+v, %v", r, err)
				}
			})
		}
	})
}

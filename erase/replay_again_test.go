package erase_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/plan"
	"github.com/google/go-cmp/cmp"
)

// Restoring a backup loses the journal's rows of later runs, and thereby the refusal of their IDs (for
// example cases' references) for other subjects.
func TestARunIDThatARestoreMadeFreeIsOfAnotherErasure(t *testing.T) {
	for name, policy := range map[string]string{"deleted": deletes, "overwritten": overwrites} {
		t.Run(name, func(t *testing.T) {
			onSQLite(t, func(t *testing.T, db *target) {
				b := newBook(t)
				db.club(t)
				p := db.plan(t, policy, plan.ScopeSubjects)
				db.run(t, p, at(options(p, "before", "4"), earlier))
				restore := db.backUp(t)
				erased := func(d *target, subject string, moment time.Time) {
					o := at(options(p, "case-1", subject), moment)
					o.Ledger = b
					d.run(t, p, o)
				}
				inPlace := func() *target { // restored in the original's place, and not replayed
					d := restore(t)
					if err := erase.Adopt(t.Context(), d.DB); err != nil {
						t.Fatal(err)
					}
					return d
				}
				erased(db, "1", clock())
				erased(inPlace(), "2", clock().Add(time.Minute))
				erased(inPlace(), "2", clock().Add(2*time.Minute))

				restored := restore(t)
				late := func(o *erase.ReplayOptions) { o.Run = at(o.Run, clock().Add(time.Hour)) }
				first, err := b.replay(t, restored, allowAll(p), late)
				if err != nil {
					t.Fatal(err)
				}
				if n := restored.count(t, "SELECT count(*) FROM member WHERE name IN ('One Uno', 'Two Due')"); n != 0 {
					t.Errorf("%d of the two are there as they were", n)
				}
				if len(first) != 3 || first[0].Replay == "" || first[0].Replay == first[1].Replay {
					t.Fatalf("replayed %+v, want one replay for each erasure", outcomes(first))
				}
				again, err := b.replay(t, restored, allowAll(p), late)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(outcomes(first), outcomes(again)); diff != "" {
					t.Errorf("replayed again (-first +second):\n%s", diff)
				}
				for i := range first {
					if !bytes.Equal(first[i].Receipt, again[i].Receipt) {
						t.Errorf("entry %d has another receipt", i)
					}
				}
			})
		})
	}
}

// One replay on two copies has one ledger entry: its subjects are the erasure's, whichever copy remains
// in use. An abandoned copy leaves no entry open for ever.
func TestAReplayOnTwoCopiesIsOneEntry(t *testing.T) {
	onSQLite(t, func(t *testing.T, db *target) {
		b := newBook(t)
		p, _, restore := restoredClub(t, db, b)
		for range 2 {
			if replayed, err := b.replay(t, restore(t), allowAll(p)); err != nil || len(replayed) != 1 || replayed[0].Outcome != erase.ReplayDone {
				t.Fatalf("%+v, %v", outcomes(replayed), err)
			}
		}
		entries := b.entries(t, backup)
		if len(entries) != 2 || entries[0].Mark == nil || entries[1].Mark == nil {
			t.Errorf("%d entries, want the erasure and its replay, both ended", len(entries))
		}
	})
}

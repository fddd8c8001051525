package erase_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/plan"
	"github.com/google/go-cmp/cmp"
)

// keys gives each run a key of its own, always the same one.
func keys(asked map[string]bool, first byte) func(*erase.ReplayOptions) {
	return func(o *erase.ReplayOptions) {
		o.Commitments = func(run string) (*erase.Commitments, error) {
			asked[plainly(run)] = true
			return &erase.Commitments{Key: bytes.Repeat([]byte{first + byte(len(run))}, receipt.CommitmentKeySize)}, nil
		}
	}
}

func TestAReplayMakesRowCommitmentsOfItsOwn(t *testing.T) {
	onSQLite(t, func(t *testing.T, db *target) {
		b := newBook(t)
		p, _, restore := restoredClub(t, db, b)
		copied := restore(t)
		asked := map[string]bool{}
		dir := newLog(t)
		replayed, err := b.replay(t, copied, allowAll(p), keys(asked, 1), func(o *erase.ReplayOptions) { o.Run.Publish = publishTo(dir) })
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(map[string]bool{"case-1" + suffix: true}, asked); d != "" {
			t.Errorf("runs that commitments were asked for (-want +got):\n%s", d)
		}
		if opened(t, replayed[0].Receipt).Predicate.Commitments == nil {
			t.Error("the replay's receipt has no commitments")
		}
		in(t, dir, replayed[0].Receipt)
	})
}

// A backup from the future contains everything: nothing would be erased from it.
func TestAReplayOfABackupToComeIsRefused(t *testing.T) {
	onSQLite(t, func(t *testing.T, db *target) {
		b := newBook(t)
		p, _, restore := restoredClub(t, db, b)
		copied := restore(t)
		replayed, err := b.replay(t, copied, allowAll(p), func(o *erase.ReplayOptions) { o.Since = clock().Add(time.Second) })
		if !errors.Is(err, erase.ErrBadSince) || len(replayed) > 0 {
			t.Errorf("%d replayed, error %v", len(replayed), err)
		}
	})
}

// Continued with another key, a replay must not restart under the next run ID: the first one would
// remain open for ever.
func TestAReplayIsNotContinuedWithAnotherKey(t *testing.T) {
	onSQLite(t, func(t *testing.T, db *target) {
		b := newBook(t)
		p, _, restore := restoredClub(t, db, b)
		copied := restore(t)
		ctx, stop := context.WithCancel(t.Context())
		_, err := erase.Replay(ctx, copied.DB, erase.ReplayOptions{Since: backup, Ledger: b.Reader(b.identity), Run: erase.Options{
			Signers: signers(), Secret: secret(), Allow: allowAll(p), Now: clock,
			Progress: func(ev erase.Event) {
				if ev.Kind == erase.EventBegan {
					stop()
				}
			},
		}})
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if _, err := b.replay(t, copied, allowAll(p), keys(map[string]bool{}, 1)); !errors.Is(err, erase.ErrRunDiffers) {
			t.Errorf("error %v, want ErrRunDiffers", err)
		}
		if n := copied.count(t, "SELECT count(*) FROM "+copied.quote(copied.DB.JournalTable("run"))+" WHERE id LIKE '%/2'"); n > 0 {
			t.Error("the replay was begun anew")
		}
		if _, err := b.replay(t, copied, allowAll(p)); err != nil || members(t, copied) != 2 {
			t.Errorf("%d members of 2, error %v", members(t, copied), err)
		}
	})
}

func TestExpiredRowsThatCameBackAreReplayed(t *testing.T) {
	onSQLite(t, func(t *testing.T, db *target) {
		b := newBook(t)
		policy := db.shop(t, sample.Shop{Customers: 40})
		p, err := plan.Build(t.Context(), db.DB, policy, plan.ScopeExpired)
		if err != nil {
			t.Fatal(err)
		}
		restore := db.backUp(t)
		o := options(p, "retention")
		o.Ledger = b
		st := db.run(t, p, o)
		copied := restore(t)
		count := func(d *target) int { return d.count(t, "SELECT count(*) FROM web_session") }
		if count(copied) <= count(db) {
			t.Fatal("nothing had expired")
		}
		replayed, err := b.replay(t, copied, allowAll(p), func(o *erase.ReplayOptions) { o.Database = st.Predicate.System.Journal })
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]outcome{{"retention", true, erase.ReplayDone, "retention" + suffix, false, true, true}}, outcomes(replayed)); diff != "" {
			t.Errorf("replayed (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(db.dump(t), copied.dump(t)); diff != "" {
			t.Errorf("the copy differs from the database (-database +copy):\n%s", diff)
		}
	})
}

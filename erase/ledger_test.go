package erase_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/erase/ledger/record"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/plan"
	"github.com/google/go-cmp/cmp"
)

func TestAnErasureThatNeverEndedIsToldFromOneThatDid(t *testing.T) {
	onSQLite(t, func(t *testing.T, db *target) {
		b := newBook(t)
		p, _, restore := restoredClub(t, db, b)
		o := options(p, "case-2", "2")
		o.Ledger = b
		ctx, stop := context.WithCancel(t.Context())
		_, err := erase.RunAt(ctx, db.DB, p, o, func(name string) {
			if name == "entered" {
				stop() // after the ledger entry, and before any delete
			}
		})
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if n := members(t, db); n != 2 {
			t.Fatalf("%d members, and the run was stopped before its first row", n)
		}
		copied := restore(t)
		replayed, err := b.replay(t, copied, allowAll(p))
		if err != nil {
			t.Fatal(err)
		}
		byRun := map[string]outcome{}
		for _, o := range outcomes(replayed) {
			byRun[o.Run] = o
		}
		if diff := cmp.Diff(map[string]outcome{
			"case-1": {"case-1", true, erase.ReplayDone, "case-1" + suffix, false, true, true},
			"case-2": {"case-2", false, erase.ReplayDone, "case-2" + suffix, false, true, false},
		}, byRun); diff != "" {
			t.Errorf("replayed (-want +got):\n%s", diff)
		}
		// Continued in the live database, it ends and is marked.
		db.run(t, p, o)
		for _, e := range b.entries(t, time.Time{}) {
			if e.Mark == nil {
				t.Errorf("run %s is not marked", e.RunID)
			}
		}
	})
}

// forgetful is a ledger that fails once a run has ended.
type forgetful struct{ book }

func (f forgetful) Committed(context.Context, record.Run, record.Mark) error {
	return fs.ErrPermission
}

func TestAMarkThatWasLostIsMadeByTheNextRun(t *testing.T) {
	onSQLite(t, func(t *testing.T, db *target) {
		b := newBook(t)
		db.club(t)
		p := db.plan(t, deletes, plan.ScopeSubjects)
		o := options(p, "case", "1")
		o.Ledger = forgetful{b}
		report, err := erase.Run(t.Context(), db.DB, p, o)
		if report.Receipt == nil || !errors.Is(err, fs.ErrPermission) {
			t.Fatalf("receipt %t, error %v", report.Receipt != nil, err)
		}
		if e := b.entries(t, backup); len(e) != 1 || e[0].Mark != nil {
			t.Fatal("want one entry without a mark")
		}
		o.Ledger = b
		if repeated, err := erase.Run(t.Context(), db.DB, p, o); err != nil || !bytes.Equal(repeated.Receipt, report.Receipt) {
			t.Fatalf("the same receipt: %t, error %v", bytes.Equal(repeated.Receipt, report.Receipt), err)
		}
		if e := b.entries(t, backup); len(e) != 1 || e[0].Mark == nil || e[0].Mark.Receipt != receipt.EnvelopeDigest(report.Receipt) {
			t.Error("want one entry with the receipt's digest")
		}
	})
}

// closed is a ledger that refuses every write.
type closed struct{ book }

func (closed) Begin(context.Context, record.Header, iter.Seq2[string, error]) error {
	return fs.ErrPermission
}

func TestNothingGoesThatTheLedgerDoesNotHave(t *testing.T) {
	onSQLite(t, func(t *testing.T, db *target) {
		db.club(t)
		p := db.plan(t, deletes, plan.ScopeSubjects)
		o := options(p, "case", "1")
		o.Ledger = closed{}
		if _, err := erase.Run(t.Context(), db.DB, p, o); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("error %v, want the ledger's", err)
		}
		if n := members(t, db); n != 4 {
			t.Errorf("%d members of 4", n)
		}
	})
}

func TestAReplayIsItselfInTheLedger(t *testing.T) {
	onSQLite(t, func(t *testing.T, db *target) {
		b := newBook(t)
		p, _, restore := restoredClub(t, db, b)
		copied := restore(t)
		between := clock().Add(time.Hour) // the copy is backed up before its replay
		restoreAgain := copied.backUp(t)
		late := func(o *erase.ReplayOptions) { o.Run = at(o.Run, clock().Add(2*time.Hour)) }
		if _, err := b.replay(t, copied, allowAll(p), late); err != nil {
			t.Fatal(err)
		}
		again := restoreAgain(t)
		replayed, err := b.replay(t, again, allowAll(p), late, func(o *erase.ReplayOptions) { o.Since = between })
		if err != nil {
			t.Fatal(err)
		}
		if len(replayed) != 1 || replayed[0].RunID != "case-1" || replayed[0].Outcome != erase.ReplayDone || members(t, again) != 2 {
			t.Errorf("%+v, %d members of 2", outcomes(replayed), members(t, again))
		}
		// By the first backup the erasure and its replay are one.
		replayed, err = b.replay(t, restore(t), allowAll(p), late)
		if err != nil || len(replayed) != 1 {
			t.Errorf("%+v, %v, want one entry", outcomes(replayed), err)
		}
	})
}

func TestAnEntryIsDroppedWithTheLastBackup(t *testing.T) {
	onSQLite(t, func(t *testing.T, db *target) {
		b := newBook(t)
		db.club(t)
		p := db.plan(t, deletes+"backups: [{name: nightly, kept: 14d}, {name: weekly, kept: 2mo}]\n", plan.ScopeSubjects)
		o := options(p, "case", "1")
		o.Ledger = b
		st := db.run(t, p, o)
		final, err := time.Parse(time.DateOnly, st.Predicate.Final)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			now     time.Time
			dropped int
		}{{final, 0}, {final.AddDate(0, 0, 1), 0}, {final.AddDate(0, 0, 1).Add(time.Second), 1}} {
			if n, err := b.Expire(c.now); err != nil || n != c.dropped {
				t.Errorf("at %v: %d dropped, error %v, want %d", c.now, n, err, c.dropped)
			}
		}
	})
}

func TestTheLedgersFilesNameNobody(t *testing.T) {
	onSQLite(t, func(t *testing.T, db *target) {
		b := newBook(t)
		db.exec(t, club...)
		db.exec(t, "UPDATE member SET email = 'canary@club.example' WHERE member_id = 4", "INSERT INTO member VALUES (4711047110, 'x@club.example', NULL, 'X', NULL)")
		p := db.plan(t, deletes, plan.ScopeSubjects)
		o := options(p, "case-for-canary", "4711047110", "email=canary@club.example")
		o.Ledger = b
		o.Request = &receipt.Request{Case: "reference-0815"}
		db.run(t, p, o)
		subjects := []string{}
		for s, err := range b.entries(t, backup)[0].Subjects() {
			if err != nil {
				t.Fatal(err)
			}
			subjects = append(subjects, s)
		}
		if diff := cmp.Diff([]string{"4711047110", "4"}, subjects); diff != "" {
			t.Errorf("subjects (-want +got):\n%s", diff)
		}
		files, err := os.ReadDir(b.dir)
		if err != nil || len(files) != 3 {
			t.Fatalf("%d files, want the salt, the entry and the mark: %v", len(files), err)
		}
		for _, f := range files {
			data, err := os.ReadFile(filepath.Join(b.dir, f.Name()))
			if err != nil || len(data) == 0 {
				t.Fatal("a file is empty", err)
			}
			for _, secret := range []string{"4711047110", "canary", "0815", "case-for"} {
				if strings.Contains(f.Name(), secret) || bytes.Contains(data, []byte(secret)) {
					t.Errorf("a file shows what only its readers may see")
				}
			}
		}
	})
}

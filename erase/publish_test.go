package erase_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/erase/receipt/log"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/plan"
)

// coinKey signs differently each time, so that a second signature shows.
func coinKey() *ecdsa.PrivateKey {
	k, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), bytes.Repeat([]byte{5}, 32))
	if err != nil {
		panic(err)
	}
	return k
}

func coin() receipt.Signer {
	s, err := receipt.NewSigner(coinKey())
	if err != nil {
		panic(err)
	}
	return s
}

// logOf opens the log in a folder, made by newLog.
func logOf(dir string) (*log.Log, error) {
	s, err := log.NewSigner("club.example/erasures", key)
	if err != nil {
		return nil, err
	}
	return log.Open(dir, log.Options{Signer: s})
}

func newLog(t testing.TB) (dir string) {
	t.Helper()
	s, err := log.NewSigner("club.example/erasures", key)
	if err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(t.TempDir(), "log")
	if err := log.Create(dir, s); err != nil {
		t.Fatal(err)
	}
	return dir
}

// publishTo appends to the log in a folder.
func publishTo(dir string) func(context.Context, []byte) error {
	return func(_ context.Context, envelope []byte) error {
		l, err := logOf(dir)
		if err != nil {
			return err
		}
		_, err = l.Append(envelope)
		return err
	}
}

// published is the number of entries in the log.
func published(t testing.TB, dir string) int64 {
	t.Helper()
	l, err := logOf(dir)
	if err != nil {
		t.Fatal(err)
	}
	c, err := l.Verify()
	if err != nil {
		t.Fatal(err)
	}
	return c.Size
}

// in fails the test unless the receipt is in the log.
func in(t testing.TB, dir string, envelope []byte) {
	t.Helper()
	l, err := logOf(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Prove(envelope); err != nil {
		t.Error("the receipt that the run gave is not the one in the log:", err)
	}
}

// Killed anywhere between its signature and its end, a run publishes one receipt and returns that one.
func TestAReceiptIsPublishedOnceThoughTheProcessIsKilled(t *testing.T) {
	onOneOfEach(t, func(t *testing.T, db *target) {
		reset := db.resettable(t, func(d *target) { d.shop(t, sample.Shop{Customers: 40, Seed: 3}) })
		subjects := strangers(t, db, 3)
		for _, c := range []struct {
			point string
			state string
			size  int64
		}{{"signed", "open", 0}, {"stored", "signed", 0}, {"published", "signed", 1}} {
			t.Run(c.point, func(t *testing.T) {
				db, dir := reset(t), newLog(t)
				w := child{Scope: plan.ScopeSubjects, Subjects: subjects, MaxRows: 500, Workers: 1, URL: db.URL, Log: dir, Point: c.point, Nth: 1}
				w.kill(t)
				run := db.quote(db.DB.JournalTable("run"))
				if db.count(t, "SELECT count(*) FROM "+run+" WHERE state = '"+c.state+"'") != 1 || published(t, dir) != c.size {
					t.Fatalf("killed there the run is to be %s, and the log to have %d entries", c.state, c.size)
				}
				var given []byte
				for range 2 {
					env, _, err := w.work(t.Context(), db, nil)
					if err != nil {
						t.Fatal(err)
					}
					if given != nil && !bytes.Equal(given, env) {
						t.Error("the run gives another receipt the second time")
					}
					given = env
				}
				if n := published(t, dir); n != 1 {
					t.Errorf("the log has %d entries, want 1", n)
				}
				in(t, dir, given)
				db.closed(t)
			})
		}
	})
}

func TestARunWhoseReceiptIsNotPublishedIsNotFinished(t *testing.T) {
	onSQLite(t, func(t *testing.T, db *target) {
		db.club(t)
		p := db.plan(t, deletes, plan.ScopeSubjects)
		o := options(p, "case", "1")
		o.Signers = []receipt.Signer{coin()}
		o.Publish = func(context.Context, []byte) error { return fs.ErrPermission }
		if report, err := erase.Run(t.Context(), db.DB, p, o); report.Receipt != nil || !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "run again") {
			t.Fatalf("receipt %t, error %v", report.Receipt != nil, err)
		}
		found, err := erase.Repair(t.Context(), db.DB)
		if err != nil || len(found.Unfinished) != 1 || found.Unfinished[0].RunID != "case" {
			t.Errorf("it is not among the unfinished runs: %v", err)
		}
		if n := members(t, db); n != 3 {
			t.Fatalf("%d members, want 3", n)
		}
		// A later schema change doesn't matter any more: the repeated run only returns its receipt.
		db.exec(t, "ALTER TABLE visit ADD COLUMN weather VARCHAR(10)")
		dir := newLog(t)
		o.Publish = publishTo(dir)
		o.Progress = func(e erase.Event) { t.Errorf("the run, which is done, tells of %s", e.Kind) }
		report, err := erase.Run(t.Context(), db.DB, p, o)
		if err != nil {
			t.Fatal(err)
		}
		in(t, dir, report.Receipt)
		db.closed(t)
		// Running again publishes a receipt finished without a log.
		second := newLog(t)
		o.Publish = publishTo(second)
		if repeated, err := erase.Run(t.Context(), db.DB, p, o); err != nil || !bytes.Equal(repeated.Receipt, report.Receipt) {
			t.Fatalf("the same receipt: %t, error %v", bytes.Equal(repeated.Receipt, report.Receipt), err)
		}
		in(t, second, report.Receipt)
	})
}

func TestASignedRunIsNotAnothers(t *testing.T) {
	onSQLite(t, func(t *testing.T, db *target) {
		db.club(t)
		p := db.plan(t, deletes, plan.ScopeSubjects)
		o := options(p, "case", "1")
		o.Publish = func(context.Context, []byte) error { return fs.ErrPermission }
		if _, err := erase.Run(t.Context(), db.DB, p, o); !errors.Is(err, fs.ErrPermission) {
			t.Fatal(err)
		}
		o.Publish = func(context.Context, []byte) error { t.Error("it was published"); return nil }
		o.Subjects = erase.SubjectKeys("2")
		if _, err := erase.Run(t.Context(), db.DB, p, o); !errors.Is(err, erase.ErrRunDiffers) {
			t.Errorf("with another subject: %v, want ErrRunDiffers", err)
		}
		other := db.plan(t, overwrites, plan.ScopeSubjects)
		if _, err := erase.Run(t.Context(), db.DB, other, o); !errors.Is(err, erase.ErrRunDiffers) {
			t.Errorf("with another plan: %v, want ErrRunDiffers", err)
		}
	})
}

// Rows left by mistake are reported whenever the receipt is first returned.
func TestRowsLeftOverAreToldWhenASignedRunIsFinished(t *testing.T) {
	onSQLite(t, func(t *testing.T, db *target) {
		db.club(t)
		db.exec(t, "CREATE TRIGGER back AFTER UPDATE ON member FOR EACH ROW BEGIN UPDATE member SET name = OLD.name WHERE member_id = OLD.member_id; END")
		p := db.plan(t, overwrites, plan.ScopeSubjects)
		o := options(p, "case", "1")
		o.Publish = func(context.Context, []byte) error { return fs.ErrPermission }
		if _, err := erase.Run(t.Context(), db.DB, p, o); !errors.Is(err, fs.ErrPermission) {
			t.Fatal(err)
		}
		o.Publish = nil
		report, err := erase.Run(t.Context(), db.DB, p, o)
		var left *erase.LeftError
		if !errors.As(err, &left) || left.Rows != 1 || report.Receipt == nil {
			t.Errorf("receipt %t, error %v, want one row left", report.Receipt != nil, err)
		}
		db.closed(t)
	})
}

package erase_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/expungedb/expunge/erase"
	erasures "github.com/expungedb/expunge/erase/ledger"
	"github.com/expungedb/expunge/erase/ledger/record"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/plan"
	"github.com/google/go-cmp/cmp"
)

// Times in the tests: of the erasure, of the backup, and of later erasures.
var (
	earlier = sample.Now.Add(-2 * time.Hour)
	backup  = sample.Now.Add(-time.Hour)
)

// book is a ledger with the identity that opens it.
type book struct {
	*erasures.Ledger
	dir      string
	identity age.Identity
}

func newBook(t testing.TB) book {
	t.Helper()
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "ledger")
	l, err := erasures.Open(dir, identity.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	return book{l, dir, identity}
}

// entries reads the erasures missing in a backup of that time.
func (b book) entries(t testing.TB, since time.Time) []*record.Entry {
	t.Helper()
	var out []*record.Entry
	for e, err := range b.Reader(b.identity).Entries(since) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
	}
	return out
}

// replay repeats on the copy the erasures missing in the backup.
func (b book) replay(t testing.TB, db *target, allow []plan.HazardName, change ...func(*erase.ReplayOptions)) ([]erase.Replayed, error) {
	t.Helper()
	o := erase.ReplayOptions{
		Since: backup, Ledger: b.Reader(b.identity),
		Run: erase.Options{Signers: signers(), Secret: secret(), Allow: allow, Now: clock, Actor: "operations", Ledger: b},
	}
	for _, c := range change {
		c(&o)
	}
	return erase.Replay(t.Context(), db.DB, o)
}

// at sets the time of a run.
func at(o erase.Options, moment time.Time) erase.Options {
	o.Now = func() time.Time { return moment }
	return o
}

// backUp takes a backup as the engine's operator would. It returns a function to restore it, any number
// of times, each time into a new database.
func (d *target) backUp(t testing.TB) (restore func(t testing.TB) *target) {
	t.Helper()
	if d.Engine == sample.SQLite {
		data, err := os.ReadFile(strings.TrimPrefix(d.URL, "sqlite:"))
		if err != nil {
			t.Fatal(err)
		}
		return func(t testing.TB) *target {
			t.Helper()
			copied := filepath.Join(t.TempDir(), "restored.db")
			if err := os.WriteFile(copied, data, 0o600); err != nil {
				t.Fatal(err)
			}
			return openTarget(t, "sqlite:"+copied)
		}
	}
	dump := d.server.Dump(t, d.URL)
	return func(t testing.TB) *target {
		t.Helper()
		restored := openTarget(t, d.server.Restore(t, dump).URL)
		restored.server = d.server
		return restored
	}
}

// outcome is the outcome of an entry, without parts that differ from run to run.
type outcome struct {
	Run       string
	Committed bool
	Outcome   erase.ReplayOutcome
	Replay    string
	Rebuilt   bool
	Receipt   bool
	Amendment bool
}

var receiptID = regexp.MustCompile(`/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// plainly is a replay's run ID without the ID of the erasure's receipt.
func plainly(run string) string { return receiptID.ReplaceAllString(run, "") }

func outcomes(replayed []erase.Replayed) []outcome {
	var out []outcome
	for _, r := range replayed {
		out = append(out, outcome{r.RunID, r.Committed, r.Outcome, plainly(r.Replay), r.Rebuilt, r.Receipt != nil, r.Amendment != nil})
	}
	return out
}

const suffix = "/replay/2025-12-31T23:00:00Z" // of backup

func TestARestoredShopIsReplayed(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		b := newBook(t)
		db.shop(t, sample.Shop{Customers: 60})
		policy := repeatable()
		p, err := plan.Build(t.Context(), db.DB, policy, plan.ScopeSubjects)
		if err != nil {
			t.Fatal(err)
		}
		gone := strangers(t, db, 12)
		erased := func(run string, subjects []string, moment time.Time) []byte {
			o := at(options(p, run, subjects...), moment)
			o.Ledger = b
			report, err := erase.Run(t.Context(), db.DB, p, o)
			if err != nil {
				t.Fatal(err)
			}
			return report.Receipt
		}
		there := func(d *target) int { // a customer with held invoices is kept and overwritten
			return d.count(t, "SELECT count(*) FROM customer WHERE customer_id IN ("+strings.Join(gone[4:], ", ")+")")
		}
		erased("case-1", gone[:4], earlier)
		restore := db.backUp(t)
		second := erased("case-2", gone[4:8], clock())
		erased("case-3", gone[8:], clock().Add(time.Minute))

		restored := restore(t)
		if n := there(restored); n != 8 || there(db) >= n {
			t.Fatalf("the restored copy has %d of the 8 who were erased after the backup, and the database %d", n, there(db))
		}
		replayed, err := b.replay(t, restored, allowAll(p))
		if err != nil {
			t.Fatal(err)
		}
		want := []outcome{
			{"case-2", true, erase.ReplayDone, "case-2" + suffix, false, true, true},
			{"case-3", true, erase.ReplayDone, "case-3" + suffix, false, true, true},
		}
		if diff := cmp.Diff(want, outcomes(replayed)); diff != "" {
			t.Fatalf("replayed (-want +got):\n%s", diff)
		}
		restored.intact(t)
		// Equal strategies on equal rows: the copy equals the database.
		if diff := cmp.Diff(db.dump(t), restored.dump(t)); diff != "" {
			t.Errorf("the copy differs from the database (-database +copy):\n%s", diff)
		}

		state := folded(t, second, replayed[0].Amendment)
		if diff := cmp.Diff([]receipt.Replay{{
			RunID: replayed[0].Replay, Backup: backup, Receipt: receipt.EnvelopeDigest(replayed[0].Receipt),
		}}, state.Replays); diff != "" {
			t.Errorf("the amended receipt (-want +got):\n%s", diff)
		}
		for name, env := range map[string][]byte{"the erasure's": second, "the replay's": replayed[0].Receipt} {
			v, err := erase.Verify(t.Context(), restored.DB, policy, opened(t, env), erase.VerifyOptions{Subjects: erase.SubjectKeys(gone[4:8]...)})
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range v.Findings {
				if f.Outcome == erase.OutcomeBroken {
					t.Errorf("%s receipt on the copy: %s: %s", name, f.Table, f.Reason)
				}
			}
		}
	})
}

// folded applies an amendment to its receipt.
func folded(t testing.TB, env, amendment []byte) *receipt.State {
	t.Helper()
	verifier, err := receipt.NewVerifier(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	o := receipt.OpenOptions{Verifiers: []receipt.Verifier{verifier}}
	r, err := receipt.OpenWith(env, o)
	if err != nil {
		t.Fatal(err)
	}
	a, err := receipt.OpenAmendment(amendment, o)
	if err != nil {
		t.Fatal(err)
	}
	state, err := receipt.Apply(r, a)
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// restoredClub erases member 1, by e-mail address, after a backup of the club, and returns the function
// to restore it. The journal is older than the backup.
func restoredClub(t testing.TB, db *target, b book) (p *plan.Plan, env []byte, restore func(t testing.TB) *target) {
	t.Helper()
	db.club(t)
	p = db.plan(t, deletes, plan.ScopeSubjects)
	db.run(t, p, at(options(p, "before", "4"), earlier))
	restore = db.backUp(t)
	o := options(p, "case-1", "email=one@club.example")
	o.Ledger = b
	report, err := erase.Run(t.Context(), db.DB, p, o)
	if err != nil {
		t.Fatal(err)
	}
	return p, report.Receipt, restore
}

func members(t testing.TB, db *target) int { return db.count(t, "SELECT count(*) FROM member") }

func TestVerificationHoldsOnAReplayedCopy(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		b := newBook(t)
		p, env, restore := restoredClub(t, db, b)
		copied := restore(t)
		verify := func() erase.Outcome {
			v, err := erase.Verify(t.Context(), copied.DB, mustParse([]byte(deletes)), opened(t, env), erase.VerifyOptions{Subjects: erase.SubjectKeys("1")})
			if err != nil {
				t.Fatal(err)
			}
			return v.Outcome
		}
		if got := verify(); got != erase.OutcomeBroken {
			t.Errorf("before the replay: %s, want broken", got)
		}
		if _, err := b.replay(t, copied, allowAll(p)); err != nil {
			t.Fatal(err)
		}
		if got := verify(); got != erase.OutcomeHolds {
			t.Errorf("after the replay: %s, want holds", got)
		}
	})
}

func TestABackupOlderThanTheJournalIsGivenItsIdentity(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		b := newBook(t)
		db.club(t)
		restore := db.backUp(t)
		p := db.plan(t, deletes, plan.ScopeSubjects)
		o := options(p, "case-1", "1")
		o.Ledger = b
		st := db.run(t, p, o)

		copied := restore(t)
		if _, err := b.replay(t, copied, allowAll(p)); !errors.Is(err, erase.ErrOtherDatabase) {
			t.Errorf("without an identity: %v, want ErrOtherDatabase", err)
		}
		if members(t, copied) != 4 || copied.journaled(t) {
			t.Error("the refused replay has written something")
		}
		named := func(o *erase.ReplayOptions) { o.Database = st.Predicate.System.Journal }
		replayed, err := b.replay(t, copied, allowAll(p), named)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]outcome{{"case-1", true, erase.ReplayDone, "case-1" + suffix, false, true, true}}, outcomes(replayed)); diff != "" {
			t.Errorf("replayed (-want +got):\n%s", diff)
		}
		if got := opened(t, replayed[0].Receipt).Predicate.System.Journal; got != st.Predicate.System.Journal {
			t.Error("the replay's receipt names another database")
		}
		v, err := erase.Verify(t.Context(), copied.DB, mustParse([]byte(deletes)), st, erase.VerifyOptions{Subjects: erase.SubjectKeys("1")})
		if err != nil || v.Outcome != erase.OutcomeHolds {
			t.Errorf("verification: %v, %v, want holds", v, err)
		}
	})
}

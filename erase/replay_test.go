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

	"filippo.io/age"
	"github.com/expungedb/expunge/erase"
	erasures "github.com/expungedb/expunge/erase/ledger"
	"github.com/expungedb/expunge/erase/ledger/record"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/plan"
	"github.com/google/go-cmp/cmp"
)

// Moments of the tests: what is erased, the backup, and what is erased since.
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

// entries reads what a backup of that moment doesn't have.
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

// replay carries out on the copy what the backup doesn't have.
func (b book) replay(t testing.TB, db *target, allow []plan.HazardName, change ...func(*erase.ReplayOptions)) ([]erase.Replayed, error) {
	t.Helper()
	o := erase.ReplayOptions{
		Since: backup, Ledger: b.Reader(b.identity),
		Run: erase.Options{Signer: signer(), Secret: secret(), Allow: allow, Now: clock, Actor: "operations", Ledger: b},
	}
	for _, c := range change {
		c(&o)
	}
	return erase.Replay(t.Context(), db.DB, o)
}

// at sets the moment at which a run takes place.
func at(o erase.Options, moment time.Time) erase.Options {
	o.Now = func() time.Time { return moment }
	return o
}

// backUp takes a backup as the engine's operator would, and returns what
// restores it into a database of its own, as often as asked.
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

// outcome is what became of an entry, without what differs from run to run.
type outcome struct {
	Run       string
	Committed bool
	Outcome   erase.ReplayOutcome
	Replay    string
	Rebuilt   bool
	Receipt   bool
	Amendment bool
}

func outcomes(replayed []erase.Replayed) []outcome {
	var out []outcome
	for _, r := range replayed {
		out = append(out, outcome{r.RunID, r.Committed, r.Outcome, r.Replay, r.Rebuilt, r.Receipt != nil, r.Amendment != nil})
	}
	return out
}

const suffix = "/replay/2025-12-31T23:00:00Z" // of backup

func TestARestoredShopIsReplayed(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		b := newBook(t)
		db.shop(t, sample.Shop{Customers: 60})
		policy := repeatable()
		p, err := plan.Build(t.Context(), db.DB, policy, plan.Subjects())
		if err != nil {
			t.Fatal(err)
		}
		gone := strangers(t, db, 12)
		erased := func(run string, subjects []string, moment time.Time) []byte {
			o := at(options(p, run, subjects...), moment)
			o.Ledger = b
			env, err := erase.Run(t.Context(), db.DB, p, o)
			if err != nil {
				t.Fatal(err)
			}
			return env
		}
		there := func(d *target) int { // a customer whose invoices are held stays, overwritten
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
		// Equal strategies on equal rows: the copy is what the database is.
		if diff := cmp.Diff(db.dump(t), restored.dump(t)); diff != "" {
			t.Errorf("the copy differs from the database (-database +copy):\n%s", diff)
		}

		state := folded(t, second, replayed[0].Amendment)
		if diff := cmp.Diff([]receipt.Replay{{
			RunID: "case-2" + suffix, Backup: backup, Receipt: receipt.EnvelopeDigest(replayed[0].Receipt),
		}}, state.Replays); diff != "" {
			t.Errorf("the amended receipt (-want +got):\n%s", diff)
		}
		for name, env := range map[string][]byte{"the erasure's": second, "the replay's": replayed[0].Receipt} {
			v, err := erase.Verify(t.Context(), restored.DB, policy, opened(t, env), erase.SubjectKeys(gone[4:8]...))
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range v.Findings {
				if f.Outcome == erase.Broken {
					t.Errorf("%s receipt on the copy: %s: %s", name, f.Table, f.Reason)
				}
			}
		}
	})
}

// folded works an amendment into its receipt.
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
	state, err := receipt.Fold(r, a)
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// restoredClub erases member 1, by e-mail address, after a backup of the club,
// and returns what restores it. The journal is older than the backup.
func restoredClub(t testing.TB, db *target, b book) (p *plan.Plan, env []byte, restore func(t testing.TB) *target) {
	t.Helper()
	db.club(t)
	p = db.plan(t, deletes, plan.Subjects())
	db.run(t, p, at(options(p, "before", "4"), earlier))
	restore = db.backUp(t)
	o := options(p, "case-1", "email=one@club.example")
	o.Ledger = b
	env, err := erase.Run(t.Context(), db.DB, p, o)
	if err != nil {
		t.Fatal(err)
	}
	return p, env, restore
}

func members(t testing.TB, db *target) int { return db.count(t, "SELECT count(*) FROM member") }

func TestVerificationHoldsOnAReplayedCopy(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		b := newBook(t)
		p, env, restore := restoredClub(t, db, b)
		copied := restore(t)
		verify := func() erase.Outcome {
			v, err := erase.Verify(t.Context(), copied.DB, mustParse([]byte(deletes)), opened(t, env), erase.SubjectKeys("1"))
			if err != nil {
				t.Fatal(err)
			}
			return v.Outcome
		}
		if got := verify(); got != erase.Broken {
			t.Errorf("before the replay: %s, want broken", got)
		}
		if _, err := b.replay(t, copied, allowAll(p)); err != nil {
			t.Fatal(err)
		}
		if got := verify(); got != erase.Holds {
			t.Errorf("after the replay: %s, want holds", got)
		}
	})
}

func TestABackupOlderThanTheJournalIsGivenItsIdentity(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		b := newBook(t)
		db.club(t)
		restore := db.backUp(t)
		p := db.plan(t, deletes, plan.Subjects())
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
		v, err := erase.Verify(t.Context(), copied.DB, mustParse([]byte(deletes)), st, erase.SubjectKeys("1"))
		if err != nil || v.Outcome != erase.Holds {
			t.Errorf("verification: %v, %v, want holds", v, err)
		}
	})
}

// onSQLite runs a test of what no engine does otherwise.
func onSQLite(t *testing.T, test func(t *testing.T, db *target)) {
	t.Helper()
	t.Parallel()
	test(t, openTarget(t, "sqlite:"+filepath.Join(t.TempDir(), "test.db")))
}

func TestACopyOfAnotherDatabaseIsLeftAlone(t *testing.T) {
	onSQLite(t, func(t *testing.T, db *target) {
		b := newBook(t)
		p, _, _ := restoredClub(t, db, b)
		other := openTarget(t, "sqlite:"+filepath.Join(t.TempDir(), "other.db")).club(t)
		q := other.plan(t, deletes, plan.Subjects())
		other.run(t, q, options(q, "its-own", "4"))
		replayed, err := b.replay(t, other, allowAll(p))
		if err != nil || len(replayed) != 0 || members(t, other) != 3 {
			t.Errorf("%d entries replayed, error %v, %d members left of 3", len(replayed), err, members(t, other))
		}
		_, err = b.replay(t, other, allowAll(p), func(o *erase.ReplayOptions) { o.Database = b.entries(t, backup)[0].Database })
		if !errors.Is(err, erase.ErrOtherDatabase) {
			t.Errorf("with the identity of another: %v, want ErrOtherDatabase", err)
		}
	})
}

func TestASubjectIsRememberedByItsKey(t *testing.T) {
	onSQLite(t, func(t *testing.T, db *target) {
		b := newBook(t)
		p, _, restore := restoredClub(t, db, b)
		copied := restore(t)
		// In the copy the address is that of another member.
		copied.exec(t, "UPDATE member SET email = 'x@club.example' WHERE member_id = 1",
			"UPDATE member SET email = 'one@club.example' WHERE member_id = 3")
		if _, err := b.replay(t, copied, allowAll(p)); err != nil {
			t.Fatal(err)
		}
		if n := copied.count(t, "SELECT count(*) FROM member WHERE member_id = 3"); n != 1 {
			t.Error("the member who has the address now was erased")
		}
		if n := copied.count(t, "SELECT count(*) FROM member WHERE member_id = 1"); n != 0 {
			t.Error("the member who had the address is there")
		}
	})
}

func TestKeysOfEveryShapeAreReplayed(t *testing.T) {
	const policy = `
version: 1
database: keys
subject: {table: who, key: [%s], identifiers: [mail]}
tables:
  who: {erase: delete, columns: {a: none, b: none, mail: {pii: contact, overwrite: null}}}
`
	for name, c := range map[string]struct{ key, schema, row string }{
		"text with an equals sign":     {"a", "a TEXT NOT NULL PRIMARY KEY, b INTEGER", "'mail=x,\\y', 1"},
		"bytes that are no text":       {"a", "a BLOB NOT NULL PRIMARY KEY, b INTEGER", "x'ff00fe0a', 1"},
		"composite, comma, backslash":  {"a, b", "a TEXT NOT NULL, b TEXT NOT NULL, PRIMARY KEY (a, b)", "'x,\\', '\\,'"},
		"composite, an empty part":     {"a, b", "a TEXT NOT NULL, b TEXT NOT NULL, PRIMARY KEY (a, b)", "'', 'z'"},
		"a number beyond a double's":   {"a", "a INTEGER NOT NULL PRIMARY KEY, b INTEGER", "9007199254740993, 1"},
		"a line feed and other spaces": {"a", "a TEXT NOT NULL PRIMARY KEY, b INTEGER", "char(10) || ' # ' || char(13), 1"},
	} {
		t.Run(name, func(t *testing.T) {
			onSQLite(t, func(t *testing.T, db *target) {
				b := newBook(t)
				schema := c.schema
				if head, tail, ok := strings.Cut(schema, ", PRIMARY"); ok {
					schema = head + ", mail TEXT, PRIMARY" + tail
				} else {
					schema += ", mail TEXT"
				}
				db.exec(t, "CREATE TABLE who ("+schema+")", "INSERT INTO who VALUES ("+c.row+", 'me@keys.example')")
				p := db.plan(t, strings.Replace(policy, "%s", c.key, 1), plan.Subjects())
				restore := db.backUp(t)
				o := options(p, "case", "mail=me@keys.example")
				o.Ledger = b
				st := db.run(t, p, o)
				copied := restore(t)
				if _, err := b.replay(t, copied, allowAll(p), func(o *erase.ReplayOptions) { o.Database = st.Predicate.System.Journal }); err != nil {
					t.Fatal(err)
				}
				if n := copied.count(t, "SELECT count(*) FROM who"); n != 0 {
					t.Error("the row is there")
				}
			})
		})
	}
}

func TestAnErasureThatNeverEndedIsToldFromOneThatDid(t *testing.T) {
	onSQLite(t, func(t *testing.T, db *target) {
		b := newBook(t)
		p, _, restore := restoredClub(t, db, b)
		o := options(p, "case-2", "2")
		o.Ledger = b
		ctx, stop := context.WithCancel(t.Context())
		_, err := erase.RunAt(ctx, db.DB, p, o, func(name string) {
			if name == "entered" {
				stop() // after the ledger has it, and before a row goes
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
		// Continued in the database that lives, it ends and is marked.
		db.run(t, p, o)
		for _, e := range b.entries(t, time.Time{}) {
			if e.Mark == nil {
				t.Errorf("run %s is not marked", e.RunID)
			}
		}
	})
}

// forgetful is a ledger that can't be written to once a run has ended.
type forgetful struct{ book }

func (f forgetful) Committed(context.Context, string, record.Mark) error { return fs.ErrPermission }

func TestAMarkThatWasLostIsMadeByTheNextRun(t *testing.T) {
	onSQLite(t, func(t *testing.T, db *target) {
		b := newBook(t)
		db.club(t)
		p := db.plan(t, deletes, plan.Subjects())
		o := options(p, "case", "1")
		o.Ledger = forgetful{b}
		env, err := erase.Run(t.Context(), db.DB, p, o)
		if env == nil || !errors.Is(err, fs.ErrPermission) {
			t.Fatalf("receipt %t, error %v", env != nil, err)
		}
		if e := b.entries(t, backup); len(e) != 1 || e[0].Mark != nil {
			t.Fatal("want one entry without a mark")
		}
		o.Ledger = b
		if again, err := erase.Run(t.Context(), db.DB, p, o); err != nil || !bytes.Equal(again, env) {
			t.Fatalf("the same receipt: %t, error %v", bytes.Equal(again, env), err)
		}
		if e := b.entries(t, backup); len(e) != 1 || e[0].Mark == nil || e[0].Mark.Receipt != receipt.EnvelopeDigest(env) {
			t.Error("want one entry with the receipt's digest")
		}
	})
}

// closed is a ledger that nothing can be written to.
type closed struct{ book }

func (closed) Begin(context.Context, record.Header, iter.Seq2[string, error]) error {
	return fs.ErrPermission
}

func TestNothingGoesThatTheLedgerDoesNotHave(t *testing.T) {
	onSQLite(t, func(t *testing.T, db *target) {
		db.club(t)
		p := db.plan(t, deletes, plan.Subjects())
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

func TestAReplayThatStoppedIsContinued(t *testing.T) {
	onSQLite(t, func(t *testing.T, db *target) {
		b := newBook(t)
		p, _, restore := restoredClub(t, db, b)
		o := at(options(p, "case-2", "2"), clock().Add(time.Minute))
		o.Ledger = b
		db.run(t, p, o)
		copied := restore(t)

		ctx, stop := context.WithCancel(t.Context())
		first, err := erase.Replay(ctx, copied.DB, erase.ReplayOptions{Since: backup, Ledger: b.Reader(b.identity), Run: erase.Options{
			Signer: signer(), Secret: secret(), Allow: allowAll(p), Now: clock,
			Progress: func(ev erase.Event) {
				if ev.Kind == erase.Signed {
					stop()
				}
			},
		}})
		if !errors.Is(err, context.Canceled) || len(first) == 0 || first[0].Receipt == nil {
			t.Fatalf("%d entries, error %v", len(first), err)
		}
		if n := members(t, copied); n != 2 {
			t.Errorf("%d members: want one of the two erased", n)
		}
		second, err := b.replay(t, copied, allowAll(p))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]outcome{
			{"case-1", true, erase.ReplayDone, "case-1" + suffix, false, true, true},
			{"case-2", true, erase.ReplayDone, "case-2" + suffix, false, true, true},
		}, outcomes(second)); diff != "" {
			t.Errorf("replayed (-want +got):\n%s", diff)
		}
		if !bytes.Equal(first[0].Receipt, second[0].Receipt) {
			t.Error("what was replayed already has another receipt")
		}
	})
}

func TestWhatWasBroughtBackOnceMoreIsReplayedOnceMore(t *testing.T) {
	onSQLite(t, func(t *testing.T, db *target) {
		b := newBook(t)
		p, _, restore := restoredClub(t, db, b)
		copied := restore(t)
		for _, want := range []string{"case-1" + suffix, "case-1" + suffix + "/2", "case-1" + suffix + "/3"} {
			replayed, err := b.replay(t, copied, allowAll(p))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]outcome{{"case-1", true, erase.ReplayDone, want, false, true, true}}, outcomes(replayed)); diff != "" {
				t.Errorf("replayed (-want +got):\n%s", diff)
			}
			if n := members(t, copied); n != 2 {
				t.Errorf("%d members: the one who was brought back is there", n)
			}
			copied.exec(t, "INSERT INTO member VALUES (1, 'one@club.example', '111', 'One Uno', 'likes tea')")
		}
	})
}

func TestRowsThatCameBackWithoutTheirSubjectAreReported(t *testing.T) {
	onSQLite(t, func(t *testing.T, db *target) {
		b := newBook(t)
		p, _, restore := restoredClub(t, db, b)
		copied := restore(t)
		if _, err := b.replay(t, copied, allowAll(p)); err != nil {
			t.Fatal(err)
		}
		copied.exec(t, "INSERT INTO letter VALUES (1, 1, 'Dear One')") // a link, which nothing enforces
		if _, err := b.replay(t, copied, allowAll(p)); !errors.Is(err, erase.ErrRemains) {
			t.Errorf("after a replay: %v, want ErrRemains", err)
		}
		// In the database itself the subject is gone, and no replay has been.
		db.exec(t, "INSERT INTO letter VALUES (1, 1, 'Dear One')")
		replayed, err := b.replay(t, db, allowAll(p))
		if !errors.Is(err, erase.ErrRemains) || replayed[0].Outcome != erase.ReplayFailed {
			t.Errorf("without one: %v, want ErrRemains", err)
		}
	})
}

func TestASubjectWhoIsNotInTheBackupIsNothingToDo(t *testing.T) {
	onSQLite(t, func(t *testing.T, db *target) {
		b := newBook(t)
		db.club(t)
		p := db.plan(t, deletes, plan.Subjects())
		db.run(t, p, at(options(p, "before", "4"), earlier))
		restore := db.backUp(t)
		db.exec(t, "INSERT INTO member VALUES (5, 'five@club.example', NULL, 'Five', NULL)")
		o := options(p, "case", "5")
		o.Ledger = b
		db.run(t, p, o)
		replayed, err := b.replay(t, restore(t), allowAll(p))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]outcome{{"case", true, erase.ReplayNothing, "", false, false, false}}, outcomes(replayed)); diff != "" {
			t.Errorf("replayed (-want +got):\n%s", diff)
		}
	})
}

func TestAPlanThatNoLongerFitsIsRebuilt(t *testing.T) {
	onSQLite(t, func(t *testing.T, db *target) {
		b := newBook(t)
		p, _, restore := restoredClub(t, db, b)
		copied := restore(t)
		copied.exec(t, "ALTER TABLE visit ADD COLUMN weather VARCHAR(10)")
		replayed, err := b.replay(t, copied, allowAll(p))
		if !errors.Is(err, erase.ErrDrift) || len(replayed) != 1 || replayed[0].Outcome != erase.ReplayFailed {
			t.Errorf("without a policy: %+v, %v, want ErrDrift", outcomes(replayed), err)
		}
		replayed, err = b.replay(t, copied, allowAll(p), func(o *erase.ReplayOptions) {
			o.Policy = mustParse([]byte(strings.Replace(deletes, "place: ", "weather: none, place: ", 1)))
		})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]outcome{{"case-1", true, erase.ReplayDone, "case-1" + suffix, true, true, true}}, outcomes(replayed)); diff != "" {
			t.Errorf("replayed (-want +got):\n%s", diff)
		}
		if n := members(t, copied); n != 2 {
			t.Errorf("%d members, want 2", n)
		}
	})
}

func TestAnEntryThatCannotBeReplayedDoesNotStopTheOthers(t *testing.T) {
	onSQLite(t, func(t *testing.T, db *target) {
		b := newBook(t)
		p, _, restore := restoredClub(t, db, b)
		// Written for somebody else, who is asked for his identity in vain.
		stranger, err := age.GenerateX25519Identity()
		if err != nil {
			t.Fatal(err)
		}
		l, err := erasures.Open(b.dir, stranger.Recipient())
		if err != nil {
			t.Fatal(err)
		}
		o := at(options(p, "case-0", "3"), clock().Add(-time.Minute))
		o.Ledger = l
		db.run(t, p, o)
		copied := restore(t)
		replayed, err := b.replay(t, copied, allowAll(p))
		if !errors.Is(err, erasures.ErrIdentity) {
			t.Errorf("error %v, want ErrIdentity", err)
		}
		if diff := cmp.Diff([]outcome{
			{"", false, erase.ReplayFailed, "", false, false, false},
			{"case-1", true, erase.ReplayDone, "case-1" + suffix, false, true, true},
		}, outcomes(replayed)); diff != "" {
			t.Errorf("replayed (-want +got):\n%s", diff)
		}
	})
}

func TestAReplayIsItselfInTheLedger(t *testing.T) {
	onSQLite(t, func(t *testing.T, db *target) {
		b := newBook(t)
		p, _, restore := restoredClub(t, db, b)
		copied := restore(t)
		between := clock().Add(time.Hour) // the copy is backed up before it is replayed
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
		// From the first backup the erasure and its replay are one.
		replayed, err = b.replay(t, restore(t), allowAll(p), late)
		if err != nil || len(replayed) != 1 {
			t.Errorf("%+v, %v, want one entry", outcomes(replayed), err)
		}
	})
}

func TestAScopeWithoutSubjectsIsReplayed(t *testing.T) {
	onSQLite(t, func(t *testing.T, db *target) {
		b := newBook(t)
		db.club(t)
		p := db.plan(t, deletes, plan.Everything())
		restore := db.backUp(t)
		o := options(p, "refresh")
		o.Ledger = b
		st := db.run(t, p, o)
		copied := restore(t)
		replayed, err := b.replay(t, copied, allowAll(p), func(o *erase.ReplayOptions) { o.Database = st.Predicate.System.Journal })
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]outcome{{"refresh", true, erase.ReplayDone, "refresh" + suffix, false, true, true}}, outcomes(replayed)); diff != "" {
			t.Errorf("replayed (-want +got):\n%s", diff)
		}
		if n := copied.count(t, "SELECT count(*) FROM member WHERE email LIKE '%club.example'"); n != 0 {
			t.Errorf("%d members have their address", n)
		}
	})
}

func TestAnEntryIsDroppedWithTheLastBackup(t *testing.T) {
	onSQLite(t, func(t *testing.T, db *target) {
		b := newBook(t)
		db.club(t)
		p := db.plan(t, deletes+"backups: [{name: nightly, kept: 14d}, {name: weekly, kept: 2mo}]\n", plan.Subjects())
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
		p := db.plan(t, deletes, plan.Subjects())
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

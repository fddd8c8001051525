package erase_test

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/expungedb/expunge/erase"
	erasures "github.com/expungedb/expunge/erase/ledger"
	"github.com/expungedb/expunge/plan"
	"github.com/google/go-cmp/cmp"
)

// onSQLite runs a test whose result is the same on all engines.
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
		q := other.plan(t, deletes, plan.ScopeSubjects)
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
				p := db.plan(t, strings.Replace(policy, "%s", c.key, 1), plan.ScopeSubjects)
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
			Signers: signers(), Secret: secret(), Allow: allowAll(p), Now: clock,
			Progress: func(ev erase.Event) {
				if ev.Kind == erase.EventSigned {
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
		copied.exec(t, "INSERT INTO letter VALUES (1, 1, 'Dear One')") // a link, not enforced
		if _, err := b.replay(t, copied, allowAll(p)); !errors.Is(err, erase.ErrRemains) {
			t.Errorf("after a replay: %v, want ErrRemains", err)
		}
		// In the database itself the subject has no row, and there was no replay.
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
		p := db.plan(t, deletes, plan.ScopeSubjects)
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
		// Written for another identity, missing here.
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

func TestAScopeWithoutSubjectsIsReplayed(t *testing.T) {
	onSQLite(t, func(t *testing.T, db *target) {
		b := newBook(t)
		db.club(t)
		p := db.plan(t, deletes, plan.ScopeEverything)
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

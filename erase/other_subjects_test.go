package erase_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/plan"
)

// interrupted begins a run, in small batches, and stops it after the first of them.
func (d *target) interrupted(t testing.TB, p *plan.Plan, o erase.Options) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var passed atomic.Int64
	o.MaxRows, o.Workers = 4, 1
	if _, err := erase.RunAt(ctx, d.DB, p, o, func(point string) {
		if point == "committed" && passed.Add(1) == 1 {
			cancel()
		}
	}); !errors.Is(err, context.Canceled) {
		t.Fatalf("the run was to be stopped: %v", err)
	}
}

// held are ways to have a key for comparing subjects, each alone.
func held(o erase.Options, how string) erase.Options {
	o.Secret = anonymise.Secret{}
	switch how {
	case "secret":
		o.Secret, o.Signers = secret(), []receipt.Signer{coin()}
	case "commitment key":
		o.Commitments, o.Signers = &erase.Commitments{Key: rowKey}, []receipt.Signer{coin()}
	case "none":
		o.Signers = []receipt.Signer{coin()}
	}
	return o
}

func TestAnInterruptedRunIsNotContinuedWithOthers(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		for _, how := range []string{"secret", "commitment key", "signing key", "none"} {
			t.Run(how, func(t *testing.T) {
				db = db.again(t).club(t)
				p := db.plan(t, deletes, plan.ScopeSubjects)
				begun := held(options(p, "r", "1", "2", "3"), how)
				db.interrupted(t, p, begun)
				others := begun
				others.Subjects = erase.SubjectKeys("1", "2", "4")
				db.unchanged(t, func() {
					if _, err := erase.Run(t.Context(), db.DB, p, others); !errors.Is(err, erase.ErrRunDiffers) {
						t.Errorf("with another subject: %v, want ErrRunDiffers", err)
					}
				})
				begun.Subjects = erase.SubjectKeys("3", "1", "2")
				report, err := erase.Run(t.Context(), db.DB, p, begun)
				if how == "none" { // refused rather than guessed
					if !errors.Is(err, erase.ErrRunDiffers) || !strings.Contains(err.Error(), "or close the run") {
						t.Errorf("without a key: %v", err)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if n := db.count(t, "SELECT count(*) FROM member"); n != 1 || report.Receipt == nil {
					t.Errorf("%d members, receipt %t", n, report.Receipt != nil)
				}
			})
		}
	})
}

func TestAFinishedRunGivesNobodyElsesReceipt(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		for _, policy := range []string{deletes, overwrites} {
			db = db.again(t).club(t)
			p := db.plan(t, policy, plan.ScopeSubjects)
			for _, how := range []string{"secret", "commitment key", "signing key", "none"} {
				o := held(options(p, "run by "+how, "1"), how)
				if policy == overwrites && o.Secret.IsZero() {
					o.Secret = secret() // required by its strategies
				}
				_, err := erase.Run(t.Context(), db.DB, p, o)
				if errors.Is(err, erase.ErrNoSuchSubject) {
					db = db.again(t).club(t)
					_, err = erase.Run(t.Context(), db.DB, p, o)
				}
				if err != nil {
					t.Fatal(how, err)
				}
				if _, err := erase.Run(t.Context(), db.DB, p, o); err != nil {
					t.Errorf("%s: the same subject again: %v", how, err)
				}
				for _, subject := range []string{"2", "email=two@club.example"} {
					o.Subjects = erase.SubjectKeys(subject)
					db.unchanged(t, func() {
						if report, err := erase.Run(t.Context(), db.DB, p, o); !errors.Is(err, erase.ErrRunDiffers) || report.Receipt != nil {
							t.Errorf("%s: another subject: %v, want ErrRunDiffers", how, err)
						}
					})
				}
			}
		}
	})
}

// A caller with other keys than the run's gets nothing on a guess.
func TestWithoutItsKeyAnOverwrittenSubjectsReceiptIsNotGuessed(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		db.club(t)
		policy := strings.ReplaceAll(overwrites, "{fake: email}", "random")
		policy = strings.ReplaceAll(policy, "{fake: name}", "random")
		p := db.plan(t, policy, plan.ScopeSubjects)
		if _, err := erase.Run(t.Context(), db.DB, p, held(options(p, "r", "1"), "signing key")); err != nil {
			t.Fatal(err)
		}
		for _, subject := range []string{"1", "2"} {
			if _, err := erase.Run(t.Context(), db.DB, p, held(options(p, "r", subject), "none")); !errors.Is(err, erase.ErrRunDiffers) || !strings.Contains(err.Error(), "signing key") {
				t.Errorf("subject %s: %v, want ErrRunDiffers that names the keys", subject, err)
			}
		}
	})
}

// A subject is the same in all its spellings.
func TestTheSameSubjectsAreKnownHoweverTheyAreWritten(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		text := map[string]string{
			sample.SQLite: "VARCHAR(40) COLLATE NOCASE", sample.Postgres: "CHAR(40)", sample.SQLServer: "VARCHAR(40)",
		}[db.Engine]
		again := "Ada"
		switch {
		case text == "":
			text, again = "VARCHAR(40)", "ÁDA" // the usual collations ignore case and accents
		case db.Engine == sample.SQLite:
			again = "aDA"
		case db.Engine == sample.Postgres:
			again = "Ada   "
		}
		db.exec(t,
			"CREATE TABLE person (code "+text+" NOT NULL, email VARCHAR(80) NOT NULL, PRIMARY KEY (code))",
			"INSERT INTO person VALUES ('Ada', 'ada@mail.example'), ('Bob', 'bob@mail.example'), ('Cy', 'cy@mail.example')")
		p := db.plan(t, "version: 1\ndatabase: d\nsubject: {table: person, identifiers: [email]}\n"+
			"tables: {person: {erase: delete, columns: {code: none, email: {pii: contact, overwrite: random}}}}", plan.ScopeSubjects)
		o := options(p, "r", "Ada", "email=bob@mail.example")
		if _, err := erase.Run(t.Context(), db.DB, p, o); err != nil {
			t.Fatal(err)
		}
		for _, subjects := range [][]string{{"email=bob@mail.example", again}, {"Bob", again, "Ada"}} {
			o.Subjects = erase.SubjectKeys(subjects...)
			if report, err := erase.Run(t.Context(), db.DB, p, o); err != nil || !report.Repeated {
				t.Errorf("%d subjects: %v", len(subjects), err)
			}
		}
		o.Subjects = erase.SubjectKeys("Cy", again)
		if _, err := erase.Run(t.Context(), db.DB, p, o); !errors.Is(err, erase.ErrRunDiffers) {
			t.Errorf("others: %v, want ErrRunDiffers", err)
		}
	})
}

func TestARunIDIsMadeOfTheRequestAndTheDatabase(t *testing.T) {
	seen := map[string]bool{}
	for _, pair := range [][2]string{{"a", "b"}, {"a/b", ""}, {"", "a/b"}, {"a%2Fb", ""}, {"b", "a"}, {strings.Repeat("a", 300), "b"}, {strings.Repeat("a", 299), "ab"}} {
		id := erase.RunID(pair[0], pair[1])
		if seen[id] || len(id) > 200 || id != erase.RunID(pair[0], pair[1]) {
			t.Errorf("%q", id)
		}
		seen[id] = true
	}
	if id := erase.RunID("case-2026-0042", "shop"); id != "case-2026-0042/shop" {
		t.Error(id)
	}
}

// again is another, empty database on the same engine.
func (d *target) again(t testing.TB) *target {
	t.Helper()
	if d.server == nil {
		return openTarget(t, "sqlite:"+filepath.Join(t.TempDir(), "another.db"))
	}
	other := openTarget(t, d.server.Database(t).URL)
	other.server = d.server
	return other
}

// A deleted subject, inserted again while the run is interrupted, is no stranger.
func TestARunIsContinuedOrClosedWhenASubjectCameBack(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		for _, closed := range []bool{false, true} {
			db := db.again(t).club(t)
			p := db.plan(t, deletes, plan.ScopeSubjects)
			o := options(p, "r", "1", "2", "3")
			db.interrupted(t, p, o)
			db.exec(t, "INSERT INTO member VALUES (1, 'new@club.example', NULL, 'One Uno', NULL)")
			end := func() (erase.Report, error) { return erase.Run(t.Context(), db.DB, p, o) }
			if closed {
				end = func() (erase.Report, error) { return erase.Close(t.Context(), db.DB, p, o, "she came back") }
			}
			report, err := end()
			if report.Receipt == nil {
				t.Fatalf("closed %t: %v", closed, err)
			}
			st := opened(t, report.Receipt)
			want := receipt.Rows{Matched: 3, Affected: 3, Arrived: 1}
			if closed {
				want = receipt.Rows{Matched: 1, Affected: 1, Arrived: 1}
			}
			if n := done(st)["delete member"]; n != want {
				t.Errorf("closed %t: %+v, want %+v", closed, n, want)
			}
			if n := db.count(t, "SELECT count(*) FROM member WHERE member_id = 1"); n != 1 {
				t.Errorf("closed %t: the new row isn't there", closed)
			}
		}
	})
}

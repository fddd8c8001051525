package erase_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/plan"
	"github.com/google/go-cmp/cmp"
)

// expire runs scope expired after that number of years, and checks that a preview counted the same.
func (d *target) expire(t *testing.T, policy string, years int) *receipt.Statement {
	t.Helper()
	p := d.plan(t, policy, plan.ScopeExpired)
	o := options(p, fmt.Sprintf("after %d years, %s", years, time.Now()))
	o.Now = func() time.Time { return clock().AddDate(years, 0, 0) }
	counted, err := erase.Preview(t.Context(), d.DB, p, o)
	if err != nil {
		t.Fatal(err)
	}
	st := d.run(t, p, o)
	for i, a := range st.Predicate.Actions {
		if n := counted.Counts[i]; n.Rows != a.Rows.Affected || n.Held != a.Rows.Held {
			t.Errorf("%s %s: the preview has %d and %d held, the run %d and %d", a.Operation, a.Table, n.Rows, n.Held, a.Rows.Affected, a.Rows.Held)
		}
	}
	d.intact(t)
	d.closed(t)
	return st
}

// matched are a receipt's counts, for steps with matches.
func matched(st *receipt.Statement) map[string]receipt.Rows {
	out := done(st)
	maps.DeleteFunc(out, func(_ string, n receipt.Rows) bool { return n == receipt.Rows{} })
	return out
}

// affected are a receipt's counts of changed rows, by operation and table.
func affected(st *receipt.Statement) map[string]int64 {
	out := map[string]int64{}
	for step, n := range done(st) {
		if n.Affected > 0 {
			out[step] = n.Affected
		}
	}
	return out
}

// noted is the number of held rows named in the journal.
func (d *target) noted(t testing.TB) int {
	t.Helper()
	return d.count(t, "SELECT count(*) FROM "+d.quote(d.DB.JournalTable("held")))
}

// follows says for each receipt continued by another whether it is complete.
func follows(st *receipt.Statement) map[string]bool {
	out := map[string]bool{}
	for _, f := range st.Predicate.Follows {
		out[f.ReceiptID] = f.Complete
	}
	return out
}

// Nobody has to remember: scope expired finds rows no longer held.
func TestScopeExpiredErasesWhatAHoldKeptOnceItHasEnded(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		db.exec(t, ledger...)
		policy := bills(`, until: "day + 6y", keep: [total, day]`)
		p := db.plan(t, policy, plan.ScopeSubjects)
		one := db.run(t, p, options(p, "one", "1"))
		four := db.run(t, p, options(p, "four", "4"))
		name := scan[string](t, db, "SELECT name FROM person WHERE person_id = 1")[0][0]
		if n := db.noted(t); n != 2 {
			t.Errorf("%d rows are noted, want 2", n)
		}

		// Nothing has ended yet; people not erased are ignored.
		st := db.expire(t, policy, 1)
		if d := cmp.Diff(map[string]receipt.Rows{
			"delete entry": {Matched: 3, Held: 3}, "delete bill": {Matched: 3, Held: 3}, "delete person": {Matched: 2, Held: 2},
		}, done(st)); d != "" {
			t.Error("nothing has ended:", d)
		}
		if st.Predicate.Ended != nil || st.Predicate.Follows != nil {
			t.Errorf("ended %v, follows %v", st.Predicate.Ended, st.Predicate.Follows)
		}

		// Two bills are free. One of person 1 has no date: it is held without end.
		st = db.expire(t, policy, 5)
		if d := cmp.Diff(map[string]receipt.Rows{
			"delete entry": {Matched: 3, Affected: 2, Held: 1}, "delete bill": {Matched: 3, Affected: 2, Held: 1}, "delete person": {Matched: 2, Affected: 1, Held: 1},
		}, done(st)); d != "" {
			t.Error("two have ended:", d)
		}
		if d := cmp.Diff(map[string]bool{four.Predicate.ReceiptID: true}, follows(st)); d != "" {
			t.Error("it follows", d)
		}
		ended := st.Predicate.Ended
		if len(ended) != 1 || ended[0].Table != "bill" || ended[0].Rows != 2 || ended[0].Reason != "VAT records" || ended[0].Until != "day + 6y" {
			t.Errorf("ended %+v", ended)
		}
		if d := cmp.Diff([]int64{1, 2, 3}, db.keys(t, "person")); d != "" {
			t.Error("people:", d)
		}
		if d := cmp.Diff([]int64{12, 21, 31}, db.keys(t, "bill")); d != "" {
			t.Error("bills:", d)
		}
		if got := scan[string](t, db, "SELECT name FROM person WHERE person_id = 1")[0][0]; got != name {
			t.Error("person 1 was overwritten twice")
		}
		if n := db.noted(t); n != 1 {
			t.Errorf("%d rows are noted, want 1", n)
		}

		// The bill gets its date, and then nothing is held any more.
		db.exec(t, "UPDATE bill SET day = '2020-01-01' WHERE bill_id = 12")
		st = db.expire(t, policy, 6)
		if d := cmp.Diff(map[string]int64{"delete entry": 1, "delete bill": 1, "delete person": 1}, affected(st)); d != "" {
			t.Error("the last:", d)
		}
		if d := cmp.Diff(map[string]bool{one.Predicate.ReceiptID: true}, follows(st)); d != "" {
			t.Error("it follows", d)
		}
		if n := db.noted(t); n != 0 {
			t.Errorf("%d rows are noted when nothing is held", n)
		}
		if d := cmp.Diff([]int64{2, 3}, db.keys(t, "person")); d != "" {
			t.Error("people:", d)
		}
	})
}

// When a hold ends, a column or whole row kept by it in overwritten rows is overwritten then, once, and
// nothing else of them.
func TestWhatAHoldKeptOfOverwrittenRowsIsOverwrittenOnce(t *testing.T) {
	policy := func(hold string) string {
		p := strings.ReplaceAll(bills(hold), "erase: delete", "erase: overwrite")
		return strings.Replace(p, "kind: none", "kind: {pii: other, overwrite: {fixed: z}}", 1)
	}
	for _, c := range []struct {
		name, hold string
		end        string // the event that ends the hold, besides six years
		first      string // payer and kind of bills 11, 13 and 31 after the erasure
		want       string // and after the hold has ended
		ended      map[string]int64
	}{
		{
			"a column, to a date", `, until: 2028-12-31, keep: [payer]`, "",
			"Ann Lee z, Ann Lee z, Cyd Fox z", "- z, - z, - z", map[string]int64{"overwrite bill": 4},
		},
		{
			"whole rows, to a date", `, until: 2028-12-31`, "",
			"Ann Lee tax, Ann Lee tax, Cyd Fox gift", "- z, - z, - z", map[string]int64{"overwrite bill": 4},
		},
		{
			"a column of rows that meet a condition", `, where: "total < 40", keep: [payer]`, "UPDATE bill SET total = 100 WHERE bill_id = 13",
			"Ann Lee z, Ann Lee z, - z", "Ann Lee z, - z, - z", map[string]int64{"overwrite bill": 1},
		},
		{
			"until a day that the row has", `, until: "day + 3y", keep: [payer]`, "",
			"Ann Lee z, - z, - z", "- z, - z, - z", map[string]int64{"overwrite bill": 1},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			onOneOfEach(t, func(t *testing.T, db *target) {
				db.exec(t, ledger...)
				p := db.plan(t, policy(c.hold), plan.ScopeSubjects)
				db.run(t, p, options(p, "r", "1", "3"))
				bills := func() string {
					var out []string
					for _, row := range scan[*string](t, db, "SELECT payer, kind FROM bill WHERE bill_id IN (11, 13, 31) ORDER BY bill_id") {
						payer := "-"
						if row[0] != nil {
							payer = *row[0]
						}
						out = append(out, payer+" "+*row[1])
					}
					return strings.Join(out, ", ")
				}
				if got := bills(); got != c.first {
					t.Errorf("after the erasure %s, want %s", got, c.first)
				}
				others := func() [][]string {
					return append(scan[string](t, db, "SELECT name FROM person ORDER BY person_id"), scan[string](t, db, "SELECT coalesce(payer, '-') FROM bill WHERE person_id IN (2, 4) ORDER BY bill_id")...)
				}
				before := others()
				if c.end != "" {
					db.exec(t, c.end)
				}
				if d := cmp.Diff(c.ended, affected(db.expire(t, policy(c.hold), 6))); d != "" {
					t.Error(d)
				}
				if got := bills(); got != c.want {
					t.Errorf("when the hold has ended %s, want %s", got, c.want)
				}
				if d := cmp.Diff(before, others()); d != "" {
					t.Error("what was overwritten, or isn't meant, was overwritten:", d)
				}
				if d := cmp.Diff(map[string]int64{}, affected(db.expire(t, policy(c.hold), 7))); d != "" {
					t.Error("again:", d)
				}
			})
		})
	}
}

// drifting concerns rows whose reference to the subject disappears: a job's reference to its person
// becomes NULL, and the person's home belongs to them no longer.
const drifting = `
version: 1
database: drifting
subject: {table: person, key: person_id}
tables:
  person: {erase: delete, columns: {person_id: none, name: {pii: name, overwrite: random}, place_id: none}}
  place:
    erase: delete
    hold: {because: survey, until: 2028-12-31, keep: [place_id]}
    columns: {place_id: none, street: {pii: address, overwrite: null}}
  job:
    erase: delete
    hold: {because: warranty, until: "day + 6y", keep: [note]}
    columns: {job_id: none, person_id: none, day: none, note: {pii: free-text, overwrite: null}, firm: {pii: other, overwrite: null}}
  part: {erase: delete, columns: {part_id: none, job_id: none}}
owns:
  - person(place_id) -> place
`

// drift fills the database for drifting.
func (d *target) drift(t testing.TB) *target {
	t.Helper()
	d.exec(t,
		`CREATE TABLE place (place_id INTEGER NOT NULL, street VARCHAR(40), PRIMARY KEY (place_id))`,
		`CREATE TABLE person (person_id INTEGER NOT NULL, name VARCHAR(40) NOT NULL, place_id INTEGER, PRIMARY KEY (person_id), CONSTRAINT fk_home FOREIGN KEY (place_id) REFERENCES place (place_id))`,
		`CREATE TABLE job (job_id INTEGER NOT NULL, person_id INTEGER, day DATE, note VARCHAR(40), firm VARCHAR(40), PRIMARY KEY (job_id), CONSTRAINT fk_who FOREIGN KEY (person_id) REFERENCES person (person_id))`,
		`CREATE TABLE part (part_id INTEGER NOT NULL, job_id INTEGER NOT NULL, PRIMARY KEY (part_id), CONSTRAINT fk_part FOREIGN KEY (job_id) REFERENCES job (job_id))`,
		`INSERT INTO place VALUES (1, 'Elm Street'), (2, 'Oak Lane'), (3, 'Fir Road')`,
		`INSERT INTO person VALUES (1, 'Ann', 1), (2, 'Bob', 2), (3, 'Cyd', 3)`,
		`INSERT INTO job VALUES (1, 1, '2024-01-01', 'roof', 'A'), (2, 1, '2026-01-01', 'wall', 'B'), (3, 2, '2018-01-01', 'door', 'C'), (4, 3, '2018-01-01', 'lock', 'D')`,
		`INSERT INTO part VALUES (11, 1), (21, 2), (31, 3), (41, 4)`,
	)
	return d
}

func TestHeldRowsThatLoseTheirWayToTheSubjectAreFoundWhenTheHoldHasEnded(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		db.drift(t)
		p := db.plan(t, drifting, plan.ScopeSubjects)
		st := db.run(t, p, options(p, "r", "1", "2"))
		state := func() string {
			return fmt.Sprint(db.keys(t, "person"), db.keys(t, "place"), db.keys(t, "job"), db.keys(t, "part"))
		}
		if got, want := state(), "[3] [1 2 3] [1 2 4] [11 21 41]"; got != want {
			t.Errorf("after the erasure %s, want %s", got, want)
		}
		if n := db.noted(t); n != 4 {
			t.Errorf("%d rows are noted, want two places and two jobs", n)
		}
		for _, c := range []struct {
			years    int
			want     string
			complete bool
		}{
			{2, "[3] [1 2 3] [1 2 4] [11 21 41]", false},
			{3, "[3] [3] [1 2 4] [11 21 41]", false},
			{5, "[3] [3] [2 4] [21 41]", false},
			{7, "[3] [3] [4] [41]", true},
		} {
			later := db.expire(t, drifting, c.years)
			if got := state(); got != c.want {
				t.Errorf("after %d years %s, want %s", c.years, got, c.want)
			}
			if got, ok := follows(later)[st.Predicate.ReceiptID]; got != c.complete || ok != (len(affected(later)) > 0) {
				t.Errorf("after %d years the receipt is followed: %t, complete: %t", c.years, ok, got)
			}
		}
		if n := db.noted(t); n != 0 {
			t.Errorf("%d rows are noted when nothing is held", n)
		}
	})
}

// A subject erased twice is finished for both receipts. One requested again with nothing held any more
// is forgotten as well.
func TestASubjectWhoWasErasedSeveralTimes(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		db.exec(t, ledger...)
		policy := bills(`, until: "day + 6y", keep: [total, day]`)
		p := db.plan(t, policy, plan.ScopeSubjects)
		one := db.run(t, p, options(p, "one", "4"))
		again := options(p, "again", "4")
		again.Now = func() time.Time { return clock().AddDate(1, 0, 0) }
		two := db.run(t, p, again)
		if n := db.noted(t); n != 2 {
			t.Errorf("%d rows are noted, want one for each run", n)
		}
		want := map[string]bool{one.Predicate.ReceiptID: true, two.Predicate.ReceiptID: true}
		if d := cmp.Diff(want, follows(db.expire(t, policy, 5))); d != "" {
			t.Error(d)
		}
		if n := db.noted(t); n != 0 {
			t.Errorf("%d rows are noted", n)
		}
	})
}

// A row deleted by somebody else meanwhile is counted as gone, and forgotten.
func TestAHeldRowThatSomebodyElseDeleted(t *testing.T) {
	onOneOfEach(t, func(t *testing.T, db *target) {
		db.exec(t, ledger...)
		policy := bills(`, until: "day + 6y", keep: [total, day]`)
		p := db.plan(t, policy, plan.ScopeSubjects)
		db.run(t, p, options(p, "r", "4"))
		db.exec(t, "DELETE FROM bill WHERE person_id = 4", "DELETE FROM person WHERE person_id = 4")
		st := db.expire(t, policy, 1)
		if d := cmp.Diff(receipt.Rows{Matched: 1, AlreadyGone: 1}, done(st)["delete person"]); d != "" {
			t.Error(d)
		}
		if n := db.noted(t); n != 0 {
			t.Errorf("%d rows are noted", n)
		}
	})
}

// The shop erased customers four years ago, and their invoices are held for six.
func TestARunOfEndedHoldsThatWasKilledEndsAsOneThatWasNot(t *testing.T) {
	onOneOfEach(t, func(t *testing.T, db *target) {
		var subjects []string
		erased := func(d *target) {
			d.shop(t, sample.Shop{Customers: 150, Seed: 3})
			subjects = strangers(t, d, 40)
			p, err := plan.Build(t.Context(), d.DB, repeatable(), plan.ScopeSubjects)
			if err != nil {
				t.Fatal(err)
			}
			d.run(t, p, options(p, "erased", subjects...))
		}
		reset := db.resettable(t, erased)
		work := child{Scope: plan.ScopeExpired, MaxRows: 12, Workers: 1, Years: 4}
		held, before := db.noted(t), batches(t, db)
		env, _, err := work.work(t.Context(), db, nil)
		if err != nil {
			t.Fatal(err)
		}
		st := opened(t, env)
		want, wantCounts, total := db.dump(t), counts(st), batches(t, db)-before
		if left := db.noted(t); left == 0 || left >= held || affected(st)["delete invoice"] == 0 {
			t.Fatalf("of %d noted rows %d are left, and %d invoices were deleted", held, left, affected(st)["delete invoice"])
		}
		for _, point := range []string{"acted", "journaled", "committed"} {
			t.Run(point, func(t *testing.T) {
				db := reset(t)
				w := work
				w.URL, w.Point, w.Nth = db.URL, point, int64(total*3/4)
				w.kill(t)
				env, _, err := w.work(t.Context(), db, nil)
				if err != nil {
					t.Fatal(err)
				}
				st := opened(t, env)
				if d := cmp.Diff(wantCounts, counts(st)); d != "" {
					t.Error("the receipt counts otherwise:", d)
				}
				if len(st.Predicate.Follows) != 1 || st.Predicate.Follows[0].Complete {
					t.Errorf("it follows %v", st.Predicate.Follows)
				}
				got := db.dump(t)
				for table := range want {
					if !slices.Equal(want[table], got[table]) {
						t.Errorf("table %s ended otherwise", table)
					}
				}
				db.intact(t)
				db.closed(t)
			})
		}
	})
}

// letters are between two people: a held one drops both references.
const letters = `
version: 1
database: letters
subject: {table: person, key: person_id}
tables:
  person: {erase: delete, columns: {person_id: none, name: {pii: name, overwrite: random}}}
  letter:
    via: {sender_id: delete, recipient_id: delete}
    hold: {because: evidence, until: 2028-12-31, keep: [body]}
    columns: {letter_id: none, sender_id: none, recipient_id: none, body: {pii: free-text, overwrite: null}}
`

// A row reached from several subjects of a run, in separate batches, is noted once for each run.
func TestAHeldRowOfTwoSubjects(t *testing.T) {
	for name, runs := range map[string][][]string{"of one run": {{"1", "2"}}, "of two runs": {{"1"}, {"2"}}} {
		t.Run(name, func(t *testing.T) {
			onOneOfEach(t, func(t *testing.T, db *target) {
				db.exec(t,
					`CREATE TABLE person (person_id INTEGER NOT NULL, name VARCHAR(40) NOT NULL, PRIMARY KEY (person_id))`,
					`CREATE TABLE letter (letter_id INTEGER NOT NULL, sender_id INTEGER, recipient_id INTEGER, body VARCHAR(40), PRIMARY KEY (letter_id), CONSTRAINT fk_from FOREIGN KEY (sender_id) REFERENCES person (person_id), CONSTRAINT fk_to FOREIGN KEY (recipient_id) REFERENCES person (person_id))`,
					`CREATE INDEX ix_from ON letter (sender_id)`, `CREATE INDEX ix_to ON letter (recipient_id)`,
					`INSERT INTO person VALUES (1, 'Ann'), (2, 'Bob'), (3, 'Cyd')`,
					`INSERT INTO letter VALUES (12, 1, 2, 'Dear Bob'), (13, 1, 3, 'Dear Cyd'), (33, 3, 3, 'Dear diary')`,
				)
				p := db.plan(t, letters, plan.ScopeSubjects)
				want := map[string]bool{}
				for i, subjects := range runs {
					o := options(p, fmt.Sprint("run ", i), subjects...)
					o.MaxRows = 1
					want[db.run(t, p, o).Predicate.ReceiptID] = true
				}
				if d := cmp.Diff([]int64{12, 13, 33}, db.keys(t, "letter")); d != "" {
					t.Error("letters:", d)
				}
				if n := db.noted(t); n != 1+len(runs) {
					t.Errorf("%d notes, want one of a letter and %d of the other", n, len(runs))
				}
				st := db.expire(t, letters, 3)
				if d := cmp.Diff(map[string]int64{"delete letter": 2}, affected(st)); d != "" {
					t.Error(d)
				}
				if d := cmp.Diff(want, follows(st)); d != "" {
					t.Error("it follows", d)
				}
				if n := db.noted(t); n != 0 {
					t.Errorf("%d notes are left", n)
				}
			})
		})
	}
}

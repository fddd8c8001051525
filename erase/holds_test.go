package erase_test

import (
	"strings"
	"testing"
	"time"

	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/plan"
	"github.com/google/go-cmp/cmp"
)

// ledger is a database for a hold on bills; the clock is at 2026-01-01. Person 1 has bills under the
// hold, without a date, and past it; person 2 only a bill past it, person 3 one of another kind.
var ledger = []string{
	`CREATE TABLE person (person_id INTEGER NOT NULL, name VARCHAR(40) NOT NULL, PRIMARY KEY (person_id))`,
	`CREATE TABLE bill (bill_id INTEGER NOT NULL, person_id INTEGER NOT NULL, day DATE, kind VARCHAR(10) NOT NULL, total INTEGER NOT NULL, payer VARCHAR(40), PRIMARY KEY (bill_id), CONSTRAINT fk_bill FOREIGN KEY (person_id) REFERENCES person (person_id))`,
	`CREATE TABLE entry (entry_id INTEGER NOT NULL, bill_id INTEGER NOT NULL, what VARCHAR(40), PRIMARY KEY (entry_id), CONSTRAINT fk_entry FOREIGN KEY (bill_id) REFERENCES bill (bill_id))`,
	`CREATE INDEX ix_bill ON bill (person_id)`,
	`CREATE INDEX ix_entry ON entry (bill_id)`,
	`INSERT INTO person VALUES (1, 'Ann Lee'), (2, 'Bob Ray'), (3, 'Cyd Fox'), (4, 'Dee Poe')`,
	`INSERT INTO bill VALUES (11, 1, '2024-05-01', 'tax', 10, 'Ann Lee'), (12, 1, NULL, 'tax', 20, 'Ann Lee'), (13, 1, '2015-05-01', 'tax', 30, 'Ann Lee'), (21, 2, '2015-05-01', 'tax', 40, 'Bob Ray'), (31, 3, '2015-05-01', 'gift', 50, 'Cyd Fox'), (41, 4, '2024-05-01', 'tax', 60, 'Dee Poe')`,
	`INSERT INTO entry VALUES (111, 11, 'for Ann'), (112, 11, NULL), (121, 12, 'for Ann'), (131, 13, 'for Ann'), (211, 21, 'for Bob'), (311, 31, 'for Cyd')`,
}

// bills is the ledger's policy under a hold.
func bills(hold string) string {
	return strings.Replace(`
version: 1
database: ledger
subject: {table: person, key: person_id}
tables:
  person: {erase: delete, columns: {person_id: none, name: {pii: name, overwrite: random}}}
  bill:
    erase: delete
    hold: {because: VAT records, basis: "Art. 17(3)(b)"HOLD}
    columns: {bill_id: none, person_id: none, day: none, kind: none, total: none, payer: {pii: name, overwrite: null}}
  entry: {erase: delete, columns: {entry_id: none, bill_id: none, what: {pii: free-text, overwrite: random}}}
`, "HOLD", hold, 1)
}

func TestAHoldKeepsRows(t *testing.T) {
	type result struct {
		Person, Bill, Entry []int64 // keys of the remaining rows
		Payers              int     // bills still naming the payer
		Names               int     // people with their names
		Rows                map[string]receipt.Rows
		Retained            map[string]int64
	}
	for _, c := range []struct {
		name, hold string
		want       result
	}{
		{"with an end that is counted from a column, NULL being no end", `, until: "day + 6y", keep: [total, day]`, result{
			Person: []int64{1, 4}, Bill: []int64{11, 12, 41}, Entry: []int64{111, 112, 121},
			Payers: 0, Names: 0,
			Rows: map[string]receipt.Rows{
				"delete entry": {Matched: 6, Affected: 3, Held: 3}, "overwrite bill": {Matched: 3, Affected: 3}, "delete bill": {Matched: 6, Affected: 3, Held: 3},
				"overwrite person": {Matched: 2, Affected: 2}, "delete person": {Matched: 4, Affected: 2, Held: 2},
			},
			Retained: map[string]int64{"bill: VAT records": 3, "entry: it is part of something that is held": 3, "person: something that stays refers to it; its personal data was overwritten": 2},
		}},
		{"whole, without a list of columns", `, until: "day + 6y"`, result{
			Person: []int64{1, 4}, Bill: []int64{11, 12, 41}, Entry: []int64{111, 112, 121},
			Payers: 3, Names: 0,
			Rows: map[string]receipt.Rows{
				"delete entry": {Matched: 6, Affected: 3, Held: 3}, "delete bill": {Matched: 6, Affected: 3, Held: 3},
				"overwrite person": {Matched: 2, Affected: 2}, "delete person": {Matched: 4, Affected: 2, Held: 2},
			},
			Retained: map[string]int64{"bill: VAT records": 3, "entry: it is part of something that is held": 3, "person: something that stays refers to it; its personal data was overwritten": 2},
		}},
		{"of one kind", `, where: "kind = 'gift'", keep: [total]`, result{
			Person: []int64{3}, Bill: []int64{31}, Entry: []int64{311},
			Rows: map[string]receipt.Rows{
				"delete entry": {Matched: 6, Affected: 5, Held: 1}, "overwrite bill": {Matched: 1, Affected: 1}, "delete bill": {Matched: 6, Affected: 5, Held: 1},
				"overwrite person": {Matched: 1, Affected: 1}, "delete person": {Matched: 4, Affected: 3, Held: 1},
			},
			Retained: map[string]int64{"bill: VAT records": 1, "entry: it is part of something that is held": 1, "person: something that stays refers to it; its personal data was overwritten": 1},
		}},
		{"to the end of a day", `, until: 2026-01-01, keep: [total]`, result{
			Person: []int64{1, 2, 3, 4}, Bill: []int64{11, 12, 13, 21, 31, 41}, Entry: []int64{111, 112, 121, 131, 211, 311},
			Rows: map[string]receipt.Rows{
				"delete entry": {Matched: 6, Held: 6}, "overwrite bill": {Matched: 6, Affected: 6}, "delete bill": {Matched: 6, Held: 6},
				"overwrite person": {Matched: 4, Affected: 4}, "delete person": {Matched: 4, Held: 4},
			},
			Retained: map[string]int64{"bill: VAT records": 6, "entry: it is part of something that is held": 6, "person: something that stays refers to it; its personal data was overwritten": 4},
		}},
		{"no longer when that day is over", `, until: 2025-12-31, keep: [total]`, result{
			Rows: map[string]receipt.Rows{
				"delete entry": {Matched: 6, Affected: 6}, "overwrite bill": {}, "delete bill": {Matched: 6, Affected: 6},
				"overwrite person": {}, "delete person": {Matched: 4, Affected: 4},
			},
			Retained: map[string]int64{},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			onEach(t, func(t *testing.T, db *target) {
				db.exec(t, ledger...)
				p := db.plan(t, bills(c.hold), plan.ScopeSubjects)
				o := options(p, "r", "1", "2", "3", "4")
				counted, err := erase.Preview(t.Context(), db.DB, p, o)
				if err != nil {
					t.Fatal(err)
				}
				st := db.run(t, p, o)
				got := result{
					Person: db.keys(t, "person"), Bill: db.keys(t, "bill"), Entry: db.keys(t, "entry"),
					Payers: db.count(t, "SELECT count(*) FROM bill WHERE payer IS NOT NULL"),
					Names:  db.count(t, "SELECT count(*) FROM person WHERE name IN ('Ann Lee', 'Bob Ray', 'Cyd Fox', 'Dee Poe')"),
					Rows:   done(st), Retained: map[string]int64{},
				}
				for i, a := range st.Predicate.Actions {
					if n := counted.Counts[i]; n.Rows != a.Rows.Affected || n.Held != a.Rows.Held {
						t.Errorf("%s %s: the preview has %d and %d held, the run %d and %d", a.Operation, a.Table, n.Rows, n.Held, a.Rows.Affected, a.Rows.Held)
					}
				}
				for _, r := range st.Predicate.Retained {
					got.Retained[r.Table+": "+r.Reason] = r.Rows
				}
				if d := cmp.Diff(c.want, got); d != "" {
					t.Error(d)
				}
				db.intact(t)
			})
		})
	}
}

// keys are the keys of a table's rows, in order.
func (d *target) keys(t testing.TB, table string) []int64 {
	t.Helper()
	rows, err := d.SQL.Query("SELECT " + table + "_id FROM " + table + " ORDER BY 1")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out []int64
	for rows.Next() {
		var n int64
		if err := rows.Scan(&n); err != nil {
			t.Fatal(err)
		}
		out = append(out, n)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAHeldCustomerIsOverwrittenNowAndDeletedWhenTheHoldHasEnded(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		db.exec(t, ledger...)
		p := db.plan(t, bills(`, until: "day + 6y", keep: [total, day]`), plan.ScopeSubjects)
		db.run(t, p, options(p, "now", "4"))
		if n := db.count(t, "SELECT count(*) FROM person WHERE person_id = 4 AND name <> 'Dee Poe'"); n != 1 {
			t.Error("the customer wasn't overwritten")
		}
		later := options(p, "later", "4")
		later.Now = func() time.Time { return clock().AddDate(5, 0, 0) }
		st := db.run(t, p, later)
		if d := cmp.Diff(map[string]receipt.Rows{
			"delete entry": {}, "overwrite bill": {}, "delete bill": {Matched: 1, Affected: 1}, "overwrite person": {}, "delete person": {Matched: 1, Affected: 1},
		}, done(st)); d != "" {
			t.Error(d)
		}
		if n := db.count(t, "SELECT count(*) FROM person WHERE person_id = 4") + db.count(t, "SELECT count(*) FROM bill WHERE person_id = 4"); n != 0 {
			t.Errorf("%d rows are left", n)
		}
		// The first run's receipt is unchanged.
		if got := db.run(t, p, options(p, "now", "4")); done(got)["overwrite person"].Affected != 1 {
			t.Error("the first run has another receipt")
		}
	})
}

func TestTheReceiptSaysWhatIsHeldUntilWhen(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		db.exec(t, ledger...)
		p := db.plan(t, bills(`, until: "day + 6y", keep: [total, day]`), plan.ScopeSubjects)
		for _, r := range db.run(t, p, options(p, "r", "1")).Predicate.Retained {
			if r.Table != "bill" {
				continue
			}
			want := receipt.Retained{Schema: r.Schema, Table: "bill", Rows: 2, Reason: "VAT records", Basis: "Art. 17(3)(b)", Until: "day + 6y", Columns: []string{"day", "total"}}
			if d := cmp.Diff(want, r); d != "" {
				t.Error(d)
			}
		}
	})
}

// owned concerns a place owned by a person and referenced by a held row of theirs.
const owned = `
version: 1
database: owned
subject: {table: person, key: person_id}
tables:
  person: {erase: delete, columns: {person_id: none, name: {pii: name, overwrite: random}, place_id: none}}
  place: {erase: delete, columns: {place_id: none, street: {pii: address, overwrite: random}}}
  job:
    erase: delete
    hold: {because: warranty, keep: [note]}
    columns: {job_id: none, person_id: none, place_id: none, note: {pii: free-text, overwrite: random}}
owns:
  - person(place_id) -> place
`

// A subject's remaining row keeps the rows it refers to, even one owned by the subject.
func TestAnOwnedRowStaysWhileARowThatStaysRefersToIt(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		db.exec(t,
			`CREATE TABLE place (place_id INTEGER NOT NULL, street VARCHAR(40) NOT NULL, PRIMARY KEY (place_id))`,
			`CREATE TABLE person (person_id INTEGER NOT NULL, name VARCHAR(40) NOT NULL, place_id INTEGER, PRIMARY KEY (person_id), CONSTRAINT fk_home FOREIGN KEY (place_id) REFERENCES place (place_id))`,
			`CREATE TABLE job (job_id INTEGER NOT NULL, person_id INTEGER, place_id INTEGER NOT NULL, note VARCHAR(40), PRIMARY KEY (job_id), CONSTRAINT fk_who FOREIGN KEY (person_id) REFERENCES person (person_id), CONSTRAINT fk_where FOREIGN KEY (place_id) REFERENCES place (place_id))`,
			`INSERT INTO place VALUES (1, 'Elm Street'), (2, 'Oak Lane'), (3, 'Fir Road')`,
			`INSERT INTO person VALUES (1, 'Ann', 1), (2, 'Bob', 2), (3, 'Cyd', 3)`,
			`INSERT INTO job VALUES (1, 1, 1, 'roof'), (2, 2, 3, 'wall')`,
		)
		p := db.plan(t, owned, plan.ScopeSubjects)
		o := options(p, "r", "1", "2")
		o.Attempts = 2
		if _, err := erase.Run(t.Context(), db.DB, p, o); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]int64{3}, db.keys(t, "person")); d != "" {
			t.Error("people:", d)
		}
		if d := cmp.Diff([]int64{1, 3}, db.keys(t, "place")); d != "" {
			t.Error("places:", d)
		}
		db.intact(t)
	})
}

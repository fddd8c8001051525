package erase_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/plan"
	"github.com/google/go-cmp/cmp"
)

// numbers is the policy of a table; only the key matters.
const numbers = `
version: 1
database: numbers
tables:
  numbered: {columns: {id: none, what: {pii: free-text, overwrite: random}, day: none}}
retention:
  - {table: numbered, by: day, older_than: 1y, erase: delete}
`

// numbered makes the table, with n rows, every fourth of this year.
func (d *target) numbered(t testing.TB, n int) {
	t.Helper()
	d.exec(t, "CREATE TABLE numbered (id INTEGER NOT NULL PRIMARY KEY, what VARCHAR(40), day DATE)")
	for i := range n {
		day := "2020-02-02"
		if i%4 == 3 {
			day = "2026-01-01"
		}
		d.exec(t, fmt.Sprintf("INSERT INTO numbered VALUES (%d, 'words', '%s')", 10*i, day))
	}
}

// The gap left by a killed process between two ranges of a walk may be as large as all of its workers'
// batches together.
func TestAGapIsFilledInBatchesOfTheUsualSize(t *testing.T) {
	onOneOfEach(t, func(t *testing.T, db *target) {
		db.numbered(t, 100)
		p := db.plan(t, numbers, plan.ScopeEverything)
		o := options(p, "r")
		o.MaxRows, o.Workers = 10, 1
		ctx, cancel := context.WithCancel(t.Context())
		checked := 0
		_, err := erase.RunAt(ctx, db.DB, p, o, func(point string) {
			if point == "checked" {
				if checked++; checked == 9 {
					cancel()
				}
			}
		})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("error %v", err)
		}
		// As if four workers had been killed in the ranges from the third to the sixth.
		journal := db.quote(db.DB.JournalTable("batch"))
		db.exec(t, "DELETE FROM "+journal+" WHERE seq BETWEEN 3 AND 6")
		untouched := db.dump(t)["numbered"]

		var left [][]int64
		o.Workers = 3
		on(&o, erase.EventScanning, func(erase.Event) {
			left = db.table(t, "SELECT seq, part, roots FROM "+journal+" ORDER BY seq, part")
		})
		st := db.run(t, p, o)
		want := [][]int64{{1, 0, 10}, {2, 0, 10}, {2, 1, 10}, {2, 2, 10}, {2, 3, 10}, {2, 4, 10}, {2, 5, 0}, {7, 0, 10}, {8, 0, 10}, {9, 0, 10}, {10, 0, 10}}
		if d := cmp.Diff(want, left); d != "" {
			t.Error("the journal's batches (number, part, roots):", d)
		}
		if a := st.Predicate.Actions[0]; a.Rows.Matched != 100 || a.Rows.Left != 0 {
			t.Errorf("%+v", a.Rows)
		}
		alone := 0
		for _, row := range db.dump(t)["numbered"] {
			if slices.Contains(untouched, row) {
				alone++
			}
		}
		if alone != 50 {
			t.Errorf("%d rows are as the first process left them, want those of its five batches", alone)
		}
	})
}

// Expired rows without references to them are deleted by one statement for each range, and verified by
// range.
func TestExpiredRowsGoByRange(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		db.numbered(t, 100)
		p := db.plan(t, numbers, plan.ScopeExpired)
		o := options(p, "r")
		o.MaxRows, o.Workers = 20, 3
		var most int64
		o.Progress = func(e erase.Event) { most = max(most, e.Rows) }
		rows := db.run(t, p, o).Predicate.Actions[0].Rows
		if rows.Matched != 75 || rows.Affected != 75 || most != 20 {
			t.Errorf("%+v, at most %d in a batch", rows, most)
		}
		if n := db.count(t, "SELECT count(*) FROM numbered"); n != 25 {
			t.Errorf("%d rows are left, want 25", n)
		}
	})
}

// A row in such a range after the commit is reported, separately from the deleted ones.
func TestWhatIsInARangeAfterItWasDeletedIsLeft(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		db.numbered(t, 20)
		p := db.plan(t, numbers, plan.ScopeExpired)
		o := options(p, "r")
		o.Workers = 1
		report, err := erase.RunAt(t.Context(), db.DB, p, o, func(point string) {
			if point == "committed" {
				db.exec(t, "INSERT INTO numbered VALUES (5, 'back again', '2020-02-02')")
			}
		})
		if left := (*erase.LeftError)(nil); !errors.As(err, &left) || left.Rows != 1 {
			t.Fatalf("error %v", err)
		}
		rows := opened(t, report.Receipt).Predicate.Actions[0].Rows
		if rows.Matched != 16 || rows.Affected != 15 || rows.Left != 1 {
			t.Errorf("%+v", rows)
		}
	})
}

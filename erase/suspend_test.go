package erase_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/plan"
)

// guests is a table with some hundred rows and indexes of all kinds, suspendable or not.
var guests = []string{
	`CREATE TABLE town (town_id INTEGER NOT NULL, mayor VARCHAR(40), PRIMARY KEY (town_id))`,
	`CREATE TABLE guest (guest_id INTEGER NOT NULL, email VARCHAR(80) NOT NULL, name VARCHAR(40), town_id INTEGER, note VARCHAR(80), stars INTEGER, PRIMARY KEY (guest_id), CONSTRAINT fk_town FOREIGN KEY (town_id) REFERENCES town (town_id))`,
	`CREATE INDEX ix_guest_name ON guest (name DESC, guest_id)`,
	`CREATE INDEX ix_guest_note ON guest (note)`,
	`CREATE INDEX ix_guest_stars ON guest (stars)`,
	`CREATE INDEX ix_guest_town ON guest (town_id, name)`,
	`INSERT INTO town VALUES (1, 'Ann Old')`,
}

const guestPolicy = `
version: 1
database: hotel
subject: {table: guest, key: guest_id}
tables:
  guest:
    erase: delete
    columns:
      guest_id: none
      email: {pii: contact, overwrite: {pseudonym: email}}
      name: {pii: name, overwrite: {fake: name, consistent: true}}
      town_id: none
      note: {pii: free-text, overwrite: null}
      stars: none
  town: {unlinked: mayors are no guests, columns: {town_id: none, mayor: {pii: name, overwrite: null}}}
`

// townPolicy is about the other table alone.
const townPolicy = `
version: 1
database: hotel
tables:
  guest: {pii: none}
  town: {columns: {town_id: none, mayor: {pii: name, overwrite: null}}}
`

// guestCount is the number of guests, and guestBatch the number in a batch.
const guestCount, guestBatch = 240, 40

// suspendable are the offered indexes, the unique one last. PostgreSQL's updates write to those of
// other columns too.
func (d *target) suspendable() []string {
	if d.Engine == sample.Postgres {
		return []string{"ix_guest_name", "ix_guest_note", "ix_guest_stars", "uq_guest_email"}
	}
	return []string{"ix_guest_name", "ix_guest_note", "uq_guest_email"}
}

var bothSuspended = []plan.HazardName{plan.SuspendsIndexes, plan.SuspendsUniqueness}

// guests fills the database with guests. Their addresses are unique by a constraint where constraints
// can be suspended.
func (d *target) guests(t testing.TB) {
	t.Helper()
	d.exec(t, guests...)
	rows := make([]string, guestCount)
	for i := range rows {
		rows[i] = fmt.Sprintf("(%d, 'g%[1]d@guest.example', 'name %[1]d', 1, NULL, %[1]d)", i+1)
	}
	d.exec(t, "INSERT INTO guest VALUES "+strings.Join(rows, ", "))
	if d.Engine == sample.SQLite {
		d.exec(t, "CREATE UNIQUE INDEX uq_guest_email ON guest (email)")
		return
	}
	d.exec(t, "ALTER TABLE guest ADD CONSTRAINT uq_guest_email UNIQUE (email)")
}

// guestRun are the options of a run over the guests in several batches.
func guestRun(p *plan.Plan, run string, allow ...plan.HazardName) erase.Options {
	o := options(p, run)
	o.Allow, o.MaxRows, o.Workers = append(o.Allow, allow...), guestBatch, 2
	return o
}

// indexed are the current definitions of the guests' indexes.
func (d *target) indexed(t testing.TB) []dialect.SuspendedIndex {
	t.Helper()
	out, err := d.DB.Definitions(t.Context(), d.name("guest"), []string{"ix_guest_name", "ix_guest_note", "ix_guest_stars", "ix_guest_town", "uq_guest_email"})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// away are the suspendable indexes missing now.
func (d *target) away(t testing.TB) []string {
	t.Helper()
	indexes, err := d.DB.Definitions(t.Context(), d.name("guest"), d.suspendable())
	if err != nil {
		t.Fatal(err)
	}
	out := d.suspendable()
	for _, ix := range indexes {
		out = slices.DeleteFunc(out, func(name string) bool { return name == ix.Name })
	}
	return out
}

// pending is the number of suspended indexes in the journal.
func (d *target) pending(t testing.TB) int {
	t.Helper()
	return d.count(t, "SELECT count(*) FROM "+d.quote(d.DB.JournalTable("suspended"))+" WHERE restored IS NULL")
}

// renewed fails the test unless all guests were overwritten, and all differ.
func (d *target) renewed(t testing.TB) {
	t.Helper()
	if n := d.count(t, "SELECT count(DISTINCT email) FROM guest WHERE email NOT LIKE '%@guest.example'"); n != guestCount {
		t.Errorf("%d guests have a new address of their own, want %d", n, guestCount)
	}
}

func TestSuspendedIndexesComeBackAfterTheirTable(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		db.guests(t)
		p := db.plan(t, guestPolicy, plan.ScopeEverything)
		var offered []string
		for _, r := range p.Roots {
			for _, s := range r.Suspends {
				offered = append(offered, s.Index)
			}
		}
		if db.babelfish(t) {
			if len(offered) > 0 {
				t.Errorf("%v are offered", offered)
			}
			return // it can't disable an index
		}
		if d := cmp.Diff(db.suspendable(), offered); d != "" {
			t.Fatalf("offered (-want +got):\n%s", d)
		}
		before := db.indexed(t)
		o := guestRun(p, "suspend", bothSuspended...)
		var told []string
		o.Progress = func(e erase.Event) {
			if told = append(told, string(e.Kind)+" "+e.Index); e.Kind == erase.EventBatch && e.Root.Table == "town" {
				told[len(told)-1] = "town"
			}
		}
		var meanwhile []string
		report, err := erase.RunAt(t.Context(), db.DB, p, o, func(point string) {
			if point == "suspended" {
				meanwhile = db.away(t)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		opened(t, report.Receipt)
		if d := cmp.Diff(db.suspendable(), meanwhile); d != "" {
			t.Errorf("away meanwhile (-want +got):\n%s", d)
		}
		if d := cmp.Diff(before, db.indexed(t)); d != "" {
			t.Errorf("indexes (-before +after):\n%s", d)
		}
		var want []string
		for _, name := range db.suspendable() {
			want = append(want, "suspended "+name)
		}
		if d := cmp.Diff(want, told[1:1+len(want)]); d != "" {
			t.Errorf("told after the beginning (-want +got):\n%s", d)
		}
		last := slices.Index(told, "restored uq_guest_email")
		if town := slices.Index(told, "town"); last < 0 || slices.Index(told, "batch ") > last || town < last {
			t.Errorf("the indexes were to come back after their table's batches and before the next table's:\n%s", strings.Join(told, "\n"))
		}
		if n := db.pending(t); n > 0 {
			t.Errorf("%d indexes are suspended still, the journal says", n)
		}
		db.renewed(t)
	})
}

func TestIndexesStayWhereSuspendingIsNotAllowedOrNotWorthIt(t *testing.T) {
	onOneOfEach(t, func(t *testing.T, db *target) {
		if db.babelfish(t) {
			return // it can't disable an index
		}
		reset := db.resettable(t, func(d *target) { d.guests(t) })
		indexes := db.suspendable()
		indexes = indexes[:len(indexes)-1]
		for _, test := range []struct {
			name    string
			allow   []plan.HazardName
			maxRows int
			want    []string
		}{
			{"nothing allowed", nil, guestBatch, nil},
			{"all but uniqueness", []plan.HazardName{plan.SuspendsIndexes}, guestBatch, indexes},
			{"uniqueness alone", []plan.HazardName{plan.SuspendsUniqueness}, guestBatch, []string{"uq_guest_email"}},
			{"a table in one batch", bothSuspended, guestCount, nil},
		} {
			t.Run(test.name, func(t *testing.T) {
				db := reset(t)
				p := db.plan(t, guestPolicy, plan.ScopeEverything)
				o := guestRun(p, "some", test.allow...)
				o.MaxRows = test.maxRows
				var got []string
				o.Progress = func(e erase.Event) {
					if e.Kind == erase.EventSuspended {
						got = append(got, e.Index)
					}
				}
				db.run(t, p, o)
				if d := cmp.Diff(test.want, got); d != "" {
					t.Errorf("suspended (-want +got):\n%s", d)
				}
			})
		}
	})
}

// TestPitfall11 ends a run in all possible ways while indexes are suspended.
func TestPitfall11IndexesThatAreAwayWhenARunEnds(t *testing.T) {
	onOneOfEach(t, func(t *testing.T, db *target) {
		if db.babelfish(t) {
			return // it can't disable an index
		}
		reset := db.resettable(t, func(d *target) { d.guests(t) })
		t.Run("cancelled", func(t *testing.T) {
			db := reset(t)
			p, before := db.plan(t, guestPolicy, plan.ScopeEverything), db.indexed(t)
			ctx, cancel := context.WithCancel(t.Context())
			_, err := erase.RunAt(ctx, db.DB, p, guestRun(p, "r", bothSuspended...), func(point string) {
				if point == "committed" {
					cancel()
				}
			})
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("it ended with %v", err)
			}
			if d := cmp.Diff(before, db.indexed(t)); d != "" {
				t.Errorf("indexes (-before +after):\n%s", d)
			}
			db.run(t, p, guestRun(p, "r", bothSuspended...))
			db.renewed(t)
		})
		t.Run("taken over before they went", func(t *testing.T) {
			db := reset(t)
			p, before := db.plan(t, guestPolicy, plan.ScopeEverything), db.indexed(t)
			_, err := erase.RunAt(t.Context(), db.DB, p, guestRun(p, "r", bothSuspended...), func(point string) {
				if point == "suspending" {
					db.exec(t, "UPDATE "+db.quote(db.DB.JournalTable("run"))+" SET epoch = epoch + 1")
				}
			})
			if !errors.Is(err, erase.ErrSuperseded) {
				t.Fatalf("it ended with %v", err)
			}
			if d := cmp.Diff(before, db.indexed(t)); d != "" {
				t.Errorf("indexes (-before +after):\n%s", d)
			}
		})
		t.Run("a duplicate came meanwhile", func(t *testing.T) { duplicated(t, reset(t)) })
		t.Run("another process looks on", func(t *testing.T) { lookedAt(t, reset(t)) })
	})
}

func duplicated(t *testing.T, db *target) {
	p, before := db.plan(t, guestPolicy, plan.ScopeEverything), db.indexed(t)
	towns := db.plan(t, townPolicy, plan.ScopeEverything)
	o := guestRun(p, "r", bothSuspended...)
	inserted := false
	_, err := erase.RunAt(t.Context(), db.DB, p, o, func(point string) {
		if point == "restoring" && !inserted {
			inserted = true
			db.exec(t, "INSERT INTO guest (guest_id, email) SELECT 1000, min(email) FROM guest")
		}
	})
	notBack := func(doing string, err error) {
		t.Helper()
		if !errors.Is(err, erase.ErrSuspended) || !strings.Contains(err.Error(), "index uq_guest_email of "+db.name("guest").String()) || strings.Contains(err.Error(), "@") {
			t.Fatalf("%s: the error should name the index, and no value: %v", doing, err)
		}
		if d := cmp.Diff([]string{"uq_guest_email"}, db.away(t)); d != "" {
			t.Errorf("%s: away (-want +got):\n%s", doing, d)
		}
	}
	notBack("the run", err)
	_, err = erase.Run(t.Context(), db.DB, p, o)
	notBack("the run again", err)
	r, err := erase.Repair(t.Context(), db.DB)
	notBack("repair", err)
	if len(r.Restored) > 0 || len(r.Unfinished) != 1 {
		t.Errorf("repair says %+v", r)
	}
	db.run(t, towns, options(towns, "another table"))
	db.exec(t, "DELETE FROM guest WHERE guest_id = 1000")
	r, err = erase.Repair(t.Context(), db.DB)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"index uq_guest_email of " + db.name("guest").String()}, r.Restored); d != "" {
		t.Errorf("restored (-want +got):\n%s", d)
	}
	if d := cmp.Diff(before, db.indexed(t)); d != "" {
		t.Errorf("indexes (-before +after):\n%s", d)
	}
	db.run(t, p, o)
	db.renewed(t)
}

func lookedAt(t *testing.T, db *target) {
	p, before := db.plan(t, guestPolicy, plan.ScopeEverything), db.indexed(t)
	one := db.plan(t, guestPolicy, plan.ScopeSubjects)
	towns := db.plan(t, townPolicy, plan.ScopeEverything)
	looked := false
	_, err := erase.RunAt(t.Context(), db.DB, p, guestRun(p, "r", bothSuspended...), func(point string) {
		if point != "suspended" {
			return
		}
		looked = true
		if _, err := erase.Run(t.Context(), db.DB, one, options(one, "one", "7")); !errors.Is(err, erase.ErrSuspended) {
			t.Errorf("a run on the table ends with %v", err)
		}
		if _, err := erase.Run(t.Context(), db.DB, p, guestRun(p, "r")); !errors.Is(err, erase.ErrRunning) {
			t.Errorf("the same run ends with %v", err)
		}
		if _, err := erase.Run(t.Context(), db.DB, towns, options(towns, "towns")); err != nil {
			t.Errorf("a run on another table ends with %v", err)
		}
		if _, err := erase.Preview(t.Context(), db.DB, p, guestRun(p, "")); !errors.Is(err, erase.ErrSuspended) {
			t.Errorf("a preview ends with %v", err)
		}
		r, err := erase.Repair(t.Context(), db.DB)
		if err != nil || len(r.Restored) > 0 || len(r.Unfinished) != 1 || !r.Unfinished[0].Running {
			t.Errorf("repair says %+v, %v", r, err)
		}
		if d := cmp.Diff(db.suspendable(), db.away(t)); d != "" {
			t.Errorf("away (-want +got):\n%s", d)
		}
	})
	if err != nil || !looked {
		t.Fatalf("it ended with %v", err)
	}
	if d := cmp.Diff(before, db.indexed(t)); d != "" {
		t.Errorf("indexes (-before +after):\n%s", d)
	}
}

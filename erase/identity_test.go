package erase_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/plan"
)

// wipes is the club's policy for staging.
var wipes = overwrites

func allowed(p *plan.Plan, run string) erase.Options {
	o := options(p, run)
	for _, h := range p.Hazards {
		o.Allow = append(o.Allow, h.Name)
	}
	return o
}

func TestAPlanForEverythingRunsOnlyOnTheDatabaseThatItNames(t *testing.T) {
	onOneOfEach(t, func(t *testing.T, db *target) {
		db.club(t)
		p := db.plan(t, wipes, plan.ScopeEverything)
		id, err := db.DB.Identity(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct{ plan, run string }{
			{"", ""}, {"production", ""}, {"", "production"}, {"production", id.Names[0]}, {id.Names[0], "production"}, {id.Names[0] + "x", ""}, {"", strings.ToUpper(id.Names[0]) + "@"},
		} {
			db.unchanged(t, func() {
				q := *p
				q.OnlyOn = c.plan
				o := allowed(&q, "r")
				o.OnlyOn = c.run
				if _, err := erase.Run(t.Context(), db.DB, &q, o); !errors.Is(err, erase.ErrWrongDatabase) || !strings.Contains(err.Error(), id.Names[0]) {
					t.Errorf("plan for %q, run only on %q: %v, want ErrWrongDatabase", c.plan, c.run, err)
				}
			})
		}
		subjects := db.plan(t, wipes, plan.ScopeSubjects)
		o := options(subjects, "s", "1")
		o.OnlyOn = "production"
		if _, err := erase.Run(t.Context(), db.DB, subjects, o); !errors.Is(err, erase.ErrWrongDatabase) {
			t.Errorf("scope subjects: %v, want ErrWrongDatabase", err)
		}
		o.OnlyOn = ""
		journal := db.run(t, subjects, o).Predicate.System.Journal
		for i, name := range append(id.Names, journal) {
			q := *p
			q.OnlyOn = ""
			o := allowed(&q, string(rune('a'+i)))
			o.OnlyOn = name
			db.run(t, &q, o)
		}
	})
}

func TestAProtectedDatabaseIsNeverWiped(t *testing.T) {
	onOneOfEach(t, func(t *testing.T, db *target) {
		db.club(t)
		p, subjects := db.plan(t, wipes, plan.ScopeEverything), db.plan(t, wipes, plan.ScopeSubjects)
		for range 2 {
			if err := erase.Protect(t.Context(), db.DB); err != nil { // before any run: the journal contains only the mark
				t.Fatal(err)
			}
		}
		refused := func(run string) {
			t.Helper()
			db.unchanged(t, func() {
				if _, err := erase.Run(t.Context(), db.DB, p, allowed(p, run)); !errors.Is(err, erase.ErrProtected) {
					t.Errorf("%v, want ErrProtected", err)
				}
			})
		}
		refused("r")
		db.run(t, subjects, options(subjects, "s", "1"))
		refused("r")
		if err := erase.Unprotect(t.Context(), db.DB, "production"); !errors.Is(err, erase.ErrWrongDatabase) {
			t.Errorf("unprotecting by another name: %v", err)
		}
		refused("r")
		if err := erase.Unprotect(t.Context(), db.DB, p.OnlyOn); err != nil {
			t.Fatal(err)
		}
		db.run(t, p, allowed(p, "r"))
		if err := erase.Protect(t.Context(), db.DB); err != nil {
			t.Fatal(err)
		}
		if _, err := erase.Run(t.Context(), db.DB, p, allowed(p, "r2")); !errors.Is(err, erase.ErrProtected) {
			t.Errorf("a new run: %v, want ErrProtected", err)
		}
	})
}

// A mark may exist where it can't be read.
func TestAMarkThatCannotBeReadRefuses(t *testing.T) {
	onPostgres(t, func(t *testing.T, db *target) {
		db.club(t)
		if err := erase.Protect(t.Context(), db.DB); err != nil {
			t.Fatal(err)
		}
		p := db.plan(t, wipes, plan.ScopeEverything)
		clerk := db.as(t, "GRANT SELECT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO %s")
		db.unchanged(t, func() {
			if r, err := erase.Run(t.Context(), clerk, p, allowed(p, "r")); err == nil || r.Receipt != nil {
				t.Error("the run was begun")
			}
		})
	})
}

func TestACopyHasAnIdentityOfItsOwn(t *testing.T) {
	onOneOfEach(t, func(t *testing.T, db *target) {
		db.club(t)
		held := strings.Replace(deletes, "erase: delete\n    columns: {visit_id", "erase: delete\n    hold: {because: accounts, basis: tax law, where: \"place = 'Bonn'\"}\n    columns: {visit_id", 1)
		p := db.plan(t, held, plan.ScopeSubjects)
		original := db.run(t, p, options(p, "before", "1")).Predicate.System
		again := db.run(t, p, options(p, "again", "2")).Predicate.System
		if original.CopyOf != "" || again.Journal != original.Journal || again.CopyOf != "" {
			t.Fatal("a database that wasn't copied has another identity in its next run")
		}
		o := options(p, "open", "3")
		db.stopAfterFirst(t, p, o)

		made := db.clubCopied(t)
		noticed := 0
		o = options(p, "in the copy", "4")
		o.Progress = func(e erase.Event) {
			if e.Kind == erase.EventCopyNoticed {
				noticed++
				if e.Reason != original.Journal {
					t.Error("the event names another database than was copied")
				}
			}
		}
		st := made.run(t, p, o)
		if s := st.Predicate.System; s.CopyOf != original.Journal || s.Journal == original.Journal || noticed != 1 {
			t.Errorf("the copy has identity %q and is a copy of %q: want another than %q, and that; it was noticed %d times", s.Journal, s.CopyOf, original.Journal, noticed)
		}
		if n := made.journalRows(t, "held"); n == 0 {
			t.Fatal("nothing was held: the test shows nothing")
		}

		wipe := made.plan(t, wipes, plan.ScopeEverything)
		last := made.run(t, wipe, allowed(wipe, "wipe")).Predicate.System
		if last.Journal != st.Predicate.System.Journal || last.CopyOf != original.Journal {
			t.Error("the copy's identity changed again")
		}
		if n := made.journalRows(t, "held"); n != 0 {
			t.Errorf("the copy's journal names %d rows of held people after every row was overwritten", n)
		}
		r, err := erase.Repair(t.Context(), made.DB)
		if err != nil || len(r.Unfinished) != 0 {
			t.Errorf("the copy's journal has %d open runs of the original: %v", len(r.Unfinished), err)
		}
		if n := db.journalRows(t, "held"); n == 0 {
			t.Error("the original's notes are gone")
		}
		if s := db.run(t, p, options(p, "open", "3")).Predicate.System; s.Journal != original.Journal || s.CopyOf != "" {
			t.Error("the original has another identity since it was copied")
		}

		if err := erase.Adopt(t.Context(), made.DB); err != nil {
			t.Fatal(err)
		}
		if s := made.run(t, wipe, allowed(wipe, "adopted")).Predicate.System; s.Journal != original.Journal || s.CopyOf != "" {
			t.Error("an adopted database has another identity than what it was moved from")
		}
	})
}

// A SQLite file moved, or restored in its place, is no copy.
func TestAFileThatIsMovedOrRestoredIsNoCopy(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "club.db")
	db := openTarget(t, "sqlite:"+path).club(t)
	p := db.plan(t, deletes, plan.ScopeSubjects)
	was := db.run(t, p, options(p, "1", "1")).Predicate.System.Journal
	db.SQL.Close()

	moved := filepath.Join(folder, "moved.db")
	if err := os.Rename(path, moved); err != nil {
		t.Fatal(err)
	}
	db = openTarget(t, "sqlite:"+moved)
	if s := db.run(t, p, options(p, "2", "2")).Predicate.System; s.Journal != was || s.CopyOf != "" {
		t.Error("a file that was moved is taken for a copy")
	}
	db.SQL.Close()

	data, err := os.ReadFile(moved)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := os.Open(moved) // so that its inode number isn't reused
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	if err := errors.Join(os.Remove(moved), os.WriteFile(moved, data, 0o600)); err != nil {
		t.Fatal(err)
	}
	db = openTarget(t, "sqlite:"+moved)
	if s := db.run(t, p, options(p, "3", "3")).Predicate.System; s.Journal != was || s.CopyOf != "" {
		t.Error("a file that was restored in its place is taken for a copy")
	}
}

// clubCopied copies the club with its journal: by the engine's own tool or, on MySQL and MariaDB, by
// statements, since the tool may have another version.
func (d *target) clubCopied(t *testing.T) *target {
	t.Helper()
	if d.Engine != sample.MySQL && d.Engine != sample.MariaDB {
		return d.backUp(t)(t)
	}
	made := openTarget(t, d.server.Database(t).URL)
	made.server = d.server
	var from string
	if err := d.SQL.QueryRow("SELECT DATABASE()").Scan(&from); err != nil {
		t.Fatal(err)
	}
	for _, s := range club {
		if !strings.HasPrefix(s, "INSERT") {
			made.exec(t, s)
		}
	}
	for _, row := range scan[string](t, d, "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME LIKE 'expunge%'") {
		made.exec(t, "CREATE TABLE "+row[0]+" LIKE "+from+"."+row[0], "INSERT INTO "+row[0]+" SELECT * FROM "+from+"."+row[0])
	}
	for _, table := range []string{"member", "visit", "remark", "letter"} {
		made.exec(t, "INSERT INTO "+table+" SELECT * FROM "+from+"."+table)
	}
	return made
}

// stopAfterFirst begins a run and stops it after the first committed batch.
func (d *target) stopAfterFirst(t *testing.T, p *plan.Plan, o erase.Options) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	o.Progress = func(e erase.Event) {
		if e.Kind == erase.EventChecked {
			cancel()
		}
	}
	if _, err := erase.Run(ctx, d.DB, p, o); err == nil {
		t.Fatal("the run wasn't stopped")
	}
}

// journalRows counts the rows of one of the journal's tables.
func (d *target) journalRows(t *testing.T, table string) int {
	t.Helper()
	return d.count(t, "SELECT count(*) FROM "+d.quote(d.DB.JournalTable(table)))
}

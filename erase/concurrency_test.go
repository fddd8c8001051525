package erase_test

import (
	"context"
	"errors"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/postgres"
	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/internal/testdb"
	"github.com/expungedb/expunge/plan"
	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/goleak"
)

// on makes a run call do at the first event of a kind.
func on(o *erase.Options, kind erase.EventKind, do func(erase.Event)) {
	var once sync.Once
	next := o.Progress
	o.Progress = func(e erase.Event) {
		if next != nil {
			next(e)
		}
		if e.Kind == kind {
			once.Do(func() { do(e) })
		}
	}
}

func TestOnlyOneProcessCarriesARunOut(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		db.club(t)
		rival := openTarget(t, db.URL)
		p := db.plan(t, deletes, plan.ScopeSubjects)
		o := options(p, "r", "1", "2")
		o.Actor = "night shift"
		tried := false
		on(&o, erase.EventBegan, func(erase.Event) {
			tried = true
			_, err := erase.Run(t.Context(), rival.DB, p, options(p, "r", "1", "2"))
			if !errors.Is(err, erase.ErrRunning) || !strings.Contains(err.Error(), "night shift, process ") {
				t.Errorf("error %v", err)
			}
		})
		st := db.run(t, p, o)
		if !tried || st.Predicate.Subjects.Done != 2 {
			t.Errorf("%+v", st.Predicate.Subjects)
		}
	})
}

func TestRunsOfOnePlanGoSideBySide(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		db.club(t)
		p := db.plan(t, deletes, plan.ScopeSubjects)
		var wg sync.WaitGroup
		for _, id := range []string{"1", "2", "3"} {
			own := openTarget(t, db.URL)
			wg.Go(func() {
				report, err := erase.Run(t.Context(), own.DB, p, options(p, "run of "+id, id))
				if err != nil {
					t.Error(err)
					return
				}
				if n := done(opened(t, report.Receipt))["delete member"]; n != (receipt.Rows{Matched: 1, Affected: 1}) {
					t.Errorf("%+v", n)
				}
			})
		}
		wg.Wait()
		if d := cmp.Diff([]int64{4}, db.keys(t, "member")); d != "" {
			t.Error(d)
		}
	})
}

// Each run holds a connection for its claim, and needs another.
func TestRunsThatShareASmallPoolTakeTurns(t *testing.T) {
	onOneOfEach(t, func(t *testing.T, db *target) {
		db.club(t)
		small := db.DB
		if db.Engine == sample.Postgres {
			c, err := pgxpool.ParseConfig(db.URL)
			if err != nil {
				t.Fatal(err)
			}
			c.MaxConns = 2
			pool, err := pgxpool.NewWithConfig(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			defer pool.Close()
			small = postgres.New(pool)
		} else {
			db.SQL.SetMaxOpenConns(2)
		}
		p := db.plan(t, deletes, plan.ScopeSubjects)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var wg sync.WaitGroup
		for _, id := range []string{"1", "2", "3", "4"} {
			wg.Go(func() {
				if _, err := erase.Run(ctx, small, p, options(p, "run of "+id, id)); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := db.count(t, "SELECT count(*) FROM member"); n != 0 {
			t.Errorf("%d members are left", n)
		}
	})
}

// Pitfall 27: a worker taken for dead comes back.
func TestPitfall27AWorkerPresumedDeadCantCommit(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		db.club(t)
		p := db.plan(t, deletes, plan.ScopeSubjects)
		o := options(p, "r", "1")
		before := db.dump(t)
		takeOver := sync.OnceFunc(func() {
			db.exec(t, "UPDATE "+db.quote(db.DB.JournalTable("run"))+" SET epoch = epoch + 1")
		})
		if db.Engine == sample.SQLite { // nobody writes during a batch there
			on(&o, erase.EventBegan, func(erase.Event) { takeOver() })
		}
		_, err := erase.RunAt(t.Context(), db.DB, p, o, func(point string) {
			if point == "acted" {
				takeOver()
			}
		})
		if !errors.Is(err, erase.ErrSuperseded) {
			t.Errorf("error %v", err)
		}
		if d := cmp.Diff(before, db.dump(t)); d != "" {
			t.Error("it has committed")
		}
		if n := done(db.run(t, p, options(p, "r", "1")))["delete member"]; n.Affected != 1 {
			t.Errorf("%+v", n)
		}
	})
}

// A transient violation, by a newly inserted row or by two equal random values, causes one more
// attempt. A sequence isn't rolled back, so it makes the violation happen once.
func TestAViolationIsTriedAgain(t *testing.T) {
	for _, c := range []struct {
		name, when, table, once string
		class                   dialect.Class
	}{
		{"foreign key", "BEFORE DELETE", "visit", "INSERT INTO remark VALUES (9999, OLD.visit_id, 'new');", dialect.ForeignKeyViolation},
		{"unique", "BEFORE UPDATE", "member", "NEW.email := 'two@club.example';", dialect.UniqueViolation},
		{"serialization failure", "BEFORE DELETE", "visit", "RAISE EXCEPTION USING ERRCODE = 'serialization_failure';", dialect.Retryable},
		{"statement timeout", "BEFORE DELETE", "visit", "RAISE EXCEPTION USING ERRCODE = 'query_canceled';", dialect.LockTimeout},
	} {
		t.Run(c.name, func(t *testing.T) {
			onPostgres(t, func(t *testing.T, db *target) {
				db.club(t)
				db.exec(t, "CREATE SEQUENCE times")
				db.trigger(t, c.when, c.table, "IF nextval('times') = 1 THEN "+c.once+" END IF;", nil)
				p := db.plan(t, overwrites, plan.ScopeSubjects)
				o := options(p, "r", "1")
				var classes []dialect.Class
				o.Progress = func(e erase.Event) {
					if e.Kind == erase.EventRetry {
						classes = append(classes, e.Class)
					}
				}
				st := db.run(t, p, o)
				if d := cmp.Diff([]dialect.Class{c.class}, classes); d != "" {
					t.Error(d)
				}
				if st.Predicate.Commits.Retries != 1 || done(st)["overwrite member"].Affected != 1 {
					t.Errorf("%+v", st.Predicate.Commits)
				}
			})
		})
	}
}

// A new row referring to a locked one waits, and is then refused.
func TestARowThatArrivesMeanwhileFindsNothingToReferTo(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		if db.Engine == sample.SQLite {
			return // nobody writes during a batch
		}
		if db.babelfish(t) {
			return // it doesn't lock the rows gathered by a batch
		}
		db.club(t)
		p := db.plan(t, deletes, plan.ScopeSubjects)
		var wg sync.WaitGroup
		var inserted error
		report, err := erase.RunAt(t.Context(), db.DB, p, options(p, "r", "1"), func(point string) {
			if point == "gathered" {
				wg.Go(func() { _, inserted = db.SQL.Exec("INSERT INTO visit VALUES (99, 1, 'Rome')") })
			}
		})
		wg.Wait()
		if err != nil {
			t.Fatal(err)
		}
		if inserted == nil {
			t.Error("the row has arrived")
		}
		if n := done(opened(t, report.Receipt))["delete visit"]; n != (receipt.Rows{Matched: 2, Affected: 2}) {
			t.Errorf("%+v", n)
		}
		db.intact(t)
	})
}

func TestACancelledRunEndsBetweenBatchesAndContinues(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		policy := db.shop(t, sample.Shop{Customers: 40, Seed: 1})
		p, err := db.build(t.Context(), policy, plan.ScopeEverything)
		if err != nil {
			t.Fatal(err)
		}
		o := options(p, "r")
		o.MaxRows, o.Workers = 10, 2
		ctx, cancel := context.WithCancel(t.Context())
		first := o
		on(&first, erase.EventChecked, func(erase.Event) { cancel() })
		if _, err := erase.Run(ctx, db.DB, p, first); !errors.Is(err, context.Canceled) {
			t.Fatalf("error %v", err)
		}
		if n := batches(t, db); n == 0 || n > 4 {
			t.Errorf("%d batches were done", n)
		}
		resumed := false
		on(&o, erase.EventResumed, func(e erase.Event) { resumed = e.Done > 0 })
		st := db.run(t, p, o)
		if !resumed {
			t.Error("the run began anew")
		}
		for _, a := range st.Predicate.Actions {
			if a.Operation == "overwrite" && a.Rows.Affected != int64(db.count(t, "SELECT count(*) FROM "+db.quote(db.name(a.Table)))) {
				t.Errorf("%s: %+v", a.Table, a.Rows)
			}
		}
		db.closed(t)
	})
}

// A new row linked to a row other than the subjects doesn't wait: it is in the receipt.
func TestARowThatArrivesByALinkMeanwhileIsCounted(t *testing.T) {
	policy := strings.Replace(deletes, "links:", `  photo: {erase: delete, columns: {photo_id: none, visit_id: none}}
  tag: {erase: delete, columns: {tag_id: none, photo_id: none}}
links:
  - photo(visit_id) -> visit(visit_id)`, 1)
	for name, maxRows := range map[string]int{"at once": 0, "in parts": 1} {
		t.Run(name, func(t *testing.T) {
			onOneOfEach(t, func(t *testing.T, db *target) {
				if db.Engine == sample.SQLite {
					return // nobody writes during a batch
				}
				db.club(t)
				db.exec(t,
					`CREATE TABLE photo (photo_id INTEGER NOT NULL, visit_id INTEGER, PRIMARY KEY (photo_id))`,
					`CREATE TABLE tag (tag_id INTEGER NOT NULL, photo_id INTEGER, PRIMARY KEY (tag_id), CONSTRAINT fk_tag FOREIGN KEY (photo_id) REFERENCES photo (photo_id))`,
					`CREATE INDEX ix_photo ON photo (visit_id)`, `CREATE INDEX ix_tag ON tag (photo_id)`,
					`INSERT INTO photo VALUES (1, 11)`)
				p := db.plan(t, policy, plan.ScopeSubjects)
				o := options(p, "r", "1")
				o.MaxRows, o.Workers = maxRows, 1
				arrive := sync.OnceFunc(func() { db.exec(t, "INSERT INTO photo VALUES (2, 11)") })
				report, err := erase.RunAt(t.Context(), db.DB, p, o, func(point string) {
					if point == "journaled" {
						arrive()
					}
				})
				want := receipt.Rows{Matched: 1, Affected: 1, Arrived: 1}
				if maxRows > 0 {
					want = receipt.Rows{Matched: 2, Affected: 2} // the next part found it
				}
				wantArrived(t, err, want.Arrived)
				if d := cmp.Diff(want, done(opened(t, report.Receipt))["delete photo"]); d != "" {
					t.Error(d)
				}
			})
		})
	}
}

// An overwritten subject still has its row when the run is continued, and is neither overwritten nor
// counted again. Otherwise the run would end before the last subjects.
func TestASubjectIsOverwrittenOnceHoweverOftenTheRunIsContinued(t *testing.T) {
	onOneOfEach(t, func(t *testing.T, db *target) {
		db.club(t)
		db.exec(t, "DELETE FROM remark", "DELETE FROM visit", "DELETE FROM letter")
		p := db.plan(t, overwrites, plan.ScopeSubjects)
		o := options(p, "r", "1", "2", "3", "4")
		o.MaxRows, o.Workers = 1, 1
		names := func() map[string]string {
			out := map[string]string{}
			for _, r := range scan[string](t, db, "SELECT member_id, name FROM member") {
				out[r[0]] = r[1]
			}
			return out
		}
		old, interrupted := names(), 0
		var st *receipt.Statement
		for last := old; st == nil; {
			report, err := erase.RunAt(t.Context(), db.DB, p, o, func(point string) {
				if point == "committed" && !maps.Equal(last, names()) {
					db.exec(t, "UPDATE "+db.quote(db.DB.JournalTable("run"))+" SET epoch = epoch + 1")
				}
			})
			now := names()
			for id, name := range last {
				if name != old[id] && name != now[id] {
					t.Errorf("member %s was overwritten twice", id)
				}
			}
			if last = now; err == nil {
				st = opened(t, report.Receipt)
			} else if interrupted++; !errors.Is(err, erase.ErrSuperseded) || interrupted > 4 {
				t.Fatalf("error %v", err)
			}
		}
		for id, name := range names() {
			if name == old[id] {
				t.Errorf("member %s wasn't overwritten", id)
			}
		}
		if d := cmp.Diff(receipt.Rows{Matched: 4, Affected: 4}, done(st)["overwrite member"]); d != "" || interrupted != 4 {
			t.Errorf("interrupted %d times: %s", interrupted, d)
		}
		for _, c := range st.Predicate.Checks {
			if c.ID == "roots-scanned-again" && c.Result != receipt.Unchecked {
				t.Errorf("%s %s: those who were overwritten are there, which a scan doesn't tell apart", c.ID, c.Result)
			}
		}
		db.closed(t)
	})
}

// It isn't parallel to others, since their goroutines would count.
func TestNoGoroutineOutlivesARun(t *testing.T) {
	urls := []string{"sqlite:" + t.TempDir() + "/leak.db", testdb.Postgres(t).URL}
	for _, url := range urls {
		before := goleak.IgnoreCurrent()
		func() {
			db, closed, err := connect(t.Context(), url)
			if err != nil {
				t.Fatal(err)
			}
			defer closed()
			defer db.SQL.Close()
			db.club(t)
			p := db.plan(t, deletes, plan.ScopeSubjects)
			db.run(t, p, options(p, "r", "1", "2"))
			o := options(p, "cancelled", "3")
			ctx, cancel := context.WithCancel(t.Context())
			on(&o, erase.EventBegan, func(erase.Event) { cancel() })
			if _, err := erase.Run(ctx, db.DB, p, o); err == nil {
				t.Error("the run wasn't cancelled")
			}
		}()
		goleak.VerifyNone(t, before)
	}
}

package erase_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/plan"
)

// meanwhile carries a run out, in small batches, and changes the schema after the first of them, as an
// application might.
func (d *target) meanwhile(t testing.TB, p *plan.Plan, o erase.Options, change ...string) (erase.Report, error) {
	t.Helper()
	o.MaxRows, o.Workers = 4, 1
	once := sync.OnceFunc(func() { d.exec(t, change...) })
	return erase.RunAt(t.Context(), d.DB, p, o, func(point string) {
		if point == "checked" {
			once()
		}
	})
}

// reviews makes a table referring to members, with a row of member 3, erased in a later batch.
func reviews(action string) []string {
	return []string{
		"CREATE TABLE review (review_id INTEGER NOT NULL, member_id INTEGER DEFAULT 4, body VARCHAR(80), PRIMARY KEY (review_id), CONSTRAINT fk_review FOREIGN KEY (member_id) REFERENCES member (member_id) " + action + ")",
		"INSERT INTO review VALUES (1, 3, 'of three')",
	}
}

func TestARunNoticesAReferenceThatIsMadeMeanwhile(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		for _, action := range []string{"ON DELETE CASCADE", "ON DELETE SET NULL", "ON DELETE SET DEFAULT", "ON DELETE NO ACTION"} {
			if action == "ON DELETE SET DEFAULT" && (db.Engine == sample.MySQL || db.Engine == sample.MariaDB) {
				continue // InnoDB has none
			}
			t.Run(action, func(t *testing.T) {
				db := db.again(t).club(t)
				p := db.plan(t, deletes, plan.ScopeSubjects)
				o := options(p, "r", "1", "2", "3")
				if report, err := db.meanwhile(t, p, o, reviews(action)...); !errors.Is(err, erase.ErrDrift) || report.Receipt != nil {
					t.Fatalf("error %v, want ErrDrift", err)
				}
				if n := db.count(t, "SELECT count(*) FROM review WHERE member_id = 3"); n != 1 {
					t.Error("the row that no step names isn't as it was")
				}
				if action == "ON DELETE SET NULL" {
					db.closesIncomplete(t, p, o)
					return
				}
				db.exec(t, "DROP TABLE review")
				report, err := erase.Run(t.Context(), db.DB, p, o)
				if err != nil {
					t.Fatal(err)
				}
				if s := opened(t, report.Receipt).Predicate.Subjects; s.Done != 3 {
					t.Errorf("%+v", s)
				}
			})
		}
	})
}

func TestARunNoticesAColumnAndATriggerThatAreMadeMeanwhile(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		for name, change := range map[string]func(db *target){
			"column": func(db *target) { db.exec(t, "ALTER TABLE member ADD nickname VARCHAR(40)") },
			"trigger": func(db *target) {
				db.exec(t, "CREATE TABLE history (name VARCHAR(80))")
				db.trigger(t, "AFTER UPDATE", "member", "INSERT INTO history VALUES (OLD.name);", map[string]string{
					sample.SQLServer: "INSERT INTO history SELECT name FROM deleted;",
				})
			},
		} {
			t.Run(name, func(t *testing.T) {
				db := db.again(t).club(t)
				p := db.plan(t, overwrites, plan.ScopeSubjects)
				o := options(p, "r", "1", "2", "3")
				o.MaxRows, o.Workers = 4, 1
				once := sync.OnceFunc(func() { change(db) })
				report, err := erase.RunAt(t.Context(), db.DB, p, o, func(point string) {
					if point == "checked" {
						once()
					}
				})
				if !errors.Is(err, erase.ErrDrift) || report.Receipt != nil {
					t.Fatalf("error %v, want ErrDrift", err)
				}
				if n := db.count(t, "SELECT count(*) FROM member WHERE name = 'Three Tre'"); n != 1 {
					t.Error("a batch went on after the change")
				}
			})
		}
	})
}

// Workers noticing a change at the same time use all of the pool's connections.
func TestSeveralWorkersNoticeAChangeAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		db.club(t)
		var subjects []string
		for i := range 60 {
			subjects = append(subjects, fmt.Sprint(100+i))
			db.exec(t, fmt.Sprintf("INSERT INTO member (member_id, name, email) VALUES (%d, 'Member %d', 'm%d@club.example')", 100+i, i, i))
		}
		p := db.plan(t, deletes, plan.ScopeSubjects)
		o := options(p, "r", subjects...)
		o.MaxRows, o.Workers = 1, 8
		once := sync.OnceFunc(func() { db.exec(t, reviews("ON DELETE CASCADE")...) })
		report, err := erase.RunAt(t.Context(), db.DB, p, o, func(point string) {
			if point == "checked" {
				once()
			}
		})
		if !errors.Is(err, erase.ErrDrift) || report.Receipt != nil {
			t.Errorf("error %v, want ErrDrift", err)
		}
	})
}

// A reference may be made in a database outside of the plan.
func TestARunNoticesAReferenceFromAnotherDatabase(t *testing.T) {
	innoDB := slices.DeleteFunc(engines(t), func(e engine) bool {
		return !strings.HasPrefix(e.name, "mysql") && !strings.HasPrefix(e.name, "mariadb")
	})
	runOn(t, innoDB, func(t *testing.T, db *target) {
		db.club(t)
		here := scan[string](t, db, "SELECT database()")[0][0]
		there := here + "_elsewhere"
		t.Cleanup(func() { db.exec(t, "DROP DATABASE IF EXISTS `"+there+"`") })
		p := db.plan(t, deletes, plan.ScopeSubjects)
		o := options(p, "r", "1", "2", "3")
		report, err := db.meanwhile(t, p, o, "CREATE DATABASE `"+there+"`",
			"CREATE TABLE `"+there+"`.review (review_id INTEGER NOT NULL, member_id INTEGER, PRIMARY KEY (review_id), FOREIGN KEY (member_id) REFERENCES `"+here+"`.member (member_id) ON DELETE CASCADE)",
			"INSERT INTO `"+there+"`.review VALUES (1, 3)")
		if !errors.Is(err, erase.ErrDrift) || report.Receipt != nil {
			t.Fatalf("error %v, want ErrDrift", err)
		}
		if n := db.count(t, "SELECT count(*) FROM `"+there+"`.review"); n != 1 {
			t.Error("the row that no step names is gone")
		}
	})
}

// A schema change after a batch's comparison waits for the batch's locks, or passes them on engines
// without locks on the referenced table: the next batch notices.
func TestTheNextBatchNoticesAChangeThatWaitedForTheLast(t *testing.T) {
	servers := slices.DeleteFunc(engines(t), func(e engine) bool { return e.name == "sqlite" || strings.HasPrefix(e.name, "sqlserver") })
	runOn(t, servers, func(t *testing.T, db *target) {
		db.club(t)
		p := db.plan(t, deletes, plan.ScopeSubjects)
		o := options(p, "r", "1", "2", "3")
		o.MaxRows, o.Workers = 4, 1
		var over sync.WaitGroup
		changed := make(chan struct{})
		begin := sync.OnceFunc(func() {
			over.Go(func() {
				defer close(changed)
				for _, s := range reviews("ON DELETE CASCADE") {
					if _, err := db.SQL.Exec(s); err != nil {
						t.Error(err)
					}
				}
			})
			db.awaitWaitingChange(t, changed)
		})
		altered := sync.OnceFunc(over.Wait)
		report, err := erase.RunAt(t.Context(), db.DB, p, o, func(point string) {
			switch point {
			case "journaled": // the batch has compared the mark already
				begin()
			case "committed":
				altered()
			}
		})
		over.Wait()
		if !errors.Is(err, erase.ErrDrift) || report.Receipt != nil {
			t.Fatalf("error %v, want ErrDrift", err)
		}
		if n := db.count(t, "SELECT count(*) FROM review WHERE member_id = 3"); n != 1 {
			t.Error("the row that no step names isn't as it was")
		}
	})
}

// awaitWaitingChange returns once a statement waits for the lock on a table, or the change is made.
func (d *target) awaitWaitingChange(t *testing.T, changed <-chan struct{}) {
	t.Helper()
	waiting := "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
	if d.Engine == sample.MySQL || d.Engine == sample.MariaDB {
		waiting = "SELECT count(*) FROM information_schema.processlist WHERE db = database() AND state LIKE 'Waiting for table metadata lock%'"
	}
	for d.count(t, waiting) == 0 {
		select {
		case <-changed:
			return
		case <-t.Context().Done():
			return
		default:
		}
	}
}

// The schema may change outside of the plan.
func TestARunGoesOnWhereTheChangeIsNoneOfThePlan(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		db.club(t)
		p := db.plan(t, deletes, plan.ScopeSubjects)
		report, err := db.meanwhile(t, p, options(p, "r", "1", "2", "3"), "CREATE TABLE weather (day INTEGER NOT NULL, PRIMARY KEY (day))")
		if err != nil {
			t.Fatal(err)
		}
		if s := opened(t, report.Receipt).Predicate.Subjects; s.Done != 3 {
			t.Errorf("%+v", s)
		}
	})
}

// After a change following the last batch, no receipt is signed, even if the change concerns none of
// the run's work.
func TestAReceiptIsNotSignedOverAnotherSchema(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		db.club(t)
		p := db.plan(t, deletes, plan.ScopeSubjects)
		o := options(p, "r", "1")
		report, err := db.meanwhile(t, p, o, reviews("ON DELETE CASCADE")...)
		if !errors.Is(err, erase.ErrDrift) || report.Receipt != nil {
			t.Fatalf("error %v, want ErrDrift", err)
		}
		db.exec(t, "DROP TABLE review")
		if _, err := erase.Run(t.Context(), db.DB, p, o); err != nil {
			t.Error(err)
		}
	})
}

// closesIncomplete closes a run stopped after one of three subjects, and repeats it.
func (d *target) closesIncomplete(t testing.TB, p *plan.Plan, o erase.Options) {
	t.Helper()
	o.Subjects, o.Secret = nil, anonymise.Secret{}
	report, err := erase.Close(t.Context(), d.DB, p, o, "")
	var left *erase.LeftError
	if !errors.As(err, &left) || left.Incomplete != erase.ErrDrift.Error() || !bytes.Equal(left.Receipt, report.Receipt) {
		t.Fatalf("error %v", err)
	}
	pr := opened(t, report.Receipt).Predicate
	if pr.Incomplete == nil || *pr.Subjects != (receipt.Subjects{Given: 3, Done: 1, NotReached: 2}) || len(pr.Failures()) == 0 {
		t.Errorf("%+v, %+v", pr.Incomplete, pr.Subjects)
	}
	if n := done(opened(t, report.Receipt))["delete member"]; n != (receipt.Rows{Matched: 1, Affected: 1}) {
		t.Errorf("%+v", n)
	}
	again, err := erase.Close(t.Context(), d.DB, p, o, "")
	if !errors.As(err, &left) || !again.Repeated || !bytes.Equal(again.Receipt, report.Receipt) {
		t.Errorf("closed again: %v", err)
	}
	o.Subjects, o.RunID = erase.SubjectKeys("1"), "another"
	if _, err := erase.Close(t.Context(), d.DB, p, o, ""); !errors.Is(err, erase.ErrNoSuchRun) {
		t.Errorf("a run that isn't there: %v", err)
	}
}

package erase_test

import (
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/plan"
)

// rival is another client's transaction.
type rival struct {
	t    testing.TB
	conn *sql.Conn
}

func (d *target) rival(t testing.TB) *rival {
	t.Helper()
	conn, err := d.SQL.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	r := &rival{t, conn}
	t.Cleanup(func() {
		conn.ExecContext(context.Background(), "ROLLBACK") //nolint:errcheck // most often it is over
		conn.Close()
	})
	switch d.Engine {
	case sample.SQLite:
		r.exec("BEGIN IMMEDIATE")
	case sample.SQLServer:
		r.exec("BEGIN TRANSACTION")
	default:
		r.exec("BEGIN")
	}
	return r
}

func (r *rival) exec(statement string) {
	r.t.Helper()
	if _, err := r.conn.ExecContext(context.Background(), statement); err != nil {
		r.t.Errorf("%s: %v", statement, err)
	}
}

// awaitBlocked returns once a transaction in the database waits for another's lock.
func (d *target) awaitBlocked(t testing.TB) {
	t.Helper()
	waiting := "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
	if d.Engine == sample.MySQL || d.Engine == sample.MariaDB {
		waiting = "SELECT count(*) FROM information_schema.innodb_trx x JOIN information_schema.processlist p ON p.id = x.trx_mysql_thread_id WHERE p.db = database() AND x.trx_state = 'LOCK WAIT'"
	}
	for d.count(t, waiting) == 0 {
		if t.Context().Err() != nil {
			return
		}
		if d.Engine == sample.MySQL || d.Engine == sample.MariaDB {
			d.count(t, "SELECT sleep(0.2)") // InnoDB refreshes the list after 0.1 s without a query on it
		}
	}
}

func TestALockedRowIsWaitedForAndTriedAgain(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		if db.babelfish(t) {
			return // its error for this has no number of its own
		}
		db.club(t)
		p := db.plan(t, deletes, plan.ScopeSubjects)
		o := options(p, "r", "1")
		o.LockTimeout = time.Second // the shortest unit of every engine
		var other *rival
		on(&o, erase.EventBegan, func(erase.Event) {
			other = db.rival(t)
			other.exec("UPDATE visit SET place = 'Rome' WHERE visit_id = 12")
		})
		var class dialect.Class
		on(&o, erase.EventRetry, func(e erase.Event) {
			class = e.Class
			other.exec("COMMIT")
		})
		st := db.run(t, p, o)
		if class != dialect.LockTimeout && class != dialect.Retryable {
			t.Errorf("tried again for %q", class)
		}
		if n := done(st)["delete visit"]; n.Affected != 2 {
			t.Errorf("%+v", n)
		}
	})
}

// Pitfall 6: a deadlock with the application.
func TestPitfall6ADeadlockEndsInAnotherAttempt(t *testing.T) {
	onPostgres(t, func(t *testing.T, db *target) {
		db.club(t)
		db.exec(t, "ALTER DATABASE "+db.database(t)+" SET deadlock_timeout = '2s'")
		own := openTarget(t, db.URL)
		db.deadlock(t, own, own.plan(t, deletes, plan.ScopeSubjects), "SET deadlock_timeout = '1min'") // so that the run is the victim
	})
}

// InnoDB rolls back the transaction with fewer changes. The test makes that the run's: its rival
// changes many rows first.
func TestPitfall6ADeadlockInInnoDBEndsInAnotherAttempt(t *testing.T) {
	innoDB := slices.DeleteFunc(engines(t), func(e engine) bool {
		return !strings.HasPrefix(e.name, "mysql") && !strings.HasPrefix(e.name, "mariadb")
	})
	runOn(t, innoDB, func(t *testing.T, db *target) {
		db.club(t)
		db.exec(t, "CREATE TABLE ballast (id int PRIMARY KEY)")
		var first []string
		for i := range 50 {
			first = append(first, "INSERT INTO ballast VALUES ("+strconv.Itoa(i)+")")
		}
		db.deadlock(t, db, db.plan(t, withTable(deletes, "ballast"), plan.ScopeSubjects), first...)
	})
}

// deadlock makes a rival, after its first statements, and a run wait for each other's rows: the run is
// rolled back, and retries.
func (d *target) deadlock(t *testing.T, run *target, p *plan.Plan, first ...string) {
	t.Helper()
	o := options(p, "r", "1")
	o.LockTimeout = time.Minute
	var class dialect.Class
	on(&o, erase.EventRetry, func(e erase.Event) { class = e.Class })
	var over sync.WaitGroup
	on(&o, erase.EventBegan, func(erase.Event) {
		other := d.rival(t)
		for _, statement := range first {
			other.exec(statement)
		}
		other.exec("UPDATE visit SET place = 'Rome' WHERE visit_id = 12")
		over.Go(func() {
			defer other.exec("ROLLBACK")
			d.awaitBlocked(t)
			other.exec("UPDATE member SET notes = 'x' WHERE member_id = 1") // locked by the run
		})
	})
	st := run.run(t, p, o)
	over.Wait()
	if class != dialect.Retryable || st.Predicate.Commits.Retries != 1 {
		t.Errorf("tried again %d times, for %q", st.Predicate.Commits.Retries, class)
	}
	if n := done(st)["delete member"]; n.Affected != 1 {
		t.Errorf("%+v", n)
	}
}

// withTable is the policy with another table, without personal data.
func withTable(policy, table string) string {
	return strings.Replace(policy, "tables:\n", "tables:\n  "+table+": {pii: none}\n", 1)
}

// A running statement doesn't see concurrent changes of a row. The row is overwritten nevertheless,
// including the application's new values.
func TestARowThatChangesWhileItsBatchWaitsForItIsOverwritten(t *testing.T) {
	servers := slices.DeleteFunc(engines(t), func(e engine) bool {
		return !strings.HasPrefix(e.name, "mysql") && !strings.HasPrefix(e.name, "mariadb") && !strings.HasPrefix(e.name, "postgres")
	})
	through := strings.Replace(deletes, "visit_id: none, body: {pii: free-text, overwrite: random}", "visit_id: none, body: {pii: free-text, overwrite: {pseudonym: token}}", 1)
	for name, policy := range map[string]string{"in the database": deletes, "through the client": through} {
		t.Run(name, func(t *testing.T) {
			runOn(t, servers, func(t *testing.T, db *target) {
				db.club(t)
				p := db.plan(t, policy, plan.ScopeEverything)
				o := options(p, "r")
				o.LockTimeout = time.Minute
				var over sync.WaitGroup
				on(&o, erase.EventBegan, func(erase.Event) {
					other := db.rival(t)
					other.exec("UPDATE remark SET body = 'sang louder' WHERE remark_id = 211")
					other.exec("DELETE FROM remark WHERE remark_id = 111")
					over.Go(func() {
						db.awaitBlocked(t)
						other.exec("COMMIT")
					})
				})
				st := db.run(t, p, o)
				over.Wait()
				if n := db.count(t, "SELECT count(*) FROM remark WHERE body IN ('sang', 'sang louder')"); n != 0 {
					t.Error("the row was left as it is")
				}
				if n := done(st)["overwrite remark"]; n.Affected != 2 {
					t.Errorf("%+v", n)
				}
			})
		})
	}
}

package erase_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/internal/testdb"
	"github.com/expungedb/expunge/plan"
	"github.com/google/go-cmp/cmp"
)

// keeper is a throttle that limits each batch to one root, and holds the run back after the first one
// until released.
type keeper struct {
	mu        sync.Mutex
	committed int
	free      bool
}

func (k *keeper) Burst() int { return 1 }

func (k *keeper) Delay(context.Context) (time.Duration, string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.committed == 1 && !k.free {
		return 20 * time.Millisecond, "", nil
	}
	return 0, "", nil
}

func (k *keeper) Committed(int64, time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.committed++
}

func (k *keeper) letGo() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.free = true
}

// erased are the receipt's counts of a run for all members of the club.
var erased = map[string]receipt.Rows{
	"delete member": {Matched: 4, Affected: 4}, "delete visit": {Matched: 4, Affected: 4},
	"delete remark": {Matched: 3, Affected: 3}, "delete letter": {Matched: 2, Affected: 2},
}

// heldUp carries out a run for the whole club, a member a batch. After the first, start makes the
// throttle wait. Once the run reports the wait, no more rows may have changed, and stop lets it
// continue. It returns the run's output.
func heldUp(t *testing.T, d *target, run string, throttles []erase.Throttle, start, stop func()) (reasons []string) {
	t.Helper()
	p := d.plan(t, deletes, plan.ScopeSubjects)
	o := options(p, run, "1", "2", "3", "4")
	keep := &keeper{}
	o.Throttles, o.Workers = slices.Concat(throttles, []erase.Throttle{keep}), 1
	var kinds []erase.EventKind
	o.Progress = func(e erase.Event) {
		if e.Kind == erase.EventBatch || e.Kind == erase.EventReleased || e.Kind == erase.EventThrottled && !slices.Contains(kinds, e.Kind) {
			kinds = append(kinds, e.Kind)
		}
		switch {
		case e.Kind == erase.EventBatch && len(kinds) == 1:
			start()
		case e.Kind == erase.EventThrottled && len(reasons) == 0:
			if n := d.count(t, "SELECT count(*) FROM member"); n != 3 {
				t.Errorf("while the run waits %d members are there", n)
			}
			stop()
			keep.letGo()
		}
		if e.Kind == erase.EventThrottled {
			reasons = append(reasons, e.Reason)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // a run that waits for ever fails here
	defer cancel()
	report, err := erase.Run(ctx, d.DB, p, o)
	if err != nil {
		t.Fatalf("%v: it said %q after %v", err, reasons, kinds)
	}
	if diff := cmp.Diff(erased, done(opened(t, report.Receipt))); diff != "" {
		t.Errorf("the receipt: (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]erase.EventKind{erase.EventBatch, erase.EventThrottled, erase.EventReleased, erase.EventBatch, erase.EventBatch, erase.EventBatch}, kinds); diff != "" {
		t.Errorf("the events: (-want +got)\n%s", diff)
	}
	return reasons
}

// moody is a monitor with answers set by a test.
type moody struct {
	mu       sync.Mutex
	lag      dialect.Lag
	sessions int
	err      error
}

func (m *moody) set(lag dialect.Lag, sessions int, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lag, m.sessions, m.err = lag, sessions, err
}

func (m *moody) Lag(context.Context) (dialect.Lag, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.lag, m.err
}

func (m *moody) Sessions(context.Context) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sessions, m.err
}

// small opens a club of its own on SQLite.
func small(t *testing.T) *target {
	t.Helper()
	return openTarget(t, "sqlite:"+filepath.Join(t.TempDir(), "test.db")).club(t)
}

// everybody is in the club again.
var everybody = club[len(club)-4:]

func TestARunWaitsForWhatIsMeasured(t *testing.T) {
	lost := dialect.NewError(dialect.LostConnection, "", "look", dialect.Name{}, nil)
	for name, c := range map[string]struct {
		throttle func(m *moody) erase.Throttle
		lag      dialect.Lag
		sessions int
		err      error
		why      string
	}{
		"lag": {
			func(m *moody) erase.Throttle { return erase.MaxLag(5*time.Second, m) },
			dialect.Lag{Behind: 7 * time.Second}, 0, nil, "replication lag 7s (at most 5s)",
		},
		"the second replica's lag": {
			func(m *moody) erase.Throttle { return erase.MaxLag(5*time.Second, &moody{}, m) },
			dialect.Lag{Behind: 65_400 * time.Millisecond}, 0, nil, "replication lag 1m5s (at most 5s)",
		},
		"a replica that has stopped": {
			func(m *moody) erase.Throttle { return erase.MaxLag(time.Second, &moody{}, m) },
			dialect.Lag{Unknown: "it has stopped"}, 0, nil, "replication lag can't be told: replica 2: it has stopped",
		},
		"a replica that is gone": {
			func(m *moody) erase.Throttle { return erase.MaxLag(time.Second, m) },
			dialect.Lag{}, 0, lost, "replication lag can't be told: look: lost connection",
		},
		"sessions": {
			func(m *moody) erase.Throttle { return erase.MaxSessions(20, m) },
			dialect.Lag{}, 21, nil, "21 sessions at work (at most 20)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := &moody{}
			got := heldUp(t, small(t), name, []erase.Throttle{c.throttle(m)},
				func() { m.set(c.lag, c.sessions, c.err) }, func() { m.set(dialect.Lag{}, 0, nil) })
			if diff := cmp.Diff([]string{c.why}, got); diff != "" {
				t.Errorf("what it said: (-want +got)\n%s", diff)
			}
		})
	}
}

func TestARunWaitsAfterASlowCommit(t *testing.T) {
	t.Parallel()
	got := heldUp(t, small(t), "slow", []erase.Throttle{&onceOnly{Throttle: erase.MaxCommitLatency(0)}}, func() {}, func() {})
	if len(got) != 1 || !strings.HasPrefix(got[0], "a commit took ") {
		t.Errorf("it said %q", got)
	}
}

// onceOnly reports only the first commit to a throttle.
type onceOnly struct {
	erase.Throttle
	once sync.Once
}

func (o *onceOnly) Committed(rows int64, commit time.Duration) {
	o.once.Do(func() { o.Throttle.Committed(rows, max(commit, 1)) })
}

func TestAThrottleThatCanNotWorkStopsTheRunBeforeItBegins(t *testing.T) {
	t.Parallel()
	d := small(t)
	p := d.plan(t, deletes, plan.ScopeSubjects)
	o := options(p, "early", "1")
	broken := &moody{err: dialect.NewError(dialect.PermissionDenied, "", "look at replication", dialect.Name{}, nil)}
	o.Throttles = []erase.Throttle{erase.MaxLag(time.Second, broken)}
	if _, err := erase.Run(t.Context(), d.DB, p, o); !errors.Is(err, erase.ErrThrottle) || dialect.ClassOf(err) != dialect.PermissionDenied {
		t.Errorf("error %v", err)
	}
	if d.journaled(t) || d.count(t, "SELECT count(*) FROM member") != 4 {
		t.Error("the run has begun")
	}
}

// failing is a throttle that ends the run after the first batch.
type failing struct {
	keeper
	err error
}

func (f *failing) Delay(context.Context) (time.Duration, string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.committed > 0 {
		return 0, "", f.err
	}
	return 0, "", nil
}

func TestAThrottlesErrorEndsARunThatCanBeContinued(t *testing.T) {
	t.Parallel()
	d := small(t)
	p := d.plan(t, deletes, plan.ScopeSubjects)
	o := options(p, "ended", "1", "2", "3", "4")
	enough := errors.New("enough for today")
	o.Throttles = []erase.Throttle{&failing{err: enough}}
	if _, err := erase.Run(t.Context(), d.DB, p, o); !errors.Is(err, enough) {
		t.Fatalf("error %v", err)
	}
	if n := d.count(t, "SELECT count(*) FROM member"); n != 3 {
		t.Errorf("%d members are there", n)
	}
	o.Throttles = nil
	if diff := cmp.Diff(erased, done(d.run(t, p, o))); diff != "" {
		t.Error(diff)
	}
}

func TestARunThatWaitsIsCancelledAndContinued(t *testing.T) {
	t.Parallel()
	d := small(t)
	p := d.plan(t, deletes, plan.ScopeSubjects)
	o := options(p, "cancelled", "1", "2", "3", "4")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	keep, m := &keeper{}, &moody{}
	o.Throttles = []erase.Throttle{keep, erase.MaxSessions(1, m)}
	o.Progress = func(e erase.Event) {
		switch e.Kind {
		case erase.EventBatch:
			m.set(dialect.Lag{}, 99, nil)
		case erase.EventThrottled:
			cancel()
		}
	}
	if _, err := erase.Run(ctx, d.DB, p, o); !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v", err)
	}
	o.Throttles, o.Progress = nil, nil
	if diff := cmp.Diff(erased, done(d.run(t, p, o))); diff != "" {
		t.Error(diff)
	}
}

// limit is less than a second: some engines report a replica's lag in whole seconds.
const limit = 500 * time.Millisecond

// beat is something to replicate: the run's first batch may be replicated before replication stops.
var beat = []string{"CREATE TABLE beat (n INTEGER)", "DROP TABLE beat"}

func TestARunWaitsForAStandby(t *testing.T) {
	t.Parallel()
	primary := testdb.NewPostgres(t)
	standby := testdb.NewStandby(t, primary)
	db := primary.Database(t)
	d := openTarget(t, db.URL).club(t)
	there := reached(t, standby.At(db))
	for name, of := range map[string]dialect.DB{"as its primary sees it": d.DB, "as it says": there.DB} {
		monitor, ok := dialect.AsMonitor(of)
		if !ok {
			t.Fatalf("%T is no monitor", of)
		}
		got := heldUp(t, d, name, []erase.Throttle{erase.MaxLag(limit, monitor)},
			func() { there.exec(t, "SELECT pg_wal_replay_pause()"); d.exec(t, beat...) }, func() { there.exec(t, "SELECT pg_wal_replay_resume()") })
		if len(got) == 0 || !strings.HasPrefix(got[0], "replication lag ") || strings.Contains(got[0], "can't be told") {
			t.Errorf("%s: it said %q", name, got)
		}
		d.exec(t, "DELETE FROM letter")
		d.exec(t, everybody...)
	}
}

func TestARunWaitsForAReplica(t *testing.T) {
	t.Parallel()
	primary, replica := testdb.NewReplicated(t)
	db := primary.Database(t)
	d := openTarget(t, db.URL).club(t)
	there := reached(t, replica.At(db))
	there.SQL.SetMaxOpenConns(1) // its session has the locks
	monitor, ok := dialect.AsMonitor(openTarget(t, replica.At(db)).DB)
	if !ok {
		t.Fatal("no monitor")
	}
	for why, c := range map[string]struct{ start, stop string }{
		"replication lag can't be told: the replica's applier has stopped": {"STOP SLAVE SQL_THREAD", "START SLAVE SQL_THREAD"},
		"replication lag ": {"FLUSH TABLES WITH READ LOCK", "UNLOCK TABLES"},
	} {
		got := heldUp(t, d, why, []erase.Throttle{erase.MaxLag(limit, monitor)},
			func() { there.exec(t, c.start); d.exec(t, beat...) }, func() { there.exec(t, c.stop) })
		if len(got) == 0 || !strings.HasPrefix(got[0], why) {
			t.Errorf("%q: it said %q", c.start, got)
		}
		d.exec(t, "DELETE FROM letter")
		d.exec(t, everybody...)
	}
}

// reached opens the copy of a database on a replica, once all of the club's letters are there.
func reached(t *testing.T, url string) *target {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		there, done, err := connect(t.Context(), url)
		if err == nil {
			var n int
			if err = there.SQL.QueryRow("SELECT count(*) FROM letter").Scan(&n); err == nil && n == 3 {
				t.Cleanup(done)
				return there
			}
			done()
		}
		if time.Now().After(deadline) {
			t.Fatalf("the database hasn't come to the replica: %v", err)
		}
	}
}

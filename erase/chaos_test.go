package erase_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/internal/testdb"
	"github.com/expungedb/expunge/plan"
	"github.com/google/go-cmp/cmp"
)

// The fault suite: a run meets faults and is continued, and must end like an undisturbed one. Tests
// named Chaos draw a few faults each; with EXPUNGE_TEST_CHAOS=full (make chaos) they draw as many as
// their first argument of faults. EXPUNGE_TEST_SEED repeats the draws of a seed.

// faults is the number of faults for a test: full in the full suite, else few.
func faults(full, few int) int {
	if os.Getenv("EXPUNGE_TEST_CHAOS") == "full" {
		return full
	}
	return few
}

// anySeed is one for all tests of the process.
var anySeed = sync.OnceValue(rand.Uint64)

// drawn is the test's source of chance. It prints its seed.
func drawn(t testing.TB) *rand.Rand {
	t.Helper()
	seed := uint64(1)
	if os.Getenv("EXPUNGE_TEST_CHAOS") == "full" {
		seed = anySeed()
	}
	if s := os.Getenv("EXPUNGE_TEST_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatalf("EXPUNGE_TEST_SEED: %v", err)
		}
	}
	t.Logf("drawn by EXPUNGE_TEST_SEED=%d", seed)
	name := fnv.New64a()
	name.Write([]byte(t.Name()))
	return rand.New(rand.NewPCG(seed, name.Sum64())) // so that each engine gets its own faults
}

// passages counts how often an undisturbed run passes each failpoint. The names are in the order of the
// first passage.
type passages struct {
	names []string
	times map[string]int64
}

// moment is the time of a fault: at the nth passage of a point, plus a delay.
type moment struct {
	point string
	nth   int64
	later time.Duration
}

func (m moment) String() string { return fmt.Sprintf("%s-%d+%v", m.point, m.nth, m.later) }

// moments draws n moments: each point first, as often as n allows and at most
// five times, then any passage.
func (p passages) moments(r *rand.Rand, n int) []moment {
	var out []moment
	at := func(point string) moment {
		m := moment{point: point, nth: 1 + r.Int64N(p.times[point])}
		if r.IntN(2) == 0 { // between two points
			m.later = time.Duration(r.Int64N(int64(5 * time.Millisecond)))
		}
		return m
	}
	for range 5 {
		for _, i := range r.Perm(len(p.names)) {
			if len(out) < n {
				out = append(out, at(p.names[i]))
			}
		}
	}
	for len(out) < n {
		k := r.Int64N(p.total())
		for _, name := range p.names {
			if k -= p.times[name]; k < 0 {
				out = append(out, at(name))
				break
			}
		}
	}
	return out
}

func (p passages) total() int64 {
	var sum int64
	for _, n := range p.times {
		sum += n
	}
	return sum
}

// strike makes a fault happen at the moment. Its result is passed to a run as its failpoints. wait
// returns when the fault has happened, and triggers it if it hasn't.
func (m moment) strike(fault func()) *strike {
	return &strike{at: m, fault: sync.OnceFunc(fault)}
}

type strike struct {
	at     moment
	fault  func()
	passed atomic.Int64
	late   sync.WaitGroup
}

func (s *strike) point(name string) {
	if name != s.at.point || s.passed.Add(1) != s.at.nth {
		return
	}
	if s.at.later == 0 {
		s.fault()
		return
	}
	s.late.Go(func() {
		time.Sleep(s.at.later)
		s.fault()
	})
}

func (s *strike) wait() {
	s.late.Wait()
	s.fault()
}

// mayhem is one piece of work subjected to faults, with the end of an undisturbed run.
type mayhem struct {
	work     child
	plan     *plan.Plan // where a fault left an index suspended, Build would make another plan
	reset    func(t testing.TB) *target
	passages passages
	want     ending
}

// ending is the end of a run.
type ending struct {
	schema string
	tables map[string][]string
	counts any
}

// ending reads the end of the run with that receipt.
func (d *target) ending(t testing.TB, envelope []byte) ending {
	t.Helper()
	schema, err := d.DB.Inspect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	doc, err := json.Marshal(schema)
	if err != nil {
		t.Fatal(err)
	}
	return ending{string(doc), d.dump(t), counts(opened(t, envelope))}
}

// sameAs fails the test if a run ended differently from an undisturbed one.
func (o ending) sameAs(t testing.TB, want ending) {
	t.Helper()
	if d := cmp.Diff(want.counts, o.counts); d != "" {
		t.Error("the receipt counts otherwise:", d)
	}
	if d := cmp.Diff(want.schema, o.schema); d != "" {
		t.Error("the schema ended otherwise:", d) // an index is still suspended
	}
	for table, rows := range want.tables {
		if !slices.Equal(rows, o.tables[table]) {
			t.Errorf("table %s ended otherwise", table)
		}
	}
	for table := range o.tables {
		if _, ok := want.tables[table]; !ok {
			t.Errorf("table %s was left behind", table)
		}
	}
}

// newMayhem fills db with a shop and does the work once, undisturbed.
func newMayhem(t testing.TB, db *target, work child) *mayhem {
	t.Helper()
	m := &mayhem{work: work}
	m.reset = db.resettable(t, func(d *target) { d.shop(t, sample.Shop{Customers: 150, Seed: 3}) })
	if work.Scope == plan.ScopeSubjects {
		m.work.Subjects = strangers(t, db, 40)
	}
	m.undisturbed(t, db)
	return m
}

// undisturbed does the work once, and notes its end.
func (m *mayhem) undisturbed(t testing.TB, db *target) {
	t.Helper()
	m.passages = passages{times: map[string]int64{}}
	passed := make(chan string)
	counted := make(chan struct{})
	go func() {
		defer close(counted)
		for name := range passed {
			if m.passages.times[name]++; m.passages.times[name] == 1 {
				m.passages.names = append(m.passages.names, name)
			}
		}
	}()
	env, p, err := m.work.work(t.Context(), db, func(name string) { passed <- name })
	close(passed)
	<-counted
	if err != nil {
		t.Fatal(err)
	}
	m.plan, m.want = p, db.ending(t, env)
}

// ends continues the run and compares its end with the undisturbed one's.
func (m *mayhem) ends(t testing.TB, db *target) {
	t.Helper()
	p, err := db.meant(t.Context(), m.plan)
	if err != nil {
		t.Fatal(err)
	}
	report, err := m.work.carryOut(t.Context(), db, p, nil)
	if err != nil {
		t.Fatal("continued:", err)
	}
	db.ending(t, report.Receipt).sameAs(t, m.want)
	db.intact(t)
	db.closed(t)
	db.idle(t)
}

// idle fails the test if a run has left a connection in use. Package sql releases the connection of a
// cancelled statement with some delay.
func (d *target) idle(t testing.TB) {
	t.Helper()
	if c, ok := d.copier.(copier); ok {
		if n := c.pool.Stat().AcquiredConns(); n > 0 {
			t.Errorf("%d connections are in use", n)
		}
	}
	for deadline := time.Now().Add(time.Minute); d.SQL.Stats().InUse > 0; {
		if time.Now().After(deadline) {
			t.Fatalf("%d connections are in use", d.SQL.Stats().InUse)
		}
		runtime.Gosched()
	}
}

// works are the pieces of work subjected to faults.
var works = map[string]child{
	"subjects":    {Scope: plan.ScopeSubjects, MaxRows: 100, Workers: 3},
	"overwritten": {Scope: plan.ScopeSubjects, Overwrites: true, MaxRows: 60, Workers: 3},
	"everything":  {Scope: plan.ScopeEverything, MaxRows: 100, Workers: 3},
	"suspended": {
		Scope: plan.ScopeEverything, MaxRows: 100, Workers: 2,
		Allow: []plan.HazardName{plan.SuspendsIndexes, plan.SuspendsUniqueness},
	},
	"expired": {Scope: plan.ScopeExpired, MaxRows: 40, Workers: 2},
}

func TestChaosTheClientIsKilled(t *testing.T) {
	for name, work := range works {
		t.Run(name, func(t *testing.T) {
			onOneOfEach(t, func(t *testing.T, db *target) {
				random := drawn(t)
				m := newMayhem(t, db, work)
				for _, at := range m.passages.moments(random, faults(50, 1)) {
					t.Run(at.String(), func(t *testing.T) {
						db := m.reset(t)
						w := m.work
						w.URL, w.Point, w.Nth, w.Later = db.URL, at.point, at.nth, at.later
						w.kill(t)
						m.ends(t, db)
					})
				}
			})
		})
	}
}

func TestChaosTheContextIsCancelled(t *testing.T) {
	onOneOfEach(t, func(t *testing.T, db *target) {
		random := drawn(t)
		m := newMayhem(t, db, works["everything"])
		for _, at := range m.passages.moments(random, faults(20, 1)) {
			t.Run(at.String(), func(t *testing.T) {
				db := m.reset(t)
				ctx, cancel := context.WithCancel(t.Context())
				strike := at.strike(cancel)
				_, _, err := m.work.work(ctx, db, strike.point)
				strike.wait()
				if err != nil && !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
				m.ends(t, db)
			})
		}
	})
}

// The server dies as by a power cut and comes back.
func TestChaosTheServerIsKilled(t *testing.T) {
	for _, e := range []struct {
		name  string
		start func(t testing.TB, settings ...string) *testdb.Server
	}{
		{"postgres", testdb.NewPostgres},
		{"mariadb", testdb.NewMariaDB},
		{"mysql", testdb.NewMySQL},
	} {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			random := drawn(t)
			server := e.start(t)
			db := openTarget(t, server.Database(t).URL)
			db.server = server
			m := newMayhem(t, db, works["subjects"])
			for _, at := range m.passages.moments(random, faults(20, 3)) {
				t.Log(at)
				db := m.reset(t)
				w := m.work
				w.Attempts = 2
				strike := at.strike(func() {
					if err := server.Kill(); err != nil {
						t.Error(err)
					}
				})
				_, _, _ = w.work(t.Context(), db, strike.point) // the checks below show its result
				strike.wait()
				if err := server.Start(); err != nil {
					t.Fatal(err)
				}
				m.ends(t, openTarget(t, db.URL))
			}
		})
	}
}

// Another client locks the rows to erase, in another order.
func TestChaosARivalLocksTheSameRows(t *testing.T) {
	onOneOfEach(t, func(t *testing.T, db *target) {
		if db.Engine == sample.SQLite {
			return // its one writer locks everything
		}
		random := drawn(t)
		m := newMayhem(t, db, works["subjects"])
		for range faults(10, 1) {
			db := m.reset(t)
			if db.Engine == sample.Postgres { // otherwise it finds a deadlock after a second
				db.exec(t, "ALTER DATABASE "+db.database(t)+" SET deadlock_timeout = '20ms'")
				db = openTarget(t, db.URL)
			}
			// One quarrel for each passage of a point: the run doesn't starve.
			turns := make(chan struct{}, 2)
			var rivals sync.WaitGroup
			for range 2 {
				random := rand.New(rand.NewPCG(random.Uint64(), 0))
				rivals.Go(func() {
					for range turns {
						db.quarrel(random, m.work.Subjects)
					}
				})
			}
			w := m.work
			w.Attempts = 100
			_, _, err := w.work(t.Context(), db, func(string) {
				select {
				case turns <- struct{}{}:
				default:
				}
			})
			close(turns)
			rivals.Wait()
			if err != nil {
				t.Error(err)
			}
			m.ends(t, db)
		}
	})
}

// quarrel locks rows of subjects from the root down, and from the leaves up, without changing them.
// Being a deadlock's victim is no failure.
func (d *target) quarrel(random *rand.Rand, subjects []string) {
	tx, err := d.SQL.Begin()
	if err != nil {
		return
	}
	defer tx.Rollback() //nolint:errcheck // it has changed nothing
	for range 3 {
		id := subjects[random.IntN(len(subjects))]
		statements := []string{
			"UPDATE customer SET credit = credit, updated_at = updated_at WHERE customer_id = " + id,
			"UPDATE " + d.quote(d.name("order")) + " SET total = total WHERE customer_id = " + id,
			"UPDATE loyalty_event SET points = points WHERE loyalty_no = (SELECT loyalty_no FROM customer WHERE customer_id = " + id + ")",
		}
		if random.IntN(2) == 0 {
			slices.Reverse(statements)
		}
		for _, s := range statements {
			if _, err := tx.Exec(s); err != nil {
				return
			}
		}
	}
}

package erase_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/plan"
	"github.com/google/go-cmp/cmp"
)

// customers is the size of the test's shop: EXPUNGE_TEST_CUSTOMERS, or 100,000 on engines that load
// quickly.
func customers(t testing.TB, engine string) int {
	if s := os.Getenv("EXPUNGE_TEST_CUSTOMERS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatalf("EXPUNGE_TEST_CUSTOMERS: %v", err)
		}
		return n
	}
	switch engine {
	case sample.Postgres:
		return 100_000
	case sample.SQLite: // the race detector makes it slow
		return 4_000
	}
	return 10_000
}

// A shop is in use while 1,000 of its customers are erased, and the process is killed in the middle.
// The remaining rows equal those of an undisturbed run.
func TestAThousandCustomersOfALivingShopAreErasedThoughTheProcessIsKilled(t *testing.T) {
	onOneOfEach(t, func(t *testing.T, db *target) {
		shop := sample.Shop{Customers: customers(t, db.Engine), Seed: 11}
		reset := db.resettable(t, func(d *target) {
			d.shop(t, shop)
			d.exec(t, "UPDATE customer SET credit = 0, updated_at = updated_at")
		})
		work := child{Scope: plan.ScopeSubjects, Subjects: strangers(t, db, 1000), MaxRows: 1000, Workers: 4}
		env, _, err := work.work(t.Context(), db, nil)
		if err != nil {
			t.Fatal(err)
		}
		want, wantCounts, total := db.checksums(t), counts(opened(t, env)), batches(t, db)

		db = reset(t)
		live := newApplication(t, db, shop, work.Subjects)
		w := work
		w.URL, w.Point, w.Nth = db.URL, "committed", int64(total/2)
		w.kill(t)
		if n := batches(t, db); n == 0 || n >= total {
			t.Fatalf("%d of %d batches were done when the process was killed", n, total)
		}
		env, _, err = w.work(t.Context(), db, nil)
		if err != nil {
			t.Fatal(err)
		}
		live.stop(t)
		if d := cmp.Diff(wantCounts, counts(opened(t, env))); d != "" {
			t.Error("the receipt counts otherwise:", d)
		}
		live.undo(t)
		if d := cmp.Diff(want, db.checksums(t)); d != "" {
			t.Error("tables ended otherwise:", d)
		}
		db.intact(t)
		db.closed(t)
	})
}

// checksums sums up each table, to compare two databases.
func (d *target) checksums(t testing.TB) map[string]string {
	t.Helper()
	out := map[string]string{}
	for table, rows := range d.dump(t) {
		sum := sha256.New()
		for _, r := range rows {
			fmt.Fprintln(sum, r)
		}
		out[table] = fmt.Sprintf("%d rows, %x", len(rows), sum.Sum(nil))
	}
	return out
}

// application is a shop's own software: during the erasure it adds orders for remaining customers and
// raises their credit.
type application struct {
	db     *target
	others []int64
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu       sync.Mutex
	orders   int64
	raised   map[int64]int64 // customer → how often its credit was raised
	failures []error
}

// firstOrder is the number of the application's first order.
const firstOrder = 1_000_000_000

func newApplication(t *testing.T, db *target, shop sample.Shop, erased []string) *application {
	t.Helper()
	a := &application{db: db, raised: map[int64]int64{}}
	for id := int64(1); len(a.others) < 500; id++ {
		if !slices.Contains(erased, strconv.FormatInt(id, 10)) {
			a.others = append(a.others, id)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	a.cancel = cancel
	t.Cleanup(cancel)
	for worker := range 2 {
		random := rand.New(rand.NewPCG(uint64(worker), shop.Seed))
		conn := db.impatient(t)
		a.done.Go(func() {
			for ctx.Err() == nil {
				if err := a.buy(conn, random); err != nil {
					a.mu.Lock()
					a.failures = append(a.failures, err)
					a.mu.Unlock()
				}
			}
		})
	}
	return a
}

// impatient is a connection with a run's lock timeout.
func (d *target) impatient(t testing.TB) *sql.Conn {
	t.Helper()
	conn, err := d.SQL.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	set := map[string]string{
		sample.Postgres: "SET lock_timeout = '5s'", sample.MySQL: "SET innodb_lock_wait_timeout = 5", sample.MariaDB: "SET innodb_lock_wait_timeout = 5",
	}[d.Engine]
	if set == "" {
		return conn // one writer: it may have to wait long for the other
	}
	if _, err := conn.ExecContext(t.Context(), set); err != nil {
		t.Fatal(err)
	}
	return conn
}

// buy adds an order and raises a credit.
func (a *application) buy(conn *sql.Conn, random *rand.Rand) error {
	a.mu.Lock()
	number := a.orders
	a.orders++
	customer := a.others[random.IntN(len(a.others))]
	a.mu.Unlock()
	table := a.db.quote(a.db.name("order"))
	ctx := context.Background()
	if _, err := conn.ExecContext(ctx, fmt.Sprintf("INSERT INTO %s (order_id, customer_id, shop_code, order_no, status, placed_at, total) VALUES (%d, %d, 'live', %d, 'open', '2026-01-01 00:00:00', 1)",
		table, firstOrder+number, customer, number)); err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, fmt.Sprintf("UPDATE customer SET credit = credit + 1, updated_at = updated_at WHERE customer_id = %d", customer)); err != nil {
		return err
	}
	a.mu.Lock()
	a.raised[customer]++
	a.mu.Unlock()
	return nil
}

// stop ends the application's work; none of it may have failed or been lost.
func (a *application) stop(t *testing.T) {
	t.Helper()
	a.cancel()
	a.done.Wait()
	if err := errors.Join(a.failures...); err != nil {
		t.Error("the application was disturbed:", err)
	}
	if n := a.db.count(t, fmt.Sprintf("SELECT count(*) FROM %s WHERE order_id >= %d", a.db.quote(a.db.name("order")), firstOrder)); int64(n) != a.orders || n == 0 {
		t.Errorf("%d of %d orders are there", n, a.orders)
	}
}

// undo reverts the application's changes, so that only the erasure's work is left, and a lost update
// shows.
func (a *application) undo(t *testing.T) {
	t.Helper()
	a.db.exec(t, fmt.Sprintf("DELETE FROM %s WHERE order_id >= %d", a.db.quote(a.db.name("order")), firstOrder))
	for customer, n := range a.raised {
		a.db.exec(t, fmt.Sprintf("UPDATE customer SET credit = credit - %d, updated_at = updated_at WHERE customer_id = %d", n, customer))
	}
}

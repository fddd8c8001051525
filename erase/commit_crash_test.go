package erase_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/plan"
)

// rowKey is the key of row commitments.
var rowKey = bytes.Repeat([]byte{9}, receipt.CommitmentKeySize)

// Leaves are on the disk before their batch commits. Whenever a process dies, the receipt's root covers
// every erased row, by whichever process, and no row noted by a transaction without a commit.
func TestEveryRowCanBeDisclosedThoughTheProcessIsKilled(t *testing.T) {
	onOneOfEach(t, func(t *testing.T, db *target) {
		reset := db.resettable(t, func(d *target) { d.shop(t, sample.Shop{Customers: 60, Seed: 3}) })
		subjects := strangers(t, db, 12)
		orders := "SELECT order_id FROM " + db.quote(db.name("order")) + " WHERE customer_id IN (" + strings.Join(subjects, ", ") + ")"
		before := db.keysOf(t, orders)
		for _, c := range []struct {
			point   string
			workers int
		}{{"journaled", 1}, {"journaled", 3}, {"committed", 3}} {
			t.Run(fmt.Sprintf("%s with %d workers", c.point, c.workers), func(t *testing.T) {
				db := reset(t)
				w := child{
					Scope: plan.ScopeSubjects, Subjects: subjects, MaxRows: 100, Workers: c.workers,
					Leaves: filepath.Join(t.TempDir(), "leaves"), URL: db.URL, Point: c.point, Nth: 2,
				}
				w.kill(t)
				env, _, err := w.work(t.Context(), db, nil)
				if err != nil {
					t.Fatal(err)
				}
				st, n := opened(t, env), db.name("order")
				left := map[int64]bool{}
				for _, id := range db.keysOf(t, orders) {
					left[id] = true
				}
				if len(left) >= len(before) {
					t.Fatal("no order went")
				}
				for _, id := range before {
					row := receipt.Row{Schema: n.Schema, Table: n.Table, Key: map[string]string{"order_id": strconv.FormatInt(id, 10)}, Operation: receipt.Delete}
					if err := disclosed(t, st, w.Leaves, row); (err == nil) == left[id] {
						t.Errorf("an order that is there: %t, and its disclosure: %v", left[id], err)
					}
				}
			})
		}
	})
}

// disclosed makes a disclosure and verifies it.
func disclosed(t testing.TB, st *receipt.Statement, leaves string, row receipt.Row) error {
	t.Helper()
	f, err := os.Open(leaves)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d, err := receipt.Disclose(st, f, rowKey, row)
	if err != nil {
		return err
	}
	return d.Verify(st)
}

package erase_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/plan"
)

// A run with row commitments is cancelled in the middle and continued. Any erased row can then be
// disclosed, by the receipt's root.
func TestARowThatWentCanBeDisclosed(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		policy := db.shop(t, sample.Shop{Customers: 120, Seed: 2})
		p, err := plan.Build(t.Context(), db.DB, policy, plan.ScopeSubjects)
		if err != nil {
			t.Fatal(err)
		}
		subjects := strangers(t, db, 40)
		orders := db.keysOf(t, "SELECT order_id FROM "+db.quote(db.name("order"))+" WHERE customer_id = "+subjects[0])
		lines := db.count(t, "SELECT count(*) FROM order_line WHERE order_id IN (SELECT order_id FROM "+db.quote(db.name("order"))+" WHERE customer_id = "+subjects[0]+")")
		if len(orders) == 0 || lines == 0 {
			t.Fatal("the first subject has no orders")
		}
		key := bytes.Repeat([]byte{9}, receipt.CommitmentKeySize)
		path := filepath.Join(t.TempDir(), "leaves")
		run := func(ctx context.Context, key []byte, point func(string)) (erase.Report, error) {
			leaves, err := receipt.OpenLeafFile(path)
			if err != nil {
				t.Fatal(err)
			}
			defer leaves.Close()
			o := erase.Options{
				RunID: "disclosed", Subjects: erase.SubjectKeys(subjects...), Signers: signers(), Allow: allowAll(p), Now: clock, MaxRows: 200, Workers: 2,
			}
			if key != nil {
				o.Commitments = &erase.Commitments{Key: key, Leaves: leaves}
			}
			return erase.RunAt(ctx, db.DB, p, o, point)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var passed atomic.Int64
		if _, err := run(ctx, key, func(name string) {
			if name == "committed" && passed.Add(1) == 2 {
				cancel()
			}
		}); !errors.Is(err, context.Canceled) {
			t.Fatalf("the run was to be cancelled: %v", err)
		}
		if _, err := run(t.Context(), bytes.Repeat([]byte{8}, receipt.CommitmentKeySize), nil); !errors.Is(err, erase.ErrRunDiffers) {
			t.Errorf("it was continued with another key: %v", err)
		}
		if _, err := run(t.Context(), nil, nil); !errors.Is(err, erase.ErrRunDiffers) {
			t.Errorf("it was continued without its key: %v", err)
		}
		report, err := run(t.Context(), key, nil)
		if err != nil {
			t.Fatal(err)
		}
		st := opened(t, report.Receipt)
		if st.Predicate.Commitments == nil || st.Subject[0].Digest["sha256"] != st.Predicate.Commitments.Root {
			t.Fatal("the receipt has no commitments")
		}
		n := db.name("order")
		disclose := func(row receipt.Row) error {
			f, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			d, err := receipt.Disclose(st, f, key, row)
			if err != nil {
				return err
			}
			return d.Verify(st)
		}
		for _, id := range orders {
			if err := disclose(receipt.Row{Schema: n.Schema, Table: n.Table, Key: map[string]string{"order_id": strconv.FormatInt(id, 10)}, Operation: receipt.Delete}); err != nil {
				t.Error("an order that went can't be disclosed:", err)
			}
		}
		if err := disclose(receipt.Row{Schema: n.Schema, Table: n.Table, Key: map[string]string{"order_id": "999999"}, Operation: receipt.Delete}); err == nil {
			t.Error("an order that never was could be disclosed")
		}
	})
}

// keysOf returns a query's single column of whole numbers.
func (d *target) keysOf(t testing.TB, query string) []int64 {
	t.Helper()
	var out []int64
	for _, r := range d.table(t, query) {
		out = append(out, r[0])
	}
	return out
}

package erase_test

import (
	"flag"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/plan"
	"github.com/expungedb/expunge/plan/policy"
)

// Whatever the subjects, the time and the batch size, the receipt's counts add up, and equal the number
// of deleted rows.
func TestCountsAddUp(t *testing.T) {
	if err := flag.Set("rapid.checks", "40"); err != nil {
		t.Fatal(err)
	}
	reset := engines(t)[0].open(t).resettable(t, func(d *target) { d.shop(t, sample.Shop{Customers: 15, Seed: 11}) })
	overwritten := mustParse(sample.Policy())
	for i := range overwritten.Tables {
		if table := &overwritten.Tables[i]; table.Name == "customer" || table.Name == "wishlist" {
			table.Erase = policy.EraseOverwrite
		}
	}
	policies := map[string]*policy.Policy{"deletes": mustParse(sample.Policy()), "overwrites": overwritten}
	rapid.Check(t, func(r *rapid.T) {
		ids := rapid.SliceOfNDistinct(rapid.Int64Range(1, 18), 1, 18, rapid.ID[int64]).Filter(func(ids []int64) bool { return slices.Min(ids) <= 15 }).Draw(r, "subjects")
		rules := policies[rapid.SampledFrom([]string{"deletes", "overwrites"}).Draw(r, "policy")]
		size := rapid.SampledFrom([]int{3, 40, 5000}).Draw(r, "rows")
		years := rapid.IntRange(0, 8).Draw(r, "years")
		db := reset(t)
		before := sizes(t, db)
		p, err := plan.Build(t.Context(), db.DB, rules, plan.ScopeSubjects)
		if err != nil {
			r.Fatal(err)
		}
		var subjects []string
		var absent int64
		for _, id := range ids {
			subjects = append(subjects, strconv.FormatInt(id, 10))
			if id > 15 {
				absent++
			}
		}
		o := options(p, "r", subjects...)
		o.MaxRows = size
		o.Now = func() time.Time { return clock().AddDate(years, 0, 0) }
		report, err := erase.Run(t.Context(), db.DB, p, o)
		if err != nil {
			r.Fatal(err)
		}
		st := opened(t, report.Receipt)
		gone := map[string]int{}
		for _, a := range st.Predicate.Actions {
			if n := a.Rows; n.Matched != n.Affected+n.AlreadyGone+n.Left+n.Held || n.Left != 0 {
				r.Errorf("step %s, %s %s: %+v", a.Step, a.Operation, a.Table, n)
			}
			if a.Operation == "delete" {
				gone[a.Table] += int(a.Rows.Affected)
			}
		}
		for table, n := range sizes(t, db) {
			if before[table]-n != gone[table] {
				r.Errorf("%d rows of %s are gone, and %d were counted", before[table]-n, table, gone[table])
			}
		}
		if s := st.Predicate.Subjects; s.Given != int64(len(ids)) || s.Absent != absent || s.Done != s.Given-s.Absent {
			r.Errorf("%d subjects, %d absent: %+v", len(ids), absent, *s)
		}
		db.intact(t)
	})
}

// sizes are the numbers of rows by table.
func sizes(t testing.TB, db *target) map[string]int {
	t.Helper()
	out := map[string]int{}
	for _, table := range sample.Tables() {
		out[table.Name] = db.count(t, fmt.Sprintf("SELECT count(*) FROM %s", db.quote(db.name(table.Name))))
	}
	return out
}

//go:build unix

package bench

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/expungedb/expunge/plan"
	"github.com/google/go-cmp/cmp"
)

// hundredth is a hundredth of the customers as subjects, spread over all of them, for each of the
// runs.
func hundredth(n, first int) span { return span{First: first, Step: 100, Count: n / 100} }

// alone is the number of subjects erased one by one.
const alone = 100

// erasing erases a hundredth of a shop's customers, by a script and by expunge. Then, in the same
// shop, it erases others one by one, and others with and without row commitments.
func erasing(t *testing.T, e *engine, n int) []result {
	byHand := e.fresh(func(db *database) { db.shop(n) })
	many := hundredth(n, 100)
	r := result{Work: fmt.Sprintf("erase %d subjects of %d, 8 tables, 20 rows each", many.Count, n), Engine: e.String(), Rows: many.Count * 20,
		AgainstName: "script: keys in a temporary table, 8 DELETE … USING, one transaction", Goal: 1}
	script := byHand.script(many)
	r.Against = timed(func() { byHand.exec(script...) })

	db := e.fresh(func(db *database) { db.shop(n) })
	before := db.state(t)
	policy := shopPolicy()
	erase := job{Policy: policy, Scope: plan.ScopeSubjects, Subjects: many}
	r.take(db.run(erase))
	if d := cmp.Diff(byHand.contents(), db.contents()); d != "" {
		t.Errorf("rows and sums of keys that are there (-script +expunge):\n%s", d)
	}
	r.Left += db.leftOf(t, many)
	r.Intact = before.compare(t, db)

	single := span{First: 7, Step: max(n/alone, 1), Count: min(alone, n/10)}
	one := result{Work: "erase 1 subject of those", Engine: r.Engine, Rows: 20, GoalText: "p50 ≤ 25 ms, p99 ≤ 100 ms"}
	o := db.run(job{Policy: policy, Scope: plan.ScopeSubjects, Subjects: single, OneByOne: true})
	one.take(o)
	p50, p99 := o.Each[len(o.Each)/2], o.Each[len(o.Each)*99/100]
	one.Expunge = p50
	one.PerSecond = float64(o.Rows) / o.Took.Seconds()
	one.Note = fmt.Sprintf("p50 %.1f ms, p99 %.1f ms of %d runs", milliseconds(p50), milliseconds(p99), len(o.Each))
	one.meets(p50 <= 25*time.Millisecond && p99 <= 100*time.Millisecond)
	one.Left += db.leftOf(t, single)
	one.Intact = before.compare(t, db)

	return []result{r, one, committing(t, db, n, policy, before)}
}

// committing erases four hundredths, without, with, with and without row commitments, so that
// caches are equally warm for both.
func committing(t *testing.T, db *database, n int, policy string, before *state) result {
	t.Helper()
	r := result{Work: fmt.Sprintf("row commitments, %d subjects", 2*(n/100)), Engine: db.String(), Rows: 40 * (n / 100), AgainstName: "the same without", Goal: 1.15}
	var sum outcome
	for i, with := range []bool{false, true, true, false} {
		subjects := hundredth(n, 1+10*i)
		o := db.run(job{Policy: policy, Scope: plan.ScopeSubjects, Subjects: subjects, Commitments: with})
		r.Left += db.leftOf(t, subjects)
		if !with {
			r.Against += o.Took
			continue
		}
		sum.Took, sum.Rows, sum.Left, sum.Peak = sum.Took+o.Took, sum.Rows+o.Rows, sum.Left+o.Left, max(sum.Peak, o.Peak)
	}
	left := r.Left
	r.take(sum)
	r.Left += left
	r.Intact = before.compare(t, db)
	return r
}

// leftOf counts the remaining rows of subjects in the tables with their keys. Rows further down
// would be orphans, and state finds those.
func (db *database) leftOf(t *testing.T, subjects span) int64 {
	t.Helper()
	var keys []string
	for k := range subjects.keys() {
		keys = append(keys, k)
	}
	var left int64
	for _, table := range []string{"customer", "address", "orders", "message", "web_session", "consent"} {
		left += db.number("SELECT count(*) FROM " + table + " WHERE customer_id IN (" + strings.Join(keys, ", ") + ")")
	}
	if left > 0 {
		t.Errorf("%d rows are left", left)
	}
	return left
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

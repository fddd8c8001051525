//go:build unix

package bench

import (
	"fmt"
	"testing"

	"github.com/expungedb/expunge/plan"
)

// tenfold overwrites ten times as many rows, through the client, where growing memory would show.
func tenfold(suspends ...plan.HazardName) func(t *testing.T, e *engine, n int) []result {
	return func(t *testing.T, e *engine, n int) []result {
		r := result{Work: fmt.Sprintf("%d rows, everything, through the client", 10*n), Engine: e.String(), Rows: 10 * n,
			AgainstName: fmt.Sprintf("%d rows", n), Goal: 11, GoalText: "≤ 11, RSS ≤ 128 MiB and flat"}
		for _, h := range suspends {
			r.Work += ", " + string(h)
		}
		var small outcome
		for _, rows := range []int{n, 10 * n} {
			db := e.fresh(func(db *database) { db.customers(rows) })
			before := db.state(t)
			o := db.run(job{Policy: customerPolicy(pseudonyms.policy, ""), Scope: plan.ScopeEverything, Allow: suspends})
			o.Left += db.overwrittenAll(t, rows)
			if rows == n {
				small = o
				continue
			}
			r.Against = small.Took
			r.take(o)
			r.Note = fmt.Sprintf("peak RSS %.0f MiB with %d rows, %.0f MiB with %d", mebibytes(small.Peak), n, mebibytes(o.Peak), rows)
			// Flat: a quarter more is the collector's variation, not the data.
			r.meets(r.Ratio() <= 11 && o.Peak <= 128<<20 && float64(o.Peak) <= 1.25*float64(small.Peak))
			r.Intact = before.compare(t, db)
		}
		return []result{r}
	}
}

func mebibytes(n int64) float64 { return float64(n) / (1 << 20) }

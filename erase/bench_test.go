package erase_test

import (
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/plan"
)

// BenchmarkOneSubject erases one customer of a shop a run, receipt and
// verification included, and reports the median and the 99th percentile. The shop has
// EXPUNGE_BENCH_CUSTOMERS customers (2,000).
func BenchmarkOneSubject(b *testing.B) {
	n, err := strconv.Atoi(os.Getenv("EXPUNGE_BENCH_CUSTOMERS"))
	if err != nil {
		n = 2000
	}
	for _, e := range engines(b) {
		b.Run(e.name, func(b *testing.B) {
			db := e.open(b)
			policy := db.shop(b, sample.Shop{Customers: n, Seed: 1})
			p, err := plan.Build(b.Context(), db.DB, policy, plan.ScopeSubjects)
			if err != nil {
				b.Fatal(err)
			}
			var took []time.Duration
			id := 0
			for b.Loop() {
				id++
				if id > n {
					b.Fatal("the shop has too few customers for these rounds")
				}
				began := time.Now()
				if _, err := erase.Run(b.Context(), db.DB, p, erase.Options{
					Subjects: erase.SubjectKeys(strconv.Itoa(id)), Signers: signers(), Allow: allowAll(p), Now: clock,
				}); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms/p50")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "ms/p99")
		})
	}
}

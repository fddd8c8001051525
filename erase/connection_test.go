package erase_test

import (
	"sync"
	"testing"

	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/internal/testdb"
	"github.com/expungedb/expunge/plan"
	"github.com/google/go-cmp/cmp"
)

func TestACommitOfWhichTheAnswerIsLostCountsOnce(t *testing.T) {
	for _, c := range []struct {
		name string
		cut  cut
		want int64 // attempts beside the first
	}{
		{"undisturbed", never, 0}, {"before it reaches the server", before, 1}, {"after the server has committed", after, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			db := openTarget(t, testdb.Postgres(t).URL)
			db.club(t)
			w, url := through(t, db.URL)
			far := openTarget(t, url)
			p := db.plan(t, overwrites, plan.ScopeSubjects)
			o := options(p, "r", "1", "2")
			o.Workers = 1
			armed := sync.OnceFunc(func() { w.next.Store(int32(c.cut)) })
			report, err := erase.RunAt(t.Context(), far.DB, p, o, func(point string) {
				if point == "journaled" {
					armed()
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			if (c.cut != never) != (w.cuts.Load() == 1) {
				t.Fatalf("%d connections were cut", w.cuts.Load())
			}
			st := opened(t, report.Receipt)
			if d := cmp.Diff(map[string]receipt.Rows{
				"delete remark": {Matched: 3, Affected: 3}, "delete visit": {Matched: 3, Affected: 3}, "delete letter": {Matched: 2, Affected: 2},
				"overwrite member": {Matched: 2, Affected: 2},
			}, done(st)); d != "" {
				t.Error(d)
			}
			if got := st.Predicate.Commits; got.Batches != 1 || got.Retries != c.want {
				t.Errorf("%d batches, %d attempts more, want 1 and %d", got.Batches, got.Retries, c.want)
			}
			if n := db.count(t, "SELECT count(*) FROM visit"); n != 1 {
				t.Errorf("%d visits are left", n)
			}
			db.closed(t)
		})
	}
}

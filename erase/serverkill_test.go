package erase_test

import (
	"slices"
	"sync/atomic"
	"testing"

	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/internal/testdb"
	"github.com/expungedb/expunge/plan"
	"github.com/google/go-cmp/cmp"
)

// The server dies as by a power cut, in the middle of a run, and comes back:
// the run ID continues, and ends as if nothing had been.
func TestARunContinuesAfterItsServerWasKilled(t *testing.T) {
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
			server := e.start(t)
			open := func() *target {
				db := openTarget(t, server.Database(t).URL)
				db.shop(t, sample.Shop{Customers: 300, Seed: 5})
				return db
			}
			db := open()
			work := child{Scope: plan.ScopeSubjects, Subjects: strangers(t, db, 100), MaxRows: 150, Workers: 3}
			env, _, err := work.work(t.Context(), db, nil)
			if err != nil {
				t.Fatal(err)
			}
			want, wantCounts, total := db.dump(t), counts(opened(t, env)), batches(t, db)

			for _, point := range []string{"acted", "journaled", "committed"} {
				db := open()
				var passed atomic.Int64
				o := work
				o.Attempts = 2
				_, _, err := o.work(t.Context(), db, func(name string) {
					if name == point && passed.Add(1) == int64(total/2) {
						if err := server.Kill(); err != nil {
							t.Error(err)
						}
					}
				})
				if err == nil {
					t.Fatalf("at %s: the run ended without its server", point)
				}
				if err := server.Start(); err != nil {
					t.Fatal(err)
				}
				again := openTarget(t, db.URL)
				if n := batches(t, again); n == 0 || n >= total {
					t.Errorf("at %s: %d of %d batches were done when the server was killed", point, n, total)
				}
				env, _, err = work.work(t.Context(), again, nil)
				if err != nil {
					t.Fatalf("at %s: %v", point, err)
				}
				if d := cmp.Diff(wantCounts, counts(opened(t, env))); d != "" {
					t.Errorf("at %s: the receipt counts otherwise: %s", point, d)
				}
				got := again.dump(t)
				for table := range want {
					if !slices.Equal(want[table], got[table]) {
						t.Errorf("at %s: table %s ended otherwise", point, table)
					}
				}
				again.intact(t)
				again.closed(t)
			}
		})
	}
}

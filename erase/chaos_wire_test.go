package erase_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/plan"
)

// Connections are slow, carry answers in pieces, and break: before a commit, between a commit and its
// answer, and anywhere else.
func TestChaosConnectionsBreak(t *testing.T) {
	onOneOfEach(t, func(t *testing.T, db *target) {
		if db.Engine == sample.SQLite {
			return // there is no connection to break
		}
		random := drawn(t)
		m := newMayhem(t, db, works["subjects"])
		for _, at := range m.passages.moments(random, faults(20, 2)) {
			t.Run(at.String(), func(t *testing.T) {
				db := m.reset(t)
				w, url := through(t, db.URL)
				w.poison(t, "latency", map[string]any{"latency": 1, "jitter": 1}, "upstream")
				w.poison(t, "slicer", map[string]any{"average_size": 100 + random.IntN(1000), "size_variation": 99}, "downstream")
				far := openTarget(t, url)
				kinds := []cut{before, after, anywhere}
				strike := at.strike(func() { w.next.Store(int32(kinds[random.IntN(len(kinds))])) })
				_, _, err := m.work.work(t.Context(), far, strike.point)
				strike.wait()
				if err != nil {
					t.Log(err) // without a retry, another process continues
				}
				m.ends(t, db)
			})
		}
	})
}

// The network falls silent in the middle of a batch: nothing is lost, and nothing is delivered. A
// cancelled run ends nevertheless, and another process continues it.
func TestChaosANetworkThatFallsSilentDoesNotKeepACancelledRun(t *testing.T) {
	points := []string{"journaled", "gathered", "committed"}
	for _, point := range points[:faults(len(points), 1)] {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			onOneOfEach(t, func(t *testing.T, db *target) {
				if db.Engine == sample.SQLite {
					return // there is no network
				}
				db.club(t)
				w, url := through(t, db.URL)
				far := openTarget(t, url)
				p := far.plan(t, deletes, plan.ScopeSubjects)
				o := options(p, "r", "1", "2")
				o.Grace = 200 * time.Millisecond
				ctx, cancel := context.WithCancel(t.Context())
				silence := sync.OnceFunc(func() {
					w.poison(t, "timeout", map[string]any{"timeout": 0}, "upstream", "downstream")
					cancel()
				})
				if _, err := erase.RunAt(ctx, far.DB, p, o, func(at string) {
					if at == point {
						silence()
					}
				}); !errors.Is(err, context.Canceled) {
					t.Fatalf("error %v", err)
				}
				w.proxy.Stop() // the server notices too
				report, err := erase.Run(t.Context(), db.DB, p, o)
				for errors.Is(err, erase.ErrRunning) { // not yet
					report, err = erase.Run(t.Context(), db.DB, p, o)
				}
				if err != nil {
					t.Fatal(err)
				}
				st := opened(t, report.Receipt)
				if n := done(st)["delete member"]; n.Affected != 2 {
					t.Errorf("%+v", n)
				}
			})
		})
	}
}

package erase_test

import (
	"testing"

	"github.com/expungedb/expunge/internal/sample"
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
					t.Log(err) // where nothing is tried again, another process continues
				}
				m.ends(t, db)
			})
		}
	})
}

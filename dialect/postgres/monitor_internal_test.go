package postgres

import (
	"testing"
	"time"
)

func TestTheLogsHistoryTellsHowFarAStandbyIsBehind(t *testing.T) {
	type ask struct{ at, written, replayed, behind int64 } // seconds, positions
	for name, asks := range map[string][]ask{
		"nobody replays":                {{0, 100, -1, 0}, {9, 200, -1, 0}},
		"in step":                       {{0, 100, 100, 0}, {1, 200, 200, 0}, {50, 200, 200, 0}, {51, 300, 300, 0}},
		"after an idle hour":            {{0, 100, 100, 0}, {3600, 100, 100, 0}, {3601, 200, 100, 1}, {3602, 200, 200, 0}},
		"replay stands still":           {{0, 100, 100, 0}, {1, 200, 100, 1}, {2, 300, 100, 2}, {3, 300, 100, 3}, {9, 300, 100, 9}, {10, 300, 300, 0}},
		"it catches up by and by":       {{0, 100, 100, 0}, {1, 200, 100, 1}, {2, 300, 150, 2}, {3, 400, 200, 2}, {4, 500, 399, 2}, {5, 500, 400, 2}, {6, 500, 500, 0}},
		"behind before anybody asked":   {{0, 100, 50, 0}, {1, 100, 50, 1}, {2, 200, 50, 2}, {3, 200, 150, 3}, {4, 200, 200, 0}},
		"the log rests where it is not": {{0, 100, 100, 0}, {1, 200, 100, 1}, {5, 200, 100, 5}, {6, 300, 200, 1}},
		"a standby comes back":          {{0, 100, -1, 0}, {1, 200, 100, 1}, {2, 200, 200, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			var h history
			epoch := time.Unix(1e9, 0)
			for _, a := range asks {
				if d := h.lagAt(epoch.Add(time.Duration(a.at)*time.Second), a.written, a.replayed); d != time.Duration(a.behind)*time.Second {
					t.Errorf("at %d s, written to %d and replayed to %d: behind %v, not %d s", a.at, a.written, a.replayed, d, a.behind)
				}
			}
		})
	}
}

func TestTheLogsHistoryIsBounded(t *testing.T) {
	var h history
	epoch := time.Unix(1e9, 0)
	for i := range int64(100_000) {
		now := epoch.Add(time.Duration(i) * time.Second)
		if d := h.lagAt(now, i, 0); d != now.Sub(epoch) {
			t.Fatalf("after %d s: behind %v", i, d)
		}
		if len(h.marks) > kept {
			t.Fatalf("%d marks", len(h.marks))
		}
	}
}

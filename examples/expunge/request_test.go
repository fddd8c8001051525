package main

import (
	"testing"
	"time"

	"github.com/expungedb/expunge/erase/receipt"
)

func TestARequestThatIsDueSoonIsWarnedOf(t *testing.T) {
	due := lastMoment(time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC))
	for _, test := range []struct {
		name string
		now  time.Time
		want string
	}{
		{"long before", due.Add(-soon), ""},
		{"three days before", due.Add(-soon + time.Second), "the request is due on 2026-03-10"},
		{"on the evening of the day", time.Date(2026, 3, 10, 23, 0, 0, 0, time.UTC), "the request is due on 2026-03-10"},
		{"the day after", time.Date(2026, 3, 11, 0, 0, 0, 0, time.UTC), "the request was due on 2026-03-10: it is answered late, and the receipt says so"},
	} {
		if got := dueWarning(&receipt.Request{DueAt: due}, test.now); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
	if got := dueWarning(nil, due) + dueWarning(&receipt.Request{Case: "ref-7"}, due); got != "" {
		t.Errorf("without a due date: %q", got)
	}
}

package erase

import (
	"time"

	"github.com/expungedb/expunge/plan"
)

// Due returns the deadline, in UTC, for answering a request received at the given time, by the plan's
// policy; the zero time without a deadline there. A day counts to its end (Regulation 1182/71, Art. 3).
func Due(p *plan.Plan, received time.Time) time.Time {
	if p.Due == nil {
		return time.Time{}
	}
	y, m, d := p.Due.Within.After(received.UTC()).Date()
	return time.Date(y, m, d, 23, 59, 59, 0, time.UTC)
}

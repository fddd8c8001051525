package erase

import (
	"time"

	"github.com/expungedb/expunge/plan"
)

// Due returns the last moment, in UTC, at which a request that was received then
// can be answered in the time that the plan's policy gives; the zero time where the policy
// doesn't say. A day counts to its end (Regulation 1182/71, Art. 3).
func Due(p *plan.Plan, received time.Time) time.Time {
	if p.Due == nil {
		return time.Time{}
	}
	y, m, d := p.Due.Within.After(received.UTC()).Date()
	return time.Date(y, m, d, 23, 59, 59, 0, time.UTC)
}

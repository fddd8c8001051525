package batch

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Reading is the result of a measurement.
type Reading struct {
	Value   int64
	Unknown string // why there is no value, "" with a value
}

// Level is a throttle that delays batches while a measured value is above a limit, and until it is
// a quarter below it: at the limit itself it would open and close all the time. Set its fields
// before you use it.
type Level struct {
	// What names the measured thing in messages: "replication lag".
	What string
	// Measure measures it. It is cancelled after Patience.
	Measure func(ctx context.Context) (Reading, error)
	Limit   int64
	// Say is the message for a value above Limit.
	Say func(value int64) string
	// Every is how long a reading is valid, and how often it is renewed while batches wait.
	Every, Patience time.Duration

	mu       sync.Mutex
	measured time.Time // zero: never
	over     bool
	why      string
}

// Delay measures if the last reading is old. The first reading has to succeed: otherwise the
// settings are wrong, and no work has begun. Later a failure or an unknown value counts as above
// the limit: a silent server may be the overloaded one.
func (l *Level) Delay(ctx context.Context) (time.Duration, string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.measured.IsZero() || time.Since(l.measured) >= l.Every {
		if err := l.readLevel(ctx); err != nil {
			return 0, "", err
		}
	}
	if !l.over {
		return 0, "", nil
	}
	return max(l.Every-time.Since(l.measured), time.Millisecond), l.why, nil
}

func (l *Level) readLevel(ctx context.Context) error {
	bounded, cancel := context.WithTimeout(ctx, l.Patience)
	defer cancel()
	r, err := l.Measure(bounded)
	switch {
	case err != nil && ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil && l.measured.IsZero():
		return fmt.Errorf("%s: %w", l.What, err)
	case err != nil:
		l.over, l.why = true, l.What+" can't be told: "+err.Error()
	case r.Unknown != "":
		l.over, l.why = true, l.What+" can't be told: "+r.Unknown
	default:
		l.over = r.Value > l.Limit || l.over && r.Value > l.Limit-l.Limit/4
		l.why = ""
		if l.over {
			l.why = l.Say(r.Value)
		}
	}
	l.measured = time.Now()
	return nil
}

// Committed does nothing.
func (l *Level) Committed(int64, time.Duration) {}

// Rate is a throttle with a maximum number of rows a second. A batch's number of rows is known only
// after it; the next batches wait for it.
type Rate struct {
	perSecond int

	mu   sync.Mutex
	paid time.Time // when the time of the rows so far is over
}

// NewRate makes a Rate of at least one row a second.
func NewRate(perSecond int) *Rate { return &Rate{perSecond: max(perSecond, 1)} }

// Burst is the maximum for one batch: more would be a second of work before many of waiting.
func (r *Rate) Burst() int { return r.perSecond }

// Delay is the remaining time of the rows so far. It gives no reason for a short wait: those are
// normal for a rate.
func (r *Rate) Delay(context.Context) (time.Duration, string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	wait, why := time.Until(r.paid), ""
	if wait > 2*time.Second {
		why = fmt.Sprintf("at most %d rows a second", r.perSecond)
	}
	return wait, why, nil
}

// Committed adds the time of the batch's rows. Unused time is lost, except for the last second: a
// batch has its own duration too.
func (r *Rate) Committed(rows int64, _ time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if earliest := time.Now().Add(-time.Second); r.paid.Before(earliest) {
		r.paid = earliest
	}
	r.paid = r.paid.Add(time.Duration(float64(rows) / float64(r.perSecond) * float64(time.Second)))
}

// Latency is a throttle that waits when commits take long: after each one above the limit twice as
// long as after the one before, from First to Most. Each commit within the limit halves the wait.
// While batches wait no commit shows the present state, so the wait ends and they try.
type Latency struct {
	Limit, First, Most time.Duration
	Say                func(took time.Duration) string

	mu    sync.Mutex
	wait  time.Duration
	until time.Time
	why   string
}

// Delay is the rest of the wait.
func (l *Latency) Delay(context.Context) (time.Duration, string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return time.Until(l.until), l.why, nil
}

// Committed adapts the wait to the commit's duration.
func (l *Latency) Committed(_ int64, commit time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	switch {
	case commit <= l.Limit:
		if l.wait /= 2; l.wait < l.First {
			l.wait = 0
		}
	case now.Before(l.until): // begun before the wait: no news
	default:
		l.wait = min(max(2*l.wait, l.First), l.Most)
		l.until, l.why = now.Add(l.wait), l.Say(commit)
	}
}

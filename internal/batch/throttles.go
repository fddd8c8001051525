package batch

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Reading is what was measured.
type Reading struct {
	Value   int64
	Unknown string // why there is no value, "" where there is one
}

// Level is a throttle that has batches wait while a measured value is above a
// limit, and until it is a quarter below it: at the limit itself it would open
// and close all the time. Its fields are set before it is used.
type Level struct {
	// What is the thing that is measured, for what is said: "replication lag".
	What string
	// Measure measures it. It is given up after Patience.
	Measure func(ctx context.Context) (Reading, error)
	Limit   int64
	// Say tells why batches wait for a value above Limit.
	Say func(value int64) string
	// Every is how long a reading is good for, and how often it is made anew
	// while batches wait.
	Every, Patience time.Duration

	mu       sync.Mutex
	measured time.Time // zero: never
	over     bool
	why      string
}

// Delay measures where the last reading is old. The first reading has to
// succeed: something is wrong with the settings else, and nothing has been begun. After that
// a failure is taken like a value above the limit, as is one that is unknown:
// who isn't heard may be the one who is to be spared.
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

// Rate is a throttle that allows so many rows a second. How many rows a batch
// changes is known when it has; the batches after it wait for what it took.
type Rate struct {
	perSecond int

	mu   sync.Mutex
	paid time.Time // when the rows so far will have had their time
}

// NewRate makes a Rate of at least one row a second.
func NewRate(perSecond int) *Rate { return &Rate{perSecond: max(perSecond, 1)} }

// Burst is how much one batch may take: more would be a second of work
// followed by many of waiting.
func (r *Rate) Burst() int { return r.perSecond }

// Delay is the time that the rows so far still need. Short waits are how a rate
// works, and no news.
func (r *Rate) Delay(context.Context) (time.Duration, string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	wait, why := time.Until(r.paid), ""
	if wait > 2*time.Second {
		why = fmt.Sprintf("at most %d rows a second", r.perSecond)
	}
	return wait, why, nil
}

// Committed adds the time of the batch's rows. What wasn't used is lost, but
// for the last second: a batch has its own time too.
func (r *Rate) Committed(rows int64, _ time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if earliest := time.Now().Add(-time.Second); r.paid.Before(earliest) {
		r.paid = earliest
	}
	r.paid = r.paid.Add(time.Duration(float64(rows) / float64(r.perSecond) * float64(time.Second)))
}

// Latency is a throttle that waits when commits take long: after each one above
// the limit twice as long as after the one before, from First to Most. One that
// doesn't halves the wait. While batches wait there is no commit that could tell
// how things are, so it lets them try.
type Latency struct {
	Limit, First, Most time.Duration
	Say                func(took time.Duration) string

	mu    sync.Mutex
	wait  time.Duration
	until time.Time
	why   string
}

// Delay is what is left of the wait.
func (l *Latency) Delay(context.Context) (time.Duration, string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return time.Until(l.until), l.why, nil
}

// Committed looks at how long the commit took.
func (l *Latency) Committed(_ int64, commit time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	switch {
	case commit <= l.Limit:
		if l.wait /= 2; l.wait < l.First {
			l.wait = 0
		}
	case now.Before(l.until): // begun before the wait: it tells nothing new
	default:
		l.wait = min(max(2*l.wait, l.First), l.Most)
		l.until, l.why = now.Add(l.wait), l.Say(commit)
	}
}

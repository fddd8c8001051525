package erase

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/closure"
	"github.com/expungedb/expunge/internal/batch"
)

// Throttle makes a run spare the database: the run asks it before each transaction, while holding no
// lock. Waiting stops as soon as the run's context ends. A Throttle is safe for concurrent use; several
// runs may share it.
type Throttle interface {
	// Delay says how long to wait before asking again, 0 to continue at once. Why is reported in an
	// Event of kind Throttled, "" for no report; it must not contain a value or a key. An error ends
	// the run; the run can be continued.
	Delay(ctx context.Context) (wait time.Duration, why string, err error)
	// Committed reports a transaction: the number of changed rows, and the duration of its commit.
	Committed(rows int64, commit time.Duration)
}

// ErrThrottle says: a throttle can't work, for example because a server isn't a replica or a privilege
// is missing. Nothing was begun.
var ErrThrottle = errors.New("throttle unavailable")

// A measurement taking longer is given up, and counts as over its limit.
const patience = 10 * time.Second

// MaxRate allows this number of rows a second, counted at commit, and limits batches to as many roots.
// Below 1 it is 1.
func MaxRate(rows int) Throttle { return batch.NewRate(rows) }

// MaxLag waits while replication is further behind than the limit, and until it is a quarter below it.
// The given servers are replicas, or a primary if the engine's primary knows its replicas' lag
// ([dialect.Monitor]). Reports number them in the given order.
//
// A lag that can't be read counts as over the limit: the run waits until it is known again. Only the
// very first reading must succeed, or the run isn't begun.
func MaxLag(limit time.Duration, of ...dialect.Monitor) Throttle {
	return &batch.Level{
		What: "replication lag", Limit: int64(limit), Patience: patience,
		Every: min(max(limit/2, 100*time.Millisecond), time.Second),
		Measure: func(ctx context.Context) (worst batch.Reading, err error) {
			for i, m := range of {
				lag, err := m.Lag(ctx)
				number := ""
				if len(of) > 1 {
					number = fmt.Sprintf("replica %d: ", i+1)
				}
				if err != nil {
					return batch.Reading{}, fmt.Errorf("%s%w", number, err)
				}
				if lag.Unknown != "" {
					return batch.Reading{Unknown: number + lag.Unknown}, nil
				}
				worst.Value = max(worst.Value, int64(lag.Behind))
			}
			return worst, nil
		},
		Say: func(v int64) string {
			return fmt.Sprintf("replication lag %s (at most %s)", roundDuration(time.Duration(v)), limit)
		},
	}
}

// MaxSessions waits while more than n sessions are active on the server, those of the run included, and
// until there are a quarter fewer. So n should exceed the usual number by the number of workers. A
// number that can't be read counts as over the limit, as with MaxLag.
func MaxSessions(n int, of dialect.Monitor) Throttle {
	return &batch.Level{
		What: "the number of sessions at work", Limit: int64(n), Every: time.Second, Patience: patience,
		Measure: func(ctx context.Context) (batch.Reading, error) {
			n, err := of.Sessions(ctx)
			return batch.Reading{Value: int64(n)}, err
		},
		Say: func(v int64) string { return fmt.Sprintf("%d sessions at work (at most %d)", v, n) },
	}
}

// MaxCommitLatency waits after a commit slower than the limit: a second, doubled after each further
// one, up to half a minute.
func MaxCommitLatency(limit time.Duration) Throttle {
	return &batch.Latency{
		Limit: limit, First: time.Second, Most: 30 * time.Second,
		Say: func(took time.Duration) string {
			return fmt.Sprintf("a commit took %s (at most %s)", roundDuration(took), limit)
		},
	}
}

// roundDuration rounds a duration to the digits of interest.
func roundDuration(d time.Duration) string {
	if d >= 10*time.Second {
		return d.Round(time.Second).String()
	}
	return d.Round(time.Millisecond).String()
}

// throttleGate makes batches wait for the throttles of a run.
type throttleGate struct {
	*batch.Gate
	burst int // the maximum number of roots in a batch, 0 for any
}

// startThrottles prepares the throttles. It asks each once, so that a broken one stops the run before
// it begins.
func (s *session) startThrottles(ctx context.Context) (*throttleGate, error) {
	var throttles []batch.Throttle
	burst := 0
	for _, t := range s.Throttles {
		throttles = append(throttles, t)
		if b, ok := t.(interface{ Burst() int }); ok && (burst == 0 || b.Burst() < burst) {
			burst = b.Burst()
		}
	}
	if err := batch.NewGate(nil, throttles...).Check(ctx); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrThrottle, err)
	}
	return &throttleGate{batch.NewGate(s.emitWait, append(throttles, pauseThrottle(s.journal))...), burst}, nil
}

// newSizer makes the sizer of a root's batches.
func (r *run) newSizer(p *closure.Root) *batch.Sizer {
	first, most := 100, r.MaxRows
	if p.IsRangeStep(r.plan.Scope) {
		first = r.MaxRows
		if p.IsCheap() {
			most = r.maxSwept
		}
	}
	if r.gate.burst > 0 {
		most = min(most, r.gate.burst)
	}
	sizer := batch.NewSizer(first, most, r.TargetTime)
	if p.Plan.Scans {
		sizer.Least(first)
	}
	return sizer
}

// runWorkers makes the workers do the items, each when the throttles permit. A wait ends when another
// worker fails.
func (r *run) runWorkers(ctx context.Context, workers int, items iter.Seq2[*workItem, error], do func(ctx context.Context, it *workItem) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	pace := func() error { return r.gate.Wait(ctx) }
	// Drawing the first item may suspend indexes: these should not be missing during a wait.
	if err := pace(); err != nil {
		return err
	}
	return batch.Run(ctx, workers, r.Grace, batch.Paced(items, pace), func(ctx context.Context, it *workItem) error {
		it.pace = pace
		err := do(ctx, it)
		if err != nil {
			stop(err)
		}
		return err
	})
}

// betweenBatches waits before each transaction of an item except the first, as before the first: there
// may be many. If it fails the item is continued as after a crash.
func (it *workItem) betweenBatches() error {
	if it.part == 0 {
		return nil
	}
	return it.pace()
}

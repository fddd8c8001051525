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

// Throttle has a run spare the database: it is asked before each transaction,
// when nothing is locked, and a wait for it ends as soon as the
// run's context ends. It is safe for concurrent use; runs that are given the same one share it.
type Throttle interface {
	// Delay says how long to wait before it is asked again, 0 to go on at once.
	// Why is told in an Event of kind Throttled, "" to tell nothing; it must
	// not hold a value or a key. An error ends the run, which can be continued.
	Delay(ctx context.Context) (wait time.Duration, why string, err error)
	// Committed tells of a transaction: how many rows it changed, and how long
	// its commit took.
	Committed(rows int64, commit time.Duration)
}

// ErrThrottle is returned where a throttle can't do its work: a server that isn't a
// replica, a missing privilege. Nothing was begun.
var ErrThrottle = errors.New("the run can't be throttled as asked")

// Whatever is measured is given up after so long, and taken for over its limit.
const patience = 10 * time.Second

// MaxRate allows a number of rows a second, counted as they are committed, and has
// batches take no more roots than that. Below 1 it is 1.
func MaxRate(rows int) Throttle { return batch.NewRate(rows) }

// MaxLag waits while replication is further behind than the limit, and until it
// is a quarter below it again. Those that are asked are replicas, or a primary
// of an engine on which a primary knows how far its replicas are
// ([dialect.Monitor]); they are numbered in what is told, in the given order.
//
// A lag that isn't known, since replication has stopped or the server doesn't
// answer, counts as too much: the run waits until it is known again. Only the very first
// question has to be answered, or the run isn't begun.
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

// MaxSessions waits while more sessions than n are at work on the server, those
// of the run itself included, and until there are a quarter less. So n should be
// above what is usual by the number of workers. A server that doesn't answer counts as MaxLag has it.
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

// MaxCommitLatency waits after a commit that took longer than the limit: a
// second, and twice as long after each further one, up to half a minute.
func MaxCommitLatency(limit time.Duration) Throttle {
	return &batch.Latency{
		Limit: limit, First: time.Second, Most: 30 * time.Second,
		Say: func(took time.Duration) string {
			return fmt.Sprintf("a commit took %s (at most %s)", roundDuration(took), limit)
		},
	}
}

// roundDuration is a duration without more digits than anybody reads.
func roundDuration(d time.Duration) string {
	if d >= 10*time.Second {
		return d.Round(time.Second).String()
	}
	return d.Round(time.Millisecond).String()
}

// throttleGate has batches wait for the throttles of a run.
type throttleGate struct {
	*batch.Gate
	burst int // maximum of roots in a batch, 0 for any number
}

// startThrottles gets the throttles ready. It asks each once, so that one that can't
// work stops the run before it has begun.
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

// runWorkers has the workers do the items, each when the throttles let it. A wait
// ends when another worker fails.
func (r *run) runWorkers(ctx context.Context, workers int, items iter.Seq2[*workItem, error], do func(ctx context.Context, it *workItem) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	pace := func() error { return r.gate.Wait(ctx) }
	// Drawing the first item may suspend indexes, which should not be missing
	// while the run waits to begin.
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

// betweenBatches waits before an item's second transaction and those after it, as
// before its first: there may be many. When it fails the item is continued like after a crash.
func (it *workItem) betweenBatches() error {
	if it.part == 0 {
		return nil
	}
	return it.pace()
}

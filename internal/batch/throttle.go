package batch

import (
	"context"
	"iter"
	"time"
)

// Throttle decides when the next batch may begin. It is safe for concurrent use.
type Throttle interface {
	// Delay is the time to wait before the next call, 0 to begin at once. why describes the wait
	// for people, "" for no message. An error ends the work.
	Delay(ctx context.Context) (wait time.Duration, why string, err error)
	// Committed reports a committed batch: the number of changed rows and the duration of its
	// commit.
	Committed(rows int64, commit time.Duration)
}

// Gate delays batches for as long as any of its throttles requires. It is safe for concurrent use.
type Gate struct {
	throttles []Throttle
	tell      func(why string, waited time.Duration)
	turn      chan struct{} // one waits and asks, the others wait behind
}

// NewGate makes a Gate. It calls tell with the reason for a wait whenever the reason changes, and
// with "" at the wait's end, never concurrently.
func NewGate(tell func(why string, waited time.Duration), throttles ...Throttle) *Gate {
	return &Gate{throttles: throttles, tell: tell, turn: make(chan struct{}, 1)}
}

// Check asks every throttle once and doesn't wait, so that a broken one is found before the work
// begins.
func (g *Gate) Check(ctx context.Context) error {
	_, _, err := g.longestDelay(ctx)
	return err
}

// Wait returns nil when the next batch may begin, a throttle's error, or the context's cause as
// soon as it ends.
func (g *Gate) Wait(ctx context.Context) error {
	select {
	case g.turn <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-g.turn }()
	began, told := time.Now(), ""
	for ctx.Err() == nil {
		wait, why, err := g.longestDelay(ctx)
		if err != nil && ctx.Err() == nil {
			return err
		}
		if err == nil && wait <= 0 {
			if told != "" {
				g.tell("", time.Since(began))
			}
			return nil
		}
		if why != "" && why != told {
			told = why
			g.tell(why, time.Since(began))
		}
		sleepFor(ctx, wait)
	}
	return context.Cause(ctx)
}

// longestDelay is the throttles' longest delay, and its reason.
func (g *Gate) longestDelay(ctx context.Context) (longest time.Duration, why string, err error) {
	for _, t := range g.throttles {
		d, w, err := t.Delay(ctx)
		if err != nil {
			return 0, "", err
		}
		if d > longest {
			longest, why = d, w
		}
	}
	return longest, why, nil
}

// Committed reports a batch to every throttle.
func (g *Gate) Committed(rows int64, commit time.Duration) {
	for _, t := range g.throttles {
		t.Committed(rows, commit)
	}
}

// Paced yields the items, each after wait. The wait precedes an item's processing, so that nothing
// waits after the last one.
func Paced[T any](items iter.Seq2[T, error], wait func() error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for item, err := range items {
			if err == nil {
				err = wait()
			}
			if !yield(item, err) || err != nil {
				return
			}
		}
	}
}

// sleepFor waits until the time is over or the context ends.
func sleepFor(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

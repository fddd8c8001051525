package batch

import (
	"context"
	"iter"
	"time"
)

// Throttle decides when the next batch may begin. It is safe for concurrent use.
type Throttle interface {
	// Delay says how long to wait before asking again, 0 to begin at once. Why
	// is what to tell about the wait, "" to tell nothing. An error ends the work.
	Delay(ctx context.Context) (wait time.Duration, why string, err error)
	// Committed tells of a batch: how many rows it changed and how long its
	// commit took.
	Committed(rows int64, commit time.Duration)
}

// Gate has batches wait for as long as any of its throttles wants it. It is
// safe for concurrent use.
type Gate struct {
	throttles []Throttle
	tell      func(why string, waited time.Duration)
	turn      chan struct{} // one waits and asks, the others wait behind
}

// NewGate makes a Gate. It tells why batches wait whenever the reason changes,
// and "" once they don't any more, always one thing at a time.
func NewGate(tell func(why string, waited time.Duration), throttles ...Throttle) *Gate {
	return &Gate{throttles: throttles, tell: tell, turn: make(chan struct{}, 1)}
}

// Check asks every throttle once and waits for nothing, so that one that can't
// work is found before anything is begun.
func (g *Gate) Check(ctx context.Context) error {
	_, _, err := g.longestDelay(ctx)
	return err
}

// Wait returns nil when the next batch may begin, a throttle's error, or the
// context's cause as soon as it ends.
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

// longestDelay is the longest delay that a throttle asks for, and what it says.
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

// Committed tells every throttle of a batch.
func (g *Gate) Committed(rows int64, commit time.Duration) {
	for _, t := range g.throttles {
		t.Committed(rows, commit)
	}
}

// Paced yields the items, each when wait lets it. The wait is between an item
// and its being worked on, so that nothing waits after the last one.
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

// sleepFor waits, but not for longer than the context lasts.
func sleepFor(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

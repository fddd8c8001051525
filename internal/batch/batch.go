// Package batch does work in batches: several workers take items from one
// iterator, each item is retried as a whole where that can help, and the size of
// the items follows the time they take. It knows nothing of SQL.
package batch

import (
	"context"
	"iter"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/expungedb/expunge/internal/grace"
	"golang.org/x/sync/errgroup"
)

// Run gives the items to the workers and returns the first error, or the
// context's. One item at a time is drawn from items, never from two goroutines
// at once, and only when a worker is free, so that an item can be made with
// what is known by then. When the context ends no more items are drawn; do is
// called with a context that ends only some time after, so that what was begun is finished
// cleanly, and nothing that hangs keeps the caller.
func Run[T any](ctx context.Context, workers int, after time.Duration, items iter.Seq2[T, error], do func(ctx context.Context, item T) error) error {
	next, stop := iter.Pull2(items)
	defer stop()
	var draw sync.Mutex
	longer, cancel := grace.Extend(ctx, after)
	defer cancel()
	g, running := errgroup.WithContext(ctx)
	for range max(workers, 1) {
		g.Go(func() error {
			for {
				draw.Lock()
				if running.Err() != nil {
					draw.Unlock()
					return context.Cause(running)
				}
				item, err, ok := next()
				draw.Unlock()
				if !ok || err != nil {
					return err
				}
				if err := do(longer, item); err != nil {
					return err
				}
			}
		})
	}
	return g.Wait()
}

// Sizer adapts the size of batches so that one takes about Target. It is safe
// for concurrent use once made by NewSizer.
type Sizer struct {
	target time.Duration
	most   int

	mu    sync.Mutex
	size  float64
	least float64 // by time
}

// NewSizer returns a Sizer that begins with first and never goes above most
// nor below 1.
func NewSizer(first, most int, target time.Duration) *Sizer {
	return &Sizer{target: target, most: max(most, 1), size: float64(min(max(first, 1), max(most, 1)))}
}

// Least keeps the time that batches take from making them smaller than n, for
// work that costs much per batch however small it is: ever smaller ones would take ever
// longer in all. It is called before the sizer is used.
func (s *Sizer) Least(n int) { s.least = float64(min(n, s.most)) }

// Size is how large the next batch should be.
func (s *Sizer) Size() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return max(int(s.size), 1)
}

// Took records that a batch of that size took that long. The size moves half
// of the way to what would have taken Target, and at most doubles.
func (s *Sizer) Took(size int, d time.Duration) {
	if size < 1 {
		return
	}
	ideal := float64(size) * float64(s.target) / float64(max(d, time.Microsecond))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.size = min(max((s.size+min(ideal, 3*s.size))/2, 1, min(s.least, s.size)), float64(s.most))
}

// Shrink halves the size: a batch turned out larger than it may be.
func (s *Sizer) Shrink() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.size = max(s.size/2, 1)
}

// Backoff says how often and how long to wait between attempts. The zero value
// doesn't retry.
type Backoff struct {
	Attempts int           // at most so many, the first included
	First    time.Duration // the wait before the second attempt; it doubles from there
	Most     time.Duration // a wait is never longer
}

// Retry calls do until it succeeds, again reports false for its error, the
// attempts are used up or ctx ends, and returns the last error. Waits are jittered between
// half and the whole of their length, so that rivals don't meet again.
func Retry(ctx context.Context, b Backoff, again func(error) bool, do func(attempt int) error) error {
	wait := b.First
	for attempt := 1; ; attempt++ {
		err := do(attempt)
		if err == nil || attempt >= b.Attempts || !again(err) {
			return err
		}
		jittered := wait/2 + rand.N(wait/2+1)
		timer := time.NewTimer(jittered)
		select {
		case <-ctx.Done():
			timer.Stop()
			return err
		case <-timer.C:
		}
		wait = min(2*wait, max(b.Most, b.First))
	}
}

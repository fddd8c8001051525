// Package batch processes items in batches: several workers draw items from one iterator, each item
// is retried as a whole where that can help, and the size of the items adapts to their duration. It
// knows nothing of SQL.
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

// Run gives the items to the workers and returns the first error, or the context's. It draws one
// item at a time, never from two goroutines at once, and only when a worker is free, so that the
// iterator can use the latest results. When the context ends it draws no more. The context of do
// ends only some time (after) later, so that begun items finish cleanly, and a hanging one doesn't
// block the caller.
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

// Sizer adapts the size of batches so that one takes about Target. Make it with NewSizer; it is
// safe for concurrent use.
type Sizer struct {
	target time.Duration
	most   int

	mu    sync.Mutex
	size  float64
	least float64 // by time
}

// NewSizer returns a Sizer that begins with first and remains within 1 and most.
func NewSizer(first, most int, target time.Duration) *Sizer {
	return &Sizer{target: target, most: max(most, 1), size: float64(min(max(first, 1), max(most, 1)))}
}

// Least prevents slow batches from shrinking below n, for work with high costs per batch: ever
// smaller batches would take ever longer in all. Call it before the sizer is used.
func (s *Sizer) Least(n int) { s.least = float64(min(n, s.most)) }

// Size is the size for the next batch.
func (s *Sizer) Size() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return max(int(s.size), 1)
}

// Took records the duration of a batch of that size. The size moves half of the way towards the one
// that would have taken Target, and at most doubles.
func (s *Sizer) Took(size int, d time.Duration) {
	if size < 1 {
		return
	}
	ideal := float64(size) * float64(s.target) / float64(max(d, time.Microsecond))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.size = min(max((s.size+min(ideal, 3*s.size))/2, 1, min(s.least, s.size)), float64(s.most))
}

// Shrink halves the size: a batch was too large.
func (s *Sizer) Shrink() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.size = max(s.size/2, 1)
}

// Backoff is the number of attempts and the waits between them. The zero value doesn't retry.
type Backoff struct {
	Attempts int           // the maximum, the first included
	First    time.Duration // the wait before the second attempt; it doubles from there
	Most     time.Duration // the maximum wait
}

// Retry calls do until it succeeds, again returns false for its error, the attempts are used up or
// ctx ends, and returns the last error. It jitters waits between half and the whole of their
// length, so that rivals don't collide again.
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

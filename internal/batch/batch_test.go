package batch

import (
	"context"
	"errors"
	"iter"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

func numbers(n int) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for i := range n {
			if !yield(i, nil) {
				return
			}
		}
	}
}

func TestRunGivesEachItemToOneWorker(t *testing.T) {
	var mu sync.Mutex
	seen := map[int]int{}
	err := Run(t.Context(), 4, time.Minute, numbers(1000), func(_ context.Context, i int) error {
		mu.Lock()
		defer mu.Unlock()
		seen[i]++
		return nil
	})
	if err != nil || len(seen) != 1000 {
		t.Fatalf("%d items seen, error %v", len(seen), err)
	}
	for i, n := range seen {
		if n != 1 {
			t.Errorf("item %d was done %d times", i, n)
		}
	}
}

func TestRunStopsAtTheFirstError(t *testing.T) {
	want := errors.New("no")
	var done atomic.Int64
	err := Run(t.Context(), 2, time.Minute, numbers(1_000_000), func(_ context.Context, i int) error {
		done.Add(1)
		if i == 10 {
			return want
		}
		return nil
	})
	if !errors.Is(err, want) || done.Load() == 1_000_000 {
		t.Fatalf("error %v after %d items", err, done.Load())
	}
}

func TestRunReturnsTheIteratorsError(t *testing.T) {
	want := errors.New("unreadable")
	err := Run(t.Context(), 2, time.Minute, func(yield func(int, error) bool) { yield(0, want) }, func(context.Context, int) error { return nil })
	if !errors.Is(err, want) {
		t.Fatal(err)
	}
}

func TestRunFinishesWhatWasBegunWhenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	finished := false
	err := Run(ctx, 1, time.Minute, numbers(10), func(inner context.Context, i int) error {
		if i > 0 {
			t.Error("an item was drawn after the context's end")
		}
		cancel()
		if inner.Err() != nil {
			t.Error("the item's own context has ended")
		}
		finished = true
		return nil
	})
	if !errors.Is(err, context.Canceled) || !finished {
		t.Fatalf("finished %v, error %v", finished, err)
	}
}

func TestSizerApproachesTheTarget(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		perItem := time.Duration(rapid.IntRange(10, 50_000).Draw(t, "microseconds per item")) * time.Microsecond
		s := NewSizer(rapid.IntRange(1, 5000).Draw(t, "first"), 5000, 500*time.Millisecond)
		for range 40 {
			n := s.Size()
			s.Took(n, time.Duration(n)*perItem)
		}
		ideal := min(float64(500*time.Millisecond)/float64(perItem), 5000)
		if got := float64(s.Size()); got < ideal*0.8-1 || got > ideal*1.2+1 {
			t.Fatalf("size %v, want about %v", got, ideal)
		}
	})
}

// Where even a small batch takes long, halving it doubles the work.
func TestSizerWithALeastSizeShrinksOnlyWhereABatchIsTooLarge(t *testing.T) {
	s := NewSizer(100, 5000, 500*time.Millisecond)
	s.Least(100)
	for range 5 {
		s.Took(s.Size(), time.Minute)
	}
	if got := s.Size(); got != 100 {
		t.Errorf("size %d after slow batches, want 100", got)
	}
	s.Shrink()
	s.Took(s.Size(), time.Minute)
	if got := s.Size(); got != 50 {
		t.Errorf("size %d after a batch that was too large, want 50", got)
	}
	s.Took(s.Size(), time.Millisecond)
	if got := s.Size(); got != 100 {
		t.Errorf("size %d after a fast batch, want 100", got)
	}
}

func TestRetryWaitsLongerEachTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		again := errors.New("again")
		start, attempts := time.Now(), 0
		err := Retry(t.Context(), Backoff{Attempts: 4, First: time.Second, Most: 3 * time.Second},
			func(err error) bool { return errors.Is(err, again) },
			func(attempt int) error { attempts = attempt; return again })
		if took := time.Since(start); !errors.Is(err, again) || attempts != 4 || took < 3*time.Second || took > 6*time.Second {
			t.Fatalf("%d attempts in %v, error %v", attempts, took, err)
		}
	})
}

func TestRetryEndsWithSuccessOrAnErrorThatStays(t *testing.T) {
	calls := 0
	if err := Retry(t.Context(), Backoff{Attempts: 5}, func(error) bool { return true }, func(attempt int) error {
		calls++
		if attempt < 3 {
			return errors.New("not yet")
		}
		return nil
	}); err != nil || calls != 3 {
		t.Fatalf("%d calls, error %v", calls, err)
	}
	calls = 0
	if err := Retry(t.Context(), Backoff{Attempts: 5}, func(error) bool { return false }, func(int) error {
		calls++
		return errors.New("permanent")
	}); err == nil || calls != 1 {
		t.Fatalf("%d calls, error %v", calls, err)
	}
}

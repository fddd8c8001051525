package claimlimit

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

func TestAllButOneConnectionAreForClaims(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		take := func(ctx context.Context, pool any, n int) func() {
			back, err := acquireSlot(ctx, pool, n)
			if err != nil {
				t.Error(err)
			}
			return back
		}
		first, second := take(t.Context(), "a", 3), take(t.Context(), "a", 3)
		other := take(t.Context(), "b", 2)
		var third func()
		go func() { third = take(t.Context(), "a", 3) }()
		synctest.Wait()
		if third != nil {
			t.Error("the last connection was taken")
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := acquireSlot(ctx, "a", 3); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		first()
		first() // gives nothing back twice
		synctest.Wait()
		if third == nil {
			t.Fatal("nobody was let in")
		}
		for _, back := range []func(){second, third, other, take(t.Context(), "c", 0)} {
			back()
		}
		if len(pools) > 0 {
			t.Errorf("%d pools are kept in mind", len(pools))
		}
	})
}

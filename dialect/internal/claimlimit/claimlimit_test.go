package claimlimit

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/expungedb/expunge/dialect"
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
		first() // a second call has no effect
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

func TestAClaimThatGetsNoConnection(t *testing.T) {
	take := func() (func() error, error) { return func() error { return nil }, nil }
	if _, err := Claim(t.Context(), Pool{Of: "d", Connections: 1, Setting: "MaxOpenConns"}, take); dialect.ClassOf(err) != dialect.Fatal || !strings.Contains(err.Error(), "MaxOpenConns has to be 2") {
		t.Errorf("of a pool that is too small: error %v", err)
	}
	pool := Pool{Of: "d", Connections: 2}
	release, err := Claim(t.Context(), pool, take)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Claim(ctx, pool, take); dialect.ClassOf(err) != dialect.Cancelled || !errors.Is(err, context.Canceled) {
		t.Errorf("at the end of its context: error %v", err)
	}
	if err := release(); err != nil {
		t.Error(err)
	}
	refused := errors.New("refused")
	if _, err := Claim(t.Context(), pool, func() (func() error, error) { return nil, refused }); !errors.Is(err, refused) {
		t.Errorf("that is refused: error %v", err)
	}
	if release, err = Claim(t.Context(), pool, take); err != nil {
		t.Fatalf("the slot of one that was refused is taken: %v", err)
	}
	if err := release(); err != nil || len(pools) > 0 {
		t.Errorf("error %v; %d pools are kept in mind", err, len(pools))
	}
}

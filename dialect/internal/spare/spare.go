// Package spare leaves one connection of a pool to work. A claim holds one for as
// long as its run goes on, and the run needs another: as many runs as the pool has
// connections would wait for each other for good, and who else uses it with them.
package spare

import (
	"context"
	"fmt"
	"sync"
)

// seats are the connections of a pool that claims may hold.
type seats struct {
	taken chan struct{}
	users int // that hold one, or wait
}

var (
	mu    sync.Mutex
	pools = map[any]*seats{} // those with users, by the pool: several DBs may have the same one
)

// acquireSlot waits until a claim may hold a connection of the pool, which has the given number of
// them, 2 or more, or 0 for any number, and until back is called, once or more often. The error is
// that of the context.
func acquireSlot(ctx context.Context, pool any, connections int) (back func(), err error) {
	if connections == 0 {
		return func() {}, nil
	}
	mu.Lock()
	s := pools[pool]
	if s == nil {
		s = &seats{taken: make(chan struct{}, connections-1)}
		pools[pool] = s
	}
	s.users++
	mu.Unlock()
	leave := func() {
		mu.Lock()
		defer mu.Unlock()
		if s.users--; s.users == 0 {
			delete(pools, pool)
		}
	}
	select {
	case s.taken <- struct{}{}:
		return sync.OnceFunc(func() {
			<-s.taken
			leave()
		}), nil
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
}

// Claim waits until a claim may hold a connection of the pool, which has the given
// number of them, 2 or more, or 0 for any number, and has take make it. The error is take's, or the
// context's. It is safe for concurrent use.
func Claim(ctx context.Context, pool any, connections int, take func() (release func() error, err error)) (func() error, error) {
	back, err := acquireSlot(ctx, pool, connections)
	if err != nil {
		return nil, fmt.Errorf("claim: waiting for a connection of the pool: %w", err)
	}
	release, err := take()
	if err != nil {
		back()
		return nil, err
	}
	return func() error {
		defer back()
		return release()
	}, nil
}

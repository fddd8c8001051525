// Package claimlimit reserves one connection of a pool for work. A claim holds a connection for the
// whole run, and the run needs another one. Claims on all connections would block each other, and
// every other user of the pool.
package claimlimit

import (
	"context"
	"sync"

	"github.com/expungedb/expunge/dialect"
)

// seats are the connections available to claims in one pool.
type seats struct {
	taken chan struct{}
	users int // the claims with a connection or waiting for one
}

var (
	mu    sync.Mutex
	pools = map[any]*seats{} // pools with users; several DBs may share one
)

// acquireSlot waits until a claim may hold a connection of the pool. connections is the pool's
// size: 2 or more, or 0 for any number. The slot is the caller's until the first call of back. The
// error is the context's.
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

// Pool is a pool of connections.
type Pool struct {
	Of          any    // the pool itself: two DBs may share one
	Connections int    // the maximum number, 0 for any number
	Setting     string // the name of the setting for this number, for the user
}

// Claim waits until a claim may hold a connection of the pool, and then calls take to acquire the
// claim. The error is take's, the context's, or that the pool is too small. It is safe for
// concurrent use.
func Claim(ctx context.Context, p Pool, take func() (release func() error, err error)) (func() error, error) {
	if p.Connections == 1 {
		return nil, newError(dialect.Fatal, "a claim takes a connection for itself: the pool's "+p.Setting+" has to be 2 at least", nil)
	}
	back, err := acquireSlot(ctx, p.Of, p.Connections)
	if err != nil {
		return nil, newError(dialect.Cancelled, "waiting for a connection of the pool", err)
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

func newError(class dialect.Class, detail string, cause error) error {
	e := dialect.NewError(class, "", "claim", dialect.Name{}, cause)
	e.Detail = detail
	return e
}

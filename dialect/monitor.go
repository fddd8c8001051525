package dialect

import (
	"context"
	"time"
)

// Monitor is what a DB may tell of its server besides: how far replication is
// behind and how busy the server is, so that a run can spare it. A DB of an
// engine that has neither isn't one. It is asked outside of transactions and is
// safe for concurrent use; every error is an *Error.
type Monitor interface {
	// Lag is how far replication is behind. A replica tells it of itself; a
	// primary, where its engine knows, of the replica that is furthest behind
	// among those that are connected to it, and 0 where there are none. A
	// server that can't tell by its nature, such as a primary of an engine that
	// doesn't know its replicas' state, gives an error.
	Lag(ctx context.Context) (Lag, error)
	// Sessions is how many sessions are at work on the whole server at this
	// moment, the one that asks not counted.
	Sessions(ctx context.Context) (int, error)
}

// Lag is how far a replica is behind its primary.
type Lag struct {
	Behind time.Duration
	// Unknown is why it can't be told at the moment: replication has stopped,
	// or hasn't begun. It is "" where Behind holds.
	Unknown string
}

package dialect

import (
	"context"
	"time"
)

// Monitor is a DB that reports how far replication is behind and how busy the server is, so that a
// run can spare the server. Call it outside of transactions; it is safe for concurrent use. Every
// error is an *Error.
type Monitor interface {
	// Lag is how far replication is behind. A replica reports its own lag. A primary, where its
	// engine knows, reports the largest lag of its connected replicas, and 0 without replicas. A
	// server that can never know it, such as a primary of an engine without its replicas' state,
	// returns an error.
	Lag(ctx context.Context) (Lag, error)
	// Sessions is the number of sessions at work on the whole server at this moment, without the
	// asking one.
	Sessions(ctx context.Context) (int, error)
}

// Lag is how far a replica is behind its primary.
type Lag struct {
	Behind time.Duration
	// Unknown is why the lag is unknown at the moment: replication has stopped, or hasn't begun. It
	// is "" where Behind is valid.
	Unknown string
}

// Package alive keeps a connection alive that is held without being used, as by
// a claim, for the dialects over database/sql.
package alive

import (
	"context"
	"database/sql"
	"time"
)

// Every is the time between two questions: shorter than the idle time after
// which firewalls and proxies take a connection for dead.
const Every = 30 * time.Second

// Keep asks the server something now and then, until stop is called, which
// returns when no question is under way any more; it may be called again. An answer
// that doesn't come changes nothing: who holds the connection finds out that it is lost.
func Keep(conn *sql.Conn) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(Every)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				_ = conn.PingContext(ctx)
			}
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

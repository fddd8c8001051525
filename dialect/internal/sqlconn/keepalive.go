package sqlconn

import (
	"context"
	"database/sql"
	"time"
)

// KeepAliveEvery is the time between two pings: shorter than the idle time after which firewalls and
// proxies take a connection for dead.
const KeepAliveEvery = 30 * time.Second

// KeepAlive pings the server now and then on a connection that a claim holds idle, until the caller
// calls stop, once or more often. stop waits for a ping under way. A failed ping changes nothing: the
// holder of the connection finds out that it is lost.
func KeepAlive(conn *sql.Conn) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(KeepAliveEvery)
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

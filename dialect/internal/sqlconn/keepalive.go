package sqlconn

import (
	"context"
	"database/sql"
	"time"
)

// KeepAliveEvery is the time between two pings. It is shorter than the idle time after which
// firewalls and proxies drop a connection.
const KeepAliveEvery = 30 * time.Second

// KeepAlive pings the server on the idle connection of a claim until the caller calls stop. The
// caller may call stop more than once; it waits for a running ping. KeepAlive ignores a failed
// ping: the holder of the connection notices its loss.
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

package sqlserver_test

import (
	"context"
	"testing"
	"time"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/sqlserver"
	"github.com/expungedb/expunge/internal/testdb"
)

// Tests have only databases outside of an availability group.
func TestMonitor(t *testing.T) {
	for _, server := range testdb.SQLServers(t) {
		t.Run(server.String(), func(t *testing.T) {
			pool := testdb.OpenSQLServer(t, server.Database(t))
			db := sqlserver.New(pool)
			if lag, err := db.Lag(t.Context()); lag != (dialect.Lag{}) || err != nil {
				t.Errorf("lag %+v, error %v", lag, err)
			}

			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			go pool.ExecContext(ctx, "SELECT COUNT_BIG(*) FROM sys.columns a, sys.columns b, sys.columns c") //nolint:errcheck // it ends with the context
			for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
				n, err := db.Sessions(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if n > 0 {
					break
				}
				if time.Now().After(deadline) {
					t.Fatal("a session at work isn't counted")
				}
			}
		})
	}
}

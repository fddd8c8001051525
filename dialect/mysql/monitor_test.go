package mysql_test

import (
	"context"
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/mysql"
	"github.com/expungedb/expunge/internal/testdb"
)

// until calls ask until the answer is as wanted; the test fails after half a minute.
func until[T any](t *testing.T, what string, ask func(context.Context) (T, error), wanted func(T) bool) {
	t.Helper()
	var last T
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		var err error
		if last, err = ask(t.Context()); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if wanted(last) {
			return
		}
	}
	t.Fatalf("%s: it stays at %+v", what, last)
}

func none(l dialect.Lag) bool    { return l == dialect.Lag{} }
func behind(l dialect.Lag) bool  { return l.Behind > 0 && l.Unknown == "" }
func unknown(l dialect.Lag) bool { return l.Unknown != "" }

func TestMonitorOfASourceAndItsReplica(t *testing.T) {
	t.Parallel()
	for _, engine := range []struct {
		name string
		pair func(testing.TB) (*testdb.Server, *testdb.Server)
		word string
	}{{"mariadb", testdb.NewReplicated, "SLAVE"}, {"mysql", testdb.NewReplicatedMySQL, "REPLICA"}} {
		t.Run(engine.name, func(t *testing.T) {
			t.Parallel()
			server, follower := engine.pair(t)
			db := server.Database(t)
			there := testdb.OpenMySQL(t, db)
			here := testdb.OpenMySQL(t, &testdb.Database{URL: follower.At(db), Name: db.Name, Server: follower})
			do := func(on interface {
				ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
			}, statements ...string,
			) {
				t.Helper()
				for _, s := range statements {
					if _, err := on.ExecContext(t.Context(), s); err != nil {
						t.Fatalf("%s: %v", s, err)
					}
				}
			}
			do(there, "CREATE TABLE t (a INT PRIMARY KEY)")
			until(t, "the copy of the database", func(ctx context.Context) (bool, error) { return here.PingContext(ctx) == nil, nil }, func(ok bool) bool { return ok })
			source, copied := mysql.New(there), mysql.New(here)

			if _, err := source.Lag(t.Context()); err == nil || !strings.Contains(err.Error(), "ask the replicas") {
				t.Errorf("a source's lag: error %v", err)
			}
			until(t, "a replica in step", copied.Lag, none)

			lock, err := here.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			do(lock, "FLUSH TABLES WITH READ LOCK")
			do(there, "INSERT INTO t VALUES (1)")
			until(t, "a replica that is locked", copied.Lag, behind)
			do(lock, "UNLOCK TABLES")
			lock.Close()
			until(t, "a replica that has caught up", copied.Lag, none)

			do(here, "STOP "+engine.word+" SQL_THREAD")
			until(t, "a replica whose applier is stopped", copied.Lag, unknown)
			do(here, "START "+engine.word+" SQL_THREAD", "STOP "+engine.word+" IO_THREAD")
			until(t, "a replica whose receiver is stopped", copied.Lag, unknown)
			do(here, "START "+engine.word+" IO_THREAD")
			until(t, "a replica that is started again", copied.Lag, none)

			idle, err := source.Sessions(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			go there.ExecContext(ctx, "DO SLEEP(3600)") //nolint:errcheck // it ends with the context
			until(t, "a server at work", source.Sessions, func(n int) bool { return n > idle })
		})
	}
}

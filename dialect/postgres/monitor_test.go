package postgres_test

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/postgres"
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

func pool(t *testing.T, url string) *pgxpool.Pool {
	t.Helper()
	p, err := pgxpool.New(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func do(t *testing.T, p *pgxpool.Pool, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := p.Exec(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

func TestMonitorOfAPrimaryAndItsStandby(t *testing.T) {
	t.Parallel()
	server := testdb.NewPostgres(t)
	standby := testdb.NewStandby(t, server)
	db := server.Database(t)
	there, here := pool(t, db.URL), (*pgxpool.Pool)(nil)
	primary := postgres.New(there)

	until(t, "a primary", primary.Lag, none)
	here = pool(t, standby.At(db))
	until(t, "the copy of the database", func(ctx context.Context) (bool, error) { return here.Ping(ctx) == nil, nil }, func(ok bool) bool { return ok })
	copied := postgres.New(here)
	until(t, "a standby in step", copied.Lag, none)

	do(t, here, "SELECT pg_wal_replay_pause()")
	do(t, there, "CREATE TABLE t (a int)", "INSERT INTO t SELECT generate_series(1, 1000)")
	until(t, "the primary of a standby that stands still", primary.Lag, behind)
	until(t, "a standby that stands still", copied.Lag, behind)
	do(t, here, "SELECT pg_wal_replay_resume()")
	until(t, "the primary of a standby that has caught up", primary.Lag, none)
	until(t, "a standby that has caught up", copied.Lag, none)

	count := func(n int) func(int) bool { return func(got int) bool { return got == n } }
	until(t, "an idle server", primary.Sessions, count(0))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go there.Exec(ctx, "SELECT pg_sleep(3600)") //nolint:errcheck // it ends with the context
	until(t, "a server at work", primary.Sessions, count(1))

	do(t, there, "CREATE ROLE nobody LOGIN")
	u, err := url.Parse(db.URL)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.User("nobody")
	blind := postgres.New(pool(t, u.String()))
	if _, err := blind.Lag(t.Context()); dialect.ClassOf(err) != dialect.PermissionDenied {
		t.Errorf("a lag that is hidden: error %v", err)
	}
	if _, err := blind.Sessions(t.Context()); dialect.ClassOf(err) != dialect.PermissionDenied {
		t.Errorf("sessions that are hidden: error %v", err)
	}
	do(t, there, "GRANT pg_monitor TO nobody")
	until(t, "sessions seen by a monitor", blind.Sessions, count(1))
	cancel()

	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	until(t, "a standby without its primary", copied.Lag, unknown)
}

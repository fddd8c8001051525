package postgres_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/tracelog"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/dialecttest"
	"github.com/expungedb/expunge/dialect/postgres"
	"github.com/expungedb/expunge/internal/testdb"
)

func TestTracersOfThePoolSeeNoValues(t *testing.T) {
	env := open(t, testdb.Postgres(t))
	env.Exec(t, "CREATE TABLE p (v text PRIMARY KEY)")
	var log strings.Builder
	tracer := &tracelog.TraceLog{LogLevel: tracelog.LogLevelTrace, Logger: tracelog.LoggerFunc(func(_ context.Context, _ tracelog.LogLevel, msg string, data map[string]any) {
		fmt.Fprintln(&log, msg, data)
	})}
	db := postgres.New(connect(t, pools[env.DB].Config().ConnString(), func(c *pgxpool.Config) { c.ConnConfig.Tracer = tracer }))
	transact(t, db, dialect.TxOptions{}, func(tx dialect.Tx) {
		if err := tx.Insert(t.Context(), dialect.Insert{Table: env.Name("p"), Columns: []string{"v"}, Rows: []dialect.Row{{"canary"}}}); err != nil {
			t.Fatal(err)
		}
		read(t, tx, dialect.Select{Table: env.Name("p"), Columns: []string{"v"}, Where: []dialect.Cond{dialect.Compare{Column: "v", Op: "=", Value: "canary"}}})
	})
	if log.Len() == 0 || strings.Contains(log.String(), "canary") {
		t.Errorf("%d bytes of log, or a value in them", log.Len())
	}
}

func TestEveryExecModeOfThePoolWorks(t *testing.T) {
	env := open(t, testdb.Postgres(t))
	env.Exec(t, "CREATE TABLE p (id int PRIMARY KEY)", "INSERT INTO p VALUES (1)")
	for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeCacheStatement, pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeDescribeExec, pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol} {
		t.Run(mode.String(), func(t *testing.T) {
			db := postgres.New(connect(t, pools[env.DB].Config().ConnString(), func(c *pgxpool.Config) { c.ConnConfig.DefaultQueryExecMode = mode }))
			transact(t, db, dialect.TxOptions{}, func(tx dialect.Tx) {
				in := dialect.In{Columns: []string{"id"}, Keys: []dialect.Key{{int64(1)}, {int64(2)}}}
				if d := cmp.Diff([]dialect.Row{{int64(1)}}, read(t, tx, dialect.Select{Table: env.Name("p"), Columns: []string{"id"}, Where: []dialect.Cond{in}, Limit: 5})); d != "" {
					t.Errorf("(-want +got):\n%s", d)
				}
			})
		})
	}
}

func TestRowSecurityThatHidesRowsIsFoundAndRefused(t *testing.T) {
	everywhere(t, func(t *testing.T, env *dialecttest.Env) {
		role := "limited_" + pools[env.DB].Config().ConnConfig.Database
		env.Exec(t, "CREATE TABLE note (id int PRIMARY KEY)", "INSERT INTO note VALUES (1)", "ALTER TABLE note ENABLE ROW LEVEL SECURITY",
			"CREATE ROLE "+role+" LOGIN", "GRANT SELECT, UPDATE, DELETE ON note TO "+role, "CREATE SCHEMA expunge", "GRANT ALL ON SCHEMA expunge TO "+role)
		t.Cleanup(func() { env.Exec(t, "DROP OWNED BY "+role, "DROP ROLE "+role) })
		db := postgres.New(connect(t, pools[env.DB].Config().ConnString(), func(c *pgxpool.Config) { c.ConnConfig.User = role }))
		access := []dialect.Access{{Table: env.Name("note"), Delete: true}}
		problems, err := db.Check(t.Context(), access)
		if err != nil || len(problems) != 1 || !strings.Contains(problems[0].Reason, "BYPASSRLS") {
			t.Errorf("problems: %v, %v", problems, err)
		}
		if problems, err := env.DB.Check(t.Context(), access); err != nil || len(problems) != 0 {
			t.Errorf("for a superuser: %v, %v", problems, err)
		}
		tx, err := db.Begin(t.Context(), dialect.TxOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = tx.Rollback(context.Background()) }()
		if _, err := tx.Delete(t.Context(), dialect.Delete{Table: env.Name("note")}); dialect.ClassOf(err) != dialect.PermissionDenied {
			t.Errorf("a delete of hidden rows: %v, want it refused", err)
		}
	})
}

// Where GRANT doesn't help, the error isn't a missing privilege, and advises a remedy.
func TestErrorsOfTheServersStateSayWhatToDo(t *testing.T) {
	everywhere(t, func(t *testing.T, env *dialecttest.Env) {
		role := fmt.Sprintf("limited_%d", rand.Uint32())
		env.Exec(t, "CREATE ROLE "+role+" LOGIN CONNECTION LIMIT 1", "CREATE TABLE note (id int PRIMARY KEY)")
		t.Cleanup(func() { env.Exec(t, "DROP ROLE "+role) })
		url := pools[env.DB].Config().ConnString()
		limited := postgres.New(connect(t, url, func(c *pgxpool.Config) { c.ConnConfig.User = role }))
		tx, err := limited.Begin(t.Context(), dialect.TxOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback(t.Context()) //nolint:errcheck // it did nothing
		_, tooMany := limited.Begin(t.Context(), dialect.TxOptions{})

		reading := postgres.New(connect(t, url, func(c *pgxpool.Config) { c.ConnConfig.RuntimeParams["default_transaction_read_only"] = "on" }))
		other, err := reading.Begin(t.Context(), dialect.TxOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer other.Rollback(t.Context()) //nolint:errcheck // it did nothing
		_, readOnly := other.Delete(t.Context(), dialect.Delete{Table: env.Name("note")})

		_, noDatabase := postgres.New(connect(t, url, func(c *pgxpool.Config) { c.ConnConfig.Database = "nowhere" })).Begin(t.Context(), dialect.TxOptions{})
		for _, c := range []struct {
			err   error
			class dialect.Class
			words string
		}{
			{tooMany, dialect.Retryable, "CONNECTION LIMIT"},
			{readOnly, dialect.ReadOnly, "default_transaction_read_only"},
			{noDatabase, dialect.Fatal, "connection string"},
		} {
			if dialect.ClassOf(c.err) != c.class || !strings.Contains(c.err.Error(), c.words) || strings.Contains(strings.ToLower(c.err.Error()), "grant") {
				t.Errorf("%v, want an error of class %s that speaks of %s", c.err, c.class, c.words)
			}
		}
	})
}

func TestAConnectionThatEnforcesNoForeignKeyIsFound(t *testing.T) {
	everywhere(t, func(t *testing.T, env *dialecttest.Env) {
		db := postgres.New(connect(t, pools[env.DB].Config().ConnString(), func(c *pgxpool.Config) { c.ConnConfig.RuntimeParams["session_replication_role"] = "replica" }))
		if problems, err := db.Check(t.Context(), nil); err != nil || len(problems) != 1 || !strings.Contains(problems[0].Reason, "session_replication_role") {
			t.Errorf("problems: %v, %v", problems, err)
		}
	})
}

func TestSessionIsLeftAsItWas(t *testing.T) {
	everywhere(t, func(t *testing.T, env *dialecttest.Env) {
		pool := connect(t, pools[env.DB].Config().ConnString(), func(c *pgxpool.Config) {
			c.MaxConns = 1
			c.ConnConfig.RuntimeParams["timezone"] = "Asia/Tokyo"
		})
		settings := func() map[string]string {
			rows, _ := pool.Query(t.Context(), "SELECT name, setting FROM pg_settings WHERE name <> 'transaction_isolation'")
			out := map[string]string{}
			var name, setting string
			if _, err := pgx.ForEachRow(rows, []any{&name, &setting}, func() error { out[name] = setting; return nil }); err != nil {
				t.Fatal(err)
			}
			return out
		}
		before := settings()
		db := postgres.New(pool)
		for _, o := range []dialect.TxOptions{{}, {ReadOnly: true}, {LockTimeout: time.Second, Defer: true}} {
			transact(t, db, o, func(tx dialect.Tx) {
				if _, err := tx.Position(t.Context()); err != nil {
					t.Error(err)
				}
			})
			if d := cmp.Diff(before, settings()); d != "" {
				t.Errorf("after %+v (-before +after):\n%s", o, d)
			}
		}
	})
}

func TestClaimNeedsASecondConnection(t *testing.T) {
	env := open(t, testdb.Postgres(t))
	db := postgres.New(connect(t, pools[env.DB].Config().ConnString(), func(c *pgxpool.Config) { c.MaxConns = 1 }))
	if _, err := db.Claim(t.Context(), "run"); err == nil || !strings.Contains(err.Error(), "MaxConns") {
		t.Errorf("err = %v, want what to do", err)
	}
}

func TestClaimSaysWhenItsConnectionWasLost(t *testing.T) {
	env := open(t, testdb.Postgres(t))
	release, err := env.DB.Claim(t.Context(), "run")
	if err != nil {
		t.Fatal(err)
	}
	env.Exec(t, "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = 'first' AND datname = current_database()")
	if err := release(); dialect.ClassOf(err) != dialect.LostConnection {
		t.Errorf("release: %v, want a lost connection", err)
	}
	if release, err = env.Second.Claim(t.Context(), "run"); err != nil {
		t.Fatalf("the claim of a dead session is still held: %v", err)
	}
	if err := release(); err != nil {
		t.Error(err)
	}
}

func TestErrorsNeverQuoteValues(t *testing.T) {
	env := open(t, testdb.Postgres(t))
	env.Exec(t, "CREATE TABLE p (id int PRIMARY KEY, v varchar(20) UNIQUE CHECK (v <> 'canary-check'))", "INSERT INTO p VALUES (1, 'canary-unique')",
		`CREATE FUNCTION loud() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no %', NEW.v USING ERRCODE = '42501', CONSTRAINT = NEW.v; END $$`,
		"CREATE TABLE loud (v text)", "CREATE TRIGGER loud BEFORE INSERT ON loud FOR EACH ROW EXECUTE FUNCTION loud()")
	for _, c := range []struct {
		name    string
		insert  dialect.Insert
		class   dialect.Class
		mention string
	}{
		{"unique", dialect.Insert{Table: env.Name("p"), Columns: []string{"id", "v"}, Rows: []dialect.Row{{int64(2), "canary-unique"}}}, dialect.UniqueViolation, "p_v_key"},
		{"check", dialect.Insert{Table: env.Name("p"), Columns: []string{"id", "v"}, Rows: []dialect.Row{{int64(2), "canary-check"}}}, dialect.OtherConstraint, "p_v_check"},
		{"too long", dialect.Insert{Table: env.Name("p"), Columns: []string{"id", "v"}, Rows: []dialect.Row{{int64(2), "canary-that-is-too-long"}}}, dialect.DoesNotFit, "22001"},
		{"not a number", dialect.Insert{Table: env.Name("p"), Columns: []string{"id"}, Rows: []dialect.Row{{"canary"}}}, dialect.DoesNotFit, "22P02"},
		{"a trigger's text and fields", dialect.Insert{Table: env.Name("loud"), Columns: []string{"v"}, Rows: []dialect.Row{{"canary"}}}, dialect.PermissionDenied, "42501"},
		{"no such column", dialect.Insert{Table: env.Name("p"), Columns: []string{"x"}, Rows: []dialect.Row{{"canary"}}}, dialect.Fatal, "(x)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tx, err := env.DB.Begin(t.Context(), dialect.TxOptions{})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = tx.Rollback(context.Background()) }()
			err = tx.Insert(t.Context(), c.insert)
			if dialect.ClassOf(err) != c.class || strings.Contains(err.Error(), "canary") || !strings.Contains(err.Error(), c.mention) {
				t.Errorf("class %q; mentions %q: %v; holds a value: %v", dialect.ClassOf(err), c.mention, strings.Contains(err.Error(), c.mention), strings.Contains(err.Error(), "canary"))
			}
		})
	}
}

func TestTableThatIsAlteredMeanwhileIsRetried(t *testing.T) {
	env := open(t, testdb.Postgres(t))
	db := postgres.New(connect(t, pools[env.DB].Config().ConnString(), func(c *pgxpool.Config) { c.MaxConns = 1 }))
	env.Exec(t, "CREATE TABLE v (v int)", "INSERT INTO v VALUES (1)")
	s := dialect.Select{Table: env.Name("v"), Columns: []string{"v"}}
	transact(t, db, dialect.TxOptions{}, func(tx dialect.Tx) { read(t, tx, s) })
	env.Exec(t, "ALTER TABLE v ALTER v TYPE text USING 'one'")
	tx, err := db.Begin(t.Context(), dialect.TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, err = range tx.Query(t.Context(), s) {
	}
	if dialect.ClassOf(err) != dialect.Retryable {
		t.Errorf("the statement that was prepared before: %v", err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	transact(t, db, dialect.TxOptions{}, func(tx dialect.Tx) {
		if d := cmp.Diff([]dialect.Row{{"one"}}, read(t, tx, s)); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	})
}

func TestServerThatIsKilledLosesTheConnection(t *testing.T) {
	server := testdb.NewPostgres(t)
	env := open(t, server.Database(t))
	tx, err := env.DB.Begin(t.Context(), dialect.TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Position(t.Context()); dialect.ClassOf(err) != dialect.LostConnection {
		t.Errorf("a statement: %v", err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Errorf("rollback: %v", err)
	}
	if _, err := env.DB.Begin(t.Context(), dialect.TxOptions{}); dialect.ClassOf(err) != dialect.LostConnection {
		t.Errorf("begin: %v", err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	transact(t, env.DB, dialect.TxOptions{}, func(_ dialect.Tx) {})
}

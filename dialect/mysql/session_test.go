package mysql_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/mysql"
	"github.com/expungedb/expunge/internal/testdb"
)

// each runs a test on a fresh database of every server.
func each(t *testing.T, test func(t *testing.T, db *testdb.Database)) {
	for _, s := range servers(t) {
		t.Run(s.String(), func(t *testing.T) { test(t, s.Database(t)) })
	}
}

// run runs statements on a database.
func run(t testing.TB, db *testdb.Database, statements ...string) {
	t.Helper()
	pool := testdb.OpenMySQL(t, db)
	pool.SetMaxOpenConns(1)
	for _, s := range statements {
		if _, err := pool.ExecContext(context.WithoutCancel(t.Context()), s); err != nil {
			t.Fatalf("%v\nin %.300s", err, s)
		}
	}
}

func begin(t testing.TB, db *mysql.DB, o dialect.TxOptions) dialect.Tx {
	t.Helper()
	tx, err := db.Begin(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback(context.Background()) })
	return tx
}

func write(t testing.TB, db *mysql.DB, f func(tx dialect.Tx)) {
	t.Helper()
	tx := begin(t, db, dialect.TxOptions{})
	f(tx)
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func name(table string) dialect.Name { return dialect.Name{Table: table} }

func TestSessionsGoBackToThePoolAsTheyCame(t *testing.T) {
	each(t, func(t *testing.T, db *testdb.Database) {
		pool := testdb.OpenMySQL(t, db, dsns["options"]...)
		pool.SetMaxOpenConns(1) // one session, used again and again
		const query = `SELECT CONCAT_WS('|', @@time_zone, @@sql_mode, @@autocommit, @@character_set_client, @@character_set_results,
			@@collation_connection, @@innodb_lock_wait_timeout, @@lock_wait_timeout, @@sql_safe_updates, @@div_precision_increment, @@sql_select_limit)`
		// The names of these variables differ between the servers, and between their versions.
		const kind = `SHOW SESSION VARIABLES WHERE Variable_name RLIKE '^(tx|transaction)_(isolation|read_only)$'`
		state := func() (out []string) {
			t.Helper()
			out = make([]string, 1)
			if err := pool.QueryRow(query).Scan(&out[0]); err != nil {
				t.Fatal(err)
			}
			rows, err := pool.Query(kind)
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
			for rows.Next() {
				var name, value string
				if err := rows.Scan(&name, &value); err != nil {
					t.Fatal(err)
				}
				out = append(out, name+"="+value)
			}
			if err := rows.Err(); err != nil {
				t.Fatal(err)
			}
			return out
		}
		before := state()
		d := mysql.New(pool)
		for _, end := range []func(dialect.Tx) error{
			func(tx dialect.Tx) error { return tx.Commit(t.Context()) },
			func(tx dialect.Tx) error { return tx.Rollback(t.Context()) },
		} {
			for _, readOnly := range []bool{false, true} {
				if err := end(begin(t, d, dialect.TxOptions{LockTimeout: 1500 * time.Millisecond, ReadOnly: readOnly})); err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(before, state()); d != "" {
					t.Errorf("the session's variables (-before +after):\n%s", d)
				}
			}
		}
		if _, err := d.Inspect(t.Context()); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(before, state()); d != "" {
			t.Errorf("the session's variables after an inspection (-before +after):\n%s", d)
		}
	})
}

func TestAnotherDatabaseThatASessionWasGivenIsLeftAlone(t *testing.T) {
	each(t, func(t *testing.T, db *testdb.Database) {
		other := db.Server.Database(t)
		for _, d := range []*testdb.Database{db, other} {
			run(t, d, "CREATE TABLE a (id int PRIMARY KEY)", "INSERT INTO a VALUES (1)")
		}
		pool := testdb.OpenMySQL(t, db)
		pool.SetMaxOpenConns(1) // one session for all users
		d := mysql.New(pool)
		if _, err := d.Inspect(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := pool.Exec("USE " + other.Name); err != nil {
			t.Fatal(err)
		}
		write(t, d, func(tx dialect.Tx) {
			if n, err := tx.Delete(t.Context(), dialect.Delete{Table: name("a")}); err != nil || n != 1 {
				t.Errorf("deleted %d rows, %v, want 1", n, err)
			}
		})
		var selected string
		var here, there int
		err := pool.QueryRow("SELECT DATABASE(), (SELECT COUNT(*) FROM a), (SELECT COUNT(*) FROM "+db.Name+".a)").Scan(&selected, &there, &here)
		if err != nil || selected != other.Name || there != 1 || here != 0 {
			t.Errorf("%d rows left in the pool's database and %d in the other, which is selected again: %t, %v", here, there, selected == other.Name, err)
		}
	})
}

func TestLimitsOfTheApplicationsStatementsAreLifted(t *testing.T) {
	limits := map[string][]string{
		"mysql":   {"max_execution_time=1", "max_join_size=1", "sql_big_selects=0"},
		"mariadb": {"max_statement_time=0.001", "max_join_size=1", "sql_big_selects=0", "system_versioning_asof=%272001-01-01%27"},
	}
	each(t, func(t *testing.T, db *testdb.Database) {
		run(t, db, "CREATE TABLE a (id int PRIMARY KEY)", "INSERT INTO a VALUES (1), (2)")
		if db.Server.Engine == "mariadb" {
			run(t, db, "ALTER TABLE a ADD SYSTEM VERSIONING")
		}
		pool := testdb.OpenMySQL(t, db, limits[db.Server.Engine]...)
		pool.SetMaxOpenConns(1)
		tx := begin(t, mysql.New(pool), dialect.TxOptions{})
		if n, err := tx.Count(t.Context(), name("a"), []dialect.Cond{dialect.Match{SQL: "SLEEP(0.01) = 0"}}); err != nil || n != 2 {
			t.Errorf("%d rows, %v, want 2", n, err)
		}
		if err := tx.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
		var sum float64
		if err := pool.QueryRow("SELECT @@max_join_size + @@sql_big_selects").Scan(&sum); err != nil || sum != 1 {
			t.Errorf("the limits are gone from the pool's session: %v, %v", sum, err)
		}
	})
}

func TestATransactionThatThePoolLeftOpenIsNotJoined(t *testing.T) {
	each(t, func(t *testing.T, db *testdb.Database) {
		run(t, db, "CREATE TABLE a (id int PRIMARY KEY)")
		for i, option := range []string{"autocommit=1", "autocommit=0"} {
			pool := testdb.OpenMySQL(t, db, option)
			pool.SetMaxOpenConns(1) // one session for all users
			for _, s := range []string{"START TRANSACTION", fmt.Sprintf("INSERT INTO a VALUES (%d)", i)} {
				if _, err := pool.Exec(s); err != nil {
					t.Fatal(err)
				}
			}
			d := mysql.New(pool)
			tx := begin(t, d, dialect.TxOptions{})
			if err := tx.Insert(t.Context(), dialect.Insert{Table: name("a"), Columns: []string{"id"}, Rows: []dialect.Row{{int64(100 + i)}}}); err != nil {
				t.Fatal(err)
			}
			if err := tx.Rollback(t.Context()); err != nil {
				t.Fatal(err)
			}
			var there int
			if err := pool.QueryRow("SELECT COUNT(*) FROM a").Scan(&there); err != nil || there != i+1 {
				t.Errorf("%s: %d rows, %v, want %d: what was open is committed, as by START TRANSACTION, and only the rest rolled back", option, there, err, i+1)
			}
		}
	})
}

func TestAReadOnlyTransactionThatIsRolledBackLeavesNothingOpen(t *testing.T) {
	each(t, func(t *testing.T, db *testdb.Database) {
		run(t, db, "CREATE TABLE a (id int PRIMARY KEY)")
		for _, option := range []string{"autocommit=1", "autocommit=0"} {
			pool := testdb.OpenMySQL(t, db, option)
			pool.SetMaxOpenConns(1)
			tx := begin(t, mysql.New(pool), dialect.TxOptions{ReadOnly: true})
			if _, err := tx.Count(t.Context(), name("a"), nil); err != nil {
				t.Fatal(err)
			}
			if err := tx.Rollback(t.Context()); err != nil {
				t.Fatal(err)
			}
			var open int
			if err := pool.QueryRow("SELECT COUNT(*) FROM information_schema.INNODB_TRX WHERE trx_mysql_thread_id = CONNECTION_ID()").Scan(&open); err != nil || open != 0 {
				t.Errorf("%s: %d open transactions, %v, want none", option, open, err)
			}
		}
	})
}

func TestClaimNeedsASecondConnection(t *testing.T) {
	each(t, func(t *testing.T, db *testdb.Database) {
		pool := testdb.OpenMySQL(t, db)
		pool.SetMaxOpenConns(1)
		if _, err := mysql.New(pool).Claim(t.Context(), "run"); err == nil || !strings.Contains(err.Error(), "MaxOpenConns") {
			t.Errorf("err = %v, want what to do", err)
		}
	})
}

func TestTransactionsAreReadCommitted(t *testing.T) {
	each(t, func(t *testing.T, db *testdb.Database) {
		run(t, db, "CREATE TABLE a (id int PRIMARY KEY)")
		d := mysql.New(testdb.OpenMySQL(t, db))
		for _, c := range []struct {
			options dialect.TxOptions
			want    int64
		}{{dialect.TxOptions{}, 1}, {dialect.TxOptions{ReadOnly: true}, 0}} {
			run(t, db, "DELETE FROM a")
			tx := begin(t, d, c.options)
			count := func() int64 {
				n, err := tx.Count(t.Context(), name("a"), nil)
				if err != nil {
					t.Fatal(err)
				}
				return n
			}
			count()
			run(t, db, "INSERT INTO a VALUES (1)")
			if got := count(); got != c.want {
				t.Errorf("%+v: sees %d rows that were committed meanwhile, want %d", c.options, got, c.want)
			}
			if err := tx.Rollback(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestForeignKeyChecksSwitchedOffAreRefused(t *testing.T) {
	each(t, func(t *testing.T, db *testdb.Database) {
		d := mysql.New(testdb.OpenMySQL(t, db, "foreign_key_checks=0"))
		if _, err := d.Begin(t.Context(), dialect.TxOptions{}); err == nil || !strings.Contains(err.Error(), "foreign_key_checks") {
			t.Errorf("begin: %v, want an error that names foreign_key_checks", err)
		}
		problems, err := d.Check(t.Context(), nil)
		if err != nil || len(problems) != 1 || !strings.Contains(problems[0].Reason, "foreign_key_checks") {
			t.Errorf("check: %v, %v, want one problem that names foreign_key_checks", problems, err)
		}
	})
}

func TestACancelledStatementLetsItsLocksGo(t *testing.T) {
	each(t, func(t *testing.T, db *testdb.Database) {
		run(t, db, "CREATE TABLE a (id int PRIMARY KEY, n int)", "INSERT INTO a VALUES (1, 1), (2, 2)")
		d := mysql.New(testdb.OpenMySQL(t, db))
		tx := begin(t, d, dialect.TxOptions{})
		if _, err := tx.Delete(t.Context(), dialect.Delete{Table: name("a"), Where: []dialect.Cond{dialect.In{Columns: []string{"id"}, Keys: []dialect.Key{{int64(1)}}}}}); err != nil {
			t.Fatal(err)
		}
		late, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_, err := tx.Count(late, name("a"), []dialect.Cond{dialect.Match{SQL: "SLEEP(20) = 0"}})
		if got := dialect.ClassOf(err); got != dialect.Cancelled {
			t.Errorf("the class is %q, want %q", got, dialect.Cancelled)
		}
		if err := tx.Rollback(late); err != nil {
			t.Error(err)
		}
		write(t, d, func(tx dialect.Tx) {
			in := time.Now()
			if n, err := tx.Delete(t.Context(), dialect.Delete{Table: name("a")}); err != nil || n != 2 {
				t.Errorf("deleted %d rows, %v, want 2: the cancelled transaction was rolled back", n, err)
			}
			if waited := time.Since(in); waited > 10*time.Second {
				t.Errorf("waited %v for the cancelled statement's locks", waited)
			}
		})
	})
}

// Behind a load balancer the pool's next connection may be to another server.
func TestAConnectionOfThatNumberOnAnotherServerIsLeftAlone(t *testing.T) {
	each(t, func(t *testing.T, db *testdb.Database) {
		pool := testdb.OpenMySQL(t, db)
		conn, err := pool.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		var id int64
		var server string
		if err := conn.QueryRowContext(t.Context(), "SELECT CONNECTION_ID(), "+mysql.WhichServer).Scan(&id, &server); err != nil {
			t.Fatal(err)
		}
		d := mysql.New(pool)
		for _, c := range []struct {
			server string
			alive  bool
		}{{"another:3306:1", true}, {server, false}} {
			if err := mysql.Kill(t.Context(), d, id, c.server); err != nil {
				t.Fatal(err)
			}
			if err := conn.PingContext(t.Context()); (err == nil) != c.alive {
				t.Errorf("the server that it was meant for: %t; alive: %t", !c.alive, err == nil)
			}
		}
	})
}

func TestAServerKilledAndStartedAgain(t *testing.T) {
	for _, s := range []*testdb.Server{testdb.NewMySQL(t), testdb.NewMariaDB(t)} {
		t.Run(s.String(), func(t *testing.T) {
			db := s.Database(t)
			run(t, db, "CREATE TABLE a (id int PRIMARY KEY)", "INSERT INTO a VALUES (1), (2)")
			d := mysql.New(testdb.OpenMySQL(t, db))
			open := []dialect.Tx{begin(t, d, dialect.TxOptions{}), begin(t, d, dialect.TxOptions{}), begin(t, d, dialect.TxOptions{})}
			if _, err := open[0].Delete(t.Context(), dialect.Delete{Table: name("a")}); err != nil {
				t.Fatal(err)
			}
			for _, tx := range open[1:] { // back to the pool
				if err := tx.Rollback(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.Kill(); err != nil {
				t.Fatal(err)
			}
			if got := dialect.ClassOf(open[0].Commit(t.Context())); got != dialect.LostConnection {
				t.Errorf("the commit's class is %q, want %q", got, dialect.LostConnection)
			}
			_, err := d.Begin(t.Context(), dialect.TxOptions{})
			if got := dialect.ClassOf(err); got != dialect.LostConnection {
				t.Errorf("begin's class is %q while the server is down, want %q: %v", got, dialect.LostConnection, err)
			}
			if err := s.Start(); err != nil {
				t.Fatal(err)
			}
			write(t, d, func(tx dialect.Tx) { // over connections unknown to the restarted server
				if n, err := tx.Count(t.Context(), name("a"), nil); err != nil || n != 2 {
					t.Errorf("%d rows, %v, want 2", n, err)
				}
			})
		})
	}
}

func TestIdentityNamesTheServer(t *testing.T) {
	each(t, func(t *testing.T, db *testdb.Database) {
		id, err := mysql.New(testdb.OpenMySQL(t, db)).Identity(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if id.Engine != db.Server.Engine || !strings.HasPrefix(id.Version, db.Server.Version) {
			t.Errorf("identity %s %s, want %s", id.Engine, id.Version, db.Server)
		}
		want := map[string][]string{
			"mysql":   {"server_uuid", "server_id", "gtid_mode", "log_bin", "binlog_row_image"},
			"mariadb": {"server_id", "gtid_domain_id", "log_bin", "binlog_row_image"},
		}[db.Server.Engine]
		for _, fact := range want {
			if id.Facts[fact] == "" {
				t.Errorf("the fact %s is missing", fact)
			}
		}
	})
}

func TestPositionOfTheBinaryLog(t *testing.T) {
	for _, c := range []struct {
		server *testdb.Server
		want   string
	}{
		{testdb.NewMySQL(t, "gtid_mode=ON", "enforce_gtid_consistency=ON"), ":"},
		{testdb.NewMySQL(t, "gtid_mode=OFF"), "binlog."},
		{testdb.NewMariaDB(t, "log_bin=binlog", "server_id=7"), "0-7-"},
		{testdb.NewMariaDB(t), ""},
	} {
		t.Run(fmt.Sprintf("%s %q", c.server, c.want), func(t *testing.T) {
			db := c.server.Database(t)
			run(t, db, "CREATE TABLE a (id int PRIMARY KEY)", "INSERT INTO a VALUES (1)")
			got, err := begin(t, mysql.New(testdb.OpenMySQL(t, db)), dialect.TxOptions{}).Position(t.Context())
			if err != nil || !strings.Contains(got, c.want) || (got == "") != (c.want == "") {
				t.Errorf("position %q, %v, want one with %q", got, err, c.want)
			}
		})
	}
}

package mysql

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/sqlconn"
)

// variable is a session variable that statements depend on, with the value
// that they need. Pools hand sessions around, and DSNs set what they like.
type variable struct{ name, value string }

// variables are the session as statements need it.
var variables = []variable{
	{"autocommit", "1"}, // first: it ends what a pooled session, or a transaction of ours, may have open
	// Values travel as UTF-8. A comparison with a column uses the column's
	// collation, whatever the connection's is.
	{"character_set_client", "utf8mb4"},
	{"character_set_results", "utf8mb4"},
	{"collation_connection", "utf8mb4_general_ci"},
	{"time_zone", "+00:00"}, // TIMESTAMP columns are read and written in UTC
	// Strict, so that a value that doesn't fit is an error; without NO_ZERO_DATE
	// and with ALLOW_INVALID_DATES, so that what is stored already can be written back.
	{"sql_mode", "STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,NO_UNSIGNED_SUBTRACTION,ALLOW_INVALID_DATES"},
	{"sql_safe_updates", "0"},
	{"sql_select_limit", "18446744073709551615"},
	{"sql_big_selects", "1"},    // else max_join_size is a limit
	{"max_execution_time", "0"}, // limits that are meant for the application's statements
	{"unique_checks", "1"},
	{"transaction_read_only", "0"}, // a default for the application's statements, too
	{"completion_type", "NO_CHAIN"},
	{"div_precision_increment", "30"},
	{"sql_auto_is_null", "0"},
}

// mariadbs are the variables that only MariaDB has.
var mariadbs = []variable{
	{"check_constraint_checks", "1"},
	{"system_versioning_asof", "DEFAULT"}, // else tables are read as they were
	// It takes the result of a subquery for one row as that for any other whose column is equal, by
	// the column's own collation: the subquery may compare by another.
	{"optimizer_switch", "subquery_cache=off"},
}

// session is a connection that somebody has for himself, with the variables set.
type session struct {
	db       *DB
	conn     *sql.Conn
	id       int64  // of the connection, for KILL,
	at       string // on this server
	server   *server
	checks   bool // foreign_key_checks
	restore  []variable
	database string  // selected, "": none
	away     *string // the database that was selected where it isn't the pool's
	cut      bool    // the context ended within a statement: the driver has closed the connection
}

// openSession takes a connection from the pool and gives it the variables, and
// more of them, or other values of them, where wanted.
func (d *DB) openSession(ctx context.Context, doing string, more ...variable) (s *session, err error) {
	classify := func(err error) error { return engineError(ctx, err, doing, dialect.Name{}) }
	_, err = sqlconn.Open(ctx, d.pool, classify, func(conn *sql.Conn) error {
		s = &session{db: d, conn: conn}
		return s.setVariables(ctx, wantedVariables(more))
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// wantedVariables are the variables with other values of some, and more of them.
func wantedVariables(more []variable) []variable {
	want := slices.Clone(variables)
	for _, v := range more {
		if i := slices.IndexFunc(want, func(w variable) bool { return w.name == v.name }); i >= 0 {
			want[i] = v
		} else {
			want = append(want, v)
		}
	}
	return want
}

// setVariables gives the session the values wanted, and remembers those it had, in
// two statements: a batch of one subject is a dozen transactions, most of which read one table.
func (s *session) setVariables(ctx context.Context, want []variable) error {
	var err error
	if s.server, err = s.db.askServer(ctx, s.conn); err != nil {
		return err
	}
	if s.server.mariadb {
		want = append(want, mariadbs...)
	}
	query := "SELECT CONNECTION_ID(), " + whichServer + ", DATABASE(), @@SESSION.foreign_key_checks"
	values := make([]sql.NullString, len(want))
	var selected sql.NullString
	into := []any{&s.id, &s.at, &selected, &s.checks}
	for i, v := range want {
		query += ", @@SESSION." + s.server.functionName(v.name)
		into = append(into, &values[i])
	}
	if err := sqlconn.QueryOne(ctx, s.conn, query, into...); err != nil {
		return err
	}
	// A USE stays with its session, and what is without a database in a
	// statement is the selected one's.
	s.database = selected.String
	if home := s.server.database; home != "" && s.database != home {
		s.away, s.database = &selected.String, home
		if _, err := s.conn.ExecContext(ctx, "USE "+quoteIdent(home)); err != nil {
			return err
		}
	}
	var set []variable
	for i, v := range want {
		got := values[i]
		if !got.Valid {
			got.String = "NULL" // character_set_results can be
		}
		if v == manual {
			// From 0 to 1 commits what is open, which 0 alone would leave so.
			set = append(set, manual, variable{manual.name, "1"})
		} else if sameSetting(v, got.String) {
			continue
		}
		set = append(set, v)
		s.restore = append(s.restore, variable{v.name, got.String})
	}
	if len(set) == 0 {
		return nil
	}
	_, err = s.conn.ExecContext(ctx, s.assignVariables(set))
	return err
}

// manual has the session's statements begin a transaction, the first and each
// that comes after the end of one.
var manual = variable{"autocommit", "0"}

// functionName is what the server calls a variable of MySQL's.
func (s *server) functionName(name string) string {
	switch {
	case !s.mariadb:
	case strings.HasPrefix(name, "transaction_"):
		return "tx_" + strings.TrimPrefix(name, "transaction_")
	case name == "max_execution_time":
		return "max_statement_time"
	}
	return name
}

// closeSession gives the connection back with its settings restored, or, where that
// is not possible, throws it away.
func (s *session) closeSession(usable bool) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if usable && len(s.restore) > 0 {
		_, err := s.conn.ExecContext(ctx, s.assignVariables(s.restore))
		usable = err == nil
	}
	if usable && s.away != nil {
		_, err := s.conn.ExecContext(ctx, "USE "+quoteIdent(*s.away)) // which fails where there was none
		usable = err == nil
	}
	if !usable {
		sqlconn.Discard(s.conn)
	}
	s.conn.Close()
	if s.cut && !usable {
		// The server notices a closed connection only when the statement has
		// ended. Until then it would work on, and hold its locks.
		_ = s.killSession(ctx)
	}
}

// whichServer tells the servers apart that a load balancer hands connections to.
const whichServer = "CONCAT_WS(':', @@hostname, @@port, @@server_id)"

// killSession ends the session on its server. On another one the connection of that
// number is somebody else's.
func (s *session) killSession(ctx context.Context) error {
	conn, err := s.db.pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	var at string
	if err := sqlconn.QueryOne(ctx, conn, "SELECT "+whichServer, &at); err != nil || at != s.at {
		return err
	}
	_, err = conn.ExecContext(ctx, fmt.Sprintf("KILL %d", s.id))
	return err
}

// patience is how long the end of a session may take after its context's end.
const patience = 5 * time.Second

// sameSetting compares a variable's value with the one wanted; the modes of
// sql_mode come in an order of the server's own.
func sameSetting(want variable, got string) bool {
	if want.name == "optimizer_switch" { // of which one switch is wanted
		return slices.Contains(strings.Split(got, ","), want.value)
	}
	if want.name != "sql_mode" {
		return strings.EqualFold(want.value, got) || isNumber(want.value) && strings.TrimRight(got, "0") == want.value+"." // 0.000000
	}
	modes := func(s string) map[string]bool {
		set := map[string]bool{}
		for m := range strings.SplitSeq(s, ",") {
			set[m] = true
		}
		return set
	}
	w, g := modes(want.value), modes(got)
	if len(w) != len(g) {
		return false
	}
	for m := range w {
		if !g[m] {
			return false
		}
	}
	return true
}

func (s *session) assignVariables(vs []variable) string {
	parts := make([]string, len(vs))
	for i, v := range vs {
		parts[i] = "@@SESSION." + s.server.functionName(v.name) + " = " + variableLiteral(v.value)
	}
	return "SET " + strings.Join(parts, ", ")
}

// variableLiteral writes a variable's value, which is a number, a name or a
// list of names, or NULL.
func variableLiteral(v string) string {
	if isNumber(v) || v == "NULL" || v == "DEFAULT" {
		return v
	}
	return "'" + strings.ReplaceAll(v, "'", "''") + "'"
}

func isNumber(v string) bool {
	_, err := strconv.ParseFloat(v, 64)
	return err == nil
}

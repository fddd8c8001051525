package postgres

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/expungedb/expunge/dialect"
)

// engineError converts an error of the driver or the server to the contract's. closed says that the
// connection is unusable.
func engineError(ctx context.Context, doing string, table dialect.Name, err error, closed bool) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*dialect.Error](err); ok {
		return e
	}
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		// The driver reports the end of a context as a network timeout.
		if end := ctx.Err(); end != nil {
			return dialect.NewError(dialect.Cancelled, "", doing, table, end)
		}
		class := dialect.Fatal
		if _, connecting := errors.AsType[*pgconn.ConnectError](err); connecting || closed {
			class = dialect.LostConnection
		}
		return dialect.NewError(class, "", doing, table, err)
	}
	if end := ctx.Err(); end != nil && pg.Code == "57014" {
		return dialect.NewError(dialect.Cancelled, pg.Code, doing, table, end)
	}
	class := classOf(pg.Code)
	if pg.Code == "0A000" && pg.Routine == "RevalidateCachedQuery" {
		class = dialect.Retryable // the table was altered: the next transaction prepares the statement again
	}
	e := dialect.NewError(class, pg.Code, doing, table, nil)
	e.Object, e.Detail = describeError(pg)
	return e
}

// classOf classifies an SQLSTATE, by
// https://www.postgresql.org/docs/current/errcodes-appendix.html.
func classOf(code string) dialect.Class {
	switch code {
	case "40001", "40P01", // serialization failure, deadlock
		"53300", "53200": // too many connections, out of memory
		return dialect.Retryable
	case "55P03", // lock not available: lock_timeout
		// statement_timeout, or an administrator, cancelled the statement. Next time it may wait
		// for less, or do less.
		"57014":
		return dialect.LockTimeout
	case "23505":
		return dialect.UniqueViolation
	case "23503", "23001": // restrict violation: ON DELETE RESTRICT, from 18 on
		return dialect.ForeignKeyViolation
	case "42501": // insufficient privilege
		return dialect.PermissionDenied
	case "25006": // read-only transaction, also on a standby
		return dialect.ReadOnly
	case "57P01", "57P02", "57P03", "57P05", // shutdown, crash, starting up, idle session timeout
		"25P03", "25P04", // idle in transaction timeout, transaction timeout
		"40003": // statement completion unknown
		return dialect.LostConnection
	case "40002":
		return dialect.OtherConstraint
	}
	switch code[:min(2, len(code))] {
	case "08":
		return dialect.LostConnection
	case "22":
		return dialect.DoesNotFit
	case "23", "44", "P0": // constraints, WITH CHECK OPTION, a trigger's RAISE
		return dialect.OtherConstraint
	case "28":
		return dialect.PermissionDenied
	}
	return dialect.Fatal
}

// advice says what to do where the code alone doesn't.
var advice = map[string]string{
	"25006": "the server or the session takes no writes: connect to the primary, and switch default_transaction_read_only off for this role or connection",
	"26000": pooled,
	"28000": refusedLogin,
	"28P01": refusedLogin,
	"3D000": "database not found: check its name in the connection string",
	"42601": "a syntax error: check the conditions written in the policy",
	"42P05": pooled,
	"53100": "the disk is full: make room on that of the table's tablespace, and of the write-ahead log",
	"53200": "the server is out of memory, or of room for locks: use smaller batches or fewer workers, or raise max_locks_per_transaction",
	"53300": "the server has as many connections as max_connections allows, or the role or the database as its CONNECTION LIMIT: use fewer workers, or raise it",
	"53400": "a limit of the server's configuration is reached, such as temp_file_limit: raise it, or use smaller batches",
	"57014": "statement_timeout, or an administrator, cancelled the statement",
}

const (
	pooled       = "a prepared statement is missing, or another session's: a connection pooler shares sessions between transactions, but claims and prepared statements need their own session: connect to the server directly, or to a pool in session mode"
	refusedLogin = "the server refused the login: check user and password in the connection string, and pg_hba.conf on the server"
)

// describeError takes only names of objects from the server's error, never values: its message and
// detail quote rows (see namesObjectsOnly). An error raised by a function may contain anything in
// every field, so that only the function is named.
func describeError(pg *pgconn.PgError) (object, detail string) {
	in := raisedIn(pg)
	if strings.HasPrefix(pg.Routine, "exec_stmt_raise") {
		if in != "" {
			detail = "raised in " + in
		}
		return "", detail
	}
	for _, name := range []string{pg.ConstraintName, pg.ColumnName, pg.DataTypeName, pg.TableName} {
		if name != "" {
			object = name
			break
		}
	}
	switch {
	case advice[pg.Code] != "":
		detail = advice[pg.Code]
	case pg.Routine == "CheckCmdReplicaIdentity":
		detail = "a publication sends its updates or deletes, and nothing says by what the subscribers find the row: set its REPLICA IDENTITY, or give it a primary key"
	case pg.Routine == "RewriteQuery":
		detail = "a rule of the table rewrites the statement into several: disable it, or make it a trigger"
	case namesObjectsOnly(pg):
		detail = pg.Message
	}
	if in != "" && detail != "" {
		detail += ", "
	}
	if in != "" {
		detail += "in " + in
	}
	return object, detail
}

// isStale reports whether a table altered since it was read, or since a statement was prepared,
// would explain the error.
func isStale(err error) bool {
	e, ok := errors.AsType[*dialect.Error](err)
	if !ok || len(e.Code) != 5 {
		return false
	}
	switch e.Code[:2] {
	case "42", "22", "0A", "26": // 0A000: cached plan must not change result type; 26000: no such statement
		return true
	}
	return false
}

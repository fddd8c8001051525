package mysql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"regexp"
	"strconv"
	"strings"

	"github.com/go-sql-driver/mysql"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/sqlconn"
)

// classes are the error numbers with a remedy, from the MySQL reference manual ("Server Error
// Message Reference") and MariaDB's ("MariaDB Error Code Reference"). A number missing here is
// Fatal.
var classes = map[uint16]dialect.Class{
	1213: dialect.Retryable, // deadlock: the server rolls back the whole transaction
	1020: dialect.Retryable, // record has changed since last read (MariaDB, snapshot isolation)
	1040: dialect.Retryable, // too many connections
	1203: dialect.Retryable, // too many connections of this user
	1226: dialect.Retryable, // a user's resource limit
	1412: dialect.Retryable, // the table's definition has changed since the snapshot
	1615: dialect.Retryable, // a prepared statement has to be prepared again
	3572: dialect.Retryable, // NOWAIT met a lock

	// The server rolls back only the statement unless innodb_rollback_on_timeout is set; the caller
	// rolls the transaction back in either case.
	1205: dialect.LockTimeout,
	1206: dialect.LockTimeout, // the lock table is full

	1022: dialect.UniqueViolation,
	1062: dialect.UniqueViolation,
	1169: dialect.UniqueViolation,
	1586: dialect.UniqueViolation,
	1859: dialect.UniqueViolation,

	1216: dialect.ForeignKeyViolation,
	1217: dialect.ForeignKeyViolation,
	1451: dialect.ForeignKeyViolation,
	1452: dialect.ForeignKeyViolation,
	1761: dialect.UniqueViolation, // a cascade would change a row
	1762: dialect.UniqueViolation,

	1048: dialect.OtherConstraint, // NOT NULL
	1263: dialect.OtherConstraint,
	1364: dialect.OtherConstraint, // no default
	1369: dialect.OtherConstraint, // a view's check option
	1644: dialect.OtherConstraint, // SIGNAL, used by a trigger to refuse
	1748: dialect.OtherConstraint, // no partition for the value
	1526: dialect.OtherConstraint,
	3819: dialect.OtherConstraint, // CHECK
	4025: dialect.OtherConstraint, // CHECK, MariaDB

	1074: dialect.DoesNotFit,
	1118: dialect.DoesNotFit, // row size
	1139: dialect.DoesNotFit,
	1264: dialect.DoesNotFit, // out of range
	1265: dialect.DoesNotFit, // truncated
	1292: dialect.DoesNotFit, // incorrect value
	1366: dialect.DoesNotFit, // incorrect string value
	1367: dialect.DoesNotFit,
	1406: dialect.DoesNotFit, // too long
	1411: dialect.DoesNotFit,
	1416: dialect.DoesNotFit, // geometry
	1425: dialect.DoesNotFit,
	1441: dialect.DoesNotFit, // date and time overflow
	1525: dialect.DoesNotFit, // incorrect DATETIME value
	1690: dialect.DoesNotFit, // out of range in a calculation
	1958: dialect.DoesNotFit, // JSON_TABLE: out of range, MariaDB
	3140: dialect.DoesNotFit, // not a JSON text
	3141: dialect.DoesNotFit,
	3156: dialect.DoesNotFit,
	3669: dialect.DoesNotFit, // JSON_TABLE: out of range
	4038: dialect.DoesNotFit, // JSON syntax, MariaDB

	1044: dialect.PermissionDenied,
	1045: dialect.PermissionDenied,
	1142: dialect.PermissionDenied, // a table's command
	1143: dialect.PermissionDenied, // a column's command
	1227: dialect.PermissionDenied,
	1290: dialect.ReadOnly, // or another option that forbids the statement
	1370: dialect.PermissionDenied,
	1792: dialect.ReadOnly, // a read-only transaction
	1836: dialect.ReadOnly,
	1461: dialect.Retryable, // too many prepared statements

	1317: dialect.Cancelled, // KILL QUERY
	1969: dialect.Cancelled, // max_statement_time, MariaDB
	3024: dialect.Cancelled, // max_execution_time

	1053: dialect.LostConnection, // server shutdown
	1080: dialect.LostConnection,
	1152: dialect.LostConnection,
	1158: dialect.LostConnection,
	1159: dialect.LostConnection,
	1160: dialect.LostConnection,
	1161: dialect.LostConnection,
	1184: dialect.LostConnection,
	1927: dialect.LostConnection, // killed, MariaDB
	2006: dialect.LostConnection,
	2013: dialect.LostConnection,
	3169: dialect.LostConnection, // killed
	4031: dialect.LostConnection, // disconnected because of inactivity
}

// advice says what to do where the number alone doesn't.
var advice = map[uint16]string{
	1153: "a statement is larger than max_allowed_packet: raise it on the server",
	1040: "the server has as many connections as max_connections allows: use fewer workers, or raise it",
	1203: "the user has as many connections as max_user_connections allows: use fewer workers, or raise it",
	1226: "the user has reached a resource limit (max_queries_per_hour and its like): raise it with ALTER USER",
	1099: lockedTables,
	1100: lockedTables,
	1461: "the server has as many prepared statements as max_prepared_stmt_count allows: raise it, or give interpolateParams=true in the DSN",
	1206: "the lock table is full: raise innodb_buffer_pool_size, or use smaller batches",
	1792: "the transaction is read-only: set transaction_read_only to OFF in the DSN or on the server",
	3159: "the server takes encrypted connections only: give tls in the DSN",
	1114: "the table is full: make room on its disk, or raise the limit of its tablespace",
	1021: "the disk is full: make room on it",
	1290: "the server runs with an option that forbids this, such as read_only on a replica: connect to the primary",
	1054: "column not found, in the statement or in a trigger's or view's",
	1146: "table not found, in the statement or in a trigger's or view's",
	1305: "routine not found, in the statement or in a trigger's",
	1449: "the user who defined a trigger doesn't exist: create that user, or the trigger again",
	1665: "the binary log has the format STATEMENT, which takes no changes of READ COMMITTED transactions: set binlog_format to ROW or MIXED",
	1785: "the server enforces GTID consistency, so that no transaction may change this table beside others: ALTER TABLE … ENGINE = InnoDB",
	1836: "the server is in read-only mode: connect to the primary",
	3750: "sql_require_primary_key is on",
}

const lockedTables = "the session has LOCK TABLES in force, which excludes other tables: give a pool whose sessions hold no such lock"

// engineError converts a driver's error to an *Error, nil to nil.
func engineError(ctx context.Context, err error, doing string, table dialect.Name) error {
	if err == nil {
		return nil
	}
	if settled := sqlconn.Settled(ctx, err, doing, table); settled != nil {
		return settled
	}
	if my, ok := errors.AsType[*mysql.MySQLError](err); ok {
		class, known := classes[my.Number]
		if !known {
			class = dialect.Fatal
		}
		e := dialect.NewError(class, strconv.Itoa(int(my.Number)), doing, table, nil)
		e.Object = errorObject(my)
		e.Detail = advice[my.Number]
		return e
	}
	if isLost(err) {
		return dialect.NewError(dialect.LostConnection, "", doing, table, nil)
	}
	if errors.Is(err, mysql.ErrPktTooLarge) {
		e := dialect.NewError(dialect.Fatal, "", doing, table, nil)
		e.Detail = advice[1153]
		return e
	}
	return dialect.NewError(dialect.Fatal, "", doing, table, err)
}

// isLost reports whether the connection is lost. The driver returns ErrInvalidConn, ErrBadConn
// before it sent anything, or the socket's error.
func isLost(err error) bool {
	if errors.Is(err, mysql.ErrInvalidConn) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) {
		return true
	}
	_, network := errors.AsType[net.Error](err)
	return network
}

// named are the messages with the name of an object, by number. A message may quote a value before
// the name; the name is captured after everything that may be part of a value.
var named = map[uint16]*regexp.Regexp{
	1062: regexp.MustCompile("(?s).* for key '([^']+)'$"),
	1586: regexp.MustCompile("(?s).* for key '([^']+)'$"),
	1451: regexp.MustCompile("\\(`.*?, CONSTRAINT `([^`]+)` FOREIGN KEY"),
	1452: regexp.MustCompile("\\(`.*?, CONSTRAINT `([^`]+)` FOREIGN KEY"),
	1048: regexp.MustCompile("^Column '([^']+)' cannot be null$"),
	1364: regexp.MustCompile("^Field '([^']+)' doesn't have a default value$"),
	1406: regexp.MustCompile(`^Data too long for column '([^']+)' at row \d+$`),
	1264: regexp.MustCompile(`^Out of range value for column '([^']+)' at row \d+$`),
	3819: regexp.MustCompile(`^Check constraint '([^']+)' is violated\.$`),
	4025: regexp.MustCompile("^CONSTRAINT `([^`]+)` failed for "),

	// The missing name is part of a statement's text, ours or a trigger's: MySQL permits no dynamic
	// SQL in a trigger. A SIGNAL may use one of these numbers with a text of its own, so these
	// match nothing but a name.
	1146: regexp.MustCompile(`^Table '([\w$]+\.[\w$]+)' doesn't exist$`),
	1054: regexp.MustCompile(`^Unknown column '([\w$]+(?:\.[\w$]+){0,2})' in '?[A-Za-z ]+'?$`),
	1305: regexp.MustCompile(`^(?:FUNCTION|PROCEDURE) ([\w$]+\.[\w$]+) does not exist$`),
}

// errorObject captures the name of a constraint, index or column in a message. The class never
// depends on it: messages in another language match nothing.
func errorObject(e *mysql.MySQLError) string {
	re := named[e.Number]
	if re == nil {
		return ""
	}
	m := re.FindStringSubmatch(e.Message)
	if m == nil {
		return ""
	}
	if _, key, ok := strings.Cut(m[1], "."); ok && (e.Number == 1062 || e.Number == 4025) {
		return key // MySQL's message has table.key
	}
	return m[1]
}

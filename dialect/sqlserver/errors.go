package sqlserver

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"io"
	"net"
	"regexp"
	"strconv"
	"strings"

	mssql "github.com/microsoft/go-mssqldb"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/sqlconn"
)

// classes of error numbers.
// https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors
// https://learn.microsoft.com/azure/azure-sql/database/troubleshoot-common-errors-issues
var classes = map[int32]dialect.Class{
	1205: dialect.Retryable,                          // deadlock
	3960: dialect.Retryable, 3961: dialect.Retryable, // snapshot: another transaction changed the row, or the table
	13535: dialect.Retryable,                                                                               // a temporal table: a transaction that began later changed the row
	41301: dialect.Retryable, 41302: dialect.Retryable, 41305: dialect.Retryable, 41325: dialect.Retryable, // memory-optimised tables
	701: dialect.Retryable, 802: dialect.Retryable, 1203: dialect.Retryable, 1204: dialect.Retryable, 8645: dialect.Retryable, 8651: dialect.Retryable, // memory or locks ran out
	17809: dialect.Retryable, // too many connections
	10928: dialect.Retryable, 10929: dialect.Retryable, 40197: dialect.Retryable, 40501: dialect.Retryable, 40613: dialect.Retryable,
	40143: dialect.Retryable, 40166: dialect.Retryable, 40540: dialect.Retryable, // Azure moves the database
	49918: dialect.Retryable, 49919: dialect.Retryable, 49920: dialect.Retryable, 4221: dialect.Retryable,

	1222: dialect.LockTimeout,
	-2:   dialect.LockTimeout,

	2601: dialect.UniqueViolation, 2627: dialect.UniqueViolation, 1505: dialect.UniqueViolation, // the last one: while building an index

	// 547 is a foreign key or a check: the catalogue tells them apart (explainError).
	547: dialect.OtherConstraint,
	515: dialect.OtherConstraint, 550: dialect.OtherConstraint, 3609: dialect.OtherConstraint,

	220: dialect.DoesNotFit, 232: dialect.DoesNotFit, 241: dialect.DoesNotFit, 242: dialect.DoesNotFit, 244: dialect.DoesNotFit, 245: dialect.DoesNotFit,
	248: dialect.DoesNotFit, 295: dialect.DoesNotFit, 296: dialect.DoesNotFit, 511: dialect.DoesNotFit, 517: dialect.DoesNotFit, 1946: dialect.DoesNotFit,
	2628: dialect.DoesNotFit, 8114: dialect.DoesNotFit, 8115: dialect.DoesNotFit, 8152: dialect.DoesNotFit, 8169: dialect.DoesNotFit, 9420: dialect.DoesNotFit,

	64: dialect.LostConnection, 121: dialect.LostConnection, 233: dialect.LostConnection, 596: dialect.LostConnection, 6005: dialect.LostConnection,
	10053: dialect.LostConnection, 10054: dialect.LostConnection, 10060: dialect.LostConnection, 10061: dialect.LostConnection,

	229: dialect.PermissionDenied, 230: dialect.PermissionDenied, 262: dialect.PermissionDenied, 297: dialect.PermissionDenied, 300: dialect.PermissionDenied,
	916: dialect.PermissionDenied, 976: dialect.ReadOnly, 978: dialect.ReadOnly, 2760: dialect.PermissionDenied, 3906: dialect.ReadOnly, 4060: dialect.PermissionDenied,
	15247: dialect.PermissionDenied, 18456: dialect.PermissionDenied, 33504: dialect.PermissionDenied,
}

// advice says what to do where the number alone doesn't.
var advice = map[int32]string{
	102:   "a syntax error: check the conditions written in the policy",
	976:   "the database is a replica that takes no connections: connect to the primary",
	978:   "the database is a replica that takes connections with read-only intent alone: connect to the primary",
	701:   outOfMemory,
	802:   outOfMemory,
	8645:  outOfMemory,
	8651:  outOfMemory,
	1204:  "the server has no room for more locks: use smaller batches or fewer workers, or raise 'locks' with sp_configure",
	4060:  "database not found, or the login may not use it: check its name in the connection string",
	10928: "the database has reached its limit of sessions or workers: use fewer workers, or give it a larger service tier",
	10929: "the database has reached its limit of sessions or workers: use fewer workers, or give it a larger service tier",
	17809: "the server has as many connections as 'user connections' allows: use fewer workers, or raise it with sp_configure",
	18456: "the server refused the login: check user and password in the connection string",
	1101:  "the database's files are full: make room on their disk, or let them grow",
	1105:  "the database's files are full: make room on their disk, or let them grow",
	3906:  "the database is read-only: connect to the primary, or ALTER DATABASE … SET READ_WRITE",
	9002:  "the database's log is full: back it up, or let it grow",
	33504: "a row-level security policy blocks the change",
}

const outOfMemory = "the server is out of memory: use smaller batches or fewer workers"

// engineError converts a driver's error to an *Error, nil to nil.
func engineError(ctx context.Context, err error, doing string, table dialect.Name) error {
	if err == nil {
		return nil
	}
	if settled := sqlconn.Settled(ctx, err, doing, table); settled != nil {
		return settled
	}
	if my, ok := errors.AsType[mssql.Error](err); ok {
		class, number := classOf(my)
		e := dialect.NewError(class, strconv.Itoa(int(number)), doing, table, nil)
		e.Detail = advice[number]
		nameMissing(e, my)
		return e
	}
	class := dialect.Fatal
	if isLost(err) {
		class = dialect.LostConnection
	}
	return dialect.NewError(class, "", doing, table, err)
}

// classOf returns the class of the first classified error of a statement: the later ones say only
// that it was terminated.
func classOf(e mssql.Error) (dialect.Class, int32) {
	all := e.All
	if len(all) == 0 {
		all = []mssql.Error{e}
	}
	for _, one := range all {
		if class, ok := classes[one.Number]; ok {
			return class, one.Number
		}
		// Errors thrown by triggers.
		if one.Number >= 50000 && one.Number < 33000000 {
			return dialect.OtherConstraint, one.Number
		}
	}
	return dialect.Fatal, all[0].Number
}

// missing are the messages with the name of a missing object, by number.
var missing = map[int32]*regexp.Regexp{
	207:  regexp.MustCompile(`^Invalid column name '([\w$#]+)'\.$`),
	208:  regexp.MustCompile(`^Invalid object name '([\w$#.]+)'\.$`),
	2812: regexp.MustCompile(`^Could not find stored procedure '([\w$#.]+)'\.$`),
}

// nameMissing adds the trigger or procedure of an error, and its missing object. Dynamic SQL,
// possibly with values in it, has no procedure's name.
func nameMissing(e *dialect.Error, cause mssql.Error) {
	for _, one := range append([]mssql.Error{cause}, cause.All...) {
		if one.ProcName == "" {
			continue
		}
		e.Detail = strings.TrimPrefix(e.Detail+", in "+one.ProcName+" line "+strconv.Itoa(int(one.LineNo)), ", ")
		if re := missing[one.Number]; re != nil && strconv.Itoa(int(one.Number)) == e.Code {
			if m := re.FindStringSubmatch(one.Message); m != nil {
				e.Object = m[1]
			}
		}
		return
	}
}

// isLost reports whether the connection is lost.
func isLost(err error) bool {
	if errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) {
		return true
	}
	if _, ok := errors.AsType[mssql.StreamError](err); ok {
		return true
	}
	if _, ok := errors.AsType[mssql.ServerError](err); ok {
		return true
	}
	_, network := errors.AsType[net.Error](err)
	return network
}

// isStale reports whether a table altered since it was read would explain the error.
func isStale(err error) bool {
	e, ok := errors.AsType[*dialect.Error](err)
	return ok && (e.Class == dialect.Fatal || e.Class == dialect.DoesNotFit)
}

var quotes = regexp.MustCompile(`["'\[]([^"'\[\]]{1,128})["'\]]`)

// explainError finds the constraint that an error is about. The number 547 means foreign keys and
// checks alike. The message quotes the constraint's name among others, and possibly among values.
// So explainError looks up all quoted texts in the catalogue, and uses only names of constraints
// and indexes.
func (t *tx) explainError(ctx context.Context, cause, told error) {
	my, ok := errors.AsType[mssql.Error](cause)
	e, isOurs := errors.AsType[*dialect.Error](told)
	if !ok || !isOurs || t.conn == nil {
		return
	}
	switch e.Code {
	case "547", "2601", "2627":
	default:
		return
	}
	names := []string{}
	for _, one := range append([]mssql.Error{my}, my.All...) {
		for _, m := range quotes.FindAllStringSubmatch(one.Message, -1) {
			names = append(names, m[1], m[1][strings.LastIndexByte(m[1], '.')+1:])
		}
	}
	doc, err := json.Marshal(names)
	if err != nil {
		return
	}
	const q = `
SELECT CAST(o.name AS nvarchar(128)), CAST(o.type AS nvarchar(2)) FROM sys.objects o WHERE o.type IN ('F', 'C', 'PK', 'UQ') AND o.name COLLATE ` + bytewise + ` IN (SELECT j.value COLLATE ` + bytewise + ` FROM OPENJSON(@p1) AS j)
UNION ALL SELECT CAST(i.name AS nvarchar(128)), N'IX' FROM sys.indexes i WHERE i.is_unique = 1 AND i.name COLLATE ` + bytewise + ` IN (SELECT j.value COLLATE ` + bytewise + ` FROM OPENJSON(@p1) AS j)`
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	rows, err := queryAll(ctx, t.conn, q, string(doc))
	if err != nil {
		return
	}
	for _, row := range rows {
		kind := strings.TrimSpace(row[1])
		switch {
		case e.Code != "547" && kind != "F" && kind != "C":
			e.Object = row[0]
		case e.Code == "547" && kind == "F":
			e.Class, e.Object = dialect.ForeignKeyViolation, row[0]
		case e.Code == "547" && kind == "C" && e.Object == "":
			e.Object = row[0]
		}
	}
}

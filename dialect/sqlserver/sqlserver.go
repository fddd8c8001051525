// Package sqlserver is the dialect of SQL Server 2016 and later and of Azure SQL. [New] takes the
// caller's pool, made with github.com/microsoft/go-mssqldb:
//
//	pool, err := sql.Open("sqlserver", "sqlserver://app@db.example?database=shop")
//	db := sqlserver.New(pool)
//
// # Transactions
//
// The driver resets a session when the pool reuses it, so every transaction begins with one batch
// of settings. Filtered indexes and indexes on computed columns demand some of them
// (QUOTED_IDENTIFIER, ANSI_NULLS and similar). The others are XACT_ABORT, NOCOUNT, LOCK_TIMEOUT,
// and a language, so that the server's messages have one form. The session's next reset ends them.
//
// The isolation is READ COMMITTED, with row locks kept to the end where a statement asks for them.
// The server has no read-only transactions: the package refuses their writes. A read-only
// transaction sees one snapshot where the database has ALLOW_SNAPSHOT_ISOLATION on and no
// memory-optimised table. A transaction changes at most 4,000 rows, as the server escalates locks
// to the table near 5,000.
//
// # Values
//
// Keys and rows are sent as one nvarchar(max) parameter, a JSON array of arrays of strings.
// OPENJSON splits it, and each value is converted to its column's exact type and collation, so that
// the server uses the column's index. Binary values are hexadecimal there. The same batch selects
// the number of changed rows last, after the result sets and counts of triggers.
//
// # Tables
//
// Names have two parts. A history table isn't a table of the schema: its own table names it
// (Table.History). Rows of a heap without a key are addressed by %%physloc%% within one
// transaction. A table with a clustered index that isn't unique has no such address, as its rows
// move when pages split. The journal is in schema expunge.
//
// # Babelfish
//
// Babelfish for PostgreSQL implements this protocol and dialect. The package works on it, tried
// with version 4.3. Its differences from SQL Server:
//
//   - It accepts and ignores hints. Selecting rows doesn't lock them before they are
//     changed, so writers of one row conflict later, and PostgreSQL chooses how to
//     look keys up.
//   - OPENJSON doesn't decode escapes and truncates values at 4,000 characters:
//     texts are sent as hexadecimal digits, and longer ones are refused.
//   - OUTPUT accepts bare columns only, so Updated.Unchanged is nil. HAS_PERMS_BY_NAME
//     doesn't find names with quotes or dots in them. A DELETE by an alias isn't
//     checked for its permission.
//   - Names of indexes and constraints are in lower case. The conditions of
//     filtered indexes and the tables read by a view aren't in the catalogue
//     (the package finds the latter in the view's text).
//   - All databases share application locks. sys.dm_exec_sessions shows only the
//     user's own session. While one database has a column or a trigger that its
//     catalogue can't print, or is being dropped, the catalogue of others may fail.
//   - It can't check a foreign key of columns with an explicit collation.
//   - Untranslated error numbers are all 33557097: a lock timeout and a missing
//     permission are of class Fatal.
//   - There is no ALTER DATABASE, ALTER INDEX … DISABLE, %%physloc%%, sys.dm_tran_locks
//     or sys.dm_db_log_stats; there are no temporal, ledger or memory-optimised tables,
//     security policies, masks, Always Encrypted or columnstore indexes.
package sqlserver

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"sync"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/sqlconn"
)

// DB is one SQL Server database. It is safe for concurrent use.
type DB struct {
	pool *sql.DB

	mu     sync.Mutex
	server *server // nil before the first session
	// relations are the tables named by a statement. Types seldom change. Inspect clears them, and
	// so does a statement's failure explained by an altered table.
	relations map[dialect.Name]*relation
}

var _ dialect.DB = (*DB)(nil)

// New makes a DB of the caller's pool; the caller closes the pool. It doesn't connect. A
// transaction takes one connection of the pool, and a claim takes one until its release.
func New(pool *sql.DB) *DB { return &DB{pool: pool, relations: map[dialect.Name]*relation{}} }

// Engine implements dialect.DB. SQL Server checks foreign keys at the end of a statement and never
// later.
func (d *DB) Engine() dialect.Engine {
	return dialect.Engine{Name: "sqlserver", MaxRows: 4000, ChecksFKAtStatementEnd: true}
}

// server holds the facts read once from a server.
type server struct {
	version   string
	major     int // 13 is SQL Server 2016
	azure     bool
	babelfish bool
	// snapshot says that ALLOW_SNAPSHOT_ISOLATION is on, and no table is memory-optimised: such
	// tables can't be read under it (error 41332).
	snapshot bool
	position bool // the user may read the log's end
}

const serverQuery = `
SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128)), CAST(SERVERPROPERTY('EngineEdition') AS nvarchar(128)),
	CASE WHEN @@VERSION LIKE '%Babelfish%' THEN 1 ELSE 0 END, CAST(d.compatibility_level AS int),
	CASE WHEN d.snapshot_isolation_state = 1 AND NOT EXISTS (SELECT 1 FROM sys.tables t WHERE t.is_memory_optimized = 1) THEN 1 ELSE 0 END
FROM sys.databases d WHERE d.name = DB_NAME()`

// logEnd reads the end of the log, since SQL Server 2016 SP2; it needs VIEW DATABASE STATE.
// https://learn.microsoft.com/sql/relational-databases/system-dynamic-management-views/sys-dm-db-log-stats-transact-sql
const logEnd = "SELECT log_end_lsn FROM sys.dm_db_log_stats(DB_ID())"

// askServer reads the facts about the server, on a connection without a transaction: a refused
// query would end one.
func (d *DB) askServer(ctx context.Context, q sqlconn.Queryer) (*server, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.server != nil {
		return d.server, nil
	}
	rows, err := queryAll(ctx, q, serverQuery)
	if err != nil {
		return nil, engineError(ctx, err, "ask for the version", dialect.Name{})
	}
	s := &server{}
	var level int
	for _, r := range rows {
		*s = server{version: r[0], azure: r[1] == "5" || r[1] == "8", babelfish: r[2] == "1", snapshot: r[4] == "1"}
		level = wholeNumber(r[3])
	}
	major, _, _ := strings.Cut(s.version, ".")
	s.major, _ = strconv.Atoi(major)
	e := dialect.NewError(dialect.Fatal, "", "connect", dialect.Name{}, nil)
	switch {
	case s.babelfish:
	case s.major < 13 && !s.azure:
		e.Detail = "this server is older than SQL Server 2016, the oldest that is supported"
		return nil, e
	case level < 130:
		// https://learn.microsoft.com/sql/t-sql/functions/openjson-transact-sql
		e.Detail = "the database's compatibility level is below 130, and has no OPENJSON: ALTER DATABASE … SET COMPATIBILITY_LEVEL = 130"
		return nil, e
	default:
		_, err := queryAll(ctx, q, logEnd)
		if s.position = err == nil; ctx.Err() != nil {
			return nil, engineError(ctx, err, "ask for the log's end", dialect.Name{})
		}
	}
	d.server = s
	return s, nil
}

// isBabelfish makes no query: before the first session the server is unknown.
func (d *DB) isBabelfish() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.server != nil && d.server.babelfish
}

// relationOf returns the relation of a table, from the cache where it has it.
func (d *DB) relationOf(ctx context.Context, q sqlconn.Queryer, n dialect.Name) (*relation, error) {
	d.mu.Lock()
	r := d.relations[n]
	d.mu.Unlock()
	if r != nil {
		return r, nil
	}
	r, err := readRelation(ctx, q, n)
	if err != nil {
		return nil, engineError(ctx, err, "look up", n)
	}
	d.mu.Lock()
	r.folded = d.server != nil && d.server.babelfish
	d.relations[n] = r
	d.mu.Unlock()
	return r, nil
}

// clearRelations empties the cache of relations.
func (d *DB) clearRelations() {
	d.mu.Lock()
	clear(d.relations)
	d.mu.Unlock()
}

// queryAll reads all rows of a small result, as text; NULL is the empty text.
func queryAll(ctx context.Context, q sqlconn.Queryer, query string, args ...any) ([][]string, error) {
	rows, err := sqlconn.QueryAll(ctx, q, query, args...)
	out := make([][]string, len(rows))
	for i, r := range rows {
		for _, v := range r {
			out[i] = append(out[i], v.String)
		}
	}
	return out, err
}

package dialect

import (
	"context"
	"iter"
	"time"
)

// DB is one database: the contract that every engine implements. A DB is made
// by its package from the caller's pool, which stays the caller's to close. It
// is safe for concurrent use. Every error is an *Error, or ErrClaimed.
type DB interface {
	// Engine says what this engine can do. It asks the server nothing.
	Engine() Engine
	// Inspect reads the whole catalogue that the user may see, in a fixed
	// number of queries however many tables there are. The journal is left out.
	Inspect(ctx context.Context) (*Schema, error)
	// Begin starts a transaction, READ COMMITTED where the engine has it, with
	// the session as the dialect needs it. The settings end with the transaction.
	Begin(ctx context.Context, o TxOptions) (Tx, error)
	// Renders reports whether the engine can compute the expression for an
	// assignment to the column.
	Renders(e Expr, c *Column) bool
	// Oddities are those that values of the column may have.
	Oddities(c *Column) []Oddity
	// CheckCondition tells what is wrong with a condition of a policy (Match), nil
	// where it can stand in parentheses among others and mean no rows beside those that it is true for. It
	// asks the server nothing, and what it doesn't know of the engine's SQL it refuses by
	// name. The error reads on behind the condition's name: "has a semicolon: …".
	CheckCondition(sql string) error
	// Check looks for what would stop, or silently falsify, the accesses:
	// missing privileges, row security that hides rows, masked columns, a
	// read-only server. It writes nothing.
	Check(ctx context.Context, accesses []Access) ([]Problem, error)
	// Identity tells which server and database this is.
	Identity(ctx context.Context) (Identity, error)
	// Claim takes a claim of that name for as long as release isn't called
	// and the process lives; the engine gives it up when the process dies. A
	// claim that another session or process has gives ErrClaimed at once.
	Claim(ctx context.Context, name string) (release func() error, err error)
	Suspender
	Journal
}

// Engine describes what an engine can do.
type Engine struct {
	Name    string // postgres, mysql (MariaDB too: Schema.Engine tells them apart), sqlserver, sqlite
	MaxRows int    // the most rows that one transaction should lock
	// MaxSwept is the same for rows that are deleted and of which nothing is
	// fetched: more where locks cost the engine nothing, since a transaction's own costs are then
	// those of more rows. 0 is MaxRows.
	MaxSwept int
	// TargetTime is how long a transaction had better take: longer where most of
	// its costs are its own and not those of its rows. 0 is no opinion.
	TargetTime time.Duration
	Writers    int // how many transactions can write at a time, 0 for any number
	// Deferrable says that deferrable constraints wait for CheckConstraints
	// where TxOptions.Defer asks for it.
	Deferrable bool
	// EveryIndex says that an update which changes a column of one index makes a
	// new entry in all indexes of the table.
	EveryIndex bool
	// StatementEnd says that NO ACTION foreign keys are checked at the end of
	// a statement, so that one DELETE may take rows that refer to each other.
	StatementEnd bool
	// Rekeys says that Writer.Rekey works. Elsewhere a column that foreign keys
	// refer to can be changed where all of them are ON UPDATE CASCADE.
	Rekeys bool
	// Returns says that its transactions are Returners.
	Returns bool
	// Version is a system column which, with the row address, tells a version of
	// a row from any other: a BulkUpdate with both in its Key finds the rows that nobody has
	// changed since they were read. "" where there is none.
	Version string
}

// TxOptions are a transaction's settings. The zero value is a writing
// transaction that waits for locks as long as the server lets it.
type TxOptions struct {
	// ReadOnly starts a read-only transaction that sees one snapshot, where
	// the engine has that.
	ReadOnly bool
	// LockTimeout is how long a statement waits for a row, 0 for the server's setting.
	LockTimeout time.Duration
	// Defer defers the deferrable constraints until CheckConstraints.
	Defer bool
}

// Tx is one transaction. It is for one goroutine at a time. After an error of
// any class only Rollback is of use.
type Tx interface {
	Reader
	Writer
	// CheckConstraints checks now what was deferred; nil where nothing was.
	CheckConstraints(ctx context.Context) error
	// Commit ends the transaction. After a LostConnection its outcome is unknown.
	Commit(ctx context.Context) error
	// Rollback undoes everything. It is harmless after Commit, and works when
	// ctx is done.
	Rollback(ctx context.Context) error
}

// Reader reads rows.
type Reader interface {
	// Query yields the rows of a Select one by one, without holding them all.
	// After an error it yields no more. No other statement of the transaction may run
	// while it is being ranged over.
	Query(ctx context.Context, s Select) iter.Seq2[Row, error]
	// Count counts the rows of a table that meet the conditions.
	Count(ctx context.Context, t Name, where []Cond) (int64, error)
	// Refused counts the rows of a trial for which the check is false, as it is
	// where they are written. It writes nothing. A value that its column's type can't hold, and a
	// check that can't be computed apart from its table, are errors.
	Refused(ctx context.Context, t Trial) (int64, error)
	// SchemaMark is a short text about the given tables. It is another one once a column,
	// trigger or foreign key of theirs, or a foreign key that refers to one of them, was added, dropped
	// or altered; it may be another one after less, which Inspect tells. Whatever was committed before
	// the transaction's locks on a table is in it. It costs a few milliseconds.
	SchemaMark(ctx context.Context, tables []Name) (string, error)
	// Position is where the server's log stands (LSN, GTID), "" where there is none.
	Position(ctx context.Context) (string, error)
}

// Writer changes rows.
type Writer interface {
	// Delete returns how many rows it removed, those removed by a trigger or a
	// cascade not counted.
	Delete(ctx context.Context, d Delete) (int64, error)
	Update(ctx context.Context, u Update) (Updated, error)
	// BulkUpdate returns how many rows it found by their keys.
	BulkUpdate(ctx context.Context, b BulkUpdate) (int64, error)
	// Rekey carries out bulk updates of columns that foreign keys relate, those of
	// referring rows before those of the rows that they refer to. The keys hold
	// before and afterwards: they are checked when all is done, and whatever they do ON
	// UPDATE finds nothing to do. Here Key may be any columns: each row of the
	// table equals that of at most one of Rows, which may find many. It returns how
	// many rows each update found. Without Engine.Rekeys it is an error.
	Rekey(ctx context.Context, updates []BulkUpdate) ([]int64, error)
	Insert(ctx context.Context, i Insert) error
}

// Access is what a plan will do to a table.
type Access struct {
	Table  Name
	Update []string // columns; none: no update
	Insert bool     // of whole rows
	Delete bool
	Key    []string // columns by which its rows are locked; none: any
}

// Problem is a reason not to start.
type Problem struct {
	Table  Name
	Reason string // what is wrong and what to do about it
	Denied bool   // a privilege is missing that the statements of Journal.Grants give
}

// Grant is what a role is to be allowed.
type Grant struct {
	Role     string // a name; of MySQL and MariaDB user@host, the host defaulting to %. Empty: the connection's own account
	Accesses []Access
	Journal  []*Table // the journal's tables; none: no privileges on the journal
	Make     bool     // the statements make what isn't there of the journal's tables, as far as the connection sees
	ReadOnly bool     // nothing is written: of Accesses only the tables count
}

// Identity is what a receipt says of the server, and what tells this database from others.
type Identity struct {
	Engine  string            // as Schema.Engine
	Version string            // as Schema.Version
	Facts   map[string]string // PostgreSQL system_identifier, MySQL server_uuid, …; never empty values
	// Names are what people call the database, the shortest first: shop, then
	// shop@server where the server tells its name.
	Names []string
	// Marks are the engine's own identity of this database, each at most 200
	// characters: a database keeps at least one of them for as long as it isn't copied, and a copy
	// has none of them. No marks: the engine tells nothing that would show a copy.
	Marks []string
}

// Journal is the part of the contract that keeps the journal's tables: in a
// schema of their own (expunge) where the engine has schemas, else under the
// prefix expunge_. Their rows are written and read through Tx like any other's.
type Journal interface {
	// JournalTable gives the full name of one of the journal's tables.
	JournalTable(name string) Name
	// JournalDDL renders the statements that make the tables, each harmless
	// where what it makes is there. Only Kind, Length, Nullable, the primary
	// key and foreign keys of the given tables are looked at.
	JournalDDL(tables []*Table) []string
	// Grants renders the statements by which an administrator of this database allows the
	// role what is asked for, and no more than that takes. They can be run as they are, on any connection to
	// the server, or on PostgreSQL to the database. None where the engine has no privileges.
	Grants(ctx context.Context, g Grant) ([]string, error)
	// EnsureJournal makes what is missing. It is called outside of any
	// transaction, and may be called by several processes at once.
	EnsureJournal(ctx context.Context, tables []*Table) error
}

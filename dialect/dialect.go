package dialect

import (
	"context"
	"iter"
	"time"
)

// DB is one database: the contract for every engine. The engine's package makes a DB from the
// caller's pool; the caller closes the pool. A DB is safe for concurrent use. Every error is an
// *Error, or ErrClaimed.
type DB interface {
	// Engine describes the engine's abilities, without a query.
	Engine() Engine
	// Inspect reads the whole catalogue as far as the user may see it, in a fixed number of queries
	// for any number of tables. It omits the journal.
	Inspect(ctx context.Context) (*Schema, error)
	// Begin starts a transaction, READ COMMITTED where the engine has it, with the session settings
	// of the dialect. The settings end with the transaction.
	Begin(ctx context.Context, o TxOptions) (Tx, error)
	// Renders reports whether the engine can compute the expression for an assignment to the
	// column.
	Renders(e Expr, c *Column) bool
	// Oddities lists the possible oddities of the column's values.
	Oddities(c *Column) []Oddity
	// CheckCondition returns an error if a policy's condition (Match) is unsafe in parentheses
	// beside other conditions: it has to hold for no other rows there. It makes no query, and
	// refuses SQL that it doesn't know by name. The error continues the condition's name: "has a
	// semicolon: …".
	CheckCondition(sql string) error
	// EqualsCondition writes a policy's condition: the column has that text.
	EqualsCondition(column, text string) string
	// Check searches for obstacles that would stop, or silently falsify, the accesses: missing
	// privileges, row security that hides rows, masked columns, a read-only server. It writes
	// nothing.
	Check(ctx context.Context, accesses []Access) ([]Problem, error)
	// Identity identifies the server and the database.
	Identity(ctx context.Context) (Identity, error)
	// Claim acquires the claim of that name until the caller calls release or the process dies;
	// then the engine releases it. It returns ErrClaimed at once where another session or process
	// has the claim.
	Claim(ctx context.Context, name string) (release func() error, err error)
	Suspender
	Journal
}

// Engine describes what an engine can do.
type Engine struct {
	Name    string // postgres, mysql (MariaDB too: Schema.Engine tells them apart), sqlserver, sqlite
	MaxRows int    // the most rows that one transaction should lock
	// MaxDeleteRows is MaxRows for deleted rows that nothing is fetched of. It is larger where locks
	// cost the engine nothing, because each transaction has costs of its own. 0 is MaxRows.
	MaxDeleteRows int
	// TargetTime is the preferred duration of a transaction: longer where most of its costs don't
	// depend on its rows. 0 is no preference.
	TargetTime time.Duration
	Writers    int // how many transactions can write at a time, 0 for any number
	// Deferrable says that deferrable constraints wait for CheckConstraints where TxOptions.Defer
	// asks for it.
	Deferrable bool
	// UpdatesAllIndexes says that an update of one index's column makes a new entry in all indexes of the
	// table.
	UpdatesAllIndexes bool
	// ChecksFKAtStatementEnd says that the engine checks NO ACTION foreign keys at the end of a statement:
	// one DELETE may delete rows that refer to each other.
	ChecksFKAtStatementEnd bool
	// GrantsOnConnect says that some of the privileges that are granted reach new connections only.
	GrantsOnConnect bool
	// RowVersionColumn is a system column that identifies, with the row address, a version of a row. A
	// BulkUpdate with both in its Key finds only rows unchanged since they were read. "" where the
	// engine has no such column.
	RowVersionColumn string
}

// TxOptions are a transaction's settings. The zero value is a writing transaction that waits for
// locks as long as the server permits.
type TxOptions struct {
	// ReadOnly starts a read-only transaction with one snapshot, where the engine has that.
	ReadOnly bool
	// LockTimeout is how long a statement waits for a row, 0 for the server's setting.
	LockTimeout time.Duration
	// Defer defers the deferrable constraints until CheckConstraints.
	Defer bool
}

// Tx is one transaction. It is for one goroutine at a time. After any error only Rollback may
// follow.
type Tx interface {
	Reader
	Writer
	// CheckConstraints checks the deferred constraints now; it returns nil where nothing is
	// deferred.
	CheckConstraints(ctx context.Context) error
	// Commit ends the transaction. After a LostConnection its outcome is unknown.
	Commit(ctx context.Context) error
	// Rollback undoes everything. It is harmless after Commit, and works when ctx is done.
	Rollback(ctx context.Context) error
}

// Reader reads rows.
type Reader interface {
	// Query yields the rows of a Select one by one, without holding them all. After an error it
	// yields no more. Until the loop ends, no other statement of the transaction may run.
	Query(ctx context.Context, s Select) iter.Seq2[Row, error]
	// Count counts the rows of a table that meet the conditions.
	Count(ctx context.Context, t Name, where []Cond) (int64, error)
	// Refused counts the rows of a trial for which the check is false: the engine would refuse
	// them. It writes nothing. It returns an error for a value outside of its column's type, and
	// for a check that can't be computed apart from its table.
	Refused(ctx context.Context, t Trial) (int64, error)
	// SchemaMark is a short text about the given tables. It changes once a column, trigger or
	// foreign key of theirs, or a foreign key to one of them, is added, dropped or altered. It may
	// change after lesser changes too; Inspect shows whether anything differs. It covers everything
	// committed before the transaction's locks on a table. It costs a few milliseconds.
	SchemaMark(ctx context.Context, tables []Name) (string, error)
	// Position is the current position of the server's log (LSN, GTID), "" where it has none.
	Position(ctx context.Context) (string, error)
}

// Writer changes rows.
type Writer interface {
	// Delete returns how many rows it removed, without those removed by a trigger or a cascade.
	Delete(ctx context.Context, d Delete) (int64, error)
	Update(ctx context.Context, u Update) (Updated, error)
	// BulkUpdate returns how many rows it found by their keys.
	BulkUpdate(ctx context.Context, b BulkUpdate) (int64, error)
	Insert(ctx context.Context, i Insert) error
}

// Access is a plan's access to a table.
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
	Absent bool   // the table isn't there, as far as this account sees
}

// Grant is the set of privileges for a role.
type Grant struct {
	Role     string // a name; of MySQL and MariaDB user@host, the host defaulting to %. Empty: the connection's own account
	Accesses []Access
	Journal  []*Table // the journal's tables; none: no privileges on the journal
	Make     bool     // also render the statements for missing journal tables, as far as the connection sees
	ReadOnly bool     // nothing is written: of Accesses only the tables count
}

// Identity identifies the server in a receipt, and distinguishes this database from others.
type Identity struct {
	Engine  string            // as Schema.Engine
	Version string            // as Schema.Version
	Facts   map[string]string // PostgreSQL system_identifier, MySQL server_uuid, …; never empty values
	// Names are people's names for the database, the shortest first: shop, then shop@server where
	// the server tells its name.
	Names []string
	// Marks are the engine's own identity of this database, each at most 200 characters. A database
	// keeps at least one of them until it is copied, and a copy has none of them. No marks: the
	// engine can't reveal a copy.
	Marks []string
}

// Journal is the contract for the journal's tables. They have their own schema (expunge) where the
// engine has schemas, else the prefix expunge_. Tx reads and writes their rows like any other's.
type Journal interface {
	// JournalTable gives the full name of one of the journal's tables.
	JournalTable(name string) Name
	// JournalDDL renders the statements that create the tables, each harmless where its table
	// exists. It uses only Kind, Length, Nullable, the primary key and foreign keys of the given
	// tables.
	JournalDDL(tables []*Table) []string
	// Grants renders the statements for an administrator of this database to give the role exactly
	// the privileges asked for. They run unchanged on any connection to the server; on PostgreSQL,
	// to the database. It returns none where the engine has no privileges.
	Grants(ctx context.Context, g Grant) ([]string, error)
	// EnsureJournal creates the missing tables. Call it outside of any transaction; several
	// processes may call it at once.
	EnsureJournal(ctx context.Context, tables []*Table) error
}

package dialect

// Lock says how a Select locks its rows.
type Lock int

// The locks. On an engine with one writer they are all the writer's lock.
const (
	NoLock    Lock = iota
	Share          // others may read and share-lock, not write
	Exclusive      // held until the transaction ends; waits at most TxOptions.LockTimeout
)

// Select reads rows of one table.
type Select struct {
	Table   Name
	Columns []string // Table.Address asks for the row address
	// Flags are conditions; each adds a column at the end: int64 1 where it holds, else 0 (false or
	// unknown).
	Flags []Cond
	Where []Cond
	// Order sorts ascending by these columns, in the order of After and UpTo and of the key's
	// index. Empty: any order. Rows are locked in this order.
	Order      []string
	Descending bool // sorts descending; without a Lock
	Limit      int  // 0: no limit
	// Offset is the number of rows to skip. It needs an Order and a Limit, and no Lock.
	Offset int
	Lock   Lock
}

// Delete removes the rows of one table that meet Where; an empty Where is all of them. With a Limit
// (0: none) it deletes at most Limit rows, any of them.
type Delete struct {
	Table Name
	Where []Cond
	Limit int
}

// Update assigns the same expressions to every row that meets Where; an empty Where is all rows.
type Update struct {
	Table Name
	Set   []Assign
	Where []Cond
	// Compare asks for Updated.Unchanged.
	Compare bool
}

// Assign sets a column to an expression over the row's old values.
type Assign struct {
	Column *Column
	Expr   Expr
}

// Updated is the effect of an update.
type Updated struct {
	// Rows is the number of assigned rows, also on an engine that counts only changed ones.
	Rows int64
	// Missed is how many more rows met the condition: another transaction changed or deleted them
	// while the statement ran, and the statement ignored their new state. The caller rolls back,
	// and retries with the rows locked in an earlier statement. Rows whose update a trigger
	// prevents may be among them, or in neither number.
	Missed int64
	// Unchanged has, for each assignment in order, the number of rows that still have the old value
	// (without NULLs that remain NULL). Nil where the engine can't compare old with new inside the
	// statement, or without Compare.
	Unchanged []int64
}

// BulkUpdate gives each of many rows its own values, in as few statements as the engine's limits
// permit (one, but for parameter sizes). Rows hold the key's values, then the values of Set.
type BulkUpdate struct {
	Table Name
	Key   []string // the whole key, after Engine.RowVersionColumn if that is to be compared too; or the row address
	Set   []string
	Rows  []Row
}

// Insert adds rows, in one statement. It serves the journal and tests, within every engine's
// limits: at most InsertValues values.
type Insert struct {
	Table   Name
	Columns []string
	Rows    []Row
}

// InsertValues is the maximum number of values in one Insert: SQL Server takes 2,100 parameters,
// and needs some itself.
const InsertValues = 2000

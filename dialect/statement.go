package dialect

// Lock says how the rows that a Select returns are locked.
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
	Columns []string // the row address is asked for by Table.Address
	// Flags are conditions of which each adds a column at the end: int64 1
	// where it holds, else 0 (false or unknown).
	Flags []Cond
	Where []Cond
	// Order sorts ascending by these columns, in the order that After and UpTo
	// compare by and that the key's index has. Empty: any order. Rows are
	// locked in this order.
	Order      []string
	Descending bool // sorts the other way round; without a Lock
	Limit      int  // 0: no limit
	// Offset is how many rows are passed over before the first. It goes with
	// an Order and a Limit, and without a Lock.
	Offset int
	Lock   Lock
}

// Delete removes the rows of one table that meet Where; an empty Where is all
// of them. With a Limit (0: none) at most so many go, any of them.
type Delete struct {
	Table Name
	Where []Cond
	Limit int
}

// Update assigns the same expressions to every row that meets Where; an empty
// Where is all rows.
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

// Updated is what an update did.
type Updated struct {
	// Rows is how many rows were assigned to, also on an engine that counts only
	// those whose values changed.
	Rows int64
	// Missed is how many more rows met the condition: another transaction changed
	// or deleted them while the statement ran, which took no account of what they became. The caller
	// rolls back, and tries again with the rows locked in a statement before. Rows that a trigger keeps from
	// being updated may be among them, or in neither number.
	Missed int64
	// Unchanged says for each assignment, in order, how many rows have the old
	// value still (NULL that stayed NULL not counted). Nil where the engine
	// can't compare old with new inside the statement, or Compare wasn't asked for.
	Unchanged []int64
}

// BulkUpdate gives each of many rows values of its own, in as few statements as
// the engine's limits allow (one, but for parameter sizes). Rows hold the key's values, then the values of Set.
type BulkUpdate struct {
	Table Name
	Key   []string // the whole key, after Engine.Version if that is to be compared too; or the row address
	Set   []string
	Rows  []Row
}

// Insert adds rows, in one statement. It serves the journal and tests, which
// stay below what an engine takes: at most InsertValues values.
type Insert struct {
	Table   Name
	Columns []string
	Rows    []Row
}

// InsertValues is how many values one Insert may have: SQL Server takes 2,100
// parameters, of which it needs some itself.
const InsertValues = 2000

package dialect

import "context"

// Rekeyer is a DB that changes values that foreign keys relate, together with the references to
// them. Without it, a referenced column can change only where all foreign keys to it are ON UPDATE
// CASCADE.
type Rekeyer interface {
	// Rekey executes bulk updates of columns that foreign keys relate, in a transaction of this
	// DB; the referring rows' updates precede the referenced rows'. The keys hold before and
	// afterwards: the engine checks them at the end, and their ON UPDATE actions find nothing to
	// do. Here Key may be any columns: each row of the table equals the Key of at most one of
	// Rows, but one of Rows may match many. Rekey returns how many rows each update found.
	Rekey(ctx context.Context, tx Tx, updates []BulkUpdate) ([]int64, error)
}

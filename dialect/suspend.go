package dialect

import (
	"context"
	"time"
)

// Suspender suspends indexes of a table while all of its rows are overwritten, and restores them.
// It drops an index and creates it again, or disables and rebuilds it, as the engine can.
//
// The caller records the suspended indexes first: after a crash their definitions exist only there.
// It passes several indexes of one table at once, since some engines restore them in one pass over
// the rows.
type Suspender interface {
	// Definitions reads how to restore the named indexes, ordered by name. It omits missing indexes
	// and those with a reason to stay (Index.Stays). It returns an error of class PermissionDenied
	// if the user may suspend an index but not restore it.
	Definitions(ctx context.Context, t Name, indexes []string) ([]SuspendedIndex, error)
	// Suspend suspends the indexes, in one transaction or statement where the engine can; it skips
	// missing ones. An index with a changed definition is an error. wait is the longest wait for
	// the table's exclusive lock, 0 for the server's setting; retry after a LockTimeout.
	Suspend(ctx context.Context, t Name, indexes []SuspendedIndex, wait time.Duration) error
	// Restore restores indexes exactly, and waits for the table as Suspend does. It skips existing
	// ones; another index under such a name is an error. After a UniqueViolation, whose Object is
	// the index, or any other error some of the others may be restored. It ignores the user's
	// limits on the time of a statement.
	Restore(ctx context.Context, t Name, indexes []SuspendedIndex, wait time.Duration) error
}

// SuspendedIndex is an index and how to restore it.
type SuspendedIndex struct {
	Name string
	// Definition is SQL of the engine, for Restore alone: each dialect decides which part of a
	// statement it holds.
	Definition string
}

// NewIndexDiffersError is the error of Suspend and Restore where another index has that name.
func NewIndexDiffersError(doing string, t Name, index string) *Error {
	e := NewError(Fatal, "", doing, t, nil)
	e.Object = index
	e.Detail = "an index of this name is there with another definition: rename it or drop it"
	return e
}

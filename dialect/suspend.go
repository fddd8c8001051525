package dialect

import (
	"context"
	"time"
)

// Suspender is the part of the contract that takes indexes out of a table's way
// while all of its rows are overwritten, and puts them back. An index is dropped
// and made again, or disabled and rebuilt, as the engine can.
//
// What is suspended is on record first, with the caller: after a crash the
// definitions are all that there is of an index. Several indexes of one table are
// given at once, since some engines put them back in one pass over the rows.
type Suspender interface {
	// Definitions reads how the named indexes are to be put back, ordered by
	// name. An index that isn't there is left out, and so is one with a reason to stay
	// (Index.Stays). That the user may suspend an index but not put it
	// back is an error of class PermissionDenied.
	Definitions(ctx context.Context, t Name, indexes []string) ([]SuspendedIndex, error)
	// Suspend takes the indexes away, in one transaction or statement where the
	// engine can; those that are gone are left out. An index that is no longer as
	// it was defined is an error. wait is how long it waits for the table's lock,
	// which is exclusive, 0 for the server's setting; a LockTimeout can be tried again.
	Suspend(ctx context.Context, t Name, indexes []SuspendedIndex, wait time.Duration) error
	// Restore puts indexes back exactly as they were, and waits for the table
	// as Suspend does. What is there already is left as it is; what is there under
	// the name of an index and isn't that index is an error. After a UniqueViolation, whose Object is
	// the index, or any other error some of the others may be back. It works on
	// beyond any limit that the user has on the time of a statement.
	Restore(ctx context.Context, t Name, indexes []SuspendedIndex, wait time.Duration) error
}

// SuspendedIndex is an index with what puts it back.
type SuspendedIndex struct {
	Name string
	// Definition is SQL of the engine's, for Restore alone: it depends on the dialect what of
	// a statement it is.
	Definition string
}

// ErrIndexDiffers is the error of Suspend and Restore where an index of that name
// is there, and isn't the one that is meant.
func ErrIndexDiffers(doing string, t Name, index string) *Error {
	e := NewError(Fatal, "", doing, t, nil)
	e.Object = index
	e.Detail = "an index of this name is there with another definition: rename it or drop it"
	return e
}

// Defined returns the definition of the index of that name among indexes.
func Defined(indexes []SuspendedIndex, name string) (definition string, ok bool) {
	for _, ix := range indexes {
		if ix.Name == name {
			return ix.Definition, true
		}
	}
	return "", false
}

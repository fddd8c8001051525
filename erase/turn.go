package erase

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/expungedb/expunge/dialect"
)

const (
	// batchesInTurn is the number of batches for which a run takes turns after a deadlock: the other
	// run continues for longer than one batch.
	batchesInTurn = 100
	// contention is how long a batch waiting for other transactions is retried, if Options.Attempts
	// isn't set.
	contention = 5 * time.Minute
)

// turns serialise batches that met another transaction in their rows. Runs have no common lock order: a
// row is reached by several references, and foreign keys and triggers lock rows by themselves. Batches
// with common rows would therefore deadlock again and again.
//
// A turn is an exclusive lock on the journal's row for the database, a batch's first lock and released
// with its transaction. Batches without conflicts take none, and run in parallel.
type turns struct {
	left atomic.Int64 // the number of the run's next batches to take one
	mine sync.Mutex   // one of the run's batches at a time waits for the row
}

// needed reports whether a new batch takes a turn.
func (t *turns) needed() bool { return t.left.Add(-1) >= 0 }

// note makes the batch and the run's next ones take turns if the error shows a conflict with another
// transaction.
func (t *turns) note(it *workItem, err error) {
	if meetsOthers(err) {
		it.inTurn = true
		t.left.Store(batchesInTurn)
	}
}

// beginError is the error of a transaction that did not begin, for example for too many connections.
type beginError struct{ error }

func (e beginError) Unwrap() error { return e.error }

// meetsOthers reports whether another transaction was in the way.
func meetsOthers(err error) bool {
	_, notBegun := errors.AsType[beginError](err)
	class := dialect.ClassOf(err)
	return class == dialect.LockTimeout || class == dialect.Retryable && !notBegun
}

package erase

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/expungedb/expunge/dialect"
)

const (
	// batchesInTurn is for how many batches after a deadlock a run takes turns: the other run is
	// at work for longer than one batch.
	batchesInTurn = 100
	// contention is how long a batch is tried that waits for other transactions, where
	// Options.Attempts doesn't say how often.
	contention = 5 * time.Minute
)

// turns let batches go one at a time that met another transaction in their rows. Runs have no
// common lock order: a row is reached by several references, foreign keys and triggers lock rows
// of their own accord. Batches that share rows would therefore wait for each other again and again.
//
// A turn is an exclusive lock on the journal's row for the database, which is a batch's first
// lock and ends with its transaction. Batches that met nobody take none, and go side by side.
type turns struct {
	left atomic.Int64 // how many of the run's batches to come take one
	mine sync.Mutex   // one of the run's batches at a time waits for the row
}

// needed reports whether a batch that begins takes a turn.
func (t *turns) needed() bool { return t.left.Add(-1) >= 0 }

// note has the batch, and those of its run that come after it, take turns where the error
// tells that it met another transaction.
func (t *turns) note(it *workItem, err error) {
	if meetsOthers(err) {
		it.inTurn = true
		t.left.Store(batchesInTurn)
	}
}

// beginError is the error of a transaction that did not begin: too many connections, say.
type beginError struct{ error }

func (e beginError) Unwrap() error { return e.error }

// meetsOthers reports whether another transaction was in the way.
func meetsOthers(err error) bool {
	_, notBegun := errors.AsType[beginError](err)
	class := dialect.ClassOf(err)
	return class == dialect.LockTimeout || class == dialect.Retryable && !notBegun
}

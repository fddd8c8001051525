package erase

import (
	"context"
	"fmt"
	"time"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/closure"
	"github.com/expungedb/expunge/erase/internal/journal"
	"github.com/expungedb/expunge/erase/internal/tally"
	"github.com/expungedb/expunge/internal/batch"
)

// verifyCommitted looks for the batch's rows after its commit, in a transaction of its own.
func (e *run) verifyCommitted(ctx context.Context, d *closure.Result, rec *journal.Batch) error {
	if len(d.Checks) == 0 { // what it did was compared within its transaction, or can't be
		rec.Tally = d.Tally
		e.failpoint("checked")
		e.emitEvent(Event{Kind: Checked})
		return e.queueVerified(ctx, rec)
	}
	began := time.Now()
	err := batch.Retry(ctx, e.backoff(), isRetryable, func(int) error {
		fresh := tally.Tally{}
		fresh.Add(&d.Tally)
		err := e.inReadTx(ctx, func(tx dialect.Reader) error {
			for _, p := range d.Checks {
				if err := p.Verify(ctx, tx, &fresh); err != nil {
					return err
				}
			}
			return nil
		})
		rec.Tally = fresh
		return err
	})
	if err != nil {
		return fmt.Errorf("looking at a committed batch: %w", err)
	}
	e.failpoint("checked")
	e.emitEvent(Event{Kind: Checked, Took: time.Since(began)})
	return e.queueVerified(ctx, rec)
}

// queueVerified has the journal say that a batch was looked at; several at a time,
// unless something was found.
func (e *run) queueVerified(ctx context.Context, rec *journal.Batch) error {
	e.mu.Lock()
	e.pending = append(e.pending, rec)
	due := len(e.pending) >= 32 || rec.Tally.HasProblems()
	e.mu.Unlock()
	if due {
		return e.flushVerified(ctx)
	}
	return nil
}

func (e *run) flushVerified(ctx context.Context) error {
	e.mu.Lock()
	batches := e.pending
	e.pending = nil
	e.mu.Unlock()
	if len(batches) == 0 {
		return nil
	}
	return batch.Retry(ctx, e.backoff(), isRetryable, func(int) error {
		return e.session.journal.MarkVerified(ctx, e.Now(), batches)
	})
}

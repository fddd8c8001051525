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

// verifyCommitted verifies the batch's rows after its commit, in a transaction of its own.
func (r *run) verifyCommitted(ctx context.Context, d *closure.Result, rec *journal.Batch) error {
	if len(d.Checks) == 0 { // the transaction itself compared its changes, or they can't be verified
		rec.Tally = d.Tally
		r.failpoint("checked")
		r.emitEvent(Event{Kind: EventChecked})
		return r.queueVerified(ctx, rec)
	}
	began := time.Now()
	err := batch.Retry(ctx, r.backoff(), isRetryable, func(int) error {
		fresh := tally.Tally{}
		fresh.Add(&d.Tally)
		err := r.inReadTx(ctx, func(tx dialect.Reader) error {
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
	r.failpoint("checked")
	r.emitEvent(Event{Kind: EventChecked, Took: time.Since(began)})
	return r.queueVerified(ctx, rec)
}

// queueVerified marks a batch as verified in the journal; several at a time, unless there are problems.
func (r *run) queueVerified(ctx context.Context, rec *journal.Batch) error {
	r.mu.Lock()
	r.pending = append(r.pending, rec)
	due := len(r.pending) >= 32 || rec.Tally.HasProblems()
	r.mu.Unlock()
	if due {
		return r.flushVerified(ctx)
	}
	return nil
}

func (r *run) flushVerified(ctx context.Context) error {
	r.mu.Lock()
	batches := r.pending
	r.pending = nil
	r.mu.Unlock()
	if len(batches) == 0 {
		return nil
	}
	return batch.Retry(ctx, r.backoff(), isRetryable, func(int) error {
		return r.session.journal.MarkVerified(ctx, r.Now(), batches)
	})
}

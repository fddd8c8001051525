package erase

import (
	"context"
	"fmt"
	"time"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/journal"
	"github.com/expungedb/expunge/erase/internal/tally"
	"github.com/expungedb/expunge/internal/batch"
)

// verifyCommitted looks for the batch's rows after its commit, in a transaction of its own.
func (e *run) verifyCommitted(ctx context.Context, d *batchResult, rec *journal.Batch) error {
	if len(d.proofs) == 0 { // what it did was compared within its transaction, or can't be
		rec.Tally = d.Tally
		e.failpoint("checked")
		e.emitEvent(Event{Kind: Checked})
		return e.queueVerified(ctx, rec)
	}
	began := time.Now()
	err := batch.Retry(ctx, e.backoff(), isRetryable, func(int) error {
		fresh := tally.Tally{}
		fresh.Add(&d.Tally)
		err := e.inReadTx(ctx, func(tx dialect.Tx) error {
			for _, p := range d.proofs {
				left, unchecked, err := p.countFailed(ctx, tx)
				if err != nil {
					return err
				}
				c := fresh.Step(p.step)
				c.Unchecked += unchecked
				switch p.kind {
				case goneRange: // these aren't rows of which the batch knew
					c.Add(tally.Counts{Matched: left, Left: left})
					continue
				case lateRows:
					c.Arrived += left
					continue
				case goneLeaves: // what was deleted is deleted
					written := min(left, p.inside)
					c.Add(tally.Counts{Matched: written, Left: written, Arrived: left - written})
					continue
				}
				c.Arrived += max(left-c.Affected, 0)
				left = min(left, c.Affected)
				c.Affected -= left
				c.Left += left
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

// countFailed counts the rows for which the proof fails, and those of which it can't tell.
func (p *check) countFailed(ctx context.Context, tx dialect.Tx) (left, unchecked int64, err error) {
	switch p.kind {
	case followingRows:
		n, err := tx.Count(ctx, p.table, p.present)
		return max(p.rows-n, 0), 0, err
	case storedValues:
		found, err := dialect.CountStored(ctx, tx, p.schema, *p.equal, p.found)
		return int64(len(p.equal.Rows)) - found.Same - found.Undecided, found.Undecided, err
	}
	n, err := tx.Count(ctx, p.table, p.absent)
	return n, 0, err
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

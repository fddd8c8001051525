package erase

import (
	"context"
	"fmt"
	"time"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/internal/batch"
)

// verifyCommitted looks for the batch's rows after its commit, in a transaction of its own.
func (e *executor) verifyCommitted(ctx context.Context, d *batchResult, rec *batchRecord) error {
	if len(d.proofs) == 0 { // what it did was compared within its transaction, or can't be
		rec.Tally = d.tally
		e.failpoint("checked")
		e.emitEvent(Event{Kind: Checked})
		return e.queueVerified(ctx, rec)
	}
	began := time.Now()
	err := batch.Retry(ctx, e.backoff(), isRetryable, func(int) error {
		fresh := tally{}
		fresh.add(&d.tally)
		err := inTransaction(ctx, e.db, dialect.TxOptions{ReadOnly: true}, func(tx dialect.Tx) error {
			for _, p := range d.proofs {
				left, unchecked, err := p.countFailed(ctx, tx)
				if err != nil {
					return err
				}
				c := fresh.step(p.step)
				c.Unchecked += unchecked
				switch {
				case p.ranged: // these aren't rows of which the batch knew
					c.add(Counts{Matched: left, Left: left})
					continue
				case p.late:
					c.Arrived += left
					continue
				case p.unseen: // what was deleted is deleted
					written := min(left, p.inside)
					c.add(Counts{Matched: written, Left: written, Arrived: left - written})
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
	switch {
	case p.present != nil:
		n, err := tx.Count(ctx, p.table, p.present)
		return max(p.rows-n, 0), 0, err
	case p.equal == nil:
		n, err := tx.Count(ctx, p.table, p.absent)
		return n, 0, err
	}
	found, err := dialect.CountStored(ctx, tx, p.schema, *p.equal, p.found)
	return int64(len(p.equal.Rows)) - found.Same - found.Undecided, found.Undecided, err
}

// queueVerified has the journal say that a batch was looked at; several at a time,
// unless something was found.
func (e *executor) queueVerified(ctx context.Context, rec *batchRecord) error {
	e.mu.Lock()
	e.pending = append(e.pending, rec)
	due := len(e.pending) >= 32 || rec.Tally.foundProblems()
	e.mu.Unlock()
	if due {
		return e.flushVerified(ctx)
	}
	return nil
}

func (e *executor) flushVerified(ctx context.Context) error {
	e.mu.Lock()
	batches := e.pending
	e.pending = nil
	e.mu.Unlock()
	if len(batches) == 0 {
		return nil
	}
	return batch.Retry(ctx, e.backoff(), isRetryable, func(int) error {
		return e.journal.markVerified(ctx, e.Now(), batches)
	})
}

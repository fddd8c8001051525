package erase

import (
	"context"
	"fmt"
	"time"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/internal/batch"
)

// look looks for the batch's rows after its commit, in a transaction of its own.
func (e *executor) look(ctx context.Context, d *deed, rec *entry) error {
	if len(d.proofs) == 0 { // what it did was compared within its transaction, or can't be
		rec.Tally = d.tally
		e.at("checked")
		e.emit(Event{Kind: Checked})
		return e.note(ctx, rec)
	}
	began := time.Now()
	err := batch.Retry(ctx, e.backoff(), again, func(int) error {
		fresh := tally{}
		fresh.add(&d.tally)
		err := within(ctx, e.db, dialect.TxOptions{ReadOnly: true}, func(tx dialect.Tx) error {
			for _, p := range d.proofs {
				left, unchecked, err := p.left(ctx, tx)
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
	e.at("checked")
	e.emit(Event{Kind: Checked, Took: time.Since(began)})
	return e.note(ctx, rec)
}

// left counts the rows for which the proof fails, and those of which it can't tell.
func (p *proof) left(ctx context.Context, tx dialect.Tx) (left, unchecked int64, err error) {
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

// note has the journal say that a batch was looked at; several at a time,
// unless something was found.
func (e *executor) note(ctx context.Context, rec *entry) error {
	e.mu.Lock()
	e.pending = append(e.pending, rec)
	due := len(e.pending) >= 32 || rec.Tally.found()
	e.mu.Unlock()
	if due {
		return e.flush(ctx)
	}
	return nil
}

func (e *executor) flush(ctx context.Context) error {
	e.mu.Lock()
	batches := e.pending
	e.pending = nil
	e.mu.Unlock()
	if len(batches) == 0 {
		return nil
	}
	return batch.Retry(ctx, e.backoff(), again, func(int) error {
		return e.journal.verified(ctx, e.Now(), batches)
	})
}

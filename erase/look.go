package erase

import (
	"context"
	"fmt"
	"slices"
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
				left, err := p.left(ctx, tx)
				if err != nil {
					return err
				}
				c := fresh.step(p.step)
				switch {
				case p.ranged: // these aren't rows of which the batch knew
					c.add(Counts{Matched: left, Left: left})
					continue
				case p.late:
					c.Arrived += left
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

// left counts the rows for which the proof fails.
func (p *proof) left(ctx context.Context, tx dialect.Tx) (int64, error) {
	switch {
	case p.present != nil:
		n, err := tx.Count(ctx, p.table, p.present)
		return max(p.rows-n, 0), err
	case p.equal == nil:
		return tx.Count(ctx, p.table, p.absent)
	}
	rest := *p.equal
	var err error
	if rest.Rows, err = p.unproved(ctx, tx); err != nil || len(rest.Rows) == 0 {
		return 0, err
	}
	n, err := tx.CountEqual(ctx, rest)
	return int64(len(rest.Rows)) - n, err
}

// unproved reads the rows that were written and returns those which don't have
// the very values: what the engine stores otherwise than it was sent (a number that it rounded)
// is for the engine to compare. Both are in the order of their keys; from where one side
// has a row that the other hasn't, all are unproved.
func (p *proof) unproved(ctx context.Context, tx dialect.Tx) ([]dialect.Row, error) {
	written := p.equal.Rows
	var rest []dialect.Row
	i, keys := 0, len(p.equal.Key)
	for row, err := range tx.Query(ctx, dialect.Select{
		Table: p.table, Columns: slices.Concat(p.equal.Key, p.equal.Set), Where: p.found, Order: p.equal.Key,
	}) {
		if err != nil {
			return nil, err
		}
		if i == len(written) || !slices.EqualFunc(row[:keys], written[i][:keys], equal) {
			break
		}
		if !slices.EqualFunc(row[keys:], written[i][keys:], equal) {
			rest = append(rest, written[i])
		}
		i++
	}
	return append(rest, written[i:]...), nil
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

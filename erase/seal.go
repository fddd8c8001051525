package erase

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/expungedb/expunge/erase/internal/closure"
	"github.com/expungedb/expunge/erase/internal/journal"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/internal/batch"
)

// acquired is a run that is this process's own: its receipt can be signed.
type acquired struct {
	*reader
	*reporter
	ownership
	session *session
}

func newAcquired(s *session, r *reader, own ownership) *acquired {
	return &acquired{reader: r, reporter: s.reporter, ownership: own, session: s}
}

// signAndSeal signs the receipt of what was summed up, and ends the run with it.
func (e *acquired) signAndSeal(ctx context.Context, roots []*closure.Root, s *summary) (envelope []byte, err error) {
	if s.followed, err = e.followedReceipts(ctx, s.Follows); err != nil {
		return nil, err
	}
	statement := e.buildStatement(e.row, roots, s)
	if envelope, err = receipt.Sign(ctx, statement, e.Signers...); err != nil {
		return nil, fmt.Errorf("what was done is committed and its receipt isn't signed, do the same again with the same run ID: %w", err)
	}
	e.failpoint("signed")
	if err := e.storeAndPublish(ctx, envelope); err != nil {
		return nil, err
	}
	e.Log.Info("the receipt is signed", "run", e.RunID, "batches", s.batches, "retries", s.retries, "incomplete", s.incomplete)
	return envelope, errors.Join(e.session.closeLedgerEntry(ctx, e.ownership, e.Now(), envelope), leftError(&statement.Predicate, envelope))
}

// storeAndPublish stores the signed receipt, has it published and closes the run. A
// receipt that is to be published is stored before: signed once more it would be another
// one, as most signatures are random, and a log would hold both.
func (e *acquired) storeAndPublish(ctx context.Context, envelope []byte) error {
	state := journal.StateClosed
	if e.Publish != nil {
		state = journal.StateSigned
	}
	if err := batch.Retry(ctx, e.backoff(), isRetryable, func(int) error {
		return e.session.journal.StoreReceipt(ctx, e.Now(), string(envelope), state)
	}); err != nil {
		return err
	}
	e.emitEvent(Event{Kind: Signed})
	e.failpoint("stored")
	if e.Publish == nil {
		return nil
	}
	if err := e.session.publishReceipt(ctx, envelope); err != nil {
		return err
	}
	e.failpoint("published")
	return batch.Retry(ctx, e.backoff(), isRetryable, func(int) error { return e.session.journal.Close(ctx, e.Now()) })
}

func (e *session) publishReceipt(ctx context.Context, envelope []byte) error {
	if e.Publish == nil {
		return nil
	}
	if err := e.Publish(ctx, envelope); err != nil {
		return fmt.Errorf("the run is done and its receipt isn't published, run again with the same run ID: %w", err)
	}
	return nil
}

// publishStored publishes the receipt of a signed run and closes the run.
func (e *session) publishStored(ctx context.Context, own ownership) (Report, error) {
	if err := e.checkStoredReceiptMatches(ctx, own.row); err != nil {
		return Report{Repeated: true}, err
	}
	envelope := []byte(own.row.Envelope)
	if err := e.publishReceipt(ctx, envelope); err != nil {
		return Report{Repeated: true}, err
	}
	closed := e.Now()
	if err := batch.Retry(ctx, e.backoff(), isRetryable, func(int) error { return e.journal.Close(ctx, closed) }); err != nil {
		return Report{Repeated: true}, err
	}
	err := errors.Join(e.closeLedgerEntry(ctx, own, closed, envelope), leftErrorOf(envelope))
	return Report{Receipt: envelope, Repeated: true}, err
}

// leftError is the *LeftError of a receipt, nil where everything is as it should be.
func leftError(p *receipt.Predicate, envelope []byte) error {
	left := &LeftError{Rows: p.Left(), Arrived: p.Arrived(), Failed: p.FailedChecks(), Receipt: envelope}
	if p.Incomplete != nil {
		left.Incomplete = p.Incomplete.Reason
	}
	if left.Rows == 0 && left.Failed == nil && p.Incomplete == nil {
		return nil
	}
	return left
}

// leftErrorOf is leftError of a stored receipt.
func leftErrorOf(envelope []byte) error {
	var outer struct{ Payload string }
	var inner receipt.Statement
	err := json.Unmarshal(envelope, &outer)
	var payload []byte
	if err == nil {
		payload, err = base64.StdEncoding.DecodeString(outer.Payload)
	}
	if err == nil {
		err = json.Unmarshal(payload, &inner)
	}
	if err != nil {
		return fmt.Errorf("the journal's receipt is damaged")
	}
	return leftError(&inner.Predicate, envelope)
}

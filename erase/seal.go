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

// acquired is a run held by this process: its receipt can be signed.
type acquired struct {
	*reader
	*reporter
	ownership
	session *session
}

func newAcquired(s *session, r *reader, own ownership) *acquired {
	return &acquired{reader: r, reporter: s.reporter, ownership: own, session: s}
}

// signAndSeal signs the receipt of the summary, and ends the run with it.
func (a *acquired) signAndSeal(ctx context.Context, roots []*closure.Root, s *summary) (envelope []byte, err error) {
	if s.followed, err = a.followedReceipts(ctx, s.Follows); err != nil {
		return nil, err
	}
	statement := a.buildStatement(a.row, roots, s)
	if envelope, err = receipt.Sign(ctx, statement, a.Signers...); err != nil {
		return nil, fmt.Errorf("signing the receipt failed: the erasure is committed, run again with the same run ID: %w", err)
	}
	a.failpoint("signed")
	if err := a.storeAndPublish(ctx, envelope); err != nil {
		return nil, err
	}
	a.Log.Info("the receipt is signed", "run", a.RunID, "batches", s.batches, "retries", s.retries, "incomplete", s.incomplete)
	return envelope, errors.Join(a.session.closeLedgerEntry(ctx, a.ownership, a.Now(), envelope), leftError(&statement.Predicate, envelope))
}

// storeAndPublish stores the signed receipt, publishes it and closes the run. It stores before
// publishing: signing again would make another receipt, since most signatures are random, and a log
// would contain both.
func (a *acquired) storeAndPublish(ctx context.Context, envelope []byte) error {
	state := journal.StateClosed
	if a.Publish != nil {
		state = journal.StateSigned
	}
	if err := batch.Retry(ctx, a.backoff(), isRetryable, func(int) error {
		return a.session.journal.StoreReceipt(ctx, a.Now(), string(envelope), state)
	}); err != nil {
		return err
	}
	a.emitEvent(Event{Kind: EventSigned})
	a.failpoint("stored")
	if a.Publish == nil {
		return nil
	}
	if err := a.session.publishReceipt(ctx, envelope); err != nil {
		return err
	}
	a.failpoint("published")
	return batch.Retry(ctx, a.backoff(), isRetryable, func(int) error { return a.session.journal.Close(ctx, a.Now()) })
}

func (s *session) publishReceipt(ctx context.Context, envelope []byte) error {
	if s.Publish == nil {
		return nil
	}
	if err := s.Publish(ctx, envelope); err != nil {
		return fmt.Errorf("publishing the receipt failed: the erasure is finished, run again with the same run ID: %w", err)
	}
	return nil
}

// publishStored publishes the receipt of a signed run and closes the run.
func (s *session) publishStored(ctx context.Context, own ownership) (Report, error) {
	if err := s.checkStoredReceiptMatches(ctx, own.row); err != nil {
		return Report{Repeated: true}, err
	}
	envelope := []byte(own.row.Envelope)
	if err := s.publishReceipt(ctx, envelope); err != nil {
		return Report{Repeated: true}, err
	}
	closed := s.Now()
	if err := batch.Retry(ctx, s.backoff(), isRetryable, func(int) error { return s.journal.Close(ctx, closed) }); err != nil {
		return Report{Repeated: true}, err
	}
	err := errors.Join(s.closeLedgerEntry(ctx, own, closed, envelope), leftErrorOf(envelope))
	return Report{Receipt: envelope, Repeated: true}, err
}

// leftError is the *LeftError of a receipt, nil if there is nothing to report.
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

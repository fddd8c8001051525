package erase

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/expungedb/expunge/erase/internal/journal"
	"github.com/expungedb/expunge/erase/ledger/record"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/plan"
)

// Ledger remembers erasures outside of the database, for Replay to carry them
// out again after a restore. Package ledger has one, a directory of encrypted files.
type Ledger interface {
	// Begin stores what a run is about to erase, for good, before it returns.
	// A run that is continued, which has the same h.Run(), begins again: what is stored
	// stays, and subjects need not be read. It is called once the run is this process's own.
	Begin(ctx context.Context, h record.Header, subjects iter.Seq2[string, error]) error
	// Committed notes that the run has ended and is signed; again for a run
	// that gives its receipt once more.
	Committed(ctx context.Context, run record.Run, m record.Mark) error
}

// openLedgerEntry writes the run to the ledger.
func (e *acquired) openLedgerEntry(ctx context.Context) error {
	if e.Ledger == nil {
		return nil
	}
	encoded, err := e.plan.Encode()
	if err != nil {
		return err
	}
	now, row := e.Now().UTC(), e.row
	h := record.Header{
		RunID: row.ID, Erasure: row.ReceiptID, Scope: string(e.plan.Scope), Plan: encoded, PlanDigest: row.Plan, PolicyDigest: e.plan.Policy,
		Database: e.database.ID, Origins: e.database.Origins, Actor: row.Actor, AsOf: row.AsOf, Written: now, Until: backupHorizon(e.plan, now),
	}
	if e.Request != nil {
		h.Case = e.Request.Case
	}
	var subjects iter.Seq2[string, error]
	if e.plan.Scope == plan.ScopeSubjects {
		subjects = e.subjectKeys(ctx)
	}
	if err := e.Ledger.Begin(ctx, h, subjects); err != nil {
		return fmt.Errorf("nothing is erased that the ledger doesn't have: %w", err)
	}
	e.failpoint("entered")
	return nil
}

// closeStoredEntry marks a run in the ledger as ended whose receipt was stored before.
func (e *session) closeStoredEntry(ctx context.Context, row *journal.Run, closed time.Time) error {
	if e.Ledger == nil {
		return nil
	}
	ctx = context.WithoutCancel(ctx)
	database, err := e.journal.FindDatabase(ctx)
	if err != nil {
		return unmarkedError(err)
	}
	if database == nil {
		return nil
	}
	return e.closeLedgerEntry(ctx, ownership{row, database}, closed, []byte(row.Envelope))
}

// closeLedgerEntry marks the run in the ledger as ended.
func (e *session) closeLedgerEntry(ctx context.Context, own ownership, closed time.Time, envelope []byte) error {
	if e.Ledger == nil {
		return nil
	}
	e.failpoint("unmarked")
	ctx = context.WithoutCancel(ctx) // the run is over: that the caller has no more time must not hide it
	return unmarkedError(e.Ledger.Committed(ctx, record.Run{Database: own.database.ID, RunID: own.row.ID, Erasure: own.row.ReceiptID}, record.Mark{
		Closed: closed.UTC(), Until: backupHorizon(e.plan, closed), Receipt: receipt.EnvelopeDigest(envelope),
	}))
}

// unmarkedError is the error of a run that the ledger doesn't know as ended.
func unmarkedError(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("the run is done and signed, and not marked so in the ledger: run again with the same run ID: %w", err)
}

// subjectKeys gives each subject by its key, as a Source does: in a restored copy
// an identifier may be that of several rows, or of another one.
func (e *reader) subjectKeys(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for s, err := range e.resolveSubjects(ctx, true, nil) {
			if err == nil && s.key == nil {
				err = fmt.Errorf("%w: an identifier that was given names no row any more: the run was begun without this ledger; name its subjects by their keys, or continue it without", ErrNoSuchSubject)
			}
			if err != nil {
				yield("", err)
				return
			}
			if !yield(FormatSubject(s.key, e.plan.Subject.Key), nil) {
				return
			}
		}
	}
}

// backupHorizon is the end of the day on which the last declared backup that was
// taken before that moment is gone; zero where none is declared.
func backupHorizon(p *plan.Plan, taken time.Time) time.Time {
	var last time.Time
	for _, b := range p.Backups {
		if until := b.Kept.After(taken.UTC()); until.After(last) {
			last = until
		}
	}
	if last.IsZero() {
		return last
	}
	return time.Date(last.Year(), last.Month(), last.Day()+1, 0, 0, 0, 0, time.UTC)
}

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

// Ledger remembers erasures outside of the database, for Replay to repeat them after a restore. Package
// ledger has one, a directory of encrypted files.
type Ledger interface {
	// Begin stores permanently, before it returns, what a run is about to erase. A continued run, with
	// the same h.Run(), begins again: the stored entry remains, and Begin may skip reading subjects. It
	// is called after this process has acquired the run.
	Begin(ctx context.Context, h record.Header, subjects iter.Seq2[string, error]) error
	// Committed notes that the run has ended and is signed. A repeated run calls it again.
	Committed(ctx context.Context, run record.Run, m record.Mark) error
}

// openLedgerEntry writes the run to the ledger.
func (a *acquired) openLedgerEntry(ctx context.Context) error {
	if a.Ledger == nil {
		return nil
	}
	encoded, err := a.plan.Encode()
	if err != nil {
		return err
	}
	now, row := a.Now().UTC(), a.row
	h := record.Header{
		RunID: row.ID, Erasure: row.ReceiptID, Scope: string(a.plan.Scope), Plan: encoded, PlanDigest: row.Plan, PolicyDigest: a.plan.Policy,
		Database: a.database.ID, Origins: a.database.Origins, Actor: row.Actor, AsOf: row.AsOf, Written: now, Until: backupHorizon(a.plan, now),
	}
	if a.Request != nil {
		h.Case = a.Request.Case
	}
	var subjects iter.Seq2[string, error]
	if a.plan.Scope == plan.ScopeSubjects {
		subjects = a.subjectKeys(ctx)
	}
	if err := a.Ledger.Begin(ctx, h, subjects); err != nil {
		return fmt.Errorf("not started: writing the ledger entry failed: %w", err)
	}
	a.failpoint("entered")
	return nil
}

// closeStoredEntry marks a run with a stored receipt as ended in the ledger.
func (s *session) closeStoredEntry(ctx context.Context, row *journal.Run, closed time.Time) error {
	if s.Ledger == nil {
		return nil
	}
	ctx = context.WithoutCancel(ctx)
	database, err := s.journal.FindDatabase(ctx)
	if err != nil {
		return unmarkedError(err)
	}
	if database == nil {
		return nil
	}
	return s.closeLedgerEntry(ctx, ownership{row, database}, closed, []byte(row.Envelope))
}

// closeLedgerEntry marks the run in the ledger as ended.
func (s *session) closeLedgerEntry(ctx context.Context, own ownership, closed time.Time, envelope []byte) error {
	if s.Ledger == nil {
		return nil
	}
	s.failpoint("unmarked")
	ctx = context.WithoutCancel(ctx) // the run is over: the caller's expired context must not hide that
	return unmarkedError(s.Ledger.Committed(ctx, record.Run{Database: own.database.ID, RunID: own.row.ID, Erasure: own.row.ReceiptID}, record.Mark{
		Closed: closed.UTC(), Until: backupHorizon(s.plan, closed), Receipt: receipt.EnvelopeDigest(envelope),
	}))
}

// unmarkedError is the error of a run not marked as ended in the ledger.
func unmarkedError(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("the run is finished and signed, but the ledger entry is still open: run again with the same run ID: %w", err)
}

// subjectKeys yields each subject by its key, in the form of a Source. In a restored copy an identifier
// may match several rows, or another one.
func (r *reader) subjectKeys(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for s, err := range r.resolveSubjects(ctx, true, nil) {
			if err == nil && s.key == nil {
				err = fmt.Errorf("%w: a given identifier matches no row any more: give the subjects' keys, or continue the run without this ledger, as it was begun", ErrNoSuchSubject)
			}
			if err != nil {
				yield("", err)
				return
			}
			if !yield(FormatSubject(s.key, r.plan.Subject.Key), nil) {
				return
			}
		}
	}
}

// backupHorizon is the end of the day on which the last declared backup taken before the given time
// expires; zero without a declared backup.
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

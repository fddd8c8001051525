package erase

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/closure"
	"github.com/expungedb/expunge/erase/internal/journal"
	"github.com/expungedb/expunge/internal/batch"
	"github.com/expungedb/expunge/plan"
)

// ErrNoSuchRun says: the journal has no run with this ID.
var ErrNoSuchRun = errors.New("no such run")

// Close ends a run that can't continue, because the schema has changed or its subjects are unknown by
// now. It signs a receipt of what was committed. The receipt says why the run is incomplete, and Close
// also returns a *LeftError. Close erases nothing, and the run can't be continued.
//
// Of the options it needs RunID and a signer; the plan is the run's. Subjects are optional: given ones
// that were deleted and are in the database again count as new. For a finished run Close changes
// nothing and returns its receipt. The reason must not name a person; without one, Close names a
// changed schema.
func Close(ctx context.Context, db dialect.DB, p *plan.Plan, o Options, reason string) (report Report, err error) {
	order := newOrder(db, p, o)
	id := order.RunID
	defer func() { denial{db: db, plan: p}.explain(ctx, &err) }()
	if len(order.Signers) == 0 {
		return Report{RunID: id}, errors.New("no signer: the receipt of a run that is closed is signed, too")
	}
	s, err := newSession(ctx, order, nil)
	if err != nil {
		return Report{RunID: id}, err
	}
	report, err = s.closeIncomplete(ctx, reason)
	report.RunID = id
	return report, err
}

func (s *session) closeIncomplete(ctx context.Context, reason string) (Report, error) {
	if err := s.restoreLeftovers(ctx); err != nil {
		return Report{}, err
	}
	row, err := s.journal.Find(ctx)
	switch {
	case err != nil:
		return Report{}, err
	case row == nil:
		return Report{}, fmt.Errorf("%w: %s", ErrNoSuchRun, s.RunID)
	}
	if report, done, err := s.storedReceipt(ctx, row); done || err != nil {
		return report, err
	}
	if s.makesCommitments() {
		if err := s.checkCommitmentKey(row); err != nil {
			return Report{}, err
		}
	}
	reader, err := s.inspect(ctx)
	if err != nil {
		return Report{}, err
	}
	database, release, err := s.claim(ctx)
	if err != nil {
		return Report{}, err
	}
	defer release()
	if row, err = s.journal.Acquire(ctx, journal.Run{ID: s.RunID, Holder: s.describeProcess()}); err != nil {
		return Report{}, err
	}
	if report, done, err := s.storedReceipt(ctx, row); done || err != nil {
		return report, err
	}
	own := ownership{row, database}
	if row.State == journal.StateSigned {
		return s.publishStored(ctx, own)
	}
	envelope, err := newAcquired(s, reader, own).signIncomplete(ctx, reason)
	return Report{Receipt: envelope}, err
}

// signIncomplete signs what the journal says, and closes the run.
func (a *acquired) signIncomplete(ctx context.Context, reason string) ([]byte, error) {
	drifted := checkDrift(a.plan, a.schema)
	if drifted != nil {
		reason = cmp.Or(reason, ErrDrift.Error())
	}
	reason = cmp.Or(reason, "it was closed by its operator")
	roots, err := a.compileRoots(ctx, a.row.AsOf, a.session.keyTracking())
	if err != nil && drifted == nil {
		return nil, err
	}
	entries, err := a.session.journal.Batches(ctx)
	if err != nil {
		return nil, err
	}
	s, err := a.summarise(ctx, entries, false)
	if err != nil {
		return nil, err
	}
	if err := a.inReadTx(ctx, func(tx dialect.Reader) (err error) {
		s.position, err = tx.Position(ctx)
		return err
	}); err != nil {
		return nil, err
	}
	s.incomplete, s.unscanned, s.scanned = reason, true, a.Now()
	if err := a.countReturned(ctx, s); err != nil {
		return nil, err
	}
	if a.row.Commitment != "" {
		if s.commitments, err = a.commitmentsOf(entries); err != nil {
			return nil, err
		}
	}
	return a.signAndSeal(ctx, roots, s)
}

// countReturned counts the given subjects deleted by the run and in the database again.
func (a *acquired) countReturned(ctx context.Context, s *summary) error {
	id := closure.RootStep(&a.plan.Roots[0])
	if a.plan.Scope != plan.ScopeSubjects || a.Subjects == nil || id == "" {
		return nil
	}
	var c subjectCounts
	err := batch.Retry(ctx, a.backoff(), isRetryable, func(int) (err error) {
		c, err = a.countSubjects(ctx, true)
		return err
	})
	if err != nil {
		return err
	}
	like, err := a.session.compareSubjects(ctx, a.row, &c)
	if err != nil {
		return err
	}
	if like == otherSubjects || like == unknownSubjects && !c.matchesCount(a.row.Subjects) {
		return fmt.Errorf("%w: the given subjects are not those of the run: pass the original subjects or none", ErrRunDiffers)
	}
	remain, err := a.session.remainingSubjects(ctx, a.row)
	s.Step(id).Arrived += max(c.present-remain, 0)
	return err
}

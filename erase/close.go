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

// ErrNoSuchRun says that the journal has no run of that ID.
var ErrNoSuchRun = errors.New("no such run")

// Close ends a run that can't go on, because the schema has changed or its subjects are no longer known,
// and signs a receipt of what was committed. The receipt says that the run is incomplete and why, and Close
// returns a *LeftError beside it. Nothing more is erased, and the run can't be continued.
//
// Of the options it needs RunID and a signer; the plan is the run's. Subjects may be left out; where they
// are given, those that were deleted and are in the database again are counted as arrived. A run that is
// finished is left as it is, and its receipt returned. The reason must not name a person; a changed
// schema is named without it.
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

func (e *session) closeIncomplete(ctx context.Context, reason string) (Report, error) {
	if err := e.restoreLeftovers(ctx); err != nil {
		return Report{}, err
	}
	row, err := e.journal.Find(ctx)
	switch {
	case err != nil:
		return Report{}, err
	case row == nil:
		return Report{}, fmt.Errorf("%w: %s", ErrNoSuchRun, e.RunID)
	}
	if report, done, err := e.storedReceipt(ctx, row); done || err != nil {
		return report, err
	}
	if e.makesCommitments() {
		if err := e.checkCommitmentKey(row); err != nil {
			return Report{}, err
		}
	}
	reader, err := e.inspect(ctx)
	if err != nil {
		return Report{}, err
	}
	database, release, err := e.claim(ctx)
	if err != nil {
		return Report{}, err
	}
	defer release()
	if row, err = e.journal.Acquire(ctx, journal.Run{ID: e.RunID, Holder: e.describeProcess()}); err != nil {
		return Report{}, err
	}
	if report, done, err := e.storedReceipt(ctx, row); done || err != nil {
		return report, err
	}
	own := ownership{row, database}
	if row.State == journal.StateSigned {
		return e.publishStored(ctx, own)
	}
	envelope, err := newAcquired(e, reader, own).signIncomplete(ctx, reason)
	return Report{Receipt: envelope}, err
}

// signIncomplete signs what the journal says, and closes the run.
func (e *acquired) signIncomplete(ctx context.Context, reason string) ([]byte, error) {
	drifted := checkDrift(e.plan, e.schema)
	if drifted != nil {
		reason = cmp.Or(reason, ErrDrift.Error())
	}
	reason = cmp.Or(reason, "it was closed by its operator")
	roots, err := e.compileRoots(ctx, e.row.AsOf, e.session.keyTracking())
	if err != nil && drifted == nil {
		return nil, err
	}
	entries, err := e.session.journal.Batches(ctx)
	if err != nil {
		return nil, err
	}
	s, err := e.summarise(ctx, entries, false)
	if err != nil {
		return nil, err
	}
	if err := e.inReadTx(ctx, func(tx dialect.Reader) (err error) {
		s.position, err = tx.Position(ctx)
		return err
	}); err != nil {
		return nil, err
	}
	s.incomplete, s.unscanned, s.scanned = reason, true, e.Now()
	if err := e.countReturned(ctx, s); err != nil {
		return nil, err
	}
	if e.row.Commitment != "" {
		if s.commitments, err = e.commitmentsOf(entries); err != nil {
			return nil, err
		}
	}
	return e.signAndSeal(ctx, roots, s)
}

// countReturned counts the given subjects that the run deleted and that are in the database again.
func (e *acquired) countReturned(ctx context.Context, s *summary) error {
	id := closure.RootStep(&e.plan.Roots[0])
	if e.plan.Scope != plan.ScopeSubjects || e.Subjects == nil || id == "" {
		return nil
	}
	var c subjectCounts
	err := batch.Retry(ctx, e.backoff(), isRetryable, func(int) (err error) {
		c, err = e.countSubjects(ctx, true)
		return err
	})
	if err != nil {
		return err
	}
	like, err := e.session.compareSubjects(ctx, e.row, &c)
	if err != nil {
		return err
	}
	if like == otherSubjects || like == unknownSubjects && !c.matchesCount(e.row.Subjects) {
		return fmt.Errorf("%w: the given subjects are not those of the run: pass the original subjects or none", ErrRunDiffers)
	}
	remain, err := e.session.remainingSubjects(ctx, e.row)
	s.Step(id).Arrived += max(c.present-remain, 0)
	return err
}

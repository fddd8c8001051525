package erase

import (
	"context"
	"fmt"
	"slices"

	"github.com/expungedb/expunge/erase/internal/journal"
	"github.com/expungedb/expunge/plan"
)

// checkStoredReceiptMatches refuses the receipt of a run for other subjects than the given ones.
func (s *session) checkStoredReceiptMatches(ctx context.Context, row *journal.Run) (err error) {
	if s.plan.Scope != plan.ScopeSubjects || s.Subjects == nil {
		return nil
	}
	r, err := s.inspect(ctx)
	if err != nil {
		return err
	}
	t := r.schema.Table(s.plan.Subject.Table)
	for _, c := range slices.Concat(s.plan.Subject.Key, s.plan.Subject.Identifiers) {
		if t == nil || t.Column(c) == nil {
			return fmt.Errorf("%w, perhaps: the subjects can't be compared since their table has changed: close the run to get its receipt", ErrRunDiffers)
		}
	}
	c, err := r.countSubjects(ctx, true)
	if err != nil {
		return err
	}
	return s.checkSubjectsMatch(ctx, row, c)
}

// checkSubjectsMatch refuses subjects other than the run's, with certainty if the caller has a key of
// the run's marks. Without one it refuses to continue the run, and returns its receipt only if all
// subjects were deleted and none of the given ones has a row.
func (s *session) checkSubjectsMatch(ctx context.Context, row *journal.Run, c subjectCounts) error {
	const otherwise = "pass the original subjects or use a new run ID"
	like, err := s.compareSubjects(ctx, row, &c)
	switch {
	case err != nil:
		return err
	case like == sameSubjects && row.State == journal.StateOpen:
		return nil // a subject deleted and inserted again counts as new
	case like == otherSubjects:
		return fmt.Errorf("%w: the given subjects are not those of the run: %s", ErrRunDiffers, otherwise)
	case like == unknownSubjects && !c.matchesCount(row.Subjects):
		return fmt.Errorf("%w: the run has %d subjects, and %d are given: %s", ErrRunDiffers, row.Subjects, c.named+c.unnamed, otherwise)
	}
	remain, err := s.remainingSubjects(ctx, row)
	if err != nil {
		return err
	}
	switch {
	case c.present > remain:
		return fmt.Errorf("%w: %d of the given subjects exist, but at most %d of the run's remain: %s; if one of them was inserted again, close the run and use a new run ID", ErrRunDiffers, c.present, remain, otherwise)
	case like == unknownSubjects && (row.State == journal.StateOpen || remain > 0):
		return fmt.Errorf("%w, perhaps: the subjects can't be compared without one of its keys: give the same secret, commitment key or signing key, or close the run and use a new run ID", ErrRunDiffers)
	}
	return nil
}

// remainingSubjects is the number of the run's subjects not deleted by it.
func (s *session) remainingSubjects(ctx context.Context, row *journal.Run) (int64, error) {
	entries, err := s.journal.Batches(ctx)
	if err != nil {
		return 0, err
	}
	remain := row.Subjects
	for _, d := range entries {
		for _, st := range s.plan.Roots[0].Steps {
			if n := d.Tally.Steps[st.ID]; n != nil && st.Op == plan.Delete && st.Table == s.plan.Roots[0].Table {
				remain -= n.Affected
			}
		}
	}
	return remain, nil
}

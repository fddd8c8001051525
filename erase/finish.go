package erase

import (
	"context"
	"fmt"
	"time"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/closure"
	"github.com/expungedb/expunge/erase/internal/journal"
	"github.com/expungedb/expunge/erase/internal/tally"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/internal/batch"
	"github.com/expungedb/expunge/plan"
)

// summary is a run's result by its journal and the last scan.
type summary struct {
	tally.Tally
	roots, absent     int64
	notFound          int64 // subjects found by no batch: absent ones, if the run is complete
	batches, retries  int64
	first, last       time.Time
	verified, unknown int64 // batches with and without verification after their commit
	scanned           time.Time
	incomplete        string // why the run was closed before it was complete
	unscanned         bool   // overwritten subjects remain, as they should: a scan would show nothing
	position          string
	database          *journal.Database
	identity          dialect.Identity
	commitments       *receipt.Commitments
	followed          []receipt.Followed
}

// finishRun scans the roots again, signs the receipt and closes the run.
func (r *run) finishRun(ctx context.Context) ([]byte, error) {
	r.emitEvent(Event{Kind: EventScanning})
	entries, err := r.session.journal.Batches(ctx)
	if err != nil {
		return nil, err
	}
	var mark, position string
	if err := r.inReadTx(ctx, func(tx dialect.Reader) (err error) {
		if mark, err = tx.SchemaMark(ctx, r.plan.Covers); err != nil {
			return fmt.Errorf("reading the catalogue: %w", err)
		}
		position, err = tx.Position(ctx)
		return err
	}); err != nil {
		return nil, err
	}
	if err := r.checkBeforeSigning(ctx, mark, len(entries)); err != nil {
		return nil, err
	}
	s, err := r.summarise(ctx, entries, true)
	if err != nil {
		return nil, err
	}
	s.position = position
	summed := s.Tally
	if err := batch.Retry(ctx, r.backoff(), isRetryable, func(int) error {
		s.Tally = tally.Tally{}
		s.Add(&summed)
		return r.scanRoots(ctx, entries, s)
	}); err != nil {
		return nil, fmt.Errorf("the last scan: %w", err)
	}
	if s.commitments, err = r.checkedCommitments(entries); err != nil {
		return nil, err
	}
	return r.signAndSeal(ctx, r.roots, s)
}

// summarise adds up the journal's entries.
func (a *acquired) summarise(ctx context.Context, entries []journal.Batch, complete bool) (*summary, error) {
	s := &summary{database: a.database}
	for i := range entries {
		d := &entries[i]
		s.Add(&d.Tally)
		s.roots += d.Roots
		s.batches++
		s.retries += d.Retries
		if s.first.IsZero() || d.Committed.Before(s.first) {
			s.first = d.Committed
		}
		if d.Committed.After(s.last) {
			s.last = d.Committed
		}
		if d.Verified.IsZero() {
			s.unknown++
		} else {
			s.verified++
		}
	}
	if a.plan.Scope == plan.ScopeSubjects {
		s.notFound = max(a.row.Subjects-s.roots, 0)
	}
	if complete {
		s.absent = s.notFound
		if id := closure.RootStep(&a.plan.Roots[0]); id != "" && s.absent > 0 {
			s.Step(id).Add(tally.Counts{Matched: s.absent, AlreadyGone: s.absent})
		}
	}
	var err error
	s.identity, err = a.session.serverIdentity(ctx)
	return s, err
}

// scanRoots scans the roots again after the last batch: for deleted rows that exist, and for new rows.
func (r *run) scanRoots(ctx context.Context, entries []journal.Batch, s *summary) error {
	for i, p := range r.roots {
		if p.Plan.Ended {
			continue // its rows are noted until they are done
		}
		stayed := map[string]bool{}
		var roots int64
		for _, d := range batchesOf(entries, i) {
			roots += d.Roots
			for _, k := range d.Stayed {
				stayed[k] = true
			}
		}
		var err error
		switch r.plan.Scope {
		case plan.ScopeEverything:
			err = r.scanTable(ctx, p, s)
		case plan.ScopeExpired:
			err = r.scanExpired(ctx, p, roots, int64(len(stayed)), s)
		case plan.ScopeSubjects:
			err = r.scanSubjects(ctx, p, stayed, s)
		}
		if err != nil {
			return err
		}
	}
	s.scanned = r.Now()
	return nil
}

// scanTable counts a table of scope everything.
func (r *run) scanTable(ctx context.Context, p *closure.Root, s *summary) error {
	st := &p.Plan.Steps[0]
	c := s.Step(st.ID)
	return r.inReadTx(ctx, func(tx dialect.Reader) error {
		n, err := tx.Count(ctx, p.RootTable().Name, st.Conditions())
		switch {
		case err != nil:
			return err
		case st.Op == plan.Delete:
			c.Add(tally.Counts{Matched: n, Left: n})
		case st.Op == plan.Detach:
			c.Arrived += n
		default:
			c.Arrived += max(n-c.Matched, 0)
		}
		return nil
	})
}

// scanExpired counts the rows still older than their period.
func (r *run) scanExpired(ctx context.Context, p *closure.Root, roots, stayed int64, s *summary) error {
	id := closure.RootStep(p.Plan)
	if id == "" {
		return nil
	}
	if p.KeepsBounds() {
		stayed = roots
	}
	return r.inReadTx(ctx, func(tx dialect.Reader) error {
		n, err := tx.Count(ctx, p.RootTable().Name, p.Where())
		s.Step(id).Arrived += max(n-stayed, 0)
		return err
	})
}

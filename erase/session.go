package erase

import (
	"context"
	"errors"
	"fmt"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/journal"
	"github.com/expungedb/expunge/plan"
	"github.com/google/uuid"
)

// session is one call of Run or Close. It makes every check not needing a batch, acquires the run, and
// returns a finished one's receipt.
type session struct {
	order
	*reporter
	journal   *journal.Journal
	committer committer
	server    *dialect.Identity // nil until first read
	// cancelled reports whether the caller's context has ended: batches in progress are finished, but
	// not retried after a rollback.
	cancelled func() bool
}

func newSession(ctx context.Context, o order, point func(string)) (*session, error) {
	c, err := newCommitter(&o.Options)
	if err != nil {
		return nil, err
	}
	return &session{
		order: o, reporter: newReporter(&o.Options, point), journal: journal.Open(o.db, o.RunID, o.Now), committer: c,
		cancelled: func() bool { return ctx.Err() != nil },
	}, nil
}

// serverIdentity reads the identity once: all connections of a call are to one server.
func (s *session) serverIdentity(ctx context.Context) (dialect.Identity, error) {
	if s.server == nil {
		id, err := s.db.Identity(ctx)
		if err != nil {
			return id, fmt.Errorf("identifying the database: %w", err)
		}
		s.server = &id
	}
	return *s.server, nil
}

// beginOrContinue returns the receipt of the run, from its last committed step on.
func (s *session) beginOrContinue(ctx context.Context) (Report, error) {
	if err := s.checkTarget(ctx); err != nil {
		return Report{}, err
	}
	if err := s.restoreLeftovers(ctx); err != nil {
		return Report{}, err
	}
	found, err := s.journal.Find(ctx)
	if err != nil {
		return Report{}, err
	}
	if report, done, err := s.storedReceipt(ctx, found); done || err != nil {
		return report, err
	}
	if found != nil && found.State == journal.StateSigned {
		return s.publishSigned(ctx)
	}
	ready, err := s.preflight(ctx, found)
	if err != nil {
		return Report{}, err
	}
	if found == nil { // otherwise it was done before the first batch; the remaining batches continue
		if err := ready.reader.refuseOddValues(ctx, s.keyTracking()); err != nil {
			return Report{}, err
		}
	}
	gate, err := s.startThrottles(ctx)
	if err != nil {
		return Report{}, err
	}
	own, release, err := s.acquire(ctx, &ready)
	if err != nil {
		return Report{}, err
	}
	defer release()
	if report, done, err := s.storedReceipt(ctx, own.row); done || err != nil {
		return report, err
	}
	if found == nil && own.row.Epoch > 1 && s.plan.Scope == plan.ScopeSubjects { // another process has begun the run meanwhile
		if err := errors.Join(s.checkCommitmentKey(own.row), s.checkSubjectsMatch(ctx, own.row, ready.subjects)); err != nil {
			return Report{}, err
		}
	}
	if own.row.State == journal.StateSigned {
		return s.publishStored(ctx, own)
	}
	envelope, err := s.executeRun(ctx, own, ready, gate)
	return Report{Receipt: envelope}, err
}

// executeRun carries out an acquired run.
func (s *session) executeRun(ctx context.Context, own ownership, ready readiness, gate *throttleGate) ([]byte, error) {
	a := newAcquired(s, ready.reader, own)
	if err := a.openLedgerEntry(ctx); err != nil {
		return nil, err
	}
	r, err := newRun(ctx, a, ready.watch, gate)
	if err != nil {
		return nil, err
	}
	return r.carryOut(ctx)
}

// ownership is a process's hold on an acquired run.
type ownership struct {
	row      *journal.Run
	database *journal.Database
}

// acquire makes this process the run's holder, until release.
func (s *session) acquire(ctx context.Context, ready *readiness) (own ownership, release func(), err error) {
	if err := journal.Make(ctx, s.db); err != nil {
		return own, nil, err
	}
	if !ready.mayKeepJournal {
		if err := s.checkJournalPrivileges(ctx); err != nil {
			return own, nil, err
		}
	}
	if own.database, release, err = s.claim(ctx); err != nil {
		return own, nil, err
	}
	now := s.Now().UTC()
	own.row, err = s.journal.Acquire(ctx, journal.Run{
		ID: s.RunID, Holder: s.describeProcess(), Plan: s.plan.Digest(), ReceiptID: uuid.NewString(),
		Subjects: ready.subjects.named, Actor: s.Actor, AsOf: now, Began: now, Commitment: s.keyCheck(), Marks: s.encodeMarks(ctx, &ready.subjects.set),
	})
	if err != nil {
		release()
		return own, nil, err
	}
	return own, release, nil
}

// storedReceipt returns the receipt of a closed run; done is false if the run isn't closed.
func (s *session) storedReceipt(ctx context.Context, row *journal.Run) (report Report, done bool, err error) {
	switch {
	case row == nil:
		return Report{}, false, nil
	case row.Plan != s.plan.Digest():
		return Report{}, false, fmt.Errorf("%w: it was started with plan %s: use a new run ID", ErrRunDiffers, row.Plan)
	case row.State != journal.StateClosed:
		return Report{}, false, nil
	}
	if err := s.checkStoredReceiptMatches(ctx, row); err != nil {
		return Report{}, false, err
	}
	envelope := []byte(row.Envelope)
	err = errors.Join(s.publishReceipt(ctx, envelope), s.closeStoredEntry(ctx, row, row.Closed), leftErrorOf(envelope))
	return Report{Receipt: envelope, Repeated: true}, true, err
}

// publishSigned finishes a run that died, or couldn't publish, after its receipt was signed.
func (s *session) publishSigned(ctx context.Context) (Report, error) {
	if _, err := s.startThrottles(ctx); err != nil {
		return Report{}, err
	}
	own, release, err := s.acquire(ctx, &readiness{})
	if err != nil {
		return Report{}, err
	}
	defer release()
	if report, done, err := s.storedReceipt(ctx, own.row); done || err != nil {
		return report, err
	}
	return s.publishStored(ctx, own)
}

// readiness is the result of the checks before a run.
type readiness struct {
	reader         *reader
	watch          *schemaWatch
	subjects       subjectCounts
	mayKeepJournal bool // false: some of its tables are missing, or weren't checked
}

// preflight makes every check possible before a write, and counts the subjects.
func (s *session) preflight(ctx context.Context, found *journal.Run) (r readiness, err error) {
	if found != nil {
		if err := s.checkCommitmentKey(found); err != nil {
			return r, err
		}
	}
	if r.watch, err = s.watchSchema(ctx); err != nil {
		return r, err
	}
	if r.reader, err = s.inspect(ctx); err != nil {
		return r, err
	}
	if err := checkDrift(s.plan, r.reader.schema); err != nil {
		return r, err
	}
	roots, err := r.reader.compileRoots(ctx, s.Now(), s.keyTracking())
	if err != nil {
		return r, err
	}
	if err := s.requireSecret(roots); err != nil {
		return r, err
	}
	if err := s.rehearseReceipt(ctx, roots); err != nil {
		return r, err
	}
	if r.mayKeepJournal, err = s.checkPrivileges(ctx); err != nil {
		return r, err
	}
	if s.plan.Scope != plan.ScopeSubjects {
		return r, nil
	}
	c, err := r.reader.countSubjects(ctx, found != nil)
	r.subjects = c
	switch {
	case err != nil:
		return r, err
	case found != nil:
		return r, s.checkSubjectsMatch(ctx, found, c)
	case c.present == 0 && !s.AbsentOK:
		return r, fmt.Errorf("%w: none of the %d given is in %s: where their rows are gone already, AbsentOK (--absent-ok) erases what refers to their keys by links", ErrNoSuchSubject, c.named, s.plan.TableName(s.plan.Subject.Table))
	}
	return r, nil
}

// requiredAccess lists what the plan does to each table.
func requiredAccess(p *plan.Plan) []dialect.Access {
	var out []dialect.Access
	at := map[dialect.Name]int{}
	entry := func(n dialect.Name) *dialect.Access {
		if _, ok := at[n]; !ok {
			at[n] = len(out)
			out = append(out, dialect.Access{Table: n})
		}
		return &out[at[n]]
	}
	for _, n := range p.Covers {
		entry(n)
	}
	for _, r := range p.Roots {
		for _, t := range r.Tables {
			if !t.Address {
				entry(t.Name).Key = t.Key
			}
		}
		for _, s := range r.Steps {
			a := entry(s.Table)
			a.Delete = a.Delete || s.Op == plan.Delete
			for _, as := range s.Set {
				a.Update = append(a.Update, as.Column)
			}
			if s.Detach != nil {
				a.Update = append(a.Update, s.Detach.Columns...)
			}
		}
	}
	return out
}

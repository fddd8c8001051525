package erase

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/internal/batch"
	"github.com/expungedb/expunge/plan"
)

// Options are the settings of Run. The zero value runs a plan of scope
// everything or expired; scope subjects needs Subjects. Options are not changed
// by Run and may be used again.
type Options struct {
	// RunID is what "exactly once" is counted by: the same ID again continues
	// an unfinished run, or gives a finished one's receipt. At most 200
	// characters, and nothing personal: it is stored and signed. Defaults to a random UUID.
	RunID string
	// Approved is the digest of the plan that was approved. Defaults to the
	// digest of the plan that is given.
	Approved string
	// ApprovedPlan is the plan that was approved, beside its digest or instead: where the given
	// one is another, ErrNotApproved says in which parts. Defaults to none.
	ApprovedPlan *plan.Plan
	// OnlyOn names the database that the run is meant for: one of the connected
	// database's dialect.Identity.Names (shop, or shop@server where other servers have one of that name),
	// or its journal's UUID. On any other the run is ErrWrongDatabase. A plan of scope everything needs it, here or in
	// plan.Plan.OnlyOn; where both are given both have to fit. Defaults to any database.
	OnlyOn string
	// Subjects are the subjects of scope subjects. No other scope takes any. Defaults to none.
	Subjects Source
	// AbsentOK lets a run begin of whose subjects none is in the database any more:
	// what refers to their keys by links is erased. Defaults to ErrNoSuchSubject.
	AbsentOK bool
	// Allow names the hazards that are allowed, for every table (UNINDEXED_LINK) or for
	// one (UNINDEXED_LINK:audit_log). SUSPENDS_INDEXES and SUSPENDS_UNIQUENESS have
	// the indexes suspended that the plan offers (plan.Root.Suspends). A name that is no hazard's, or
	// that names a table without it, is plan.ErrNoSuchHazard. Defaults to none.
	Allow []plan.HazardName
	// Signers sign the receipt. Defaults to none, which is an error: a run
	// that can't be proved isn't begun.
	Signers []receipt.Signer
	// Signer is one more of Signers, for the usual case of one. Defaults to none.
	Signer receipt.Signer
	// Secret is the key of consistent strategies. Defaults to none; a plan
	// with such a strategy is then refused.
	Secret anonymise.Secret
	// Commitments ask for row commitments. Defaults to none.
	Commitments *Commitments
	// Ledger is told what is erased before it is, so that Replay can erase it
	// again after a restore; package ledger has one. Defaults to none.
	Ledger Ledger
	// Publish is given the signed receipt before the run is closed and Run
	// returns it, to append it to a log, say. A run whose receipt can't be published is
	// not finished: the same run ID tries again, with the same bytes. They may therefore
	// be given more than once, as they are when a finished run gives its receipt
	// again; receipt/log appends nothing twice. Defaults to nothing.
	Publish func(ctx context.Context, envelope []byte) error
	// Request is what the receipt says of the request that is answered. It
	// must not name a person. Defaults to nothing.
	Request *receipt.Request
	// Actor is who carries the run out: a role, no person's name. At most 200
	// characters. Defaults to none.
	Actor string

	// Workers is how many batches are carried out at a time. Defaults to 4, or
	// what the engine can take.
	Workers int
	// TargetTime is how long a batch should take. Defaults to what suits the
	// engine (SQLite 1 s), else 500 ms.
	TargetTime time.Duration
	// MaxRows is how many rows a batch may lock; no more than the engine can take
	// (SQL Server 4,000, SQLite 20,000, others 5,000), which it defaults to. Where rows of a range,
	// or leaves, are deleted of which nothing is fetched, it defaults to dialect.Engine.MaxSwept
	// (PostgreSQL and SQLite 50,000).
	MaxRows int
	// LockTimeout is how long a statement waits for a row that somebody else
	// holds, before the batch gives way and is tried again. Defaults to 5 s.
	LockTimeout time.Duration
	// Attempts is how often a batch is tried before the run fails. Defaults to 12, but for batches
	// that meet deadlocks and lock timeouts to as many as fit in 5 minutes.
	Attempts int
	// Grace is how long batches that were begun may take to be finished after
	// ctx has ended; then they are broken off, and rolled back by the server. Defaults to 30 s.
	Grace time.Duration

	// Throttles have batches wait, to spare the database; see [MaxLag],
	// [MaxSessions], [MaxCommitLatency], [MaxRate] and [PauseFile]. Defaults to
	// none. [Pause] works with any run.
	Throttles []Throttle

	// Progress is told what happens, one event at a time, and should return at
	// once. It is also the sink for an audit trail kept elsewhere. Defaults to nothing.
	Progress func(Event)
	// Resolved is told the key of each subject that was named by an identifier.
	// It is the only place where a key leaves the library. Defaults to nothing.
	Resolved func(subject string, key dialect.Key)
	// Log is written to at the levels debug, info and warn. It never sees a
	// value, a key or an identifier. Defaults to nothing.
	Log *slog.Logger
	// Now is the clock. Defaults to time.Now.
	Now func() time.Time
	// Rand seeds the random strategies. Defaults to crypto/rand.
	Rand mathrand.Source

	replaying bool          // the database was identified by the ledger
	maxSwept  int           // MaxRows of what is deleted and not fetched
	patience  time.Duration // with other transactions, once there were Attempts
}

// withDefaults returns the options with every default filled in.
func (o Options) withDefaults(e dialect.Engine) Options {
	o.RunID = cmp.Or(o.RunID, uuid.NewString())
	if o.Signer != nil {
		o.Signers = append(slices.Clone(o.Signers), o.Signer)
	}
	o.Workers = cmp.Or(o.Workers, 4)
	if e.Writers > 0 {
		o.Workers = min(o.Workers, e.Writers)
	}
	given := o.MaxRows > 0
	o.MaxRows = cmp.Or(o.MaxRows, e.MaxRows, 5000)
	if e.MaxRows > 0 {
		o.MaxRows = min(o.MaxRows, e.MaxRows)
	}
	o.maxSwept = o.MaxRows
	if !given {
		o.maxSwept = max(o.MaxRows, e.MaxSwept)
	}
	o.TargetTime = cmp.Or(o.TargetTime, e.TargetTime, 500*time.Millisecond)
	o.LockTimeout = cmp.Or(o.LockTimeout, 5*time.Second)
	if o.Attempts == 0 {
		o.Attempts, o.patience = 12, contention
	}
	o.Grace = cmp.Or(o.Grace, 30*time.Second)
	if o.Progress == nil {
		o.Progress = func(Event) {}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		var seed [32]byte
		rand.Read(seed[:])
		o.Rand = mathrand.NewChaCha8(seed)
	}
	return o
}

// validate checks what needs no database.
func (o *Options) validate(p *plan.Plan) error {
	switch {
	case !storable(o.RunID):
		return errors.New("a run ID has at most 200 characters, and none that can't be printed")
	case !storable(o.Actor):
		return errors.New("an actor has at most 200 characters, and none that can't be printed")
	case len(o.Signers) == 0:
		return errors.New("no signer: a run whose receipt can't be signed isn't begun; make a key with `expunge keygen`")
	case p.Scope == plan.ScopeSubjects && o.Subjects == nil:
		return fmt.Errorf("%w: the plan's scope is subjects: say which", ErrBadSubject)
	case p.Scope != plan.ScopeSubjects && o.Subjects != nil:
		return fmt.Errorf("%w: the plan's scope is %s, which takes no subjects", ErrBadSubject, p.Scope)
	case o.Workers < 0 || o.MaxRows < 0 || o.TargetTime < 0 || o.LockTimeout < 0 || o.Attempts < 0 || o.Grace < 0:
		return errors.New("options can't be negative")
	}
	if err := p.Validate(); err != nil {
		return err
	}
	if err := o.checkApproved(p); err != nil {
		return err
	}
	return o.hazards(p)
}

// checkApproved refuses a plan that isn't the approved one, and says in what they differ.
func (o *Options) checkApproved(p *plan.Plan) error {
	d, approved := p.Digest(), o.Approved
	if q := o.ApprovedPlan; q != nil {
		if approved != "" && approved != q.Digest() {
			return fmt.Errorf("%w: the plan that was given as approved has digest %s, and %s was approved", ErrNotApproved, q.Digest(), approved)
		}
		if differ := plan.Differences(q, p); len(differ) > 0 {
			return fmt.Errorf("%w: they differ in %s: review it again", ErrNotApproved, strings.Join(differ, ", "))
		}
		approved = q.Digest()
	}
	if approved != "" && approved != d {
		return fmt.Errorf("%w: its digest is %s, and %s was approved: review it again; where the approved plan's file is given too, this says what differs (--approved, Options.ApprovedPlan)",
			ErrNotApproved, d, approved)
	}
	return nil
}

// storable reports whether the journal has room for a name that the caller gave.
func storable(s string) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= 200 && !strings.ContainsFunc(s, unicode.IsControl)
}

// hazards refuses hazards that were not allowed.
func (o *Options) hazards(p *plan.Plan) error {
	if err := p.CheckAllowed(o.Allow); err != nil {
		return err
	}
	var refused []plan.Hazard
	for _, h := range p.Hazards {
		if !p.Allows(o.Allow, h) {
			refused = append(refused, h)
		}
	}
	if len(refused) > 0 {
		return &HazardError{Hazards: refused, usual: p.Default}
	}
	return nil
}

func (o *Options) backoff() batch.Backoff {
	return batch.Backoff{Attempts: o.Attempts, First: 20 * time.Millisecond, Most: 2 * time.Second}
}

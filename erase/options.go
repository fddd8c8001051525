package erase

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
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

// Options are the settings of Run. The zero value runs a plan of scope everything or expired; scope
// subjects needs Subjects. Run doesn't change Options, and they may be reused.
type Options struct {
	// RunID makes "exactly once" countable: with the same ID, Run continues an unfinished run, or
	// returns a finished one's receipt. At most 200 characters, and nothing personal: it is stored and
	// signed. Defaults to a random UUID.
	RunID string
	// Approved is the digest of the approved plan. Defaults to the digest of the given plan.
	Approved string
	// ApprovedPlan is the approved plan, with its digest or without: if the given one differs,
	// ErrNotApproved says in which parts. Defaults to none.
	ApprovedPlan *plan.Plan
	// OnlyOn names the intended database of the run: one of the connected database's
	// dialect.Identity.Names (shop, or shop@server if the name isn't unique), or its journal's UUID. On
	// any other the run is ErrWrongDatabase. A plan of scope everything needs it, here or in
	// plan.Plan.OnlyOn; if both are given, both must match. Defaults to any database.
	OnlyOn string
	// Subjects are the subjects of scope subjects. No other scope takes any. Defaults to none.
	Subjects Source
	// AbsentOK permits a run with no subject left in the database: it erases rows linked to their keys.
	// Defaults to ErrNoSuchSubject.
	AbsentOK bool
	// Allow names the allowed hazards, for every table (UNINDEXED_LINK) or for one
	// (UNINDEXED_LINK:audit_log). SUSPENDS_INDEXES and SUSPENDS_UNIQUENESS suspend the indexes offered
	// by the plan (plan.Root.Suspends). An unknown hazard, or one on a table without it, is
	// plan.ErrNoSuchHazard. Defaults to none.
	Allow []plan.HazardName
	// Signers sign the receipt. Defaults to none, an error: a run without proof isn't started.
	Signers []receipt.Signer
	// Secret is the key of consistent strategies. Defaults to none; a plan with such a strategy is then
	// refused.
	Secret anonymise.Secret
	// Commitments ask for row commitments. Defaults to none.
	Commitments *Commitments
	// Ledger records what is erased before it is, for Replay to erase it again after a restore; package
	// ledger has one. Defaults to none.
	Ledger Ledger
	// Publish gets the signed receipt before the run is closed and Run returns it, for example to
	// append it to a log. If it fails, the run isn't finished: the same run ID tries again, with the
	// same bytes. Publish may therefore get them several times, also when a finished run returns its
	// receipt again; receipt/log appends nothing twice. Defaults to nothing.
	Publish func(ctx context.Context, envelope []byte) error
	// Request describes the answered request in the receipt. It must not name a person. Defaults to
	// nothing.
	Request *receipt.Request
	// Actor is the operator: a role, no person's name. At most 200 characters. Defaults to none.
	Actor string

	// Workers is the number of batches carried out at a time. Defaults to 4, or the engine's maximum.
	Workers int
	// TargetTime is the preferred duration of a batch. Defaults to the engine's (SQLite 1 s), else 500
	// ms.
	TargetTime time.Duration
	// MaxRows is the number of rows that a batch may lock. It defaults to the engine's maximum (SQL
	// Server 4,000, SQLite 20,000, others 5,000), and can't exceed it. For deletes that read no row
	// (rows of a range, leaves), it defaults to dialect.Engine.MaxDeleteRows (PostgreSQL and SQLite 50,000).
	MaxRows int
	// LockTimeout is how long a statement waits for another transaction's row lock, before the batch is
	// rolled back and retried. Defaults to 5 s.
	LockTimeout time.Duration
	// Attempts is how often a batch is tried before the run fails. Defaults to 12, and for batches with
	// deadlocks and lock timeouts to as many as fit in 5 minutes.
	Attempts int
	// Grace is how long batches in progress may take after ctx has ended. Then they are cancelled, and
	// the server rolls them back. Defaults to 30 s.
	Grace time.Duration

	// Throttles make batches wait, to spare the database; see [MaxLag], [MaxSessions],
	// [MaxCommitLatency], [MaxRate] and [PauseFile]. Defaults to none. [Pause] works with any run.
	Throttles []Throttle

	// Progress is told of each event, one at a time, and should return at once. It also serves for an
	// audit trail elsewhere. Defaults to nothing.
	Progress func(Event)
	// Resolved is told the key of each subject given by an identifier. Only here does a key leave the
	// library. Defaults to nothing.
	Resolved func(subject string, key dialect.Key)
	// Sample is the number of rows of each table that Rehearse tries without subjects (defaults to 20),
	// and of replacements that Samples makes for each column (defaults to 3). A run doesn't use it.
	Sample int
	// Log gets messages at the levels debug, info and warn. It never sees a value, a key or an
	// identifier. Defaults to nothing.
	Log *slog.Logger
	// Now is the clock. Defaults to time.Now.
	Now func() time.Time
	// Rand seeds the random strategies. Defaults to crypto/rand.
	Rand mathrand.Source

	replaying bool          // the ledger identified the database
	maxSwept  int           // MaxRows of deletes that read no row
	patience  time.Duration // with other transactions, after Attempts
}

// withDefaults returns the options with every default filled in.
func (o Options) withDefaults(e dialect.Engine) Options {
	o.RunID = cmp.Or(o.RunID, uuid.NewString())
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
		o.maxSwept = max(o.MaxRows, e.MaxDeleteRows)
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
		return errors.New("run ID must be at most 200 printable characters")
	case !storable(o.Actor):
		return errors.New("actor must be at most 200 printable characters")
	case len(o.Signers) == 0:
		return errors.New("no signer: a run needs one for its receipt: make a key with `expunge keygen`")
	case p.Scope == plan.ScopeSubjects && o.Subjects == nil:
		return fmt.Errorf("%w: none given, but the plan's scope is subjects", ErrBadSubject)
	case p.Scope != plan.ScopeSubjects && o.Subjects != nil:
		return fmt.Errorf("%w: the plan's scope %s takes no subjects", ErrBadSubject, p.Scope)
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

// checkApproved refuses a plan other than the approved one, and says how they differ.
func (o *Options) checkApproved(p *plan.Plan) error {
	d, approved := p.Digest(), o.Approved
	if q := o.ApprovedPlan; q != nil {
		if approved != "" && approved != q.Digest() {
			return fmt.Errorf("%w: the given approved plan has digest %s, but %s was approved", ErrNotApproved, q.Digest(), approved)
		}
		if differ := plan.Differences(q, p); len(differ) > 0 {
			return fmt.Errorf("%w: they differ in %s: review it again", ErrNotApproved, strings.Join(differ, ", "))
		}
		approved = q.Digest()
	}
	if approved != "" && approved != d {
		return fmt.Errorf("%w: its digest is %s, but %s was approved: review it again, or give the approved plan's file (--approved, Options.ApprovedPlan) to see the differences",
			ErrNotApproved, d, approved)
	}
	return nil
}

// storable reports whether a name from the caller fits in the journal.
func storable(s string) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= 200 && !strings.ContainsFunc(s, unicode.IsControl)
}

// hazards refuses hazards not allowed.
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

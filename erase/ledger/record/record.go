// Package record is what a ledger of erasures holds: the types that package
// erase writes and replays, and that package ledger stores. They stand by
// themselves so that a program which keeps no ledger links no encryption.
package record

import (
	"errors"
	"fmt"
	"iter"
	"time"
)

// Run tells a run from every other. Its ID alone doesn't: one case's reference
// may be that of runs in several databases, and where a restore has taken a run
// out of the journal its ID is free for other subjects.
type Run struct {
	Database string // Header.Database
	RunID    string
	Erasure  string // Header.Erasure
}

// Header is what an entry says of one run, beside its subjects. Nothing in it
// names a person.
type Header struct {
	RunID string `json:"run"`
	// Origin is the run whose erasure this one replays; empty for a run that
	// is no replay.
	Origin string `json:"origin,omitempty"`
	// Erasure is the ID of the receipt of the run whose erasure this is: of
	// Origin, else of this run.
	Erasure string `json:"erasure"`
	Scope   string `json:"scope"`
	// Plan is the plan in its canonical form, exactly as plan.Encode wrote it.
	Plan         []byte `json:"plan"`
	PlanDigest   string `json:"planDigest"`
	PolicyDigest string `json:"policyDigest"`
	// Database is the random UUID in the database's journal, which travels
	// with every copy that is younger than the journal.
	Database string `json:"database"`
	// Origins are the UUIDs of the databases that Database is a copy of, as far as
	// that was noticed, the nearest first.
	Origins []string  `json:"origins,omitempty"`
	Actor   string    `json:"actor,omitempty"` // a role, no person's name
	Case    string    `json:"case,omitempty"`  // the controller's opaque reference
	AsOf    time.Time `json:"asOf"`
	Written time.Time `json:"written"` // before the first row went
	// Until is when the last declared backup taken before Written is gone.
	// Zero: no backup was declared.
	Until time.Time `json:"until,omitzero"`
}

// Validate reports everything that a header lacks.
func (h *Header) Validate() error {
	var missing []error
	require := func(name string, there bool) {
		if !there {
			missing = append(missing, fmt.Errorf("%s is missing", name))
		}
	}
	require("run", h.RunID != "")
	require("erasure", h.Erasure != "")
	require("scope", h.Scope != "")
	require("plan", len(h.Plan) > 0)
	require("planDigest", h.PlanDigest != "")
	require("policyDigest", h.PolicyDigest != "")
	require("database", h.Database != "")
	require("asOf", !h.AsOf.IsZero())
	require("written", !h.Written.IsZero())
	return errors.Join(missing...)
}

// Run is what tells the run from every other.
func (h *Header) Run() Run { return Run{Database: h.Database, RunID: h.RunID, Erasure: h.Erasure} }

// First is the run whose erasure this is: Origin of a replay, else RunID.
func (h *Header) First() string {
	if h.Origin != "" {
		return h.Origin
	}
	return h.RunID
}

// Mark says that a run's erasure was committed as a whole, and signed. It names
// neither the run nor anybody.
type Mark struct {
	Closed time.Time `json:"closed"` // not before the last commit
	// Until is when the last declared backup that was taken before Closed is
	// gone. Zero: no backup was declared.
	Until   time.Time `json:"until,omitzero"`
	Receipt string    `json:"receipt"` // receipt.EnvelopeDigest of the run's receipt
}

// Validate reports what a mark lacks.
func (m *Mark) Validate() error {
	if m.Closed.IsZero() || m.Receipt == "" {
		return errors.New("closed and receipt are both needed")
	}
	return nil
}

// Entry is one run's entry as it was read. It is an erase.Source.
type Entry struct {
	Header
	// Mark is nil for a run that began and isn't known to have ended: rows of
	// it may be gone or not.
	Mark *Mark

	subjects func() iter.Seq2[string, error]
}

// New returns an entry whose subjects are read by calling subjects; nil for none.
func New(h Header, m *Mark, subjects func() iter.Seq2[string, error]) *Entry {
	if subjects == nil {
		subjects = func() iter.Seq2[string, error] { return func(func(string, error) bool) {} }
	}
	return &Entry{Header: h, Mark: m, subjects: subjects}
}

// Subjects gives the keys of the subjects, read anew each time and never held
// in memory as a whole. Scopes other than subjects have none.
func (e *Entry) Subjects() iter.Seq2[string, error] { return e.subjects() }

// Concerns reports whether a backup of that moment may hold what the run
// erased: the run had not ended by then, or isn't known to have ended at all.
func Concerns(m *Mark, backup time.Time) bool {
	return m == nil || !m.Closed.Before(backup)
}

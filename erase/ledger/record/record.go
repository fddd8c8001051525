// Package record has the contents of a ledger of erasures: package erase writes and replays these
// types, and package ledger stores them. They are separate so that a program without a ledger links
// no encryption.
package record

import (
	"errors"
	"fmt"
	"iter"
	"time"
)

// Run identifies a run. Its ID alone doesn't: runs in several databases may share one case's
// reference, and a restore that removes a run from the journal frees its ID for other subjects.
type Run struct {
	Database string // Header.Database
	RunID    string
	Erasure  string // Header.Erasure
}

// Header is an entry's data about one run, without its subjects. Nothing in it names a person.
type Header struct {
	RunID string `json:"run"`
	// Origin is the run whose erasure this one replays; empty unless the run is a replay.
	Origin string `json:"origin,omitempty"`
	// Erasure is the ID of the receipt of the erasing run: of Origin, else of this run.
	Erasure string `json:"erasure"`
	Scope   string `json:"scope"`
	// Plan is the plan in its canonical form, exactly as plan.Encode wrote it.
	Plan         []byte `json:"plan"`
	PlanDigest   string `json:"planDigest"`
	PolicyDigest string `json:"policyDigest"`
	// Database is the random UUID in the database's journal; every copy younger than the journal
	// has it too.
	Database string `json:"database"`
	// Origins are the UUIDs of the databases that Database is known to be a copy of, the nearest
	// first.
	Origins []string  `json:"origins,omitempty"`
	Actor   string    `json:"actor,omitempty"` // a role, no person's name
	Case    string    `json:"case,omitempty"`  // the controller's opaque reference
	AsOf    time.Time `json:"asOf"`
	Written time.Time `json:"written"` // before the first row was deleted
	// Until is when the last declared backup taken before Written expires. Zero: no backup was
	// declared.
	Until time.Time `json:"until,omitzero"`
}

// Validate reports all missing fields of the header.
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

// Run identifies the run.
func (h *Header) Run() Run { return Run{Database: h.Database, RunID: h.RunID, Erasure: h.Erasure} }

// First is the run whose erasure this is: Origin of a replay, else RunID.
func (h *Header) First() string {
	if h.Origin != "" {
		return h.Origin
	}
	return h.RunID
}

// Mark says that a run's erasure was committed as a whole, and signed. It identifies neither the
// run nor a person.
type Mark struct {
	Closed time.Time `json:"closed"` // not before the last commit
	// Until is when the last declared backup taken before Closed expires. Zero: no backup was
	// declared.
	Until   time.Time `json:"until,omitzero"`
	Receipt string    `json:"receipt"` // receipt.EnvelopeDigest of the run's receipt
}

// Validate reports missing fields of the mark.
func (m *Mark) Validate() error {
	if m.Closed.IsZero() || m.Receipt == "" {
		return errors.New("closed and receipt are both needed")
	}
	return nil
}

// Entry is one run's entry, as read from the ledger. It is an erase.Source.
type Entry struct {
	Header
	// Mark is nil for a run that began and isn't known to have ended: its rows may be erased or
	// not.
	Mark *Mark

	subjects func() iter.Seq2[string, error]
}

// New returns an entry; subjects reads its subjects, nil for none.
func New(h Header, m *Mark, subjects func() iter.Seq2[string, error]) *Entry {
	if subjects == nil {
		subjects = func() iter.Seq2[string, error] { return func(func(string, error) bool) {} }
	}
	return &Entry{Header: h, Mark: m, subjects: subjects}
}

// Subjects yields the keys of the subjects. It reads them anew each time and never holds them all
// in memory. Scopes other than subjects have none.
func (e *Entry) Subjects() iter.Seq2[string, error] { return e.subjects() }

// Concerns reports whether a backup of that moment may hold the erased data: the run had not ended
// by then, or isn't known to have ended at all.
func Concerns(m *Mark, backup time.Time) bool {
	return m == nil || !m.Closed.Before(backup)
}

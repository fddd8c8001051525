package receipt

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// State is what holds now: a receipt with its amendments.
type State struct {
	Residue    Residue          `json:"residue"`
	Backups    []BackupState    `json:"backups,omitempty"`    // in the receipt's order
	Recipients []RecipientState `json:"recipients,omitempty"` // in the receipt's order
	Replays    []Replay         `json:"replays,omitempty"`    // in the order in which they happened
	Revoked    *Revocation      `json:"revoked,omitempty"`    // nil: it is not revoked
	Amendments int              `json:"amendments"`           // how many were counted
	Last       time.Time        `json:"last,omitzero"`        // when the newest fact happened; zero without amendments
}

// BackupState is a declared backup, and when it was stated to be gone.
type BackupState struct {
	Backup
	Expired time.Time `json:"expired,omitzero"` // zero: not stated yet
}

// RecipientState is a declared recipient, and when it was told.
type RecipientState struct {
	Recipient
	Told time.Time `json:"told,omitzero"` // zero: not stated yet
}

// Revocation says that a receipt is not to be relied on any more.
type Revocation struct {
	At     time.Time `json:"at"`
	Reason string    `json:"reason"`
}

// BackupsGone reports whether every declared backup is stated to be gone.
func (s *State) BackupsGone() bool {
	return !slices.ContainsFunc(s.Backups, func(b BackupState) bool { return b.Expired.IsZero() })
}

// Fold works a receipt's amendments in, in the order in which what they state
// happened, whatever order they are given in. The same amendment given twice
// counts once. The error wraps ErrOtherReceipt for one about another receipt, and
// ErrMalformed for one that names a backup or recipient which the receipt
// doesn't, or shares its ID with another.
func Fold(r *Opened, amendments ...*OpenedAmendment) (*State, error) {
	s := &State{Residue: r.Statement.Predicate.Residue}
	if c := r.Statement.Predicate.Copies; c != nil {
		for _, b := range c.Backups {
			s.Backups = append(s.Backups, BackupState{Backup: b})
		}
		for _, x := range c.Recipients {
			s.Recipients = append(s.Recipients, RecipientState{Recipient: x})
		}
	}
	sorted := slices.Clone(amendments)
	slices.SortStableFunc(sorted, func(a, b *OpenedAmendment) int {
		x, y := a.Amendment.Predicate, b.Amendment.Predicate
		return cmp.Or(x.At.Compare(y.At), cmp.Compare(x.AmendmentID, y.AmendmentID))
	})
	seen := map[string]string{}
	for _, a := range sorted {
		if a.Amendment.Receipt() != r.Digest {
			return nil, ErrOtherReceipt
		}
		f := a.Amendment.Predicate
		if was, ok := seen[f.AmendmentID]; ok {
			if was == a.Digest {
				continue
			}
			return nil, fmt.Errorf("amendments: %w: two of them have one ID", ErrMalformed)
		}
		seen[f.AmendmentID] = a.Digest
		if err := s.applyFact(f); err != nil {
			return nil, err
		}
		s.Amendments++
		s.Last = f.At // in the order of their moments
	}
	return s, nil
}

// applyFact works one fact in. Validate has seen to it that its field is there.
func (s *State) applyFact(f Fact) error {
	switch f.Kind {
	case BackupExpired:
		i := slices.IndexFunc(s.Backups, func(b BackupState) bool { return b.Name == f.Backup })
		if i < 0 {
			return fmt.Errorf("amendment: %w: the receipt names no such backup", ErrMalformed)
		}
		s.Backups[i].Expired = f.At
	case RecipientTold:
		i := slices.IndexFunc(s.Recipients, func(r RecipientState) bool { return r.Name == f.Recipient })
		if i < 0 {
			return fmt.Errorf("amendment: %w: the receipt names no such recipient", ErrMalformed)
		}
		s.Recipients[i].Told = f.At
	case ResidueUpdate:
		s.Residue = s.Residue.updatedBy(*f.Residue)
	case ReplayedAfterRestore:
		s.Replays = append(s.Replays, *f.Replay)
	case Revoked:
		// The first revocation stands; a later one adds nothing.
		if s.Revoked == nil {
			s.Revoked = &Revocation{At: f.At, Reason: f.Reason}
		}
	}
	return nil
}

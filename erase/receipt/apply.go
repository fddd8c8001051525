package receipt

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// State is the present state: a receipt with its amendments.
type State struct {
	Residue    Residue          `json:"residue"`
	Backups    []BackupState    `json:"backups,omitempty"`    // in the receipt's order
	Recipients []RecipientState `json:"recipients,omitempty"` // in the receipt's order
	Replays    []Replay         `json:"replays,omitempty"`    // in the order of their moments
	Revoked    *Revocation      `json:"revoked,omitempty"`    // nil: it is not revoked
	Amendments int              `json:"amendments"`           // the number of counted amendments
	Last       time.Time        `json:"last,omitzero"`        // when the newest fact happened; zero without amendments
}

// BackupState is a declared backup, and when it was stated to have expired.
type BackupState struct {
	Backup
	Expired time.Time `json:"expired,omitzero"` // zero: not stated yet
}

// RecipientState is a declared recipient, and when it was told.
type RecipientState struct {
	Recipient
	Told time.Time `json:"told,omitzero"` // zero: not stated yet
}

// Revocation says not to rely on a receipt any more.
type Revocation struct {
	At     time.Time `json:"at"`
	Reason string    `json:"reason"`
}

// BackupsGone reports whether every declared backup is stated to have expired.
func (s *State) BackupsGone() bool {
	return !slices.ContainsFunc(s.Backups, func(b BackupState) bool { return b.Expired.IsZero() })
}

// Apply applies a receipt's amendments in the order of their facts' moments, whatever their given
// order. A duplicate amendment counts once. The error wraps ErrOtherReceipt for an amendment of
// another receipt. It wraps ErrMalformed for one that names an unknown backup or recipient, or
// shares its ID with another.
func Apply(r *Opened, amendments ...*OpenedAmendment) (*State, error) {
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
		s.Last = f.At // the list is sorted by moment
	}
	return s, nil
}

// applyFact applies one fact. Validate has checked that its field is present.
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

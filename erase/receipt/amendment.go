package receipt

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// AmendmentType is the predicate type and version of an amendment.
const AmendmentType = typeBase + "erasure-amendment/v1"

// amendmentSubject is the name of an amendment's subject.
const amendmentSubject = "receipt"

// ErrOtherReceipt says that an amendment is about another receipt.
var ErrOtherReceipt = errors.New("amendment is for another receipt")

// Amendment is a later fact about a receipt; the receipt itself is never edited. It is an in-toto
// Statement v1 whose subject is the receipt's EnvelopeDigest. Make one with NewAmendment.
type Amendment struct {
	Type          string    `json:"_type"`
	Subject       []Subject `json:"subject"`
	PredicateType string    `json:"predicateType"`
	Predicate     Fact      `json:"predicate"`
}

// Fact is the content of an amendment. Beside the first four fields it has the one of its kind and
// no other.
type Fact struct {
	AmendmentID string    `json:"amendmentId"` // random: a UUID
	Kind        Kind      `json:"kind"`
	At          time.Time `json:"at"`                 // when it happened
	Operator    string    `json:"operator,omitempty"` // a role, no person's name

	Backup    string   `json:"backup,omitempty"`    // the name in the receipt
	Recipient string   `json:"recipient,omitempty"` // the name in the receipt
	Residue   *Residue `json:"residue,omitempty"`   // of the named stores; others remain as stated
	Replay    *Replay  `json:"replay,omitempty"`
	Reason    string   `json:"reason,omitempty"`
}

// Kind is the kind of a fact.
type Kind string

// The kinds.
const (
	BackupExpired        Kind = "backup-expired"         // a backup has expired, or no longer holds the data
	RecipientTold        Kind = "recipient-told"         // GDPR Art. 19
	ResidueUpdate        Kind = "residue-update"         // the present physical remains of the data
	ReplayedAfterRestore Kind = "replayed-after-restore" // a restore restored rows; they were erased again
	Revoked              Kind = "revoked"                // do not rely on the receipt
)

// Replay is an erasure repeated after a restore.
type Replay struct {
	RunID  string    `json:"runId"`
	Backup time.Time `json:"backup"` // the moment of the restored backup
	// Receipt is the EnvelopeDigest of the replay's own receipt.
	Receipt string `json:"receipt"`
}

// NewAmendment returns the amendment that states a fact about the receipt with that EnvelopeDigest.
func NewAmendment(receiptDigest string, f Fact) Amendment {
	return Amendment{
		Type:          StatementType,
		Subject:       []Subject{{Name: amendmentSubject, Digest: map[string]string{"sha256": receiptDigest}}},
		PredicateType: AmendmentType,
		Predicate:     f,
	}
}

// Receipt is the EnvelopeDigest of the amendment's receipt.
func (a *Amendment) Receipt() string {
	if len(a.Subject) != 1 {
		return ""
	}
	return a.Subject[0].Digest["sha256"]
}

// Validate reports all errors in the amendment.
func (a *Amendment) Validate() error {
	var p problems
	p.check(a.Type == StatementType, "_type is not %s", StatementType)
	p.check(a.PredicateType == AmendmentType, "predicateType is not %s", AmendmentType)
	p.check(len(a.Subject) == 1 && a.Subject[0].Name == amendmentSubject && len(a.Subject[0].Digest) == 1,
		"subject must be one %q with a sha256 digest", amendmentSubject)
	p.digest("subject's digest", a.Receipt())
	f := a.Predicate
	p.required("amendmentId", f.AmendmentID)
	p.check(!f.At.IsZero(), "at is missing")
	// each field, the kind that needs it, and whether it is present
	fields := []struct {
		name  string
		kind  Kind
		given bool
	}{
		{"backup", BackupExpired, f.Backup != ""},
		{"recipient", RecipientTold, f.Recipient != ""},
		{"residue", ResidueUpdate, f.Residue != nil},
		{"replay", ReplayedAfterRestore, f.Replay != nil},
		{"reason", Revoked, f.Reason != ""},
	}
	known := false
	for _, x := range fields {
		known = known || x.kind == f.Kind
		p.check(x.given || x.kind != f.Kind, "%s is missing", x.name)
		p.check(!x.given || x.kind == f.Kind, "%s doesn't belong to this kind of amendment", x.name)
	}
	p.check(known, "kind is not one of this version")
	if f.Residue != nil {
		f.Residue.validate(&p)
		p.check(len(f.Residue.Stores) > 0, "residue.stores is missing")
	}
	if f.Replay != nil {
		p.required("replay.runId", f.Replay.RunID)
		p.check(!f.Replay.Backup.IsZero(), "replay.backup is missing")
		p.digest("replay.receipt", f.Replay.Receipt)
	}
	return errors.Join(p...)
}

// SignAmendment validates the amendment and returns it in a signed envelope.
func SignAmendment(ctx context.Context, a Amendment, signers ...Signer) ([]byte, error) {
	if err := a.Validate(); err != nil {
		return nil, fmt.Errorf("amendment can't be signed: %w", err)
	}
	return sealEnvelope(ctx, a, signers)
}

// OpenedAmendment is an amendment whose signatures meet the threshold.
type OpenedAmendment struct {
	Amendment Amendment
	Digest    string // the EnvelopeDigest of the opened bytes
	Signatures
}

// OpenAmendment verifies an amendment as OpenWith verifies a receipt, with the same errors: a
// signature by a key that isn't given is ErrSignature.
func OpenAmendment(envelope []byte, o OpenOptions) (*OpenedAmendment, error) {
	payload, sigs, err := openEnvelope(envelope, o)
	if err != nil {
		return nil, fmt.Errorf("amendment: %w", err)
	}
	opened := &OpenedAmendment{Digest: EnvelopeDigest(envelope), Signatures: *sigs}
	if err := parseStatement(payload, AmendmentType, &opened.Amendment); err != nil {
		return nil, fmt.Errorf("amendment: %w", err)
	}
	if err := opened.Amendment.Validate(); err != nil {
		return nil, fmt.Errorf("amendment: %w: %w", ErrMalformed, err)
	}
	return opened, nil
}

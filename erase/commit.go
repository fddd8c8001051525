package erase

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/closure"
	"github.com/expungedb/expunge/erase/internal/journal"
	"github.com/expungedb/expunge/erase/receipt"
)

// Commitments ask for row commitments: the receipt then contains a Merkle root over the erased rows.
// With it a disclosure (package receipt) later proves that a row was among them. The run then reads
// the keys of all rows it erases.
type Commitments struct {
	// Key is K: 32 random bytes, new for each run, and the same for a continued run. The library keeps
	// no copy. While it exists the leaves are pseudonymous personal data.
	Key []byte
	// Leaves stores the leaf hashes, from which disclosures are made. Defaults to none: no disclosure
	// is possible then.
	Leaves *receipt.LeafFile
}

// committer makes the row commitments of a run's batches.
type committer interface {
	// trackKeys says how to read the keys of erased rows.
	trackKeys(db dialect.DB) closure.Tracking
	// addCommitment makes the commitment of a batch. Its leaves are on the disk before the transaction
	// commits.
	addCommitment(d *closure.Result, rec *journal.Batch) error
}

func newCommitter(o *Options) (committer, error) {
	if o.Commitments == nil {
		return noCommitter{}, nil
	}
	c, err := receipt.NewCommitter(o.Commitments.Key, o.RunID)
	if err != nil {
		return nil, err
	}
	return &rowCommitter{c, o.Commitments.Leaves}, nil
}

// noCommitter is the committer of a run without row commitments.
type noCommitter struct{}

func (noCommitter) trackKeys(dialect.DB) closure.Tracking               { return closure.Untracked }
func (noCommitter) addCommitment(*closure.Result, *journal.Batch) error { return nil }

// rowCommitter commits to each erased row.
type rowCommitter struct {
	*receipt.Committer
	leaves *receipt.LeafFile // nil: the leaves aren't stored
}

func (c *rowCommitter) trackKeys(db dialect.DB) closure.Tracking {
	if _, able := dialect.AsReturner(db); able {
		return closure.Returned
	}
	return closure.Fetched
}

func (c *rowCommitter) addCommitment(d *closure.Result, rec *journal.Batch) error {
	if len(d.Erased) == 0 {
		return nil
	}
	b, err := c.Batch(func(yield func(receipt.Row) bool) {
		for i := range d.Erased {
			if !yield(receiptRow(&d.Erased[i])) {
				return
			}
		}
	})
	if err != nil {
		return err
	}
	rec.Leaf, rec.Padded = hex.EncodeToString(b.Root[:]), b.Padded
	if c.leaves == nil {
		return nil
	}
	return c.leaves.Batch(b)
}

// keyTracking is how the run reads the keys of erased rows.
func (s *session) keyTracking() closure.Tracking { return s.committer.trackKeys(s.db) }

// makesCommitments reports whether row commitments are asked for.
func (o *order) makesCommitments() bool { return o.Commitments != nil }

// keyCheck lets a continued run compare its key with the first one. It reveals nothing of the key, a
// random one.
func (s *session) keyCheck() string {
	if !s.makesCommitments() {
		return ""
	}
	mac := hmac.New(sha256.New, s.Commitments.Key)
	mac.Write([]byte("expunge-key-check/v1\x00" + s.RunID))
	return hex.EncodeToString(mac.Sum(nil))
}

// errOtherKey is the ErrRunDiffers of a run with another commitment key.
var errOtherKey = fmt.Errorf("%w", ErrRunDiffers)

// checkCommitmentKey refuses to continue a run with another key than its own, or without it.
func (s *session) checkCommitmentKey(row *journal.Run) error {
	switch check := s.keyCheck(); {
	case row.Commitment == check:
		return nil
	case check == "":
		return fmt.Errorf("%w: it has row commitments: give the same commitment key", errOtherKey)
	case row.Commitment == "":
		return fmt.Errorf("%w: it has no row commitments: omit the commitment key", errOtherKey)
	}
	return fmt.Errorf("%w: it has another commitment key", errOtherKey)
}

// checkedCommitments is the receipt's entry, over the batches in the order of their journal rows.
func (a *acquired) checkedCommitments(entries []journal.Batch) (*receipt.Commitments, error) {
	if !a.makesCommitments() {
		return nil, nil
	}
	return a.commitmentsOf(entries)
}

// commitmentsOf needs no key: the journal has the root of each batch.
func (a *acquired) commitmentsOf(entries []journal.Batch) (*receipt.Commitments, error) {
	var order []receipt.BatchCommitment
	for _, d := range entries {
		if d.Leaf == "" {
			continue
		}
		root, err := hex.DecodeString(d.Leaf)
		if err != nil || len(root) != sha256.Size {
			return nil, errors.New("the journal's commitment of a batch is damaged")
		}
		order = append(order, receipt.BatchCommitment{Root: receipt.Hash(root), Padded: d.Padded})
	}
	if a.Commitments != nil && a.Commitments.Leaves != nil {
		if err := a.Commitments.Leaves.Finish(order); err != nil {
			return nil, err
		}
	}
	return receipt.NewCommitments(order), nil
}

// receiptRow is the form of a row in a commitment: its key as texts.
func receiptRow(c *closure.ErasedRow) receipt.Row {
	r := receipt.Row{Schema: c.Table.Name.Schema, Table: c.Table.Name.Table, Key: map[string]string{}, Operation: receipt.Operation(c.Op)}
	for i, name := range c.Table.Key {
		r.Key[name] = keyText(c.Key[i])
	}
	return r
}

// keyText is a key's value as UTF-8: bytes are written in hex.
func keyText(v dialect.Value) string {
	if b, ok := v.([]byte); ok {
		return hex.EncodeToString(b)
	}
	s, _ := dialect.TextOf(v)
	return s
}

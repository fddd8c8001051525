package receipt

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
)

// CommitmentKeyType is the type and version of a commitment key's file.
const CommitmentKeyType = typeBase + "commitment-key/v1"

// CommitmentKey is K with its run's ID, so that it isn't taken for another run's key. While it
// exists, the run's leaves are pseudonymous personal data.
type CommitmentKey struct {
	RunID string
	Key   []byte // CommitmentKeySize bytes
}

// commitmentKeyFile is its form in a file.
type commitmentKeyFile struct {
	Type  string `json:"type"`
	RunID string `json:"runId"`
	Key   string `json:"key"` // in hex
}

// NewCommitmentKey makes the key of a run from 32 bytes of random, nil being crypto/rand.Reader.
func NewCommitmentKey(runID string, random io.Reader) (*CommitmentKey, error) {
	if random == nil {
		random = rand.Reader
	}
	k := &CommitmentKey{runID, make([]byte, CommitmentKeySize)}
	if _, err := io.ReadFull(random, k.Key); err != nil {
		return nil, fmt.Errorf("no randomness for a commitment key: %w", err)
	}
	return k, nil
}

// Marshal returns the key as a file: JSON in one line. Write it to a file readable only by its
// owner, and sync it before the run begins.
func (k *CommitmentKey) Marshal() ([]byte, error) {
	data, err := encodeJSON(commitmentKeyFile{CommitmentKeyType, k.RunID, hex.EncodeToString(k.Key)})
	return append(data, '\n'), err
}

// ParseCommitmentKey reads the output of Marshal. The error wraps ErrTruncated, ErrMalformed or
// ErrVersion, and quotes nothing of the input.
func ParseCommitmentKey(data []byte) (*CommitmentKey, error) {
	var f commitmentKeyFile
	if err := decodeStrict(data, &f); err != nil {
		return nil, fmt.Errorf("commitment key: %w", err)
	}
	if f.Type != CommitmentKeyType {
		return nil, fmt.Errorf("commitment key: %w", ErrVersion)
	}
	key, err := parseHash(f.Key)
	if err != nil || f.RunID == "" {
		return nil, fmt.Errorf("commitment key: %w: it has no run, or not 32 bytes in lower-case hex", ErrMalformed)
	}
	return &CommitmentKey{f.RunID, key[:]}, nil
}

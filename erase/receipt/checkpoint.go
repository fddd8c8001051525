package receipt

import (
	"crypto"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// maxTree is larger than any tree here. Beyond 2^62 the arithmetic of package tlog overflows and
// doesn't end, so sizes from outside are compared with maxTree first.
const maxTree = 1 << 48

// Checkpoint is a log's state at one moment: the content of its signed notes
// (c2sp.org/tlog-checkpoint).
type Checkpoint struct {
	Origin string // the log's name
	Size   int64  // entries
	Root   Hash
}

// String is the signed text.
func (c Checkpoint) String() string {
	return fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.Size, base64.StdEncoding.EncodeToString(c.Root[:]))
}

func (c Checkpoint) tree() tlog.Tree { return tlog.Tree{N: c.Size, Hash: c.Root} }

// ParseCheckpoint reads a checkpoint signed by the verifier's log. The error wraps ErrMalformed or
// ErrSignature. It ignores other signatures, those of witnesses.
func ParseCheckpoint(data []byte, v note.Verifier) (*Checkpoint, error) {
	if v == nil {
		return nil, errors.New("nothing to verify the checkpoint with: give the log's public key")
	}
	n, err := note.Open(data, note.VerifierList(v))
	var unknown *note.UnverifiedNoteError
	var wrong *note.InvalidSignatureError
	switch {
	case errors.As(err, &unknown), errors.As(err, &wrong):
		return nil, fmt.Errorf("checkpoint: %w", ErrSignature)
	case err != nil:
		return nil, fmt.Errorf("checkpoint: %w: it is not a signed note", ErrMalformed)
	}
	c, err := parseCheckpointText(n.Text)
	if err != nil {
		return nil, err
	}
	if c.Origin != v.Name() {
		return nil, fmt.Errorf("checkpoint: %w: it is another log's", ErrSignature)
	}
	return c, nil
}

func parseCheckpointText(text string) (*Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) == 4 && lines[3] == "" {
		size, err1 := strconv.ParseInt(lines[1], 10, 64)
		root, err2 := base64.StdEncoding.DecodeString(lines[2])
		if err1 == nil && err2 == nil && size >= 0 && size <= maxTree && len(root) == len(Hash{}) {
			c := &Checkpoint{Origin: lines[0], Size: size, Root: Hash(root)}
			if c.Origin != "" && c.String() == text {
				return c, nil
			}
		}
	}
	return nil, fmt.Errorf("checkpoint: %w: its text is not origin, size and root", ErrMalformed)
}

// NewLogSigner makes the signer of a log's checkpoints. origin is the log's name, a URL without
// scheme by custom ("example.com/erasures"). key is an Ed25519 key, and must not sign receipts too.
func NewLogSigner(origin string, key crypto.Signer) (note.Signer, error) {
	public, ok := key.Public().(ed25519.PublicKey)
	if !ok {
		return nil, fmt.Errorf("log key of type %T can't be used: give an Ed25519 key", key.Public())
	}
	v, err := NewLogVerifier(origin, public)
	if err != nil {
		return nil, err
	}
	return &logSigner{v, key}, nil
}

type logSigner struct {
	note.Verifier
	key crypto.Signer
}

func (s *logSigner) Sign(msg []byte) ([]byte, error) {
	sig, err := crypto.SignMessage(s.key, nil, msg, crypto.Hash(0))
	if err == nil && !s.Verify(msg, sig) {
		return nil, errors.New("the log key's own signature doesn't verify: it must sign with Ed25519")
	}
	return sig, err
}

// NewLogVerifier makes the verifier of a log's checkpoints from the log's name and public key.
func NewLogVerifier(origin string, key crypto.PublicKey) (note.Verifier, error) {
	public, ok := key.(ed25519.PublicKey)
	if !ok {
		return nil, fmt.Errorf("log key of type %T can't be used: give an Ed25519 key", key)
	}
	vkey, err := note.NewEd25519VerifierKey(origin, public)
	if err != nil {
		return nil, err
	}
	v, err := note.NewVerifier(vkey)
	if err != nil {
		return nil, errors.New("log's name can't be used: it must not be empty nor have spaces or a plus sign")
	}
	return v, nil
}

// pendingHead is the first line of the file that names the entries of an unfinished append.
const pendingHead = "expunge-log-pending/v1\n"

// pending is an unfinished append: the data to finish it.
type pending struct {
	size   int64 // of the log before it
	leaves []Hash
}

func (p pending) marshalText() []byte {
	b := []byte(pendingHead)
	b = binary.BigEndian.AppendUint64(b, uint64(p.size))
	for _, h := range p.leaves {
		b = append(b, h[:]...)
	}
	return b
}

func parsePending(b []byte) (pending, bool) {
	rest, ok := strings.CutPrefix(string(b), pendingHead)
	if !ok || len(rest) < 8 || (len(rest)-8)%len(Hash{}) != 0 {
		return pending{}, false
	}
	p := pending{size: int64(binary.BigEndian.Uint64([]byte(rest[:8])))}
	for rest = rest[8:]; rest != ""; rest = rest[len(Hash{}):] {
		p.leaves = append(p.leaves, Hash([]byte(rest[:len(Hash{})])))
	}
	return p, p.size >= 0 && p.size <= maxTree && len(p.leaves) > 0
}

package log

import (
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/expungedb/expunge/erase/receipt"
)

// maxTree is larger than any tree here. Beyond 2^62 the arithmetic of package tlog overflows and
// doesn't end, so sizes from outside are compared with maxTree first.
const maxTree = 1 << 48

// Checkpoint is a log's state at one moment: the content of its signed notes
// (c2sp.org/tlog-checkpoint).
type Checkpoint struct {
	Origin string // the log's name
	Size   int64  // entries
	Root   tlog.Hash
}

// String is the signed text.
func (c Checkpoint) String() string {
	return fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.Size, base64.StdEncoding.EncodeToString(c.Root[:]))
}

// emptyRoot is the root of a log without entries: the SHA-256 of nothing, as in RFC 6962.
var emptyRoot = tlog.Hash(sha256.Sum256(nil))

func (c Checkpoint) tree() tlog.Tree { return tlog.Tree{N: c.Size, Hash: c.Root} }

// ParseCheckpoint reads a checkpoint signed by the verifier's log. The error wraps receipt.ErrMalformed or
// receipt.ErrSignature. It ignores other signatures, those of witnesses.
func ParseCheckpoint(data []byte, v note.Verifier) (*Checkpoint, error) {
	if v == nil {
		return nil, errors.New("nothing to verify the checkpoint with: give the log's public key")
	}
	n, err := note.Open(data, note.VerifierList(v))
	var unknown *note.UnverifiedNoteError
	var wrong *note.InvalidSignatureError
	switch {
	case errors.As(err, &unknown), errors.As(err, &wrong):
		return nil, fmt.Errorf("checkpoint: %w", receipt.ErrSignature)
	case err != nil:
		return nil, fmt.Errorf("checkpoint: %w: it is not a signed note", receipt.ErrMalformed)
	}
	c, err := parseCheckpointText(n.Text)
	if err != nil {
		return nil, err
	}
	if c.Origin != v.Name() {
		return nil, fmt.Errorf("checkpoint: %w: it is another log's", receipt.ErrSignature)
	}
	return c, nil
}

func parseCheckpointText(text string) (*Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) == 4 && lines[3] == "" {
		size, err1 := strconv.ParseInt(lines[1], 10, 64)
		root, err2 := base64.StdEncoding.DecodeString(lines[2])
		if err1 == nil && err2 == nil && size >= 0 && size <= maxTree && len(root) == len(tlog.Hash{}) {
			c := &Checkpoint{Origin: lines[0], Size: size, Root: tlog.Hash(root)}
			if c.Origin != "" && c.String() == text {
				return c, nil
			}
		}
	}
	return nil, fmt.Errorf("checkpoint: %w: its text is not origin, size and root", receipt.ErrMalformed)
}

// NewSigner makes the signer of a log's checkpoints. origin is the log's name, a URL without
// scheme by custom ("example.com/erasures"). key is an Ed25519 key, and must not sign receipts too.
func NewSigner(origin string, key crypto.Signer) (note.Signer, error) {
	public, ok := key.Public().(ed25519.PublicKey)
	if !ok {
		return nil, fmt.Errorf("log key of type %T can't be used: give an Ed25519 key", key.Public())
	}
	v, err := NewVerifier(origin, public)
	if err != nil {
		return nil, err
	}
	return &signer{v, key}, nil
}

type signer struct {
	note.Verifier
	key crypto.Signer
}

func (s *signer) Sign(msg []byte) ([]byte, error) {
	sig, err := crypto.SignMessage(s.key, nil, msg, crypto.Hash(0))
	if err == nil && !s.Verify(msg, sig) {
		return nil, errors.New("the log key's own signature doesn't verify: it must sign with Ed25519")
	}
	return sig, err
}

// NewVerifier makes the verifier of a log's checkpoints from the log's name and public key.
func NewVerifier(origin string, key crypto.PublicKey) (note.Verifier, error) {
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

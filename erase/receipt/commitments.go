package receipt

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"iter"
	"math/bits"
	"slices"
	"unicode/utf16"

	"golang.org/x/mod/sumdb/tlog"
)

// CommitmentAlgorithm names the construction of row commitments: HMAC-SHA256 salts, SHA-256 leaves
// over RFC 8785 rows, RFC 6962 trees, version 1.
const CommitmentAlgorithm = "expunge-leaf/v1"

// CommitmentKeySize is the size of K in bytes.
const CommitmentKeySize = 32

// The texts that separate the uses of K.
const (
	leafDomain  = CommitmentAlgorithm
	decoyDomain = "expunge-decoy/v1"
)

// minLeaves is the least number of leaves of a batch, so that a small one, the rows of one person,
// doesn't reveal its size.
const minLeaves = 64

// Hash is a SHA-256, of a leaf or a node of the trees.
type Hash = tlog.Hash

// Row is an erased row to commit to. Its leaf reveals nothing of it without K or the row's salt; a
// Row itself is personal data.
type Row struct {
	Schema    string            `json:"schema"` // empty on an engine without schemas
	Table     string            `json:"table"`
	Key       map[string]string `json:"key"` // the whole key: column → value as text
	Operation Operation         `json:"operation"`
}

// Committer makes the commitments of one run. It may be used concurrently.
type Committer struct {
	key   []byte
	runID string
}

// NewCommitter returns a Committer for a run. key is K: 32 random bytes, made for this run only.
// The caller keeps it to make disclosures later. While K exists the leaves are pseudonymous
// personal data; without it they mean nothing.
func NewCommitter(key []byte, runID string) (*Committer, error) {
	if len(key) != CommitmentKeySize {
		return nil, fmt.Errorf("commitment key has %d bytes: give %d random ones, new for each run", len(key), CommitmentKeySize)
	}
	return &Committer{slices.Clone(key), runID}, nil
}

// BatchCommitment is the commitment in a batch's journal row: Root and Padded. The leaves are in
// the leaf file.
type BatchCommitment struct {
	Root   Hash
	Padded int64 // leaves with the decoys: a power of two, 64 or more
	// Leaves are the leaf hashes in the tree's order. Nil if the commitment was read from the
	// journal.
	Leaves []Hash
}

// Batch commits to the rows of one batch, in any order; a duplicate row counts once. It holds one
// hash per row in memory. It fails for a row without table or key, or with text that isn't UTF-8;
// the error doesn't say which row.
func (c *Committer) Batch(rows iter.Seq[Row]) (BatchCommitment, error) {
	mac := hmac.New(sha256.New, c.key)
	var leaves []Hash
	for row := range rows {
		text, err := row.canonical()
		if err != nil {
			return BatchCommitment{}, err
		}
		leaves = append(leaves, leafHash(rowSalt(mac, text), text))
	}
	slices.SortFunc(leaves, compareHashes)
	leaves = slices.Compact(leaves)
	leaves = c.padLeaves(mac, leaves)
	slices.SortFunc(leaves, compareHashes)
	return BatchCommitment{Root: merkleRoot(slices.Values(leaves)), Padded: int64(len(leaves)), Leaves: leaves}, nil
}

// padLeaves adds decoys up to the next power of two. They depend only on K, the run and the sorted
// leaves, so that a retried batch has the same ones. Without K they can't be distinguished from leaves.
func (c *Committer) padLeaves(mac hash.Hash, leaves []Hash) []Hash {
	sum := sha256.New()
	for _, l := range leaves {
		sum.Write(l[:])
	}
	seed := sum.Sum(nil)
	for i, n := uint64(0), paddedSize(len(leaves)); len(leaves) < n; i++ {
		mac.Reset()
		mac.Write([]byte(decoyDomain + "\x00"))
		mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(c.runID))))
		mac.Write([]byte(c.runID))
		mac.Write(seed)
		mac.Write(binary.BigEndian.AppendUint64(nil, i))
		leaves = append(leaves, Hash(mac.Sum(nil)))
	}
	return leaves
}

func paddedSize(n int) int {
	if n <= minLeaves {
		return minLeaves
	}
	return 1 << bits.Len(uint(n-1))
}

// NewCommitments is the receipt's entry for a run's batches, in the order of their journal rows.
func NewCommitments(batches []BatchCommitment) *Commitments {
	c := &Commitments{Algorithm: CommitmentAlgorithm, Batches: int64(len(batches))}
	for _, b := range batches {
		c.Leaves += b.Padded
	}
	root := commitmentRoot(batches)
	c.Root = hex.EncodeToString(root[:])
	return c
}

// commitmentRoot is the root of the tree over the batches, in the given order. Without batches it is the
// SHA-256 of nothing, as in RFC 6962.
func commitmentRoot(batches []BatchCommitment) Hash {
	return merkleRoot(func(yield func(Hash) bool) {
		for _, b := range batches {
			if !yield(batchLeaf(b.Root, b.Padded)) {
				return
			}
		}
	})
}

// batchLeaf is a batch's leaf in the tree over the batches.
func batchLeaf(root Hash, padded int64) Hash {
	return tlog.RecordHash(binary.BigEndian.AppendUint64(root[:], uint64(padded)))
}

// rowSalt is HMAC-SHA256(K, "expunge-leaf/v1" ‖ 0x00 ‖ row).
func rowSalt(mac hash.Hash, row []byte) []byte {
	mac.Reset()
	mac.Write([]byte(leafDomain + "\x00"))
	mac.Write(row)
	return mac.Sum(nil)
}

// leafHash is SHA-256(0x00 ‖ salt ‖ row).
func leafHash(salt, row []byte) Hash {
	return tlog.RecordHash(slices.Concat(salt, row))
}

// merkleRoot is the root of an RFC 6962 tree over leaf hashes, in memory that grows with the
// logarithm of their number.
func merkleRoot(leaves iter.Seq[Hash]) Hash {
	var stack []Hash // the roots of the complete subtrees, largest first
	var n uint64
	for h := range leaves {
		for m := n; m&1 == 1; m >>= 1 {
			h = tlog.NodeHash(stack[len(stack)-1], h)
			stack = stack[:len(stack)-1]
		}
		stack = append(stack, h)
		n++
	}
	if n == 0 {
		return sha256.Sum256(nil)
	}
	root := stack[len(stack)-1]
	for _, h := range slices.Backward(stack[:len(stack)-1]) {
		root = tlog.NodeHash(h, root)
	}
	return root
}

func compareHashes(a, b Hash) int { return slices.Compare(a[:], b[:]) }

// errRow doesn't say which row is wrong.
var errRow = errors.New("row can't be committed to: it needs a table, a key and an operation, all of them UTF-8")

// canonical is the row in the canonical form of RFC 8785.
func (r Row) canonical() ([]byte, error) {
	if r.Table == "" || len(r.Key) == 0 || r.Operation == "" {
		return nil, errRow
	}
	keys := make([]string, 0, len(r.Key))
	for k := range r.Key {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, compareUTF16)
	ok := true
	b := append(make([]byte, 0, 128), `{"key":{`...)
	for i, k := range keys {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, k, &ok)
		b = append(b, ':')
		b = appendString(b, r.Key[k], &ok)
	}
	b = append(b, `},"operation":`...)
	b = appendString(b, string(r.Operation), &ok)
	b = append(b, `,"schema":`...)
	b = appendString(b, r.Schema, &ok)
	b = append(b, `,"table":`...)
	b = appendString(b, r.Table, &ok)
	b = append(b, '}')
	if !ok {
		return nil, errRow
	}
	return b, nil
}

// compareUTF16 orders strings by UTF-16 code units (RFC 8785, section 3.2.3). This differs from the
// order of UTF-8 above U+FFFF.
func compareUTF16(a, b string) int {
	return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
}

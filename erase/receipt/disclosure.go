package receipt

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// DisclosureType is the type and version of a disclosure.
const DisclosureType = typeBase + "row-disclosure/v1"

// The errors of a disclosure.
var (
	// ErrNotInSet: the receipt doesn't commit to the row, or the key or the leaf file is another
	// run's.
	ErrNotInSet = errors.New("row is not in the receipt's set")
	// ErrDisclosure: the disclosure doesn't prove its row under the receipt's root.
	ErrDisclosure = errors.New("disclosure doesn't fit the receipt")
	// ErrNoCommitments: the receipt was made without row commitments.
	ErrNoCommitments = errors.New("receipt has no row commitments, so nothing can be disclosed from it")
)

// maxTree is larger than any tree here. Beyond 2^62 the arithmetic of package tlog overflows and
// doesn't end, so sizes from outside are compared with maxTree first.
const maxTree = 1 << 48

// Disclosure proves that one row is in a receipt's set, and reveals neither K nor any other row. It
// is personal data: give it only to its person.
type Disclosure struct {
	Type string `json:"type"`
	Root string `json:"root"` // the receipt's, in hex
	Salt string `json:"salt"` // in hex
	Row  Row    `json:"row"`
	// Leaf proves the row in its batch's root, Batch proves that root in Root.
	Leaf      Path   `json:"leaf"`
	BatchRoot string `json:"batchRoot"` // in hex
	Batch     Path   `json:"batch"`
}

// Path is an RFC 6962 inclusion proof: the hashes, in hex, from the leaf's sibling upwards.
type Path struct {
	Index  int64    `json:"index"`
	Size   int64    `json:"size"`
	Hashes []string `json:"hashes"`
}

// Disclose makes the disclosure of a row from the run's leaf file and K. The error wraps
// ErrNotInSet, ErrLeaves or ErrNoCommitments.
func Disclose(s *Statement, leaves io.Reader, key []byte, row Row) (*Disclosure, error) {
	if s.Predicate.Commitments == nil {
		return nil, ErrNoCommitments
	}
	if len(key) != CommitmentKeySize {
		return nil, fmt.Errorf("commitment key has %d bytes: give the %d that the run was given", len(key), CommitmentKeySize)
	}
	text, err := row.canonical()
	if err != nil {
		return nil, err
	}
	d := &Disclosure{Type: DisclosureType, Root: s.Predicate.Commitments.Root, Row: row}
	sa := rowSalt(hmac.New(sha256.New, key), text)
	d.Salt = hex.EncodeToString(sa)
	leaf := leafHash(sa, text)

	// Several batches may have tried the row; only one committed.
	candidates := map[Hash]Path{}
	var order []BatchCommitment
	found := false
	for rec, err := range readLeaves(leaves) {
		switch {
		case err != nil:
			return nil, err
		case rec.final:
			root := commitmentRoot(rec.Order)
			if hex.EncodeToString(root[:]) == d.Root {
				order, found = rec.Order, true
			}
		case rec.Batch != nil:
			if i, ok := slices.BinarySearchFunc(rec.Batch.Leaves, leaf, compareHashes); ok {
				candidates[rec.Batch.Root] = provePath(rec.Batch.Leaves, i)
			}
		}
	}
	if !found {
		return nil, fmt.Errorf("%w: the leaf file is another run's, or the run wasn't finished", ErrNotInSet)
	}
	for i, b := range order {
		if p, ok := candidates[b.Root]; ok {
			d.Leaf, d.Batch = p, provePath(batchLeaves(order), i)
			d.BatchRoot = hex.EncodeToString(b.Root[:])
			return d, nil
		}
	}
	return nil, fmt.Errorf("%w: check the row's table, key and operation, and that the key is this run's", ErrNotInSet)
}

func batchLeaves(order []BatchCommitment) []Hash {
	hashes := make([]Hash, len(order))
	for i, b := range order {
		hashes[i] = batchLeaf(b.Root, b.Padded)
	}
	return hashes
}

// provePath is the inclusion proof of leaf i.
func provePath(leaves []Hash, i int) Path {
	p := Path{Index: int64(i), Size: int64(len(leaves)), Hashes: []string{}}
	for _, h := range inclusionPath(leaves, i) {
		p.Hashes = append(p.Hashes, hex.EncodeToString(h[:]))
	}
	return p
}

// inclusionPath is PATH(i, leaves) of RFC 6962, section 2.1.1.
func inclusionPath(leaves []Hash, i int) []Hash {
	if len(leaves) == 1 {
		return nil
	}
	k := 1
	for k*2 < len(leaves) {
		k *= 2
	}
	if i < k {
		return append(inclusionPath(leaves[:k], i), merkleRoot(slices.Values(leaves[k:])))
	}
	return append(inclusionPath(leaves[k:], i-k), merkleRoot(slices.Values(leaves[:k])))
}

// ParseDisclosure reads a disclosure as strictly as a receipt. The error wraps ErrTruncated,
// ErrMalformed or ErrVersion.
func ParseDisclosure(data []byte) (*Disclosure, error) {
	if len(data) > MaxSize {
		return nil, fmt.Errorf("%w: larger than %d bytes", ErrMalformed, MaxSize)
	}
	var d Disclosure
	if err := decodeStrict(data, &d); err != nil {
		return nil, fmt.Errorf("disclosure: %w", err)
	}
	if d.Type != DisclosureType {
		return nil, fmt.Errorf("disclosure: %w", ErrVersion)
	}
	return &d, nil
}

// Marshal returns the disclosure as a file: JSON in one line.
func (d *Disclosure) Marshal() ([]byte, error) { return encodeJSON(d) }

// Verify checks that the row of the disclosure is in the set of an opened receipt. The error wraps
// ErrDisclosure or ErrNoCommitments.
func (d *Disclosure) Verify(s *Statement) error {
	c := s.Predicate.Commitments
	if c == nil {
		return ErrNoCommitments
	}
	if d.Root != c.Root {
		return fmt.Errorf("%w: it was made for another one", ErrDisclosure)
	}
	sa, err1 := parseHash(d.Salt)
	batch, err2 := parseHash(d.BatchRoot)
	root, err3 := parseHash(c.Root)
	if err := errors.Join(err1, err2, err3); err != nil {
		return fmt.Errorf("%w: salt, batch root or root: %w", ErrDisclosure, err)
	}
	text, err := d.Row.canonical()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDisclosure, err)
	}
	if d.Batch.Size != c.Batches {
		return fmt.Errorf("%w: it has another number of batches", ErrDisclosure)
	}
	if err := d.Leaf.check(batch, leafHash(sa[:], text)); err != nil {
		return err
	}
	return d.Batch.check(root, batchLeaf(batch, d.Leaf.Size))
}

// check proves that h is the path's leaf in the tree of that root.
func (p Path) check(root, h Hash) error {
	proof := make(tlog.RecordProof, len(p.Hashes))
	for i, text := range p.Hashes {
		h, err := parseHash(text)
		if err != nil {
			return fmt.Errorf("%w: a hash of its paths is not 32 bytes in hex", ErrDisclosure)
		}
		proof[i] = h
	}
	if p.Size > maxTree || tlog.CheckRecord(proof, p.Size, root, p.Index, h) != nil {
		return fmt.Errorf("%w: its hashes don't lead from the row to the root", ErrDisclosure)
	}
	return nil
}

func parseHash(text string) (Hash, error) {
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != len(Hash{}) || hex.EncodeToString(b) != text {
		return Hash{}, errors.New("not a SHA-256 in lower-case hex")
	}
	return Hash(b), nil
}

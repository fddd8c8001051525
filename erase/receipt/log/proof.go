package log

import (
	"bytes"
	"fmt"

	"github.com/transparency-dev/formats/proof"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/expungedb/expunge/erase/receipt"
)

// Inclusion is the result of a proof: a receipt's place in a log.
type Inclusion struct {
	Checkpoint
	Index int64 // counted from 0
}

// Prove returns the proof that a receipt is in the log: a file to store beside the receipt
// (c2sp.org/tlog-proof, by custom with the ending .tlog-proof). The error wraps ErrNotLogged if the
// log lacks the receipt.
func (l *Log) Prove(envelope []byte) ([]byte, error) {
	var data []byte
	err := l.withLock(func(c state) error {
		h := entryHash(envelope)
		at := map[tlog.Hash]int64{h: -1}
		if err := l.findEntries(c.Checkpoint, at); err != nil {
			return err
		}
		if at[h] < 0 {
			return ErrNotLogged
		}
		hashes, err := tlog.ProveRecord(c.Size, at[h], l.hashReader(c.Checkpoint))
		if err != nil {
			return damagedError(err)
		}
		if tlog.CheckRecord(hashes, c.Size, c.Root, at[h], h) != nil {
			return fmt.Errorf("%w: a tile doesn't have the hash that the checkpoint gives it", ErrDamaged)
		}
		p := proof.TLogProof{Index: uint64(at[h]), Checkpoint: c.note}
		for _, h := range hashes {
			p.Hashes = append(p.Hashes, h)
		}
		data = p.Marshal()
		return nil
	})
	return data, err
}

// VerifyProof checks, offline, that a receipt is in the verifier's log. The error wraps
// receipt.ErrMalformed, receipt.ErrSignature or ErrNotLogged. It doesn't open the receipt itself.
func VerifyProof(data, envelope []byte, v note.Verifier) (*Inclusion, error) {
	p, err := parseProof(data)
	if err != nil {
		return nil, err
	}
	c, err := ParseCheckpoint(p.Checkpoint, v)
	if err != nil {
		return nil, fmt.Errorf("proof: %w", err)
	}
	hashes := make(tlog.RecordProof, len(p.Hashes))
	for i, h := range p.Hashes {
		hashes[i] = h
	}
	if p.Index >= maxTree || tlog.CheckRecord(hashes, c.Size, c.Root, int64(p.Index), entryHash(envelope)) != nil {
		return nil, fmt.Errorf("%w: the proof is for another receipt, or one of them was altered", ErrNotLogged)
	}
	return &Inclusion{*c, int64(p.Index)}, nil
}

// parseProof accepts a proof only in the form that Prove writes. The library's parser is generous
// (line ends, leading zeros, loose base64).
func parseProof(data []byte) (*proof.TLogProof, error) {
	bad := fmt.Errorf("proof: %w: it is not in the form c2sp.org/tlog-proof@v1", receipt.ErrMalformed)
	if len(data) > 1<<20 {
		return nil, bad
	}
	var p proof.TLogProof
	if err := p.Unmarshal(data); err != nil || !bytes.Equal(p.Marshal(), data) {
		return nil, bad
	}
	return &p, nil
}

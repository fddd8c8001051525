package receipt

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"sync"
)

// ErrLeaves says that a file is no leaf file, or damaged.
var ErrLeaves = errors.New("leaf file is damaged")

// The leaf file's records: a kind, a count as four bytes (big endian), that many entries, and a
// hash to check that the record is complete.
const (
	leafMagic   = "expunge-leaves/v1\n"
	recordBatch = 'b' // entries: leaf hashes; the hash: the batch's root
	recordOrder = 'o' // entries: a batch's root and its padded count; the hash: the root over them
	maxRecord   = 1 << 28
)

// LeafFile is the source of later disclosures: the leaf hashes of every batch. Any number of
// workers write it during the run. It is continued after a crash.
type LeafFile struct {
	mu     sync.Mutex
	f      *os.File
	failed bool
}

// OpenLeafFile creates the file, for its owner only, or continues it: it removes an unfinished
// record at the end, left by a crash.
func OpenLeafFile(path string) (*LeafFile, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := continueLeaves(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &LeafFile{f: f}, nil
}

func continueLeaves(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Size() < int64(len(leafMagic)) {
		head := make([]byte, info.Size())
		if _, err := io.ReadFull(f, head); err != nil {
			return err
		}
		if string(head) != leafMagic[:len(head)] {
			return fmt.Errorf("%w: it is another kind of file", ErrLeaves)
		}
		if _, err := f.WriteAt([]byte(leafMagic), 0); err != nil {
			return err
		}
		if err := f.Sync(); err != nil {
			return err
		}
		_, err := f.Seek(0, io.SeekEnd)
		return err
	}
	r := newLeafReader(f)
	if err := r.readHead(); err != nil {
		return err
	}
	for {
		whole := r.offset
		_, err := r.nextRecord()
		switch {
		case errors.Is(err, io.EOF):
			_, err := f.Seek(whole, io.SeekStart)
			return err
		case errors.Is(err, io.ErrUnexpectedEOF):
			if err := f.Truncate(whole); err != nil {
				return err
			}
			_, err := f.Seek(whole, io.SeekStart)
			return err
		case err != nil:
			return err
		}
	}
}

// Batch writes a batch's leaves and returns when they are on the disk. Call it before the batch's
// transaction commits: readers skip leaves of a batch that never committed, but missing leaves
// can't be recreated.
func (l *LeafFile) Batch(b BatchCommitment) error {
	if int64(len(b.Leaves)) != b.Padded || b.Padded == 0 || b.Padded > maxRecord {
		return errors.New("batch has no leaves to write: it was read back from the journal")
	}
	rec := binary.BigEndian.AppendUint32([]byte{recordBatch}, uint32(len(b.Leaves)))
	rec = slices.Grow(rec, len(b.Leaves)*len(b.Root)+len(b.Root))
	for _, h := range b.Leaves {
		rec = append(rec, h[:]...)
	}
	return l.writeRecord(append(rec, b.Root[:]...))
}

// Finish writes the batches in the order of their journal rows, the order of the receipt's root.
// After a resume, the last call counts.
func (l *LeafFile) Finish(order []BatchCommitment) error {
	rec := binary.BigEndian.AppendUint32([]byte{recordOrder}, uint32(len(order)))
	for _, b := range order {
		rec = append(rec, b.Root[:]...)
		rec = binary.BigEndian.AppendUint64(rec, uint64(b.Padded))
	}
	root := commitmentRoot(order)
	return l.writeRecord(append(rec, root[:]...))
}

func (l *LeafFile) writeRecord(rec []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	// Nothing may follow half a record: it would be unreadable.
	if l.failed {
		return errors.New("leaf file could not be written before: open it again to continue it")
	}
	_, err := l.f.Write(rec)
	if err == nil {
		err = l.f.Sync()
	}
	l.failed = err != nil
	return err
}

// Close closes the file.
func (l *LeafFile) Close() error { return l.f.Close() }

// leafRecord is a record of a leaf file: a batch, or the order of the batches, without leaves.
type leafRecord struct {
	Batch *BatchCommitment
	Order []BatchCommitment
	final bool // an order, though of no batches
}

// readLeaves reads a leaf file, one record in memory at a time. It skips an unfinished record at
// the end: the writing run was interrupted. It ends with an error wrapping ErrLeaves at the first
// damaged record.
func readLeaves(r io.Reader) iter.Seq2[leafRecord, error] {
	return func(yield func(leafRecord, error) bool) {
		lr := newLeafReader(r)
		if err := lr.readHead(); err != nil {
			yield(leafRecord{}, err)
			return
		}
		for {
			rec, err := lr.nextRecord()
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				return
			}
			if !yield(rec, err) || err != nil {
				return
			}
		}
	}
}

type leafReader struct {
	r      *bufio.Reader
	offset int64
}

func newLeafReader(r io.Reader) *leafReader { return &leafReader{r: bufio.NewReaderSize(r, 1<<16)} }

func (l *leafReader) readHead() error {
	head := make([]byte, len(leafMagic))
	if err := l.readFull(head); err != nil || string(head) != leafMagic {
		return fmt.Errorf("%w: it is another kind of file", ErrLeaves)
	}
	return nil
}

func (l *leafReader) readFull(b []byte) error {
	n, err := io.ReadFull(l.r, b)
	l.offset += int64(n)
	return err
}

// nextRecord is io.EOF at the end and io.ErrUnexpectedEOF within a record.
func (l *leafReader) nextRecord() (leafRecord, error) {
	var head [5]byte
	if err := l.readFull(head[:]); err != nil {
		return leafRecord{}, err
	}
	count := binary.BigEndian.Uint32(head[1:])
	if count > maxRecord {
		return leafRecord{}, fmt.Errorf("%w: a record has an impossible size", ErrLeaves)
	}
	var rec leafRecord
	var root Hash
	switch head[0] {
	case recordBatch:
		b := BatchCommitment{Padded: int64(count)}
		for range count {
			var h Hash
			if err := l.readFull(h[:]); err != nil {
				return leafRecord{}, leafError(err)
			}
			b.Leaves = append(b.Leaves, h)
		}
		b.Root = merkleRoot(slices.Values(b.Leaves))
		root, rec.Batch = b.Root, &b
	case recordOrder:
		for range count {
			var b [40]byte
			if err := l.readFull(b[:]); err != nil {
				return leafRecord{}, leafError(err)
			}
			rec.Order = append(rec.Order, BatchCommitment{
				Root: Hash(b[:32]), Padded: int64(binary.BigEndian.Uint64(b[32:])),
			})
		}
		root, rec.final = commitmentRoot(rec.Order), true
	default:
		return leafRecord{}, fmt.Errorf("%w: a record is of no known kind", ErrLeaves)
	}
	var sum Hash
	if err := l.readFull(sum[:]); err != nil {
		return leafRecord{}, leafError(err)
	}
	if sum != root {
		return leafRecord{}, fmt.Errorf("%w: a record doesn't have the hash that was written with it", ErrLeaves)
	}
	return rec, nil
}

// leafError makes an end of file within a record an unexpected one.
func leafError(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

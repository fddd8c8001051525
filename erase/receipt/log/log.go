package log

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/rogpeppe/go-internal/lockedfile"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/expungedb/expunge/erase/receipt"
)

// The errors of a log.
var (
	// ErrDamaged: a tile is missing or was altered. Restore it from a copy of the log; the
	// checkpoint still proves the right content.
	ErrDamaged = errors.New("log is damaged")
	// ErrRolledBack: the log's checkpoint is older than the published one, or than the log's own
	// tiles. Restore the newer checkpoint.
	ErrRolledBack = errors.New("log was rolled back")
	// ErrFork: the log lacks entries that a checkpoint proves were published: there are two
	// histories. Keep both and investigate.
	ErrFork = errors.New("log was forked")
	// ErrNotLogged: the log doesn't contain the receipt.
	ErrNotLogged = errors.New("receipt is not in the log")
)

// The files of a log, beside its tiles.
const (
	checkpointFile = "checkpoint"
	pendingFile    = "pending"
	lockFile       = "lock"
)

// Log is an append-only log of receipts in a directory. It holds the SHA-256 of each envelope and
// nothing else, so that it may be copied anywhere. Its methods may be called concurrently, by
// several processes as well.
type Log struct {
	dir   string
	o     Options
	tiles tiles
	// before is called ahead of every write of an append; a test interrupts the append there.
	before func(file string) error
}

// Options are the log's keys and its published state.
type Options struct {
	// Verifier checks the log's checkpoints; see NewVerifier. Defaults to Signer's key where
	// that is one of NewSigner.
	Verifier note.Verifier
	// Signer signs them. Without it the log is for reading only and isn't locked, so it may be on a
	// read-only medium.
	Signer note.Signer
	// Published is the newest published checkpoint, stored out of reach of the log's keeper.
	// Open refuses a log inconsistent with it. Without it, only errors within the directory are
	// found.
	Published []byte
}

// Create makes an empty log in a directory that is empty or doesn't exist.
func Create(dir string, s note.Signer) error {
	if err := makeDir(dir); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	if len(entries) > 0 {
		return errors.New("directory isn't empty: a new log needs an empty one")
	}
	_, err = writeCheckpoint(dir, s, Checkpoint{Origin: s.Name(), Root: emptyRoot})
	return err
}

// Open opens a log and checks its checkpoint against the tiles' end and the published
// checkpoint. The error wraps fs.ErrNotExist, receipt.ErrSignature, receipt.ErrMalformed, ErrDamaged, ErrRolledBack
// or ErrFork.
func Open(dir string, o Options) (*Log, error) {
	if s, ok := o.Signer.(*signer); ok && o.Verifier == nil {
		o.Verifier = s.Verifier
	}
	l := &Log{dir: dir, o: o, tiles: tiles{dir}, before: func(string) error { return nil }}
	if err := l.withLock(func(state) error { return nil }); err != nil {
		return nil, err
	}
	return l, nil
}

// withLock finishes an interrupted append, then runs f with the log's state; with a Signer, no
// other process appends meanwhile.
func (l *Log) withLock(f func(state) error) error {
	if l.o.Signer != nil {
		if _, err := os.Stat(l.dir); err != nil {
			return err
		}
		unlock, err := lockedfile.MutexAt(filepath.Join(l.dir, lockFile)).Lock()
		if err != nil {
			return err
		}
		defer unlock()
	}
	c, err := l.loadState()
	if err != nil {
		return err
	}
	return f(*c)
}

// state is a checkpoint and its signed note.
type state struct {
	Checkpoint
	note []byte
}

// loadState reads the newest checkpoint and checks whether it is the log's last.
func (l *Log) loadState() (*state, error) {
	for {
		c, err := l.newestState()
		if err != nil {
			return nil, err
		}
		begun, last, err := l.lastPending(*c)
		if err != nil {
			return nil, err
		}
		if begun != nil && begun.size == c.Size && l.o.Signer != nil {
			if c, err = l.finishPending(c.Checkpoint, *begun); err != nil {
				return nil, err
			}
		} else if !last {
			// A reader doesn't lock out an append: is there a newer checkpoint now?
			if next, err := l.newestState(); err != nil {
				return nil, err
			} else if next.Size > c.Size {
				continue
			}
			return nil, fmt.Errorf("%w: its tiles hold more entries than its checkpoint says", ErrRolledBack)
		}
		return c, l.checkConsistent(c.Checkpoint)
	}
}

func (l *Log) newestState() (*state, error) {
	data, err := os.ReadFile(filepath.Join(l.dir, checkpointFile))
	if errors.Is(err, fs.ErrNotExist) {
		if more, _ := l.tiles.hasBeyond(0); more {
			return nil, fmt.Errorf("%w: its checkpoint is gone", ErrRolledBack)
		}
	}
	if err != nil {
		return nil, err
	}
	c, err := ParseCheckpoint(data, l.o.Verifier)
	if err != nil {
		return nil, err
	}
	return &state{*c, data}, nil
}

// lastPending reports whether nothing follows the checkpoint except an unfinished append, and
// returns that append. It reads the tiles first: an append is named before it writes tiles, and
// remains named until its checkpoint is in place.
func (l *Log) lastPending(c state) (*pending, bool, error) {
	more, err := l.tiles.hasBeyond(c.Size)
	if err != nil {
		return nil, false, err
	}
	begun, err := l.readPending()
	if err != nil || begun == nil {
		return nil, !more, err
	}
	return begun, begun.size == c.Size || !more && begun.size < c.Size, nil
}

func (l *Log) readPending() (*pending, error) {
	data, err := os.ReadFile(filepath.Join(l.dir, pendingFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	p, ok := parsePending(data)
	if !ok {
		return nil, fmt.Errorf("%w: its file %q is not one", ErrDamaged, pendingFile)
	}
	return &p, nil
}

// checkConsistent checks that the log still contains the published entries.
func (l *Log) checkConsistent(c Checkpoint) error {
	if l.o.Published == nil {
		return nil
	}
	p, err := ParseCheckpoint(l.o.Published, l.o.Verifier)
	if err != nil {
		return fmt.Errorf("published %w", err)
	}
	fork := fmt.Errorf("%w: it doesn't contain the %d entries of the published checkpoint", ErrFork, p.Size)
	switch {
	case p.Size > c.Size:
		return fmt.Errorf("%w: it has %d entries, the published checkpoint %d", ErrRolledBack, c.Size, p.Size)
	case p.Size == c.Size && p.Root != c.Root:
		return fork
	case p.Size == c.Size, p.Size == 0:
		return nil
	}
	proof, err := tlog.ProveTree(c.Size, p.Size, l.hashReader(c))
	if err != nil {
		return damagedError(err)
	}
	if tlog.CheckTree(proof, c.Size, c.Root, p.Size, p.Root) != nil {
		return fork
	}
	return nil
}

// hashReader reads hashes and proves them to be in the tree.
func (l *Log) hashReader(c Checkpoint) tlog.HashReader { return tlog.TileHashReader(c.tree(), l.tiles) }

// Append adds the receipts that aren't in the log yet, and returns the index of each. When it
// returns, they and the new checkpoint are on the disk. If the process dies before, or Append
// fails, the next opening for writing finishes it; append again to learn the indexes, which adds
// nothing twice. Appending many at once costs little more than one.
//
// An envelope is a receipt or an amendment, signed by any key. Append refuses anything else
// (receipt.ErrMalformed, ErrTruncated, ErrVersion), and then appends nothing. It returns only indexes
// proven by the checkpoint: ErrDamaged if a tile contradicts it.
func (l *Log) Append(envelopes ...[]byte) ([]int64, error) {
	if l.o.Signer == nil {
		return nil, errors.New("log was opened for reading: give its signer to append")
	}
	for i, e := range envelopes {
		if err := receipt.CheckForm(e); err != nil {
			return nil, fmt.Errorf("envelope %d of %d is no receipt and no amendment: %w", i+1, len(envelopes), err)
		}
	}
	indexes := make([]int64, len(envelopes))
	err := l.withLock(func(c state) error {
		at := map[tlog.Hash]int64{}
		for _, e := range envelopes {
			at[entryHash(e)] = -1
		}
		if err := l.findEntries(c.Checkpoint, at); err != nil {
			return err
		}
		begun := pending{size: c.Size}
		for i, e := range envelopes {
			h := entryHash(e)
			if at[h] < 0 {
				at[h] = c.Size + int64(len(begun.leaves))
				begun.leaves = append(begun.leaves, h)
			}
			indexes[i] = at[h]
		}
		if len(begun.leaves) == 0 {
			return nil
		}
		if err := l.writeFile(pendingFile, begun.marshalText()); err != nil {
			return err
		}
		_, err := l.finishPending(c.Checkpoint, begun)
		return err
	})
	if err != nil {
		return nil, err
	}
	return indexes, nil
}

// entryHash is an envelope's record hash in the log: of its digest's bytes.
func entryHash(envelope []byte) tlog.Hash {
	sum := sha256.Sum256(envelope)
	return tlog.RecordHash(sum[:])
}

// findEntries fills in the indexes of the entries in at.
func (l *Log) findEntries(c Checkpoint, at map[tlog.Hash]int64) error {
	for _, tile := range tlog.NewTiles(tileHeight, 0, c.Size) {
		if tile.L != 0 {
			continue
		}
		data, err := l.tiles.ReadTiles([]tlog.Tile{tile})
		if err != nil {
			return err
		}
		i := tile.N << tileHeight
		for h := range slices.Chunk(data[0], tlog.HashSize) {
			if was, ok := at[tlog.Hash(h)]; ok && was < 0 {
				if err := l.checkIncluded(c, i, tlog.Hash(h)); err != nil {
					return err
				}
				at[tlog.Hash(h)] = i
			}
			i++
		}
	}
	return nil
}

// checkIncluded checks that the checkpoint proves an entry: an altered tile may claim anything.
func (l *Log) checkIncluded(c Checkpoint, index int64, entry tlog.Hash) error {
	proof, err := tlog.ProveRecord(c.Size, index, l.hashReader(c))
	if err == nil {
		err = tlog.CheckRecord(proof, c.Size, c.Root, index, entry)
	}
	return damagedError(err)
}

// finishPending finishes an append that may have been interrupted anywhere; it writes the same each
// time. It doesn't change any file of the old checkpoint until the new one is in place.
func (l *Log) finishPending(c Checkpoint, p pending) (*state, error) {
	hashes := overlay{map[int64]tlog.Hash{}, l.hashReader(c)}
	size := c.Size
	for _, leaf := range p.leaves {
		stored, err := tlog.StoredHashesForRecordHash(size, leaf, hashes)
		if err != nil {
			return nil, damagedError(err)
		}
		first := tlog.StoredHashIndex(0, size)
		for i, h := range stored {
			hashes.fresh[first+int64(i)] = h
		}
		size++
	}
	root, err := tlog.TreeHash(size, hashes)
	if err != nil {
		return nil, damagedError(err)
	}
	list := tlog.NewTiles(tileHeight, c.Size, size)
	for _, tile := range list {
		data, err := tlog.ReadTileData(tile, hashes)
		if err != nil {
			return nil, damagedError(err)
		}
		if err := l.writeFile(tile.Path(), data); err != nil {
			return nil, err
		}
	}
	next := Checkpoint{Origin: c.Origin, Size: size, Root: root}
	if err := l.before(checkpointFile); err != nil {
		return nil, err
	}
	signed, err := writeCheckpoint(l.dir, l.o.Signer, next)
	if err != nil {
		return nil, err
	}
	if err := l.before("remove " + pendingFile); err != nil {
		return nil, err
	}
	if err := os.Remove(filepath.Join(l.dir, pendingFile)); err != nil {
		return nil, err
	}
	return &state{next, signed}, l.tiles.pruneTiles(list)
}

func (l *Log) writeFile(file string, data []byte) error {
	if err := l.before(file); err != nil {
		return err
	}
	return writeFile(filepath.Join(l.dir, file), data)
}

func writeCheckpoint(dir string, s note.Signer, c Checkpoint) ([]byte, error) {
	data, err := note.Sign(&note.Note{Text: c.String()}, s)
	if err != nil {
		return nil, fmt.Errorf("checkpoint isn't signed: %w", err)
	}
	return data, writeFile(filepath.Join(dir, checkpointFile), data)
}

// Checkpoint returns the newest checkpoint, signed, for publication.
func (l *Log) Checkpoint() ([]byte, error) {
	var data []byte
	err := l.withLock(func(c state) error {
		data = c.note
		return nil
	})
	return data, err
}

// Verify reads every tile and returns the log's state. Open and Append read only the tiles that
// they need.
func (l *Log) Verify() (*Checkpoint, error) {
	var found Checkpoint
	err := l.withLock(func(c state) error {
		found = c.Checkpoint
		list := tlog.NewTiles(tileHeight, 0, c.Size)
		// From the top: tiles above prove a tile, so the named one is the damaged one.
		slices.SortStableFunc(list, func(a, b tlog.Tile) int { return b.L - a.L })
		for _, tile := range list {
			if _, err := tlog.ReadTileData(tile, l.hashReader(c.Checkpoint)); errors.Is(damagedError(err), ErrDamaged) {
				return fmt.Errorf("%w: %s", ErrDamaged, tile.Path())
			} else if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &found, nil
}

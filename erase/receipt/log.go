package receipt

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
)

// What can be wrong with a log.
var (
	// ErrDamaged: a tile is missing or was altered. Put it back from a copy of
	// the log; the checkpoint still tells which content is right.
	ErrDamaged = errors.New("log is damaged")
	// ErrRolledBack: the log's checkpoint is older than one that was published,
	// or than the log's own tiles. Put the newer checkpoint back.
	ErrRolledBack = errors.New("log was rolled back")
	// ErrFork: the log doesn't contain what a checkpoint says that it published:
	// there are two histories. Keep both and find out why.
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

// Log is an append-only log of receipts in a directory. It holds the SHA-256 of
// each envelope and nothing else, so that it may be copied anywhere. Its methods
// may be called concurrently, by several processes as well.
type Log struct {
	dir   string
	o     LogOptions
	tiles tiles
	// before is called ahead of every write of an append, by the test that
	// stops there.
	before func(file string) error
}

// LogOptions says whose log it is.
type LogOptions struct {
	// Verifier checks the log's checkpoints; see NewLogVerifier. Defaults to
	// Signer's key where that is one of NewLogSigner.
	Verifier note.Verifier
	// Signer signs them. Defaults to none: the log can be read, not appended
	// to, and isn't locked, so it may lie on a medium that can't be written.
	Signer note.Signer
	// Published is the newest checkpoint that was given out, kept where whoever
	// keeps the log can't change it. A log that isn't consistent with it is
	// refused. Defaults to none, and then only what is wrong within the
	// directory is found.
	Published []byte
}

// CreateLog makes an empty log in a directory that is empty or doesn't exist.
func CreateLog(dir string, s note.Signer) error {
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
	_, err = writeCheckpoint(dir, s, Checkpoint{Origin: s.Name(), Root: Root(nil)})
	return err
}

// OpenLog opens a log and checks its checkpoint against the tiles' end and what
// was published. The error wraps fs.ErrNotExist, ErrSignature, ErrMalformed,
// ErrDamaged, ErrRolledBack or ErrFork.
func OpenLog(dir string, o LogOptions) (*Log, error) {
	if s, ok := o.Signer.(*logSigner); ok && o.Verifier == nil {
		o.Verifier = s.Verifier
	}
	l := &Log{dir: dir, o: o, tiles: tiles{dir}, before: func(string) error { return nil }}
	if err := l.withLock(func(state) error { return nil }); err != nil {
		return nil, err
	}
	return l, nil
}

// withLock runs f with the log's state, after an append that was cut off is
// finished, and with nobody else appending.
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

// state is a checkpoint and the signed note that says so.
type state struct {
	Checkpoint
	note []byte
}

// loadState reads the newest checkpoint and finds out whether it is the log's last.
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
			// Whoever reads doesn't keep others from appending: is there a newer one now?
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

// lastPending reports whether there is nothing newer than the checkpoint but an append
// that is under way, or was cut off, which it returns too. The tiles come first: their append was
// named before them and is so until its checkpoint is in place.
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

// checkConsistent checks that the log still contains what was published.
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

// hashReader reads hashes that are proven to be in the tree.
func (l *Log) hashReader(c Checkpoint) tlog.HashReader { return tlog.TileHashReader(c.tree(), l.tiles) }

// Append adds the receipts that aren't in the log yet, and returns the index of
// each. When it returns, they and the new checkpoint are on the disk; when the
// process dies before, or Append fails, the next one that opens the log for
// writing finishes it; append again to learn the indexes, which adds nothing
// twice. Appending many at once costs little more than one.
//
// An envelope is a receipt or an amendment, whoever signed it; anything else is refused
// (ErrMalformed, ErrTruncated, ErrVersion), and nothing is appended. An index is given
// only of what the checkpoint proves to be there: ErrDamaged where a tile says otherwise.
func (l *Log) Append(envelopes ...[]byte) ([]int64, error) {
	if l.o.Signer == nil {
		return nil, errors.New("log was opened for reading: give its signer to append")
	}
	for i, e := range envelopes {
		if err := checkLoggable(e); err != nil {
			return nil, fmt.Errorf("envelope %d of %d is no receipt and no amendment: %w", i+1, len(envelopes), err)
		}
	}
	indexes := make([]int64, len(envelopes))
	err := l.withLock(func(c state) error {
		at := map[Hash]int64{}
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

// entryHash is the hash by which an envelope is in the log: of its digest's bytes.
func entryHash(envelope []byte) Hash {
	sum := sha256.Sum256(envelope)
	return tlog.RecordHash(sum[:])
}

// findEntries fills in the indexes of the entries that at asks for.
func (l *Log) findEntries(c Checkpoint, at map[Hash]int64) error {
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
			if was, ok := at[Hash(h)]; ok && was < 0 {
				if err := l.checkIncluded(c, i, Hash(h)); err != nil {
					return err
				}
				at[Hash(h)] = i
			}
			i++
		}
	}
	return nil
}

// checkIncluded checks that the checkpoint proves an entry: a tile that was altered says
// what it likes.
func (l *Log) checkIncluded(c Checkpoint, index int64, entry Hash) error {
	proof, err := tlog.ProveRecord(c.Size, index, l.hashReader(c))
	if err == nil {
		err = tlog.CheckRecord(proof, c.Size, c.Root, index, entry)
	}
	return damagedError(err)
}

// checkLoggable refuses what is no envelope of a statement of this package. Whose
// signatures are good is up to those who open it.
func checkLoggable(envelope []byte) error {
	_, payload, err := parseEnvelope(envelope)
	if err != nil {
		return err
	}
	is, err := typeOf(payload)
	if err != nil {
		return err
	}
	var statement interface{ Validate() error } = &Statement{}
	if is == AmendmentType {
		statement = &Amendment{}
	} else {
		is = PredicateType
	}
	if err := parseStatement(payload, is, statement); err != nil {
		return err
	}
	if err := statement.Validate(); err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return nil
}

// finishPending carries out an append that was begun. It may have been cut off anywhere
// before; what it writes is the same each time. Nothing that belongs to the old
// checkpoint is touched until the new one is in place.
func (l *Log) finishPending(c Checkpoint, p pending) (*state, error) {
	hashes := overlay{map[int64]Hash{}, l.hashReader(c)}
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

// Checkpoint returns the newest checkpoint, signed, as it is to be published.
func (l *Log) Checkpoint() ([]byte, error) {
	var data []byte
	err := l.withLock(func(c state) error {
		data = c.note
		return nil
	})
	return data, err
}

// Verify reads every tile and returns the log's state. OpenLog and Append look
// only at the tiles that they need.
func (l *Log) Verify() (*Checkpoint, error) {
	var found Checkpoint
	err := l.withLock(func(c state) error {
		found = c.Checkpoint
		list := tlog.NewTiles(tileHeight, 0, c.Size)
		// From the top: a tile is checked against those above it, so the one
		// that is named is the damaged one.
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

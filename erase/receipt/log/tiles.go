package log

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"
)

// tileHeight is 8: tiles of up to 256 hashes, as in c2sp.org/tlog-tiles.
const tileHeight = 8

// tiles reads a log's tiles from its directory, for tlog.TileHashReader, which proves that they
// belong to the tree.
type tiles struct{ dir string }

func (t tiles) Height() int { return tileHeight }

func (t tiles) ReadTiles(list []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(list))
	for i, tile := range list {
		b, err := t.readTile(tile)
		if err != nil {
			return nil, err
		}
		data[i] = b
	}
	return data, nil
}

// readTile reads a tile, or the first part of a wider one: a simultaneous append replaces a tile by
// a wider one.
func (t tiles) readTile(tile tlog.Tile) ([]byte, error) {
	there := tile
	for {
		b, err := os.ReadFile(filepath.Join(t.dir, there.Path()))
		if errors.Is(err, fs.ErrNotExist) && t.widenTile(&there) {
			continue
		}
		if errors.Is(err, fs.ErrNotExist) || err == nil && len(b) != there.W*tlog.HashSize {
			return nil, fmt.Errorf("%w: %s is missing or has a wrong size", ErrDamaged, tile.Path())
		}
		if err != nil {
			return nil, err
		}
		return b[:tile.W*tlog.HashSize], nil
	}
}

// widenTile names the next wider tile: an existing partial one, else the whole one, which is in
// place before the partial ones are removed.
func (t tiles) widenTile(tile *tlog.Tile) bool {
	if tile.W == 1<<tileHeight {
		return false
	}
	next := 1 << tileHeight
	entries, _ := os.ReadDir(filepath.Dir(filepath.Join(t.dir, tile.Path()))) // none: only the whole one is left
	for _, e := range entries {
		if w, err := strconv.Atoi(e.Name()); err == nil && w > tile.W {
			next = min(next, w)
		}
	}
	tile.W = next
	return true
}

func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

// overlay reads newly computed hashes, and the others from below.
type overlay struct {
	fresh map[int64]tlog.Hash
	below tlog.HashReader
}

func (o overlay) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	var at []int
	var rest []int64
	for i, x := range indexes {
		h, ok := o.fresh[x]
		if !ok {
			at, rest = append(at, i), append(rest, x)
		}
		hashes[i] = h
	}
	// The reader of an empty tree must not be asked, not even for nothing.
	if len(rest) == 0 {
		return hashes, nil
	}
	old, err := o.below.ReadHashes(rest)
	if err != nil {
		return nil, damagedError(err)
	}
	for i, h := range old {
		hashes[at[i]] = h
	}
	return hashes, nil
}

// damagedError keeps an error of an unreadable file; any other error of tlog's readers means that a
// tile contradicts the checkpoint: ErrDamaged.
func damagedError(err error) error {
	var file *fs.PathError
	if err == nil || errors.Is(err, ErrDamaged) || errors.As(err, &file) {
		return err
	}
	return fmt.Errorf("%w: a tile doesn't have the hash that the checkpoint gives it", ErrDamaged)
}

// hasBeyond reports whether tiles hold an entry after the first size ones. The next entry would be
// in its tile, whole or partial.
func (t tiles) hasBeyond(size int64) (bool, error) {
	next := tlog.Tile{H: tileHeight, L: 0, N: size >> tileHeight, W: 1 << tileHeight}
	full := filepath.Join(t.dir, next.Path())
	if _, err := os.Stat(full); !errors.Is(err, fs.ErrNotExist) {
		return err == nil, err
	}
	partial, err := os.ReadDir(full + ".p")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	for _, e := range partial {
		if w, err := strconv.ParseInt(e.Name(), 10, 64); err == nil && w > size%(1<<tileHeight) {
			return true, nil
		}
	}
	return false, nil
}

// pruneTiles removes the partial tiles that the given ones replace.
func (t tiles) pruneTiles(list []tlog.Tile) error {
	for _, tile := range list {
		path := filepath.Join(t.dir, tile.Path())
		if tile.W == 1<<tileHeight {
			if err := os.RemoveAll(path + ".p"); err != nil {
				return err
			}
			continue
		}
		entries, err := os.ReadDir(filepath.Dir(path))
		if err != nil {
			return err
		}
		for _, e := range entries {
			if e.Name() != filepath.Base(path) {
				if err := os.Remove(filepath.Join(filepath.Dir(path), e.Name())); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package sqlite

import (
	"errors"
	"os"
	"syscall"

	"github.com/expungedb/expunge/dialect"
)

var errHeld = errors.New("sqlite: the lock is held")

// lockFile acquires flock(2). This lock belongs to the open file, and so also excludes other claims
// of the same process.
func lockFile(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return errHeld
	}
	return err
}

// releaseFile removes the file before it releases the lock.
func releaseFile(f *os.File, path string) error {
	removed, closed := os.Remove(path), f.Close()
	if closed != nil || (removed != nil && !errors.Is(removed, os.ErrNotExist)) {
		return refusedError(dialect.Fatal, "release the claim", dialect.Name{}, "the lock file beside the database can't be removed; it is empty and does no harm")
	}
	return nil
}

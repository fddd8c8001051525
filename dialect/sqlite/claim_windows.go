package sqlite

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

var errHeld = errors.New("sqlite: the lock is held")

func lockFile(f *os.File) error {
	const all = ^uint32(0)
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, all, all, new(windows.Overlapped))
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return errHeld
	}
	return err
}

// releaseFile leaves the empty file: Windows can't remove an open file, and after closing, another
// process may have locked it.
func releaseFile(f *os.File, _ string) error { return f.Close() }

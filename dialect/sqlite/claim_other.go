//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package sqlite

import (
	"errors"
	"os"
)

var errHeld = errors.New("sqlite: the lock is held")

func lockFile(*os.File) error { return errors.ErrUnsupported }

func releaseFile(f *os.File, _ string) error { return f.Close() }

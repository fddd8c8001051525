//go:build unix

package testdb

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// preparedData makes a data folder for a server: a copy of an earlier one, since initialising takes
// a second or more and every package's tests are a process of their own. The name of the kept copy
// contains the program that made it (its size and time) and recipe; change recipe when you change
// initialise. It returns the folder's path as seen from inside the tree.
func (s *scratch) preparedData(in *install, program, recipe string, initialise func(dir string) error) (string, error) {
	info, err := os.Stat(in.pathInside(filepath.Join(in.bin, program)))
	if err != nil {
		return "", err
	}
	uid, _, err := in.ownerIDs()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %d %v %d %s", in.root, in.bin, info.Size(), info.ModTime().UTC(), uid, recipe))
	kept := filepath.Join(Cache(), fmt.Sprintf("%s-%s-%s", in.engine, in.version, hex.EncodeToString(sum[:6])))
	if err := os.MkdirAll(Cache(), 0o755); err != nil {
		return "", err
	}
	// One of several processes initialises, the rest wait.
	l, err := lockFile(kept+".lock", syscall.LOCK_EX)
	if err != nil {
		return "", err
	}
	defer l.Close()

	dir, err := s.dir(in)
	if err != nil {
		return "", err
	}
	data := filepath.Join(dir, "data")
	switch _, err := os.Stat(kept); {
	case err == nil:
		return data, copyTree(kept, in.pathInside(data))
	case !errors.Is(err, fs.ErrNotExist):
		return "", err
	}
	if err := initialise(data); err != nil {
		return "", err
	}
	// Renamed last, so that an interrupted copy is never taken for complete.
	part := kept + ".part"
	if err := os.RemoveAll(part); err != nil {
		return "", err
	}
	if err := copyTree(in.pathInside(data), part); err != nil {
		return "", err
	}
	return data, os.Rename(part, kept)
}

// copyTree copies a folder with owners and modes: servers insist on them.
func copyTree(from, to string) error {
	if out, err := exec.Command("cp", "-Rp", from, to).CombinedOutput(); err != nil {
		return fmt.Errorf("cp: %w: %s", err, out)
	}
	return nil
}

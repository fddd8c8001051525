//go:build unix

package testdb

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// scratch is this process's folder in one tree, for data folders. Nothing in it outlives the
// process: a watchdog holds the other end of a pipe. When the pipe closes, however the process
// ended, the watchdog kills the servers noted in the folder and removes it. The next process
// removes a folder left after a power failure, recognised by its lock.
type scratch struct {
	root string // of the tree
	path string // of the folder, as seen from inside root

	keep []io.Closer // held open until the process ends: the lock, the pipe
	mu   sync.Mutex
	next int
}

// watchdog waits for the end of its input, then kills the processes in the .pid files ("signal
// pid"), unmounts the disks of [Server.NewDisk] and removes the folder. A dying server may still
// write, so it tries for five seconds.
const watchdog = `cat >/dev/null
for f in "$1"/*.pid; do
	[ -f "$f" ] && read -r signal pid <"$f" && kill -"$signal" "$pid"
done
for d in "$1"/*/disk; do
	[ -d "$d" ] && umount -l "$d"
done
for i in 1 2 3 4 5 6 7 8 9 10; do
	rm -rf "$1" && break
	sleep 0.5
done
rm -f "$1.lock"`

var scratches = struct {
	sync.Mutex
	byRoot map[string]*scratch
}{byRoot: map[string]*scratch{}}

// scratchIn returns the process's scratch folder in a tree ("" for this machine's own).
func scratchIn(root string) (*scratch, error) {
	scratches.Lock()
	defer scratches.Unlock()
	if s := scratches.byRoot[root]; s != nil {
		return s, nil
	}
	s, err := newScratch(root)
	if err != nil {
		return nil, fmt.Errorf("a scratch folder: %w", err)
	}
	scratches.byRoot[root] = s
	return s, nil
}

func newScratch(root string) (*scratch, error) {
	base := filepath.Join(os.TempDir(), "expunge-test-"+strconv.Itoa(os.Geteuid()))
	if root != "" {
		base = "/var/tmp/expunge-test"
	}
	outside := filepath.Join(root, base)
	if err := os.MkdirAll(outside, 0o755); err != nil {
		return nil, err
	}
	// One lock for all while folders are made and removed, so that none is removed between being
	// made and being locked.
	all, err := lockFile(filepath.Join(outside, "lock"), syscall.LOCK_EX)
	if err != nil {
		return nil, err
	}
	defer all.Close()
	sweepScratch(outside)
	dir, err := os.MkdirTemp(outside, "p")
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(dir, 0o755); err != nil { // the server's user passes through
		return nil, err
	}
	own, err := lockFile(dir+".lock", syscall.LOCK_EX|syscall.LOCK_NB)
	if err != nil {
		return nil, err
	}
	pipe, err := watchParent(dir)
	if err != nil {
		return nil, errors.Join(err, own.Close(), os.RemoveAll(dir))
	}
	return &scratch{root: root, path: filepath.Join(base, filepath.Base(dir)), keep: []io.Closer{own, pipe}}, nil
}

// sweepScratch removes the folders of ended processes.
func sweepScratch(base string) {
	locks, _ := filepath.Glob(filepath.Join(base, "p*.lock")) // the pattern is well-formed
	for _, name := range locks {
		if f, err := lockFile(name, syscall.LOCK_EX|syscall.LOCK_NB); err == nil {
			os.RemoveAll(strings.TrimSuffix(name, ".lock"))
			os.Remove(name)
			f.Close()
		}
	}
}

func lockFile(name string, how int) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), how); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func watchParent(dir string) (io.Closer, error) {
	cmd := exec.Command("/bin/sh", "-c", watchdog, "sh", dir)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	pipe, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return pipe, nil
}

// dir makes a folder for the installation's user, and returns its path as seen from inside the
// tree.
func (s *scratch) dir(in *install) (string, error) {
	s.mu.Lock()
	s.next++
	path := filepath.Join(s.path, strconv.Itoa(s.next))
	s.mu.Unlock()
	uid, gid, err := in.ownerIDs()
	if err != nil {
		return "", err
	}
	if err := os.Mkdir(in.pathInside(path), 0o700); err != nil {
		return "", err
	}
	return path, os.Chown(in.pathInside(path), uid, gid)
}

// notePID notes a process to kill for the watchdog, and the signal; call forget once the process
// has ended.
func (s *scratch) notePID(pid int, signal string) (forget func(), err error) {
	file := filepath.Join(s.root, s.path, strconv.Itoa(pid)+".pid")
	if err := os.WriteFile(file, fmt.Appendf(nil, "%s %d\n", signal, pid), 0o644); err != nil {
		return nil, err
	}
	return func() { os.Remove(file) }, nil
}

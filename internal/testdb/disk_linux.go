package testdb

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// Disk is a file system for one private server, to be filled up.
type Disk struct {
	Path string // as the server sees it

	outside string // as this process does
}

// NewDisk mounts a file system of size bytes in the folder disk beside the server's data (MySQL
// needs a setting: "innodb_directories=../disk"). The test's end unmounts it; create databases with
// tables on it later, so that they are dropped earlier. Where this process may not mount, the test
// is skipped.
func (s *Server) NewDisk(t testing.TB, size int) *Disk {
	t.Helper()
	if s.folder == "" {
		t.Fatalf("testdb: %v", errGiven)
	}
	path := filepath.Join(s.folder, "disk")
	d := &Disk{Path: path, outside: s.in.pathInside(path)}
	uid, gid, err := s.in.ownerIDs()
	if err == nil {
		err = os.Mkdir(d.outside, 0o700)
	}
	if err == nil {
		err = syscall.Mount("tmpfs", d.outside, "tmpfs", 0, fmt.Sprintf("size=%d,mode=700,uid=%d,gid=%d", size, uid, gid))
	}
	if errors.Is(err, syscall.EPERM) {
		t.Skip("testdb: NOT TESTED, this process may not mount a file system: run the tests as root")
	}
	if err != nil {
		t.Fatalf("testdb: a small disk: %v", err)
	}
	t.Cleanup(func() {
		// The server may have files open still.
		if err := syscall.Unmount(d.outside, syscall.MNT_DETACH); err != nil {
			t.Errorf("testdb: unmounting the small disk: %v", err)
		}
	})
	return d
}

// Grow changes the disk's size, in bytes.
func (d *Disk) Grow(t testing.TB, size int) {
	t.Helper()
	if err := syscall.Mount("tmpfs", d.outside, "tmpfs", syscall.MS_REMOUNT, "size="+strconv.Itoa(size)); err != nil {
		t.Fatalf("testdb: growing the small disk: %v", err)
	}
}

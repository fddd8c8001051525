//go:build unix

package testdb

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// install is one installed version of a server: where its programs are, and how to run them.
type install struct {
	engine  string
	version string
	root    string // the tree to chroot into, empty for this machine's own
	bin     string // the folder of the programs, as seen from inside root
	user    string // the programs run as this user of the tree when we are root
}

// unstableTree is the Debian tree with newer versions; ok is true if it exists and this process may
// chroot into it.
func unstableTree() (root string, ok bool) {
	root = filepath.Join(Cache(), "unstable")
	_, err := os.Stat(filepath.Join(root, "usr"))
	return root, err == nil && os.Geteuid() == 0
}

// pathInside is a path of the tree as this process sees it.
func (in *install) pathInside(path string) string { return filepath.Join(in.root, path) }

// command prepares one of the installation's programs, with paths in its arguments as seen from
// inside the tree.
func (in *install) command(program string, args ...string) (*exec.Cmd, error) {
	cmd := exec.Command(filepath.Join(in.bin, program), args...)
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "TZ=UTC", "HOME=/nonexistent"}
	// Its own process group, so that Ctrl-C interrupts only the tests, and the scratch folder's
	// watchdog ends the server.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Chroot: in.root}
	uid, gid, err := in.ownerIDs()
	if err != nil {
		return nil, err
	}
	if os.Geteuid() == 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	return cmd, nil
}

// runProgram runs a program and waits for its end. The error holds its output.
func (in *install) runProgram(program string, args ...string) error {
	cmd, err := in.command(program, args...)
	if err != nil {
		return err
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", program, err, bytes.TrimSpace(out))
	}
	return nil
}

// ownerIDs returns the programs' user: ourselves, or the installation's user when we are root.
func (in *install) ownerIDs() (uid, gid int, err error) {
	if os.Geteuid() != 0 || in.user == "" {
		return os.Geteuid(), os.Getegid(), nil
	}
	users, err := os.ReadFile(in.pathInside("/etc/passwd"))
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(users)) {
		f := strings.Split(line, ":")
		if len(f) < 4 || f[0] != in.user {
			continue
		}
		if uid, err = strconv.Atoi(f[2]); err == nil {
			gid, err = strconv.Atoi(f[3])
		}
		return uid, gid, err
	}
	return 0, 0, fmt.Errorf("no user %s in %s", in.user, in.pathInside("/etc/passwd"))
}

// freePort finds an unused TCP port. Another process may take it before the server does: retry a
// failed launch with another port.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

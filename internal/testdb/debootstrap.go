//go:build unix

package testdb

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// unstablePackages are servers with newer versions in Debian unstable: MySQL, missing from stable,
// and PostgreSQL 18.
var unstablePackages = []string{"mysql-server-core", "postgresql-18"}

// unstableTools are packages with the backup tools of these servers. Prepare completes an existing
// tree without them.
var unstableTools = []string{"mysql-client-core"}

// unpack unpacks the packages and their dependencies into the tree without running their maintainer
// scripts, which want a running init, /proc and a cluster to manage.
const unpack = `set -e
apt-get -qq -y --no-install-recommends --download-only install "$@"
for f in /var/cache/apt/archives/*.deb; do dpkg-deb -x "$f" /; done
apt-get clean
ldconfig
for user in mysql:900 postgres:901; do
	id=${user#*:}
	grep -q "^${user%:*}:" /etc/passwd || echo "${user%:*}:x:$id:$id::/nonexistent:/usr/sbin/nologin" >>/etc/passwd
done
mkdir -p /var/tmp && chmod 1777 /tmp /var/tmp`

// Prepare makes the Debian tree with newer servers below [Cache], unless it exists: about half a
// minute and 800 MB, once. One of several processes makes it, the others wait. It needs root,
// debootstrap, and a machine whose own packages come from Debian: the tree uses the same mirror.
// Prepare writes its progress to log.
func Prepare(log io.Writer) error {
	root, ok := unstableTree()
	if ok && isComplete(root) {
		return nil
	}
	if os.Geteuid() != 0 {
		return errors.New("a tree of newer servers can only be made and entered by root")
	}
	if err := os.MkdirAll(filepath.Dir(root), 0o755); err != nil {
		return err
	}
	l, err := lockFile(root+".lock", syscall.LOCK_EX)
	if err != nil {
		return err
	}
	defer l.Close()
	if _, ok := unstableTree(); ok {
		if isComplete(root) {
			return nil // another process made it meanwhile
		}
		// Its servers run nevertheless: a test that needs the tools reports their absence.
		fmt.Fprintf(log, "completing the Debian unstable tree in %s\n", root)
		if err := unpackInto(root, unstableTools...); err != nil {
			fmt.Fprintf(log, "completing the Debian unstable tree: %v; remove %s to have it made anew\n", err, root)
		}
		return nil
	}
	mirror, err := debianMirror()
	if err != nil {
		return err
	}
	fmt.Fprintf(log, "making a Debian unstable tree with %s in %s\n", strings.Join(unstablePackages, " and "), root)
	part := root + ".part"
	if err := os.RemoveAll(part); err != nil {
		return err
	}
	if err := combinedOutput(exec.Command("debootstrap", "--variant=minbase", "sid", part, mirror)); err != nil {
		return err
	}
	if err := copyProxy(part); err != nil {
		return err
	}
	if err := unpackInto(part, slices.Concat(unstablePackages, unstableTools)...); err != nil {
		return err
	}
	// Renamed last, so that an interrupted tree is never taken for complete.
	return os.Rename(part, root)
}

// isComplete reports whether the tree has the tools too.
func isComplete(root string) bool {
	_, err := os.Stat(filepath.Join(root, "usr/bin/mysqldump"))
	return err == nil
}

// unpackInto puts packages into a tree.
func unpackInto(root string, packages ...string) error {
	cmd := exec.Command("/bin/sh", append([]string{"-c", unpack, "sh"}, packages...)...)
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root}
	return combinedOutput(cmd)
}

// preparedOnce is Prepare, once a process, for tests.
var preparedOnce = sync.OnceValue(func() error { return Prepare(os.Stderr) })

// debianMirror reads this machine's Debian mirror from apt's configuration.
func debianMirror() (string, error) {
	if _, err := exec.LookPath("debootstrap"); err != nil {
		return "", errors.New("debootstrap is not installed: apt-get install debootstrap")
	}
	out, err := exec.Command("apt-get", "indextargets", "--format", "$(REPO_URI)",
		"Created-By: Packages", "Origin: Debian", "Label: Debian").Output()
	if err != nil {
		return "", fmt.Errorf("asking apt for this machine's mirror: %w", err)
	}
	mirrors := strings.Fields(string(out))
	if len(mirrors) == 0 {
		return "", errors.New("apt knows no Debian mirror: run apt-get update on a Debian machine")
	}
	return mirrors[0], nil
}

// copyProxy copies this machine's proxy settings for apt to the tree.
func copyProxy(root string) error {
	out, err := exec.Command("apt-config", "dump").Output()
	if err != nil {
		return fmt.Errorf("asking apt for its proxy: %w", err)
	}
	var proxy []byte
	for line := range bytes.Lines(out) {
		if bytes.HasPrefix(line, []byte("Acquire::http")) {
			proxy = append(proxy, line...)
		}
	}
	return os.WriteFile(filepath.Join(root, "etc/apt/apt.conf.d/99host"), proxy, 0o644)
}

// combinedOutput runs a command; the error holds the end of its output.
func combinedOutput(cmd *exec.Cmd) error {
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", filepath.Base(cmd.Path), err, out[max(0, len(out)-2000):])
	}
	return nil
}

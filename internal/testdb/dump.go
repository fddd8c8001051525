//go:build unix

package testdb

import (
	"bytes"
	"errors"
	"net/url"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// Dump takes a backup of the database at that URL with the engine's own tool, as its operator
// would: pg_dump, mysqldump or mariadb-dump.
func (s *Server) Dump(t testing.TB, url string) []byte {
	t.Helper()
	tool, args := "", []string(nil)
	switch s.Engine {
	case "postgres":
		tool, args = "pg_dump", []string{"--format=custom", "--dbname=" + url}
	case "mysql":
		// Without the source's GTIDs: its own server has them already.
		tool, args = "mysqldump", append(mysqlArgs(t, url), "--single-transaction", "--routines", "--no-tablespaces", "--set-gtid-purged=OFF", databaseOf(t, url))
	case "mariadb":
		tool, args = "mariadb-dump", append(mysqlArgs(t, url), "--single-transaction", "--routines", databaseOf(t, url))
	default:
		t.Fatalf("testdb: %v: no tool that takes a backup is known", s)
	}
	return s.runClient(t, nil, tool, args...)
}

// Restore creates a database from a backup of Dump, on this server.
func (s *Server) Restore(t testing.TB, backup []byte) *Database {
	t.Helper()
	db := s.Database(t)
	switch s.Engine {
	case "postgres":
		s.runClient(t, backup, "pg_restore", "--exit-on-error", "--no-owner", "--dbname="+db.URL)
	default: // Dump knows only these
		tool := map[string]string{"mysql": "mysql", "mariadb": "mariadb"}[s.Engine]
		s.runClient(t, backup, tool, append(mysqlArgs(t, db.URL), db.Name)...)
	}
	return db
}

// runClient runs a client program of the server's own version, waits for its end, and returns its
// output.
func (s *Server) runClient(t testing.TB, stdin []byte, program string, args ...string) []byte {
	t.Helper()
	cmd, err := s.clientCommand(program, args...)
	if err != nil {
		t.Fatalf("testdb: %v: %s: %v", s, program, err)
	}
	var out, problems bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(stdin), &out, &problems
	if err := cmd.Run(); err != nil {
		t.Fatalf("testdb: %v: %s: %v: %s", s, program, err, bytes.TrimSpace(problems.Bytes()))
	}
	return out.Bytes()
}

// clientCommand finds the program beside the server's, or in the bin folder beside its sbin; for a
// server given by URL on this machine.
func (s *Server) clientCommand(program string, args ...string) (*exec.Cmd, error) {
	if s.in == nil {
		found, err := exec.LookPath(program)
		if err != nil {
			return nil, err
		}
		return exec.Command(found, args...), nil
	}
	for _, bin := range []string{s.in.bin, filepath.Join(s.in.bin, "bin"), "/usr/bin"} {
		at := *s.in
		at.bin = bin
		if _, err := exec.LookPath(at.pathInside(filepath.Join(bin, program))); err == nil {
			return at.command(program, args...)
		}
	}
	return nil, errors.New("it isn't installed beside the server")
}

// mysqlArgs are the tools' arguments for the server of a URL.
func mysqlArgs(t testing.TB, raw string) []string {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal("testdb: not a URL of a database")
	}
	args := []string{"--no-defaults", "--protocol=tcp", "--host=" + u.Hostname(), "--user=" + u.User.Username()}
	if port := u.Port(); port != "" {
		args = append(args, "--port="+port)
	}
	if password, ok := u.User.Password(); ok {
		args = append(args, "--password="+password)
	}
	return args
}

func databaseOf(t testing.TB, raw string) string {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal("testdb: not a URL of a database")
	}
	return strings.TrimPrefix(path.Clean(u.Path), "/")
}

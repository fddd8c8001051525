//go:build unix

// Package testdb starts real database servers for tests, from installed programs, and gives each
// test its own database.
//
//	db := testdb.Postgres(t)          // a fresh database on a server shared by the process
//	pool, err := pgxpool.New(ctx, db.URL)
//
// The first test of a process that needs a server starts it, without fsync, on a free TCP port of
// 127.0.0.1, and the others share it. The server ends with the process, even with a killed one
// ([scratch]). [NewPostgres] and its like start a server for the test alone, to be stopped, killed
// and started again. [Postgreses] and its like return every available version: those installed
// here, and those in a Debian tree below [Cache], run by chroot.
//
// If EXPUNGE_TEST_POSTGRES (EXPUNGE_TEST_MYSQL, …) has URLs, separated by spaces or commas, the
// tests use those servers instead; the user in them must be allowed to create databases. Without
// any server the test fails if CI is set, else it is skipped, and says what to install or set.
package testdb

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Server is a running server. It is safe for concurrent use, except for Stop, Kill and Start.
type Server struct {
	Engine  string // postgres, mysql, mariadb, …
	Version string // as its programs' package is named: 15; empty for a server given by URL

	ops operations
	in  *install // nil for a server given by URL: client programs are then this machine's
	// folder is the server's own, with its data and log, as seen from inside the tree; empty for
	// one given by URL.
	folder string
	// launch starts the program; nil for a server given by URL.
	launch  func() (*process, error)
	process *process
}

// operations are the differences between engines once a server runs.
type operations interface {
	// create makes an empty database and returns its URL.
	create(ctx context.Context, name string) (url string, err error)
	// drop removes it, also while clients are connected.
	drop(ctx context.Context, name string) error
}

// Database is an empty database for one test.
type Database struct {
	URL    string // as the engine's driver, or the command line, takes it
	Name   string
	Server *Server
}

// patience is the maximum time for a server to start, to stop, or to make a database.
const patience = time.Minute

// String names the server for a subtest: postgres-15.
func (s *Server) String() string {
	return s.Engine + "-" + cmp.Or(s.Version, "given")
}

// Database makes a fresh database. The test's end drops it.
func (s *Server) Database(t testing.TB) *Database {
	t.Helper()
	db := &Database{Name: "t_" + strings.ToLower(rand.Text()[:16]), Server: s}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	url, err := s.ops.create(ctx, db.Name)
	if err != nil {
		t.Fatalf("testdb: %v: creating a database: %v", s, err)
	}
	db.URL = url
	t.Cleanup(func() {
		if s.launch != nil && s.process.hasEnded() {
			return // stopped by the test: its whole folder is removed
		}
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := s.ops.drop(ctx, db.Name); err != nil {
			t.Errorf("testdb: %v: dropping the test's database: %v", s, err)
		}
	})
	return db
}

// errGiven is the error of stopping a server given by URL.
var errGiven = errors.New("testdb: a server given by URL can't be stopped or started from here")

// Stop ends the server in order and waits for it. Only for a private server.
func (s *Server) Stop() error {
	if s.launch == nil {
		return errGiven
	}
	return s.process.stop()
}

// Kill ends the server with SIGKILL and waits for it, as a crash would. Only for a private server.
func (s *Server) Kill() error {
	if s.launch == nil {
		return errGiven
	}
	return s.process.kill()
}

// Start starts a stopped or killed server again, on the same port and data.
func (s *Server) Start() error {
	if s.launch == nil {
		return errGiven
	}
	// A killed server's resources may take a moment to be free.
	for deadline := time.Now().Add(patience / 4); ; {
		p, err := s.launch()
		if err == nil {
			s.process = p
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("testdb: %v: %w", s, err)
		}
	}
}

// shared holds the servers of this process, by a name of the caller's choice.
var shared = struct {
	sync.Mutex
	servers map[string]func() (*Server, error)
}{servers: map[string]func() (*Server, error){}}

// startOnce starts the server of that name, or returns the running one (or the error, so that a
// broken installation is tried once only).
func startOnce(name string, start func() (*Server, error)) (*Server, error) {
	shared.Lock()
	f := shared.servers[name]
	if f == nil {
		f = sync.OnceValues(start)
		shared.servers[name] = f
	}
	shared.Unlock()
	return f()
}

// givenURLs returns the URLs in an environment variable.
func givenURLs(variable string) []string {
	return strings.FieldsFunc(os.Getenv(variable), func(r rune) bool { return strings.ContainsRune(", \t\r\n", r) })
}

// Servers returns the servers of all engines, none with -short: then tests on several engines run on
// SQLite alone.
func Servers(t testing.TB) []*Server {
	t.Helper()
	if SQLiteOnly() {
		return nil
	}
	return slices.Concat(Postgreses(t), MariaDBs(t), MySQLs(t), GivenSQLServers())
}

// SkipShort ends a test that needs a server and is run with -short.
func SkipShort(t testing.TB) {
	t.Helper()
	if SQLiteOnly() {
		t.Skip("testdb: NOT TESTED, -short starts no server")
	}
}

// SQLiteOnly reports whether tests are to start no server: with -short, except where CI is set.
func SQLiteOnly() bool { return testing.Short() && os.Getenv("CI") == "" }

// Missing ends a test without a server: it fails if CI is set, else it is skipped. advice says what
// to install, and which variable to set.
func Missing(t testing.TB, engine, advice string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("testdb: no %s server here: %s", engine, advice)
	}
	t.Skipf("testdb: NOT TESTED, no %s server here: %s", engine, advice)
}

// Cache is the folder for data to keep between test processes: prepared data folders, Debian trees
// with other versions (unstable). It is EXPUNGE_TEST_CACHE, or expunge-test in the user's cache
// folder.
func Cache() string {
	if dir := os.Getenv("EXPUNGE_TEST_CACHE"); dir != "" {
		return dir
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		dir = os.TempDir()
	}
	return filepath.Join(dir, "expunge-test")
}

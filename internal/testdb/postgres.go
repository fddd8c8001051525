//go:build unix

package testdb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
)

const postgresAdvice = "apt-get install postgresql, or set EXPUNGE_TEST_POSTGRES to the URL of a superuser on a server to test with"

// Postgres returns a fresh database on this process's PostgreSQL server: the first of
// EXPUNGE_TEST_POSTGRES, else the newest version installed on this machine.
func Postgres(t testing.TB) *Database {
	t.Helper()
	return Postgreses(t)[0].Database(t)
}

// Postgreses returns a server of every available version, this machine's own newest one first. The
// process shares the servers; the first call starts each once.
func Postgreses(t testing.TB) []*Server {
	t.Helper()
	SkipShort(t)
	var servers []*Server
	if urls := givenURLs("EXPUNGE_TEST_POSTGRES"); len(urls) > 0 {
		for _, u := range urls {
			servers = append(servers, givenPostgres(u))
		}
		return servers
	}
	for _, in := range postgresInstalls() {
		s, err := startOnce(in.engine+in.version+in.root, func() (*Server, error) { return newPostgres(&in) })
		if err != nil {
			t.Fatalf("testdb: postgres %s: %v", in.version, err)
		}
		servers = append(servers, s)
	}
	if len(servers) == 0 {
		Missing(t, "PostgreSQL", postgresAdvice)
	}
	return servers
}

// NewPostgres starts a server for this test alone, with its own settings ("max_connections=20").
// The test may stop, kill and start it again. It needs an installed PostgreSQL, whatever
// EXPUNGE_TEST_POSTGRES says.
func NewPostgres(t testing.TB, settings ...string) *Server {
	t.Helper()
	SkipShort(t)
	installs := postgresInstalls()
	if len(installs) == 0 {
		Missing(t, "PostgreSQL", "apt-get install postgresql")
	}
	s, err := newPostgres(&installs[0], settings...)
	if err != nil {
		t.Fatalf("testdb: postgres %s: %v", installs[0].version, err)
	}
	t.Cleanup(func() {
		if err := s.Kill(); err != nil {
			t.Errorf("testdb: %v", err)
		}
	})
	return s
}

// postgresInstalls finds the installed versions in the layout of Debian's packages: this machine's
// own versions from the newest on, then those of the unstable tree.
func postgresInstalls() []install {
	const layout = "/usr/lib/postgresql/*/bin/initdb"
	roots := []string{""}
	if root, ok := unstableTree(); ok {
		roots = append(roots, root)
	}
	var found []install
	for _, root := range roots {
		var here []install
		programs, _ := filepath.Glob(filepath.Join(root, layout)) // the pattern is well-formed
		for _, p := range programs {
			version := filepath.Base(filepath.Dir(filepath.Dir(p)))
			here = append(here, install{
				engine: "postgres", version: version, root: root,
				bin: filepath.Join("/usr/lib/postgresql", version, "bin"), user: "postgres",
			})
		}
		slices.SortFunc(here, func(a, b install) int {
			x, _ := strconv.Atoi(a.version)
			y, _ := strconv.Atoi(b.version)
			return cmp.Compare(y, x)
		})
		found = append(found, here...)
	}
	return found
}

// newPostgres makes a data folder and starts a server on it.
func newPostgres(in *install, settings ...string) (*Server, error) {
	s, err := scratchIn(in.root)
	if err != nil {
		return nil, err
	}
	data, err := s.preparedData(in, "initdb", "2", func(dir string) error {
		return in.runProgram("initdb", "--pgdata="+dir, "--username=postgres", "--auth=trust", "--no-sync",
			"--encoding=UTF8", "--locale=C.UTF-8")
	})
	if err != nil {
		return nil, err
	}
	return s.servePostgres(in, data, settings)
}

// servePostgres starts a server on a data folder.
func (s *scratch) servePostgres(in *install, data string, settings []string) (*Server, error) {
	server := &Server{Engine: in.engine, Version: in.version, in: in, folder: filepath.Dir(data)}
	var port int
	server.launch = func() (*process, error) {
		if port != 0 {
			return s.launchPostgres(in, data, port, settings)
		}
		var errs []error
		for range 3 { // another process may take the port first
			var p *process
			free, err := freePort()
			if err == nil {
				p, err = s.launchPostgres(in, data, free, settings)
			}
			if err == nil {
				port = free
				server.ops = postgresAt(free)
				return p, nil
			}
			errs = append(errs, err)
		}
		return nil, errors.Join(errs...)
	}
	var err error
	server.process, err = server.launch()
	return server, err
}

func (s *scratch) launchPostgres(in *install, data string, port int, settings []string) (*process, error) {
	settings = append([]string{
		"listen_addresses=127.0.0.1", "port=" + strconv.Itoa(port),
		"unix_socket_directories=", // its default folder may be missing or not writable
		"max_connections=200",
		// The data may be lost with the machine, but not with a kill of the server:
		// synchronous_commit remains on.
		"fsync=off", "full_page_writes=off", "autovacuum=off",
		// A chroot tree has no /dev/shm.
		"dynamic_shared_memory_type=mmap",
		"log_min_messages=warning", "log_checkpoints=off",
	}, settings...)
	args := []string{"-D", data}
	for _, set := range settings {
		args = append(args, "-c", set)
	}
	return s.start(launched{
		in: in, program: "postgres", args: args,
		log: in.pathInside(filepath.Join(filepath.Dir(data), "log")),
		end: syscall.SIGINT, abort: "QUIT", // the postmaster passes it on to its children
		ready: func(ctx context.Context) error {
			return postgresAt(port).execSQL(ctx, "SELECT 1")
		},
	})
}

func postgresAt(port int) *postgres {
	return &postgres{url.URL{
		Scheme: "postgres", Host: "127.0.0.1:" + strconv.Itoa(port),
		User: url.User("postgres"), Path: "/postgres", RawQuery: "sslmode=disable",
	}}
}

func givenPostgres(u string) *Server {
	s := &Server{Engine: "postgres"}
	parsed, err := url.Parse(u)
	if err != nil {
		s.ops = unusable{errors.New("EXPUNGE_TEST_POSTGRES holds something that is not a URL")}
		return s
	}
	s.ops = &postgres{*parsed}
	return s
}

// unusable is a server given by an invalid URL.
type unusable struct{ error }

func (u unusable) create(context.Context, string) (string, error) { return "", u }
func (u unusable) drop(context.Context, string) error             { return u }

// postgres is a PostgreSQL server by the URL of its superuser.
type postgres struct{ admin url.URL }

func (p *postgres) create(ctx context.Context, name string) (string, error) {
	// template0: an administrator's additions to template1 of a given server are not ours.
	if err := p.execSQL(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize()+" TEMPLATE template0"); err != nil {
		return "", err
	}
	u := p.admin
	u.Path = "/" + name
	return u.String(), nil
}

func (p *postgres) drop(ctx context.Context, name string) error {
	return p.execSQL(ctx, fmt.Sprintf("DROP DATABASE IF EXISTS %s WITH (FORCE)", pgx.Identifier{name}.Sanitize()))
}

func (p *postgres) execSQL(ctx context.Context, sql string) error {
	conn, err := pgx.Connect(ctx, p.admin.String())
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	_, err = conn.Exec(ctx, sql)
	return err
}

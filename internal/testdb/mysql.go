//go:build unix

package testdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/go-sql-driver/mysql"
)

const mysqlAdvice = "run the tests as root on Debian with debootstrap installed, or set EXPUNGE_TEST_MYSQL to the URL (mysql://user:password@host:3306/) of an administrator on a server to test with"

// MySQL returns a fresh database on this process's MySQL server: the first of EXPUNGE_TEST_MYSQL,
// else the one installed on this machine, else that of the Debian tree below [Cache]; [Prepare]
// makes a missing tree.
func MySQL(t testing.TB) *Database {
	t.Helper()
	return MySQLs(t)[0].Database(t)
}

// MySQLs returns all available MySQL servers, at least one.
func MySQLs(t testing.TB) []*Server {
	t.Helper()
	return mysqlFamily.serversOf(t)
}

// NewMySQL starts a MySQL server for this test alone, with its own settings ("read_only=ON"). The
// test may stop, kill and start it again.
func NewMySQL(t testing.TB, settings ...string) *Server {
	t.Helper()
	return mysqlFamily.privateServer(t, settings)
}

// DSN converts the URL of a MySQL or MariaDB database to the form of Go's driver, with the driver's
// options appended ("parseTime=true").
func DSN(u string, options ...string) (string, error) {
	parsed, err := url.Parse(u)
	if err != nil {
		return "", errors.New("not a URL of the form mysql://user:password@host:port/database")
	}
	c := mysql.NewConfig()
	c.Net, c.Addr, c.DBName = "tcp", parsed.Host, strings.TrimPrefix(parsed.Path, "/")
	if parsed.Port() == "" {
		c.Addr += ":3306"
	}
	c.User = parsed.User.Username()
	c.Passwd, _ = parsed.User.Password()
	dsn := c.FormatDSN()
	for i, o := range options {
		if i == 0 && !strings.Contains(dsn, "?") {
			dsn += "?" + o
		} else {
			dsn += "&" + o
		}
	}
	return dsn, nil
}

// OpenMySQL opens a pool on a MySQL or MariaDB database, with options of Go's driver
// ("parseTime=true"). The test's end closes it.
func OpenMySQL(t testing.TB, db *Database, options ...string) *sql.DB {
	t.Helper()
	dsn, err := DSN(db.URL, options...)
	if err != nil {
		t.Fatalf("testdb: %v", err)
	}
	pool, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatalf("testdb: %v", err)
	}
	t.Cleanup(func() { pool.Close() })
	return pool
}

// family is the common part of MySQL and MariaDB.
type family struct {
	engine, title, variable, advice string
	installs                        func() ([]install, error)
	recipe                          string // change it when you change initialise
	program                         string // of the server, below the installation's bin
	initialise                      func(in *install, dir string) error
	settings                        []string
}

var mysqlFamily = &family{
	engine: "mysql", title: "MySQL", variable: "EXPUNGE_TEST_MYSQL", advice: mysqlAdvice,
	installs: mysqlInstalls, recipe: "1", program: "mysqld",
	initialise: func(in *install, dir string) error {
		return in.runProgram("mysqld", "--no-defaults", "--initialize-insecure", "--datadir="+dir,
			"--innodb-redo-log-capacity=32M", "--innodb-flush-log-at-trx-commit=0")
	},
	settings: []string{"mysqlx=OFF", "secure_file_priv=NULL", "innodb_redo_log_capacity=32M", "performance_schema=OFF", "innodb_doublewrite=OFF"},
}

// mysqlInstalls finds this machine's own MySQL, else that of the unstable tree.
func mysqlInstalls() ([]install, error) {
	if in, err := serverAt("mysql", "", "/usr/sbin", "mysqld"); err == nil {
		return []install{in}, nil
	}
	if err := preparedOnce(); err != nil {
		return nil, err
	}
	root, ok := unstableTree()
	if !ok {
		return nil, errors.New("the Debian tree was removed meanwhile")
	}
	in, err := serverAt("mysql", root, "/usr/sbin", "mysqld")
	return []install{in}, err
}

var serverVersion = regexp.MustCompile(`Ver (\d+\.\d+)\.\d+(-MariaDB)?`)

// serverAt asks a server's program for its version. On some systems mysqld is MariaDB's: that one
// is no MySQL.
func serverAt(engine, root, bin, program string) (install, error) {
	in := install{engine: engine, root: root, bin: bin, user: "mysql"}
	if _, err := os.Stat(in.pathInside(filepath.Join(bin, program))); err != nil {
		return in, err
	}
	cmd := exec.Command(filepath.Join(bin, program), "--no-defaults", "--version")
	cmd.Dir = "/"
	if root != "" {
		cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root}
	}
	out, err := cmd.Output()
	if err != nil {
		return in, fmt.Errorf("%s --version: %w", program, err)
	}
	m := serverVersion.FindSubmatch(out)
	if m == nil || (len(m[2]) > 0) != (engine == "mariadb") {
		return in, fmt.Errorf("%s is no %s", filepath.Join(bin, program), engine)
	}
	in.version = string(m[1])
	return in, nil
}

func (f *family) serversOf(t testing.TB) []*Server {
	t.Helper()
	SkipShort(t)
	var servers []*Server
	for _, u := range givenURLs(f.variable) {
		servers = append(servers, f.givenServer(u))
	}
	if len(servers) > 0 {
		return servers
	}
	for _, in := range f.foundInstalls(t) {
		s, err := startOnce(in.engine+in.version+in.root, func() (*Server, error) { return f.newServer(&in, nil) })
		if err != nil {
			t.Fatalf("testdb: %s %s: %v", f.title, in.version, err)
		}
		servers = append(servers, s)
	}
	return servers
}

func (f *family) privateServer(t testing.TB, settings []string) *Server {
	t.Helper()
	SkipShort(t)
	s, err := f.newServer(&f.foundInstalls(t)[0], settings)
	if err != nil {
		t.Fatalf("testdb: a private %s: %v", f.title, err)
	}
	t.Cleanup(func() {
		if err := s.Kill(); err != nil {
			t.Errorf("testdb: %v", err)
		}
	})
	return s
}

func (f *family) foundInstalls(t testing.TB) []install {
	t.Helper()
	installs, err := f.installs()
	if err != nil {
		Missing(t, f.title, f.advice+" ("+err.Error()+")")
	}
	return installs
}

func (f *family) givenServer(u string) *Server {
	s := &Server{Engine: f.engine}
	parsed, err := url.Parse(u)
	if err != nil || parsed.Scheme != "mysql" && parsed.Scheme != "mariadb" {
		s.ops = unusable{errors.New(f.variable + " holds something that is not a mysql:// URL")}
		return s
	}
	s.ops = &mysqlServer{*parsed}
	return s
}

// newServer makes a data folder and starts a server on it.
func (f *family) newServer(in *install, settings []string) (*Server, error) {
	s, err := scratchIn(in.root)
	if err != nil {
		return nil, err
	}
	data, err := s.preparedData(in, f.program, f.recipe, func(dir string) error {
		if err := f.initialise(in, dir); err != nil {
			return err
		}
		return os.WriteFile(in.pathInside(filepath.Join(dir, "init.sql")), []byte(initSQL), 0o644)
	})
	if err != nil {
		return nil, err
	}
	// The folder is a copy: a server with the original's UUID couldn't be its replica. It generates
	// a new one. MariaDB has no such file.
	if err := os.Remove(in.pathInside(filepath.Join(data, "auto.cnf"))); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	server := &Server{Engine: in.engine, Version: in.version, in: in, folder: filepath.Dir(data)}
	var port int
	server.launch = func() (*process, error) {
		if port != 0 {
			return f.startServer(s, in, data, port, settings)
		}
		var errs []error
		for range 3 { // another process may take the port first
			var p *process
			free, err := freePort()
			if err == nil {
				p, err = f.startServer(s, in, data, free, settings)
			}
			if err == nil {
				port = free
				server.ops = mysqlAt(free)
				return p, nil
			}
			errs = append(errs, err)
		}
		return nil, errors.Join(errs...)
	}
	server.process, err = server.launch()
	return server, err
}

// initSQL permits root over TCP; a new server knows root at localhost only.
const initSQL = `CREATE USER IF NOT EXISTS root@'127.0.0.1';
GRANT ALL PRIVILEGES ON *.* TO root@'127.0.0.1' WITH GRANT OPTION;
`

func (f *family) startServer(s *scratch, in *install, data string, port int, settings []string) (*process, error) {
	dir := filepath.Dir(data)
	args := []string{"--no-defaults", "--datadir=" + data, "--init-file=" + filepath.Join(data, "init.sql"),
		"--bind-address=127.0.0.1", "--port=" + strconv.Itoa(port), "--skip-name-resolve",
		// A starting server removes the temporary tables of all others in the same folder.
		"--tmpdir=" + dir,
		"--socket=" + filepath.Join(dir, "s"), "--pid-file=" + filepath.Join(dir, "pid"),
		// The data may be lost with the machine, but not with a kill of the server: 2 writes the
		// log at each commit and leaves syncing to the system.
		"--innodb-flush-log-at-trx-commit=2", "--sync-binlog=0",
		"--max-connections=300"}
	for _, set := range append(f.settings[:len(f.settings):len(f.settings)], settings...) {
		args = append(args, "--"+set)
	}
	return s.start(launched{
		in: in, program: f.program, args: args,
		log: in.pathInside(filepath.Join(dir, "log")),
		end: syscall.SIGTERM, abort: "KILL",
		ready: func(ctx context.Context) error { return mysqlAt(port).execute(ctx, "DO 1") },
	})
}

func mysqlAt(port int) *mysqlServer {
	return &mysqlServer{url.URL{Scheme: "mysql", User: url.User("root"), Host: "127.0.0.1:" + strconv.Itoa(port), Path: "/"}}
}

// mysqlServer is a MySQL or MariaDB server by the URL of its administrator.
type mysqlServer struct{ admin url.URL }

func (m *mysqlServer) create(ctx context.Context, name string) (string, error) {
	if err := m.execute(ctx, "CREATE DATABASE `"+name+"` CHARACTER SET utf8mb4"); err != nil {
		return "", err
	}
	u := m.admin
	u.Path = "/" + name
	return u.String(), nil
}

func (m *mysqlServer) drop(ctx context.Context, name string) error {
	return m.with(ctx, func(pool *sql.DB) error {
		// A client's open transaction would block the drop.
		rows, err := pool.QueryContext(ctx, "SELECT id FROM information_schema.processlist WHERE db = ?", name)
		if err != nil {
			return err
		}
		defer rows.Close()
		var ids []int64
		for rows.Next() {
			var id int64
			if err := rows.Scan(&id); err != nil {
				return err
			}
			ids = append(ids, id)
		}
		for _, id := range ids {
			_, _ = pool.ExecContext(ctx, "KILL ?", id) // it may have ended already
		}
		_, err = pool.ExecContext(ctx, "DROP DATABASE IF EXISTS `"+name+"`")
		return errors.Join(err, rows.Err())
	})
}

func (m *mysqlServer) execute(ctx context.Context, statement string) error {
	return m.with(ctx, func(pool *sql.DB) error {
		_, err := pool.ExecContext(ctx, statement)
		return err
	})
}

func (m *mysqlServer) with(ctx context.Context, f func(*sql.DB) error) error {
	dsn, err := DSN(m.admin.String())
	if err != nil {
		return err
	}
	c, err := mysql.ParseDSN(dsn)
	if err != nil {
		return err
	}
	c.Logger = &mysql.NopLogger{} // refused connections while a server starts are no news
	c.InterpolateParams = true
	connector, err := mysql.NewConnector(c)
	if err != nil {
		return err
	}
	pool := sql.OpenDB(connector)
	defer pool.Close()
	if err := pool.PingContext(ctx); err != nil {
		return err
	}
	return f(pool)
}

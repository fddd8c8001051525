//go:build unix

package testdb

import "testing"

// MariaDB returns a fresh database on this process's MariaDB server: the first of
// EXPUNGE_TEST_MARIADB, else the one installed on this machine.
func MariaDB(t testing.TB) *Database {
	t.Helper()
	return MariaDBs(t)[0].Database(t)
}

// MariaDBs returns all available MariaDB servers, at least one.
func MariaDBs(t testing.TB) []*Server {
	t.Helper()
	return mariadbFamily.serversOf(t)
}

// NewMariaDB starts a MariaDB server for this test alone, with its own settings ("log_bin=ON"). The
// test may stop, kill and start it again.
func NewMariaDB(t testing.TB, settings ...string) *Server {
	t.Helper()
	return mariadbFamily.privateServer(t, settings)
}

var mariadbFamily = &family{
	engine: "mariadb", title: "MariaDB", variable: "EXPUNGE_TEST_MARIADB",
	advice:  "apt-get install mariadb-server, or set EXPUNGE_TEST_MARIADB to the URL (mysql://user:password@host:3306/) of an administrator on a server to test with",
	recipe:  "1",
	program: "sbin/mariadbd",
	installs: func() ([]install, error) {
		in, err := serverAt("mariadb", "", "/usr", "sbin/mariadbd")
		return []install{in}, err
	},
	initialise: func(in *install, dir string) error {
		return in.runProgram("bin/mariadb-install-db", "--no-defaults", "--datadir="+dir, "--skip-test-db",
			"--auth-root-authentication-method=normal", "--innodb-log-file-size=32M", "--innodb-flush-log-at-trx-commit=0")
	},
	settings: []string{"innodb_log_file_size=32M", "innodb_doublewrite=OFF"},
}

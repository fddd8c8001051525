//go:build unix

package testdb

import (
	"strings"
	"testing"
)

func TestMySQLAndMariaDBGiveEachTestAFreshDatabase(t *testing.T) {
	for _, s := range append(MySQLs(t), MariaDBs(t)...) {
		t.Run(s.String(), func(t *testing.T) {
			a, b := OpenMySQL(t, s.Database(t)), OpenMySQL(t, s.Database(t))
			if _, err := a.ExecContext(t.Context(), "CREATE TABLE only_in_a (x int)"); err != nil {
				t.Fatal(err)
			}
			var tables int
			var version string
			if err := b.QueryRowContext(t.Context(), "SELECT count(*), version() FROM information_schema.tables WHERE table_schema = DATABASE()").Scan(&tables, &version); err != nil {
				t.Fatal(err)
			}
			if tables != 0 {
				t.Errorf("a table of one database is in the other")
			}
			if !strings.HasPrefix(version, s.Version) || strings.Contains(version, "MariaDB") != (s.Engine == "mariadb") {
				t.Errorf("version() = %s, want %s %s", version, s.Engine, s.Version)
			}
		})
	}
}

func TestPrivateMySQLIsKilledAndStartedAgainWithItsData(t *testing.T) {
	for _, s := range []*Server{NewMySQL(t, "max_connections=20"), NewMariaDB(t, "max_connections=20")} {
		t.Run(s.String(), func(t *testing.T) {
			pool := OpenMySQL(t, s.Database(t))
			if _, err := pool.ExecContext(t.Context(), "CREATE TABLE kept AS SELECT @@max_connections AS c"); err != nil {
				t.Fatal(err)
			}
			if err := s.Kill(); err != nil {
				t.Fatal(err)
			}
			if err := s.Start(); err != nil {
				t.Fatal(err)
			}
			var c int
			if err := pool.QueryRowContext(t.Context(), "SELECT c FROM kept").Scan(&c); err != nil || c != 20 {
				t.Errorf("the table holds %d after the restart, want the setting given, 20: %v", c, err)
			}
		})
	}
}

func TestDSN(t *testing.T) {
	for _, c := range []struct{ url, want string }{
		{"mysql://root@127.0.0.1:3307/shop", "root@tcp(127.0.0.1:3307)/shop?parseTime=true&loc=Local"},
		{"mysql://u:p%2F%40@db.example/", "u:p/@@tcp(db.example:3306)/?parseTime=true&loc=Local"},
	} {
		if got, err := DSN(c.url, "parseTime=true", "loc=Local"); err != nil || got != c.want {
			t.Errorf("DSN(%s) = %s, %v, want %s", c.url, got, err, c.want)
		}
	}
}

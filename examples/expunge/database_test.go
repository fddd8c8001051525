package main

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

func TestSQLitePath(t *testing.T) {
	here, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ rest, want string }{
		{"shop.db", filepath.Join(here, "shop.db")},
		{"data/shop.db", filepath.Join(here, "data/shop.db")},
		{"/var/lib/shop.db", "/var/lib/shop.db"},
		{"///var/lib/shop.db", "/var/lib/shop.db"},
		{"///var/lib/my%20shop.db", "/var/lib/my shop.db"},
		{"odd?name%41.db", filepath.Join(here, "odd?name%41.db")},
		{"", ""},
		{"//", ""},
		{"//host/shop.db", ""},
		{"///%zz", ""},
	} {
		got, err := sqlitePath(test.rest)
		if got != test.want || (err == nil) != (test.want != "") {
			t.Errorf("sqlite:%s: path %q, error %v; want %q", test.rest, got, err, test.want)
		}
		if err != nil && exitCode(err) != unacceptable {
			t.Errorf("sqlite:%s: exit code %d", test.rest, exitCode(err))
		}
	}
}

func TestSQLiteDSNTakesAnyFileName(t *testing.T) {
	got := sqliteDSN("/tmp/a b?c%d#e.db", "rw")
	want := "file:///tmp/a%20b%3Fc%25d%23e.db?mode=rw"
	if !strings.HasPrefix(got, want) {
		t.Errorf("%s, want %s…", got, want)
	}
}

func TestMySQLConfig(t *testing.T) {
	for _, test := range []struct{ raw, addr, user, password, name, tls string }{
		{"mysql://app:pw@db.example/shop", "db.example:3306", "app", "pw", "shop", ""},
		{"mysql://app:p%40w@db.example:3307/shop?tls=skip-verify", "db.example:3307", "app", "p@w", "shop", "skip-verify"},
		{"mariadb://app@[::1]:3306/my%20shop", "[::1]:3306", "app", "", "my shop", ""},
	} {
		c, err := mysqlConfig(test.raw)
		if err != nil {
			t.Errorf("%s: %v", test.raw, err)
			continue
		}
		if c.Addr != test.addr || c.User != test.user || c.Passwd != test.password || c.DBName != test.name || c.TLSConfig != test.tls {
			t.Errorf("%s: %s %s %s %s %s", test.raw, c.Addr, c.User, c.Passwd, c.DBName, c.TLSConfig)
		}
	}
	for _, raw := range []string{"mysql:", "mysql://", "mysql://host", "mysql://host/", "mysql:///shop", "mysql://app:p%zz@host/shop", "mysql://host/shop?maxAllowedPacket=many"} {
		if _, err := mysqlConfig(raw); err == nil {
			t.Errorf("%s is taken", raw)
		}
	}
}

func TestAPasswordIsInNoError(t *testing.T) {
	err := withoutPassword(errors.New("dial failed:\n user=shop password=tiger"), "tiger")
	if got, want := err.Error(), "dial failed: user=shop password=…"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

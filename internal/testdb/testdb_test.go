//go:build unix

package testdb

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func TestPostgresGivesEachTestAFreshDatabase(t *testing.T) {
	for _, s := range Postgreses(t) {
		t.Run(s.String(), func(t *testing.T) {
			a, b := s.Database(t), s.Database(t)
			exec1(t, a.URL, "CREATE TABLE only_in_a ()")
			if got := query1(t, b.URL, "SELECT count(*)::text FROM pg_class WHERE relname = 'only_in_a'"); got != "0" {
				t.Errorf("a table of one database is in the other")
			}
			if version := query1(t, a.URL, "SHOW server_version"); !strings.HasPrefix(version, s.Version) {
				t.Errorf("server_version = %s, want %s…", version, s.Version)
			}
		})
	}
}

func TestPrivateServerIsKilledAndStartedAgainWithItsData(t *testing.T) {
	s := NewPostgres(t, "max_connections=20")
	db := s.Database(t)
	if got := query1(t, db.URL, "SHOW max_connections"); got != "20" {
		t.Errorf("max_connections = %s, want the setting given, 20", got)
	}
	exec1(t, db.URL, "CREATE TABLE kept AS SELECT 1 AS one")
	for _, end := range []func() error{s.Kill, s.Stop} {
		if err := end(); err != nil {
			t.Fatal(err)
		}
		if c, err := pgx.Connect(t.Context(), db.URL); err == nil {
			c.Close(t.Context())
			t.Fatal("connected to a server that has ended")
		}
		if err := s.Start(); err != nil {
			t.Fatal(err)
		}
		if got := query1(t, db.URL, "SELECT one::text FROM kept"); got != "1" {
			t.Errorf("the table holds %q after the restart", got)
		}
	}
}

// TestKilledProcessLeavesNothing runs this test binary as the process to kill.
func TestKilledProcessLeavesNothing(t *testing.T) {
	if os.Getenv("EXPUNGE_TEST_VICTIM") != "" {
		s := NewPostgres(t)
		scratch, err := scratchIn("")
		if err != nil {
			t.Fatal(err)
		}
		os.Stdout.WriteString("started " + scratch.path + " " + s.Database(t).URL + "\n")
		select {}
	}
	if len(postgresInstalls()) == 0 {
		Missing(t, "PostgreSQL", postgresAdvice)
	}
	victim := exec.Command(os.Args[0], "-test.run=^TestKilledProcessLeavesNothing$")
	victim.Env = append(os.Environ(), "EXPUNGE_TEST_VICTIM=1")
	out, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	var dir, url string
	for lines := bufio.NewScanner(out); url == "" && lines.Scan(); {
		if f := strings.Fields(lines.Text()); len(f) == 3 && f[0] == "started" {
			dir, url = f[1], f[2]
		}
	}
	if url == "" {
		t.Fatal("the other process didn't start its server")
	}
	query1(t, url, "SELECT '1'")

	if err := victim.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = victim.Wait() // killed
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		c, err := pgx.Connect(t.Context(), url)
		if err == nil {
			c.Close(t.Context())
		}
		left, _ := filepath.Glob(dir + "*")
		if err != nil && len(left) == 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("after the kill the server answers: %v, files left: %q", err == nil, left)
		}
	}
}

func TestSweepRemovesOnlyFoldersWithoutAProcess(t *testing.T) {
	base := t.TempDir()
	for _, name := range []string{"p1", "p2"} {
		if err := os.MkdirAll(filepath.Join(base, name, "data"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	living, err := lockFile(filepath.Join(base, "p1.lock"), 2) // LOCK_EX
	if err != nil {
		t.Fatal(err)
	}
	defer living.Close()
	if err := os.WriteFile(filepath.Join(base, "p2.lock"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	sweepScratch(base)
	left, _ := filepath.Glob(filepath.Join(base, "*"))
	if len(left) != 2 || filepath.Base(left[0]) != "p1" || filepath.Base(left[1]) != "p1.lock" {
		t.Errorf("left: %q, want p1 and its lock", left)
	}
}

func TestGivenURLs(t *testing.T) {
	t.Setenv("EXPUNGE_TEST_POSTGRES", " postgres://a/x,postgres://b/y\npostgres://c/z ")
	if got := givenURLs("EXPUNGE_TEST_POSTGRES"); len(got) != 3 || got[1] != "postgres://b/y" {
		t.Errorf("given = %q", got)
	}
	servers := Postgreses(t)
	if len(servers) != 3 || servers[0].Kill() == nil || servers[0].Start() == nil {
		t.Errorf("a given server is not ours to stop")
	}
}

func exec1(t *testing.T, url, sql string) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context())
	if _, err := c.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

func query1(t *testing.T, url, sql string) (s string) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context())
	if err := c.QueryRow(t.Context(), sql).Scan(&s); err != nil {
		t.Fatal(err)
	}
	return s
}

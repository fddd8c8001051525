package sqlite_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/sqlite"
)

const claimant = "SQLITE_TEST_CLAIM"

func TestMain(m *testing.M) {
	if path := os.Getenv(claimant); path != "" {
		holdClaim(path)
	}
	os.Exit(m.Run())
}

// holdClaim is the second process: it acquires the claim, prints a line, and waits to be killed.
func holdClaim(path string) {
	db, err := sql.Open("sqlite", path)
	if err == nil {
		_, err = sqlite.New(db).Claim(context.Background(), "run")
	}
	if err != nil {
		os.Exit(3)
	}
	_, _ = os.Stdout.WriteString("claimed\n")
	select {}
}

func TestClaimEndsWithItsProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shop.db")
	db := sqlite.New(pool(t, path))
	if _, err := db.Inspect(t.Context()); err != nil { // makes the file
		t.Fatal(err)
	}
	other := exec.Command(os.Args[0])
	other.Env = append(os.Environ(), claimant+"="+path)
	out, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "claimed\n" {
		_ = other.Process.Kill()
		t.Fatalf("the other process didn't get the claim: %v", err)
	}
	if _, err := db.Claim(t.Context(), "run"); !errors.Is(err, dialect.ErrClaimed) {
		t.Errorf("while the other process lives: %v, want ErrClaimed", err)
	}
	if err := other.Process.Kill(); err != nil { // SIGKILL
		t.Fatal(err)
	}
	_ = other.Wait()
	release, err := db.Claim(t.Context(), "run")
	if err != nil {
		t.Fatalf("after the other process was killed: %v", err)
	}
	if err := release(); err != nil {
		t.Errorf("release: %v", err)
	}
	if left, _ := filepath.Glob(path + "-expunge*"); len(left) > 0 {
		t.Errorf("%d lock files are left after the release", len(left))
	}
}

func TestClaimInMemory(t *testing.T) {
	p := pool(t, ":memory:")
	p.SetMaxOpenConns(1)
	release, err := sqlite.New(p).Claim(t.Context(), "run")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sqlite.New(p).Claim(t.Context(), "run"); !errors.Is(err, dialect.ErrClaimed) {
		t.Errorf("a second claim on one pool: %v, want ErrClaimed", err)
	}
	if _, err := sqlite.New(pool(t, ":memory:")).Claim(t.Context(), "run"); err != nil {
		t.Errorf("another database in memory: %v", err)
	}
	if err := release(); err != nil {
		t.Error(err)
	}
}

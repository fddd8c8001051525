package main

import (
	"bytes"
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/expungedb/expunge/erase/receipt"
)

// A run that failed leaves its key beside -o: the same command goes on with that run.
func TestTheSameCommandContinuesARunThatFailed(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "club.db")
	pool, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	for _, s := range []string{
		"CREATE TABLE member (id INTEGER PRIMARY KEY, email TEXT)", "INSERT INTO member VALUES (1, 'ada@mail.example')",
		"CREATE TRIGGER stop BEFORE DELETE ON member BEGIN SELECT RAISE(ABORT, 'not yet'); END",
	} {
		if _, err := pool.Exec(s); err != nil {
			t.Fatal(err)
		}
	}
	policy := filepath.Join(dir, "policy.yaml")
	if err := os.WriteFile(policy, []byte("version: 1\ndatabase: club\nsubject: {table: member}\ntables:\n  member: {erase: delete, columns: {id: none, email: {pii: contact, overwrite: {fake: email}}}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "receipt.json")
	expunge := func(args ...string) (int, string) {
		var stdout, stderr bytes.Buffer
		code := start(context.Background(), append([]string{"expunge", "--db", "sqlite:" + path}, args...), &stdout, &stderr)
		return code, stderr.String()
	}
	run := func() (int, string) {
		return expunge("run", "--plan", filepath.Join(dir, "plan.json"), "--subject", "1", "--allow", "TRIGGERS_FIRE", "--key", filepath.Join(dir, "k.key.pem"), "-o", out)
	}
	for _, args := range [][]string{
		{"keygen", "-o", filepath.Join(dir, "k")},
		{"plan", "--policy", policy, "--subjects", "-o", filepath.Join(dir, "plan.json")},
	} {
		if code, said := expunge(args...); code != done {
			t.Fatalf("%v: %s", args, said)
		}
	}
	if code, said := run(); code == done {
		t.Fatalf("the trigger didn't stop the run: %s", said)
	}
	data, err := os.ReadFile(filepath.Join(dir, "receipt.key"))
	if err != nil {
		t.Fatal(err)
	}
	k, err := receipt.ParseCommitmentKey(data)
	if err != nil {
		t.Fatal(err)
	}
	// The trigger lets the row go now; without one the schema would be another than the plan's.
	for _, s := range []string{"DROP TRIGGER stop", "CREATE TRIGGER stop BEFORE DELETE ON member BEGIN SELECT 1; END"} {
		if _, err := pool.Exec(s); err != nil {
			t.Fatal(err)
		}
	}
	code, said := run()
	if code != done || !strings.Contains(said, "run "+k.RunID+" is continued") {
		t.Errorf("the same command: exit %d, %s", code, said)
	}
	if code, _ := run(); code != unacceptable {
		t.Errorf("once there is a receipt: exit %d, want %d", code, unacceptable)
	}
}

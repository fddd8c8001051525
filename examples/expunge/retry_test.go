package main

import (
	"bytes"
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

const retriedPolicy = `version: 1
database: club
subject: {table: member}
tables:
  member: {erase: delete, columns: {id: none, seen: none, email: {pii: contact, overwrite: {fake: email}}}}
retention:
  - {table: member, by: seen, older_than: 90d, erase: delete}
`

// A failed run leaves its key beside -o, or its mark: the same command resumes that run.
func TestTheSameCommandContinuesARunThatFailed(t *testing.T) {
	for name, c := range map[string]struct {
		scope  []string // of the plan
		run    []string
		left   string // the file of the failed run beside -o
		writes string
	}{
		"subjects":                      {[]string{"--subjects"}, []string{"--subject", "1"}, "receipt.key", "DELETE"},
		"subjects, without commitments": {[]string{"--subjects"}, []string{"--subject", "1", "--no-commitments"}, "receipt.run", "DELETE"},
		"everything":                    {[]string{"--everything", "--only-on", "club.db"}, []string{"--allow", "OVERWRITES_EVERYTHING"}, "receipt.run", "UPDATE"},
		"everything, with commitments":  {[]string{"--everything", "--only-on", "club.db"}, []string{"--allow", "OVERWRITES_EVERYTHING", "--leaves", "receipt.leaves"}, "receipt.key", "UPDATE"},
		"what expired":                  {[]string{"--expired"}, nil, "receipt.key", "DELETE"},
		"what expired, no commitments":  {[]string{"--expired"}, []string{"--no-commitments"}, "receipt.run", "DELETE"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			pool, err := sql.Open("sqlite", "club.db")
			if err != nil {
				t.Fatal(err)
			}
			defer pool.Close()
			exec := func(statements ...string) {
				t.Helper()
				for _, s := range statements {
					if _, err := pool.Exec(s); err != nil {
						t.Fatal(err)
					}
				}
			}
			trigger := "CREATE TRIGGER stop BEFORE " + c.writes + " ON member BEGIN SELECT "
			exec("CREATE TABLE member (id INTEGER PRIMARY KEY, seen DATE, email TEXT)", "INSERT INTO member VALUES (1, '2001-02-03', 'ada@mail.example')",
				trigger+"RAISE(ABORT, 'not yet'); END")
			if err := os.WriteFile("policy.yaml", []byte(retriedPolicy), 0o600); err != nil {
				t.Fatal(err)
			}
			expunge := func(args ...string) (int, string) {
				var stdout, stderr bytes.Buffer
				code := start(context.Background(), append([]string{"expunge", "--db", "sqlite:club.db"}, args...), &stdout, &stderr)
				return code, stderr.String()
			}
			run := func() (int, string) {
				return expunge(slices.Concat([]string{"run", "--plan", "plan.json", "--allow", "TRIGGERS_FIRE", "--key", "expunge.key.pem", "-o", "receipt.json"}, c.run)...)
			}
			for _, args := range [][]string{{"keygen"}, slices.Concat([]string{"plan", "--policy", "policy.yaml", "-o", "plan.json"}, c.scope)} {
				if code, said := expunge(args...); code != done {
					t.Fatalf("%v: %s", args, said)
				}
			}
			code, said := run()
			if code == done {
				t.Fatalf("the trigger didn't stop the run: %s", said)
			}
			id := regexp.MustCompile(`give the same command with --run (\S+)`).FindStringSubmatch(said)
			if _, err := os.Stat(c.left); err != nil || id == nil {
				t.Fatalf("%v: %s", err, said)
			}
			if code, said := expunge("run", "--plan", "plan.json", "-o", "receipt.json"); code == done {
				t.Errorf("a run without its key: %s", said) // the run must leave existing files unchanged
			}
			// The trigger now permits the delete; dropping it would change the schema against the
			// plan's.
			exec("DROP TRIGGER stop", trigger+"1; END")
			code, said = run()
			if code != done || !regexp.MustCompile("run "+id[1]+" is continued").MatchString(said) {
				t.Errorf("the same command: exit %d, %s", code, said)
			}
			if found, _ := filepath.Glob("*.run"); len(found) > 0 {
				t.Errorf("%v is there still", found)
			}
			if code, _ := run(); code != unacceptable {
				t.Errorf("once there is a receipt: exit %d, want %d", code, unacceptable)
			}
		})
	}
}

// A run refused before it begins leaves no mark.
func TestARefusedRunLeavesNoMark(t *testing.T) {
	t.Chdir(t.TempDir())
	pool, err := sql.Open("sqlite", "club.db")
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if _, err := pool.Exec("CREATE TABLE member (id INTEGER PRIMARY KEY, seen DATE, email TEXT)"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("policy.yaml", []byte(retriedPolicy), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		code int
		args []string
	}{
		{done, []string{"keygen"}},
		{done, []string{"plan", "--policy", "policy.yaml", "--everything", "--only-on", "club.db", "-o", "plan.json"}},
		{refused, []string{"run", "--plan", "plan.json", "--key", "expunge.key.pem", "-o", "receipt.json"}}, // its hazard isn't allowed
	} {
		if code, _, errs := call(t.Context(), append(c.args, "--db", "sqlite:club.db")...); code != c.code {
			t.Fatalf("%v: exit %d, want %d: %s", c.args, code, c.code, errs)
		}
	}
	if found, _ := filepath.Glob("receipt*"); len(found) > 0 {
		t.Errorf("it left %v", found)
	}
}

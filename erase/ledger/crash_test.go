//go:build unix

package ledger_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/expungedb/expunge/erase/ledger"
	"github.com/google/go-cmp/cmp"
)

// child is the task of a second process of the test binary, and the point where it kills itself.
type child struct {
	Dir, Recipient, Do, Point string
}

const childVariable = "EXPUNGE_LEDGER_TEST_CHILD"

// TestMain does a child's work in a process started as one.
func TestMain(m *testing.M) {
	doc, ok := os.LookupEnv(childVariable)
	if !ok {
		os.Exit(m.Run())
	}
	var c child
	err := json.Unmarshal([]byte(doc), &c)
	if err == nil {
		err = c.work()
	}
	fmt.Fprintln(os.Stderr, "the child was to be killed and has ended:", err)
	os.Exit(3)
}

func (c child) work() error {
	recipient, err := age.ParseX25519Recipient(c.Recipient)
	if err != nil {
		return err
	}
	l, err := ledger.Open(c.Dir, recipient)
	if err != nil {
		return err
	}
	l.SetPoint(func(name string) {
		if name == c.Point {
			syscall.Kill(os.Getpid(), syscall.SIGKILL) //nolint:errcheck // it doesn't return
			select {}
		}
	})
	switch c.Do {
	case "begin":
		return l.Begin(context.Background(), header("run", 8), subjects("1", "2"))
	case "mark":
		return l.Committed(context.Background(), named("run"), mark(9))
	}
	_, err = l.Expire(mark(9).Until.AddDate(0, 0, 1))
	return err
}

func (c child) kill(t *testing.T) {
	t.Helper()
	doc, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+string(doc))
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("the child was not killed: %v\n%s", err, out)
	}
}

// A process killed at any point leaves the whole of a change or nothing of it, and the same call
// completes it.
func TestAKilledProcessLeavesTheLedgerUsable(t *testing.T) {
	for _, c := range []struct {
		do, point string
		after     []told // the entries after the kill
		again     []told // and after the repeated call
	}{
		{"begin", "opened", nil, []told{{"run", false, []string{"1", "2"}}}},
		{"begin", "streaming", nil, []told{{"run", false, []string{"1", "2"}}}},
		{"begin", "filled", nil, []told{{"run", false, []string{"1", "2"}}}},
		{"begin", "synced", nil, []told{{"run", false, []string{"1", "2"}}}},
		{"begin", "placed", []told{{"run", false, []string{"1", "2"}}}, []told{{"run", false, []string{"1", "2"}}}},
		{"mark", "opened", []told{{"run", false, []string{"1"}}}, []told{{"run", true, []string{"1"}}}},
		{"mark", "filled", []told{{"run", false, []string{"1"}}}, []told{{"run", true, []string{"1"}}}},
		{"mark", "synced", []told{{"run", false, []string{"1"}}}, []told{{"run", true, []string{"1"}}}},
		{"mark", "placed", []told{{"run", true, []string{"1"}}}, []told{{"run", true, []string{"1"}}}},
		{"expire", "dropped.entry", nil, nil},
		{"expire", "dropped.committed", nil, nil},
	} {
		t.Run(c.do+" at "+c.point, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "ledger")
			l := open(t, dir)
			if c.do != "begin" {
				begin(t, l, header("run", 8), "1")
			}
			if c.do == "expire" {
				if err := l.Committed(t.Context(), named("run"), mark(9)); err != nil {
					t.Fatal(err)
				}
			}
			child{dir, operator.Recipient().String(), c.do, c.point}.kill(t)
			got, problems := read(t, l, time.Time{})
			if diff := cmp.Diff(c.after, got); diff != "" || len(problems) > 0 {
				t.Errorf("after the kill (-want +got), problems %v:\n%s", problems, diff)
			}
			var err error
			now := noon
			switch c.do {
			case "expire":
				now = mark(9).Until.AddDate(0, 0, 1)
			case "begin":
				err = l.Begin(t.Context(), header("run", 8), subjects("1", "2"))
			case "mark":
				err = l.Committed(t.Context(), named("run"), mark(9))
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, err := l.Expire(now); err != nil {
				t.Fatal(err)
			}
			got, problems = read(t, l, time.Time{})
			if diff := cmp.Diff(c.again, got); diff != "" || len(problems) > 0 {
				t.Errorf("done again (-want +got), problems %v:\n%s", problems, diff)
			}
			// A day later half-written files are removed, and the marks of removed entries.
			if _, err := l.Expire(time.Now().AddDate(0, 0, 2)); err != nil {
				t.Fatal(err)
			}
			for _, f := range files(t, dir, "") {
				if filepath.Base(f)[0] == '.' {
					t.Error("a file that was half written is there")
				}
			}
			if n := len(files(t, dir, ".committed")); c.do == "expire" && n > 0 {
				t.Error("a mark without an entry is there")
			}
		})
	}
}

package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/internal/sample"
)

// listener calls back with each written text.
type listener func(text string)

func (l listener) Write(b []byte) (int, error) {
	l(string(b))
	return len(b), nil
}

// Two switches pause a run of another process: one in the database, and a file.
func TestAPausedRunWaitsAndGoesOn(t *testing.T) {
	url, _ := shopOnPostgres(t)
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	for name, content := range map[string][]byte{"shop.yaml": sample.Policy(), "pause": nil} {
		if err := os.WriteFile(file(name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	must := func(args ...string) string {
		t.Helper()
		code, out, errs := call(t.Context(), append(args, "--db", url)...)
		if code != 0 {
			t.Errorf("%s: exit code %d: %s", args[0], code, errs)
		}
		return out
	}
	must("keygen", "-o", file("k"))
	must("plan", "--policy", file("shop.yaml"), "--subjects", "-o", file("plan.json"))
	if out := must("pause", "--run", "case-3"); !strings.HasPrefix(out, "run case-3 is paused: ") {
		t.Errorf("pause says %s", out)
	}

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // a run that waits for ever is to fail here
	defer cancel()
	var out bytes.Buffer
	var told []string
	code := start(ctx, []string{
		"expunge", "run", "--db", url, "--plan", file("plan.json"), "--run", "case-3", "--subject", "5", "--key", file("k.key.pem"), "-o", file("receipt.json"),
		"--pause-file", file("pause"), "--max-lag", "1h", "--max-sessions", "10000", "--max-commit-latency", "1h", "--max-rate", "100000",
	}, &out, listener(func(text string) {
		switch {
		case strings.Contains(text, "waiting: paused (resume"):
			told = append(told, "by the database")
			if out := must("repair"); !strings.Contains(out, "a process is carrying it out: ") || !strings.Contains(out, "; it is paused until expunge resume") {
				t.Errorf("repair says %s", out)
			}
			must("resume", "--run", "case-3")
			if err := os.Remove(file("pause")); err != nil && len(told) == 1 {
				t.Error(err)
			}
		case strings.Contains(text, "waiting: "):
			t.Errorf("it says %s", text)
		case strings.Contains(text, "goes on after"):
			told = append(told, "on")
		}
	}))
	if code != done || !strings.Contains(out.String(), "run case-3 is finished") {
		t.Errorf("exit code %d: %s", code, out.String())
	}
	if diff := cmp.Diff([]string{"by the database", "on"}, told); diff != "" {
		t.Error(diff)
	}
	if out := must("resume", "--run", "case-3", "--json"); !strings.Contains(out, `"paused": false`) {
		t.Errorf("resume says %s", out)
	}
}

func TestProgressTellsWhyARunWaits(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var out bytes.Buffer
	p := newProgress(&out)
	for _, e := range []erase.Event{
		{Kind: erase.EventBegan, At: at},
		{Kind: erase.EventThrottled, At: at.Add(time.Second), Reason: "replication lag 7s (at most 5s)"},
		{Kind: erase.EventThrottled, At: at.Add(2 * time.Second), Reason: "replication lag 8s (at most 5s)", Took: time.Second}, // too soon for another line
		{Kind: erase.EventThrottled, At: at.Add(7 * time.Second), Reason: "replication lag 6s (at most 5s)", Took: 6 * time.Second},
		{Kind: erase.EventReleased, At: at.Add(9 * time.Second), Took: 8 * time.Second},
		{Kind: erase.EventThrottled, At: at.Add(10 * time.Second), Reason: "30 sessions at work (at most 20)"},
		{Kind: erase.EventReleased, At: at.Add(11 * time.Second), Took: 1040 * time.Millisecond},
	} {
		e.RunID = "r"
		p.event(e)
	}
	p.end()
	want := `run r: waiting: replication lag 7s (at most 5s)
run r: waiting for 6s: replication lag 6s (at most 5s)
run r: goes on after 8s
run r: waiting: 30 sessions at work (at most 20)
run r: goes on after 1s
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

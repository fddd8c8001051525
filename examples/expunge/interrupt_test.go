package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/internal/testdb"
)

// call runs the command line within this process.
func call(ctx context.Context, args ...string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	code = start(ctx, append([]string{"expunge"}, args...), &out, &err)
	return code, out.String(), err.String()
}

// A stopped run says how to continue it, and continues.
func TestAStoppedRunIsContinued(t *testing.T) {
	url, pool := shopOnPostgres(t)
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(file("shop.yaml"), sample.Policy(), 0o600); err != nil {
		t.Fatal(err)
	}
	must := func(args ...string) string {
		t.Helper()
		code, out, errs := call(t.Context(), append(args, "--db", url)...)
		if code != 0 {
			t.Fatalf("%s: exit code %d: %s", args[0], code, errs)
		}
		return out
	}
	must("keygen", "-o", file("k"))
	must("plan", "--policy", file("shop.yaml"), "--subjects", "-o", file("plan.json"))
	run := []string{
		"run", "--db", url, "--plan", file("plan.json"), "--run", "case-9", "--subject", "5", "--subject", "6",
		"--key", file("k.key.pem"), "-o", file("receipt.json"),
	}

	// Another transaction locks the customer's row, so that the run waits for it.
	tx, err := pool.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(t.Context(), "SELECT 1 FROM customer WHERE customer_id = 5 FOR UPDATE"); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	type result struct {
		code         int
		text, errors string
	}
	ended := make(chan result)
	go func() {
		code, out, errs := call(ctx, run...)
		ended <- result{code, out, errs}
	}()
	waitForRun(t, pool)
	stop()
	// Whether the batch gives up or finishes first, it leaves nothing half done.
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	r := <-ended
	if r.code != failed || !strings.Contains(r.errors, "to continue, give the same command with --run case-9") {
		t.Fatalf("exit code %d: %s%s", r.code, r.text, r.errors)
	}
	if _, err := os.Stat(file("receipt.json")); err == nil {
		t.Error("an unfinished run has a receipt")
	}

	var found struct {
		Unfinished []struct {
			Run     string
			Running bool
		}
	}
	if err := json.Unmarshal([]byte(must("repair", "--json")), &found); err != nil {
		t.Fatal(err)
	}
	if len(found.Unfinished) != 1 || found.Unfinished[0].Run != "case-9" || found.Unfinished[0].Running {
		t.Errorf("repair found %+v", found.Unfinished)
	}
	if out := must("repair"); !strings.Contains(out, "to continue it, run its plan for the same subjects with --run case-9") {
		t.Errorf("repair says %s", out)
	}

	// The key of its row commitments was on the disk before the first batch; without it the run
	// can't be continued.
	if _, err := os.Stat(file("receipt.key")); err != nil {
		t.Error(err)
	}
	if code, _, errs := call(t.Context(), append(run, "--no-commitments")...); code != unacceptable || !strings.Contains(errs, "give the same commitment key") {
		t.Errorf("continued without its key: exit code %d: %s", code, errs)
	}
	if err := os.Remove(file("receipt.leaves")); err != nil {
		t.Error(err)
	}
	code, out, errs := call(t.Context(), run...)
	if !strings.Contains(errs, "receipt.leaves wasn't there") {
		t.Errorf("nothing is said of leaves that are gone: %s", errs)
	}
	if code != done || !strings.Contains(out, "run case-9 is finished") || !strings.Contains(errs, "run case-9 is continued") {
		t.Errorf("continued: exit code %d: %s%s", code, out, errs)
	}
	if out := must("repair"); !strings.Contains(out, "no run is unfinished") {
		t.Errorf("repair says %s", out)
	}
}

func TestAVerbThatIsStoppedFails(t *testing.T) {
	url, _ := shopOnPostgres(t)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	code, _, errs := call(ctx, "inspect", "--db", url)
	if code != failed || errs == "" {
		t.Errorf("exit code %d: %s", code, errs)
	}
}

// waitForRun waits until the journal has a run.
func waitForRun(t *testing.T, pool *sql.DB) {
	t.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		var n int
		if err := pool.QueryRowContext(t.Context(), "SELECT count(*) FROM expunge.run").Scan(&n); err == nil && n > 0 {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("the run doesn't begin")
		}
	}
}

func shopOnPostgres(t *testing.T) (string, *sql.DB) {
	t.Helper()
	url := testdb.Postgres(t).URL
	pool, err := connect(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := pool.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := (sample.Shop{}).Load(t.Context(), sample.Postgres, pool); err != nil {
		t.Fatal(err)
	}
	return url, pool
}

package plan_test

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	_ "modernc.org/sqlite"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/sqlite"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/plan"
	"github.com/expungedb/expunge/plan/policy"
)

// openShop makes the sample shop's tables, without rows, and reads its policy.
func openShop(t testing.TB) (dialect.DB, *policy.Policy) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "shop.db")+"?_pragma=foreign_keys(1)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	for _, s := range sample.Schema(sample.SQLite) {
		if _, err := db.Exec(s); err != nil {
			t.Fatal(err)
		}
	}
	rules, err := policy.Parse(bytes.NewReader(sample.Policy()))
	if err != nil {
		t.Fatal(err)
	}
	return sqlite.New(db), rules
}

func TestPlansOfTheSampleShop(t *testing.T) {
	db, policy := openShop(t)
	for _, scope := range []plan.Scope{plan.ScopeSubjects, plan.ScopeEverything, plan.ScopeExpired} {
		p, err := plan.Build(t.Context(), db, policy, scope)
		if err != nil {
			t.Errorf("%s: %v", scope, err)
			continue
		}
		data, err := p.Encode()
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "shop-"+string(scope)+".json", data)
		golden(t, "shop-"+string(scope)+".txt", []byte(p.String()))
		golden(t, "shop-"+string(scope)+".mmd", []byte(p.Mermaid()))
		again, err := plan.Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		p.Untried = nil // it depends on the moment, and is in no file
		if d := cmp.Diff(p, again); d != "" {
			t.Errorf("%s: decoded (-built +decoded):\n%s", scope, d)
		}
	}
}

var update = flag.Bool("update", false, "write the golden files")

// golden compares with a file of testdata/plans, written by -update.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", "plans", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s (-want +got), if it is meant: go test ./plan -run Sample -update\n%s", name, d)
	}
}

// A reviewer reads the policy's words in a plan.
func TestStrategiesReadAsInAPolicy(t *testing.T) {
	for spec, want := range map[string]string{
		`"random"`:                             "random",
		`"null"`:                               "null",
		`{"fake":"first-name"}`:                "fake: first-name",
		`{"fixed":"it's: so"}`:                 `fixed: "it's: so"`,
		`{"noise":0.1}`:                        "noise: 0.1",
		`{"pick":["a","b"]}`:                   "pick: [a, b]",
		`{"mask":{"first":1,"last":4}}`:        "{mask: {first: 1, last: 4}}",
		`{"fake":"name","consistent":true}`:    "{consistent: true, fake: name}",
		`{"random":null,"when":"n > 1"}`:       `{random: null, when: "n > 1"}`,
		`{"pseudonym":null,"consistent":"g1"}`: "{consistent: g1, pseudonym: null}",
	} {
		var s anonymise.Spec
		if err := json.Unmarshal([]byte(spec), &s); err != nil {
			t.Fatal(err)
		}
		p := plan.Plan{Roots: []plan.Root{{Steps: []plan.Step{{Set: []plan.Assignment{{Column: "c", Strategy: s, Way: plan.ThroughClient}}}}}}}
		if got := p.String(); !strings.Contains(got, "  "+want+", through the client\n") {
			t.Errorf("%s, which should be shown as %s:\n%s", spec, want, got)
		}
	}
}

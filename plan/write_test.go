package plan

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
)

// rewritten checks that a policy, written and read again, is the same policy.
func rewritten(t interface {
	Helper()
	Fatalf(string, ...any)
}, p *Policy) {
	t.Helper()
	text, err := p.YAML()
	if err != nil {
		t.Fatalf("write: %v", err)
	}
	again, err := ParsePolicy(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("read: %v\n%s", err, text)
	}
	if diff := cmp.Diff(p, again, withoutPositions, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("policy (-written +read):\n%s\n%s", diff, text)
	}
	if p.Digest() != again.Digest() {
		t.Fatalf("the digest has changed\n%s", text)
	}
}

func TestPolicyIsWrittenAsItIsRead(t *testing.T) {
	for _, file := range policyFiles(t, "good") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			rewritten(t, policyFile(t, filepath.Join("good", filepath.Base(file))))
		})
	}
}

func TestPolicyWithAnyNamesIsWrittenAsItIsRead(t *testing.T) {
	name := rapid.OneOf(
		rapid.StringMatching(`[a-z_]{1,12}`),
		rapid.SampledFrom([]string{"null", "true", "~", "No", "1", "1.5", "-", "- a", "a: b", "a #b", "{a}", "[a", "a,b", "&a", "*a", "!a", "|", ">", "%a", "@a",
			"`a`", `"`, `a"b`, `\`, `\n`, "'", " a", "a ", "a\tb", "a\nb", "\u0001", "a\u0085b", "a\u2028b", "\ufeff", "é", "表", "👤", "2030-12-31", "6y", "0x1f", "<<", "=", "?", "..."}),
		rapid.String().Filter(func(s string) bool { return strings.TrimSpace(s) != "" }),
	)
	names := rapid.SliceOfNDistinct(name, 1, 3, rapid.ID[string])
	value := rapid.OneOf(
		rapid.Map(rapid.Float64(), func(f float64) any { return f + 0 }),
		rapid.Map(rapid.Int64Range(-1<<53, 1<<53), func(n int64) any { return float64(n) }),
		rapid.Map(rapid.String(), func(s string) any { return s }),
		rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		rapid.Map(names, func(keys []string) any {
			m := map[string]any{}
			for _, k := range keys {
				m[k] = []any{k, nil, 1.5, map[string]any{}}
			}
			return m
		}),
	)
	rapid.Check(t, func(t *rapid.T) {
		p := &Policy{Version: 1, Database: name.Draw(t, "database"), Controller: name.Draw(t, "controller"),
			Subject: PolicySubject{Table: name.Draw(t, "subject"), Key: names.Draw(t, "key"), Identifiers: names.Draw(t, "identifiers")}}
		for _, table := range names.Draw(t, "tables") {
			rule := PolicyTable{Name: table, Erase: EraseKeep, Via: []PolicyVia{{Columns: names.Draw(t, "via"), Erase: EraseDetach}}}
			rule.Hold = &Hold{Because: name.Draw(t, "because"), Keep: names.Draw(t, "keep"), Until: &Until{Column: name.Draw(t, "until"), Period: Period{Months: 18}}}
			for _, column := range names.Draw(t, "columns") {
				spec := anonymise.Spec{Name: "fixed", Params: value.Draw(t, "params")}
				rule.Columns = append(rule.Columns, PolicyColumn{Name: column, PII: "other", Overwrite: &spec})
			}
			p.Tables = append(p.Tables, rule)
		}
		columns := names.Draw(t, "link")
		p.Links = []PolicyLink{{Table: name.Draw(t, "from"), Columns: columns, RefTable: name.Draw(t, "to"), RefColumns: columns, Where: "a = ':#''\"'"}}
		p.Owns = []PolicyOwns{{Table: name.Draw(t, "owner"), Columns: columns, RefTable: name.Draw(t, "owned")}}
		rewritten(t, p)
	})
}

func TestPolicyThatCannotBeWritten(t *testing.T) {
	p := &Policy{Version: 1, Tables: []PolicyTable{{Name: "t", Columns: []PolicyColumn{{Name: "c", PII: "name", Overwrite: &anonymise.Spec{}}}}}}
	if _, err := p.YAML(); err == nil || !strings.Contains(err.Error(), "column c") {
		t.Errorf("error %v, want one that names the column", err)
	}
}

func draftSchema() *dialect.Schema {
	return &dialect.Schema{Default: "public", Tables: []*dialect.Table{
		{Name: dialect.Name{Schema: "public", Table: "Customer"}, Columns: []*dialect.Column{{Name: "id"}, {Name: "E-Mail: work"}, {Name: "null"}}},
		{Name: dialect.Name{Schema: "public", Table: "empty"}},
		{Name: dialect.Name{Schema: "sales", Table: "order"}, Columns: []*dialect.Column{{Name: "id"}}},
	}}
}

func TestDraftListsEverythingAsUndecided(t *testing.T) {
	text, err := Draft(draftSchema()).YAML()
	if err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "policies", "draft.yaml")
	if *update {
		if err := os.WriteFile(golden, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(text)); diff != "" {
		t.Errorf("draft (-want +got):\n%s", diff)
	}
}

func TestDraftFailsClosed(t *testing.T) {
	text, err := Draft(draftSchema()).YAML()
	if err != nil {
		t.Fatal(err)
	}
	_, err = ParsePolicy(bytes.NewReader(text))
	var problems *PolicyError
	if !errors.As(err, &problems) {
		t.Fatalf("error %v, want a *PolicyError", err)
	}
	// The database, the subject, a table without columns, and four columns.
	if len(problems.Problems) != 7 {
		t.Errorf("%d problems, want 7: %v", len(problems.Problems), err)
	}
	for _, p := range problems.Problems {
		if !strings.HasPrefix(p.Reason, "decide: ") {
			t.Errorf("problem %s, want one that says what to decide", p)
		}
	}
	decided := strings.ReplaceAll(string(text), "undecided", "none")
	parse(t, decided)
}

func FuzzParsePolicy(f *testing.F) {
	for _, kind := range []string{"good", "bad"} {
		for _, file := range policyFiles(f, kind) {
			text, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := ParsePolicy(bytes.NewReader(text))
		if err != nil {
			var problems *PolicyError
			if !errors.As(err, &problems) || len(problems.Problems) == 0 {
				t.Fatalf("error %v, want a *PolicyError", err)
			}
			return
		}
		rewritten(t, p)
	})
}

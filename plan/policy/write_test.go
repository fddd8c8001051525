package policy

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
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
	again, err := Parse(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("read: %v\n%s", err, text)
	}
	if diff := cmp.Diff(p.Canonical(), again.Canonical(), withoutPositions, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("policy (-written +read):\n%s\n%s", diff, text)
	}
	if p.Digest() != again.Digest() {
		t.Fatalf("the digest has changed\n%s", text)
	}
}

func TestPolicyIsWrittenAsItIsRead(t *testing.T) {
	for _, file := range policyFiles(t, "good") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			rewritten(t, samplePolicy(t, filepath.Join("good", filepath.Base(file))))
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
			Subject: Subject{Table: name.Draw(t, "subject"), Key: names.Draw(t, "key"), Identifiers: names.Draw(t, "identifiers")}}
		for _, table := range names.Draw(t, "tables") {
			rule := Table{Name: table, Erase: EraseKeep, Via: []Via{{Columns: names.Draw(t, "via"), Erase: EraseDetach}}}
			rule.Hold = &Hold{Because: name.Draw(t, "because"), Keep: names.Draw(t, "keep"), Until: &Until{Column: name.Draw(t, "until"), Period: Period{Months: 18}}}
			for _, column := range names.Draw(t, "columns") {
				spec := anonymise.Spec{Name: "fixed", Params: value.Draw(t, "params")}
				rule.Columns = append(rule.Columns, Column{Name: column, PII: "other", Overwrite: &spec})
			}
			p.Tables = append(p.Tables, rule)
		}
		columns := names.Draw(t, "link")
		p.Links = []Link{{Table: name.Draw(t, "from"), Columns: columns, RefTable: name.Draw(t, "to"), RefColumns: columns, Where: "a = ':#''\"'"}}
		p.Owns = []Owns{{Table: name.Draw(t, "owner"), Columns: columns, RefTable: name.Draw(t, "owned")}}
		rewritten(t, p)
	})
}

func TestPolicyThatCannotBeWritten(t *testing.T) {
	p := &Policy{Version: 1, Tables: []Table{{Name: "t", Columns: []Column{{Name: "c", PII: "name", Overwrite: &anonymise.Spec{}}}}}}
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
	_, err = Parse(bytes.NewReader(text))
	var problems *Error
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
		p, err := Parse(bytes.NewReader(text))
		if err != nil {
			var problems *Error
			if !errors.As(err, &problems) || len(problems.Problems) == 0 {
				t.Fatalf("error %v, want a *PolicyError", err)
			}
			return
		}
		rewritten(t, p)
	})
}

// A policy's text is read strictly, and written again as it was.
func TestLookupInAFile(t *testing.T) {
	const head = "version: 1\ndatabase: d\ntables:\n  tenant: {columns: {id: none}}\nretention:\n"
	for text, problem := range map[string]string{
		"  - {table: s, by: seen, older_than: {table: tenant, column: days, key: tenant_id}, erase: delete}": "",
		"  - {table: s, by: seen, older_than: {table: tenant, column: days}, erase: delete}":                 "6:26: a period that is looked up needs key",
		"  - {table: s, by: seen, older_than: {table: tenant, colum: days, key: k}, erase: delete}":          "6:54: unknown key colum: did you mean column?",
		"  - {table: s, by: seen, older_than: [90d], erase: delete}":                                         "6:38: older_than is a list, but must be text",
	} {
		p, err := Parse(strings.NewReader(head + text + "\n"))
		if problem != "" {
			if err == nil || !strings.Contains(err.Error(), problem) {
				t.Errorf("%s: error %v, want %s", text, err, problem)
			}
			if validate(t, compiledSchema(t), []byte(head+text+"\n")) == nil {
				t.Errorf("the schema takes %s", text)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(t, compiledSchema(t), []byte(head+text+"\n")); err != nil {
			t.Error(err)
		}
		written, err := p.YAML()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(strings.NewReader(string(written)))
		if err != nil {
			t.Fatalf("%v\n%s", err, written)
		}
		if again.Digest() != p.Digest() {
			t.Errorf("written it is another policy:\n%s", written)
		}
		other := *p
		other.Retention = slices.Clone(p.Retention)
		other.Retention[0].Lookup = &Lookup{"tenant", "weeks", "tenant_id"}
		if other.Digest() == p.Digest() {
			t.Error("another column has the same digest")
		}
	}
}

func TestAReasonIsWrittenAndReadBack(t *testing.T) {
	text := "version: 1\ndatabase: test\ntables:\n  staff:\n    erase: delete\n    unlinked: 'employees: HR''s'\n    columns:\n      email: {pii: contact}\n"
	p, err := Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	written, err := p.YAML()
	if err != nil {
		t.Fatal(err)
	}
	again, err := Parse(bytes.NewReader(written))
	if err != nil {
		t.Fatalf("%v\n%s", err, written)
	}
	if got := again.Tables[0].Unlinked; got != "employees: HR's" || again.Digest() != p.Digest() {
		t.Errorf("read back as %q, from\n%s", got, written)
	}
}

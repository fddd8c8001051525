package policy

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/expungedb/expunge/anonymise"
)

var update = flag.Bool("update", false, "write the golden files")

var withoutPositions = cmpopts.IgnoreTypes(Pos{})

func parse(t *testing.T, text string) *Policy {
	t.Helper()
	p, err := Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func samplePolicy(t *testing.T, name string) *Policy {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "policies", name))
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, string(text))
}

func policyFiles(t testing.TB, kind string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "policies", kind, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no %s policies: %v", kind, err)
	}
	return files
}

func spec(name string, params any) *anonymise.Spec {
	return &anonymise.Spec{Name: name, Params: params}
}

func TestPolicyOfTheDesign(t *testing.T) {
	want := &Policy{
		Version:    1,
		Database:   "shop",
		Controller: "Example Shop Ltd",
		Subject: Subject{
			Table: "customer", Key: []string{"customer_id"}, Identifiers: []string{"email", "phone"}, Pos: Pos{4, 1},
		},
		Tables: []Table{
			{Name: "customer", Pos: Pos{9, 3}, Erase: EraseDelete, Columns: []Column{
				{Name: "email", PII: "contact", Overwrite: spec("fake", "email"), Pos: Pos{12, 7}},
				{Name: "first_name", PII: "name", Overwrite: spec("fake", "first-name"), Pos: Pos{13, 7}},
				{Name: "notes", PII: "free-text", Overwrite: spec("null", nil), Pos: Pos{14, 7}},
				{Name: "created_at", PII: "none", Pos: Pos{15, 7}},
			}},
			{Name: "invoice", Pos: Pos{16, 3}, Erase: EraseOverwrite,
				Hold: &Hold{
					Because: "VAT records", Basis: "Art. 17(3)(b)", Until: &Until{Column: "invoice_date", Period: Period{Years: 6}},
					Keep: []string{"total", "invoice_date"}, Pos: Pos{18, 5},
				},
				Columns: []Column{{Name: "billing_address", PII: "address", Overwrite: spec("random", nil), Pos: Pos{19, 15}}},
			},
			{Name: "message", Pos: Pos{20, 3}, Via: []Via{
				{Columns: []string{"sender_id"}, Erase: EraseDelete, Pos: Pos{21, 11}},
				{Columns: []string{"recipient_id"}, Erase: EraseDetach, Pos: Pos{21, 30}},
			}},
			{Name: "web_session", Pos: Pos{22, 3}, Erase: EraseDelete, Everything: EraseDelete},
			{Name: "genre", Pos: Pos{23, 3}, PII: "none"},
		},
		Links: []Link{{
			Table: "audit_log", Columns: []string{"entity_id"}, RefTable: "customer", RefColumns: []string{"customer_id"},
			Where: "entity_type = 'customer'", Pos: Pos{25, 5},
		}},
		Owns:       []Owns{{Table: "customer", Columns: []string{"address_id"}, RefTable: "address", Pos: Pos{27, 5}}},
		Retention:  []Retention{{Table: "web_session", By: "last_seen", OlderThan: Period{Days: 90}, Erase: EraseDelete, Pos: Pos{29, 5}}},
		Backups:    []Backup{{Name: "nightly", Kept: Period{Days: 14}}, {Name: "offsite weekly", Kept: Period{Days: 180}}},
		Replicas:   []Replica{{Name: "dr-site"}},
		Recipients: []Recipient{{Name: "mail provider", Category: "processor"}},
		Due:        &Due{Within: Period{Months: 1}, Extension: Period{Months: 2}},
	}
	if diff := cmp.Diff(want, samplePolicy(t, "good/shop.yaml")); diff != "" {
		t.Errorf("policy (-want +got):\n%s", diff)
	}
}

func TestPolicyWithAwkwardNamesAndEveryKey(t *testing.T) {
	want := &Policy{
		Version: 1, Database: "2024", Controller: `It's: a "shop"`, Processor: "Host GmbH",
		Subject: Subject{Table: "sales.Mixed Case", Key: []string{"tenant_id", "customer, id"}},
		Tables: []Table{
			{Name: "sales.Mixed Case", Erase: EraseDelete, Columns: []Column{
				{Name: "null", PII: "none"},
				{Name: "true", PII: "none"},
				{Name: "1", PII: "identifier", Overwrite: &anonymise.Spec{
					Name: "pseudonym", Params: map[string]any{"domain": "c.example"},
					Modifiers: anonymise.Modifiers{Consistent: true, Group: "customer"},
				}},
				{Name: "überName", PII: "name", Overwrite: &anonymise.Spec{
					Name: "fake", Params: "name", Modifiers: anonymise.Modifiers{Locale: "de", FillNull: true},
				}},
				{Name: "a.b", PII: "other", Overwrite: spec("null", nil)},
				{Name: "empty", PII: "other", Overwrite: spec("null", nil)},
				{Name: "seen", PII: "online", Overwrite: spec("pick", map[string]any{"from": []any{-30.0, 30.0}})},
				{Name: "rate", PII: "financial", Overwrite: spec("fixed", 1.5)},
				{Name: "flag", PII: "health", Overwrite: spec("fixed", true)},
				{Name: "blank", PII: "free-text", Overwrite: spec("fixed", "")},
				{Name: "lines", PII: "free-text", Overwrite: spec("fixed", "first\nsecond\n")},
			}},
			{Name: "orders", Erase: EraseKeep,
				Via: []Via{
					{Columns: []string{"tenant_id", "customer_id"}, Erase: EraseKeep},
					{Columns: []string{"customer, id", "tenant_id"}, Erase: EraseOverwrite},
					{Columns: []string{"Ship To"}, Erase: EraseDetach},
				},
				Hold: &Hold{Because: "litigation", Until: &Until{Date: "2030-12-31"}, Where: "status = 'open; or -- not' AND (kind = 'a')"},
			},
			{Name: "ledger", Hold: &Hold{
				Because: "accounts", Until: &Until{Column: "Booked On", Period: Period{Years: 1, Months: 6}}, Keep: []string{"amount"},
			}},
			{Name: "claims", Hold: &Hold{Because: "claims", Until: &Until{Column: "settled_on"}}},
			{Name: "country", PII: "none", Because: "list of states"},
		},
		Links: []Link{
			{Table: "Mixed Case.a.b", Columns: []string{`x "y"`}, RefTable: "sales.customer"},
			{Table: "audit", Columns: []string{"tenant_id", "id"}, RefTable: "orders", RefColumns: []string{"tenant_id", "order_id"},
				Where: "kind = 'o' AND (deleted_at IS NULL)"},
			{Table: "plain$1", Columns: []string{"a_b"}, RefTable: "été", RefColumns: []string{"ключ"}},
		},
		Owns:      []Owns{{Table: "customer", Columns: []string{"tenant", "home_id"}, RefTable: "address", RefColumns: []string{"tenant", "id"}}},
		Retention: []Retention{{Table: "web_session", By: "last_seen", OlderThan: Period{Days: 14, Hours: 12}, Erase: EraseOverwrite}},
		Backups:   []Backup{{Name: "nightly", Kept: Period{Days: 14}}},
		Due:       &Due{Within: Period{Months: 1}},
	}
	if diff := cmp.Diff(want, samplePolicy(t, "good/awkward.yaml"), withoutPositions); diff != "" {
		t.Errorf("policy (-want +got):\n%s", diff)
	}
}

// A column without `overwrite:` isn't overwritten; null is a strategy.
func TestOverwriteNullIsNotAnAbsentOverwrite(t *testing.T) {
	p := parse(t, "version: 1\ndatabase: d\nsubject: {table: t}\ntables: {t: {columns: {a: {pii: name}, b: {pii: name, overwrite: null}}}}\n")
	if o := p.Tables[0].Column("a").Overwrite; o != nil {
		t.Errorf("column without overwrite has %v", o)
	}
	if o := p.Tables[0].Column("b").Overwrite; o == nil || o.Name != "null" {
		t.Errorf("overwrite: null gave %v", o)
	}
}

// Each file of bad holds a policy with the mistake in its name, beside it the whole error. Problems
// are in the file's order, all at once.
func TestPolicyErrors(t *testing.T) {
	for _, file := range policyFiles(t, "bad") {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, err = Parse(bytes.NewReader(text))
			var problems *Error
			if !errors.As(err, &problems) {
				t.Fatalf("error %v, want a *PolicyError", err)
			}
			golden := strings.TrimSuffix(file, ".yaml") + ".err"
			if *update {
				if err := os.WriteFile(golden, []byte(err.Error()+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), problems.Error()+"\n"); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPolicyThatIsNoText(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"empty", "", "policy: the file is empty"},
		{"only space", " \n\n", "policy: the file is empty"},
		{"only comments", "# nothing\n", "policy: 1:1: the file has no policy in it, only comments"},
		{"not UTF-8", "version: \xff", "policy: the file is not UTF-8 text"},
		{"binary", "version: \x00", "policy: the file holds a zero byte"},
		{"too large", strings.Repeat("# more\n", maxPolicyBytes/7+1), "policy: the file is too large: a policy has at most 4 MiB"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := Parse(strings.NewReader(tt.text)); err == nil || err.Error() != tt.want {
				t.Errorf("error %v, want %s", err, tt.want)
			}
		})
	}
}

func TestPolicyThatCannotBeRead(t *testing.T) {
	if _, err := Parse(iotest.ErrReader(io.ErrUnexpectedEOF)); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("error %v, want the reader's", err)
	}
}

// Files made to be expensive are refused before the YAML parser follows them.
func TestHostileNestingIsHarmless(t *testing.T) {
	bomb := "a: &a [x, x]\n"
	for c := 'b'; c <= 'z'; c++ {
		bomb += string(c) + ": &" + string(c) + " [*" + string(c-1) + ", *" + string(c-1) + "]\n"
	}
	for _, tt := range []struct{ name, text, want string }{
		{"alias bomb", bomb, "anchor or alias"},
		{"flow lists", strings.Repeat("[", 1<<20), "nested deeper"},
		{"flow mappings", strings.Repeat("{a: ", 1<<18), "nested deeper"},
		{"lists in one line", strings.Repeat("- ", 1<<19), "nested deeper"},
		{"block mappings", nestedMappings(500), "nested deeper"},
		{"keys", strings.Repeat("a: b\n", 1<<19), "lines in one block"},
		{"tags", strings.Repeat("!!str ", 1<<16), "a tag"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := Parse(strings.NewReader(tt.text)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error does not say %q", tt.want)
			}
		})
	}
}

// A real database is far from the limits.
func TestLargePolicyIsRead(t *testing.T) {
	var b strings.Builder
	b.WriteString("version: 1\ndatabase: d\ntables:\n")
	for table := range 500 {
		fmt.Fprintf(&b, "  t%d:\n    erase: delete\n    columns:\n", table)
		for column := range 20 {
			fmt.Fprintf(&b, "      c%d: {pii: contact, overwrite: {fake: email}}\n", column)
		}
		b.WriteString("      last:\n        pii: other\n        overwrite:\n          mask:\n            first: 1\n")
	}
	if p := parse(t, b.String()); len(p.Tables) != 500 || len(p.Tables[499].Columns) != 21 {
		t.Error("tables or columns are missing")
	}
}

func nestedMappings(depth int) string {
	var b strings.Builder
	for i := range depth {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

func TestProblemsWithoutAPlaceComeLast(t *testing.T) {
	err := NewError([]Problem{
		{Table: "b", Reason: "second"}, {Table: "a", Reason: "first"},
		{Pos: Pos{10, 2}, Reason: "late"}, {Pos: Pos{9, 12}, Table: "c", Reason: "early"},
	})
	want := "policy: 4 problems:\n  9:12: table c: early\n  10:2: late\n  table a: first\n  table b: second"
	if err.Error() != want {
		t.Errorf("error %q, want %q", err, want)
	}
}

// TestAsText stands beside the strategy, or in it as a modifier.
func TestAsText(t *testing.T) {
	parse := func(column string) (*Policy, error) {
		return Parse(strings.NewReader("version: 1\ndatabase: d\ntables: {t: {columns: {c: " + column + "}}}"))
	}
	digests := map[string]bool{}
	for _, column := range []string{"{pii: name, overwrite: random, as: text}", "{pii: name, overwrite: {random: , as: text}}"} {
		p, err := parse(column)
		if err != nil {
			t.Fatal(err)
		}
		if as := p.Tables[0].Columns[0].Overwrite.Modifiers.As; as != "text" {
			t.Errorf("%s is read as %q", column, as)
		}
		text, err := p.YAML()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(bytes.NewReader(text))
		if err != nil || again.Digest() != p.Digest() {
			t.Errorf("%s doesn't come back from what is written: %v", column, err)
		}
		digests[p.Digest()] = true
	}
	if len(digests) != 1 {
		t.Error("one meaning has several digests")
	}
	for column, problem := range map[string]string{
		"{pii: name, overwrite: random, as: bytes}":  "it is text",
		"{pii: name, overwrite: {random: , as: 1}}":  "as: text",
		"{pii: name, overwrite: {keep: , as: text}}": "no effect with keep",
		"{pii: name, overwrite: keep, as: text}":     "no effect with keep",
		"{pii: name, as: text}":                      "needs an overwrite",
		"{pii: name, overwrite: random, as: }":       "as",
	} {
		if _, err := parse(column); err == nil || !strings.Contains(err.Error(), problem) {
			t.Errorf("%s: error %v, want %q", column, err, problem)
		}
	}
}

// TestOtherwise stands beside the strategy, or in it as a modifier.
func TestOtherwise(t *testing.T) {
	parse := func(column string) (*Policy, error) {
		return Parse(strings.NewReader("version: 1\ndatabase: d\ntables: {t: {columns: {c: " + column + "}}}"))
	}
	for _, word := range []string{"null", "default", "random"} {
		var texts []string
		for _, column := range []string{
			"{pii: birth, overwrite: {generalise: month}, otherwise: " + word + "}", "{pii: birth, overwrite: {generalise: month, otherwise: " + word + "}}",
			"{pii: birth, overwrite: {generalise: month}, otherwise: \"" + word + "\"}",
		} {
			p, err := parse(column)
			if err != nil {
				t.Fatal(err)
			}
			if got := p.Tables[0].Columns[0].Overwrite.Modifiers.Otherwise; got != word {
				t.Errorf("%s is read as %q", column, got)
			}
			text, err := p.YAML()
			if err != nil {
				t.Fatal(err)
			}
			again, err := Parse(bytes.NewReader(text))
			if err != nil || again.Digest() != p.Digest() {
				t.Errorf("%s doesn't come back from what is written: %v", column, err)
			}
			texts = append(texts, p.Digest())
		}
		if texts[0] != texts[1] || texts[0] != texts[2] {
			t.Errorf("%s: one meaning has several digests", word)
		}
	}
	for column, problem := range map[string]string{
		"{pii: birth, overwrite: {generalise: month}, otherwise: keep}":                    "it is null, default or random",
		"{pii: birth, overwrite: {generalise: month, otherwise: keep}}":                    "null, default or random",
		"{pii: birth, otherwise: null}":                                                    "needs an overwrite",
		"{pii: birth, overwrite: {generalise: month, otherwise: null}, otherwise: random}": "two different values",
		"{pii: birth, overwrite: {generalise: month}, otherwise: }":                        "otherwise",
	} {
		if _, err := parse(column); err == nil || !strings.Contains(err.Error(), problem) {
			t.Errorf("%s: error %v, want %q", column, err, problem)
		}
	}
}

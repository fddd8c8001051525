package policy

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect"
)

// schemaOf is a schema by the names of its tables and columns: "sales.customer: id, email".
func schemaOf(usual string, tables ...string) *dialect.Schema {
	s := &dialect.Schema{Default: usual}
	for _, text := range tables {
		name, columns, _ := strings.Cut(text, ": ")
		t := &dialect.Table{Name: dialect.Name{Table: name}}
		if schema, table, ok := strings.Cut(name, "."); ok {
			t.Name = dialect.Name{Schema: schema, Table: table}
		}
		for c := range strings.SplitSeq(columns, ", ") {
			t.Columns = append(t.Columns, &dialect.Column{Name: c})
		}
		s.Tables = append(s.Tables, t)
	}
	return s
}

func TestDiff(t *testing.T) {
	s := schemaOf("", "customer: id, email, mobile", "genre: id, label", "invoice: id", "new note: id, \"select\"")
	p, err := Parse(strings.NewReader(`version: 1
database: test
tables:
  customer: {columns: {id: none, email: none, mobil: none, fax: none}}
  genre: {pii: none}
  invoices: {pii: none}
`))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range Diff(p, s) {
		got = append(got, c.String())
	}
	want := []string{
		"new column customer.mobile: under tables.customer.columns add\n      mobile: {pii: undecided}",
		"4:47: column gone customer.mobil: rename it to mobile, or remove it",
		"4:60: column gone customer.fax: remove it",
		"new table invoice: under tables add\n  invoice:\n    columns:\n      id: {pii: undecided}",
		"new table new note: under tables add\n  new note:\n    columns:\n      id: {pii: undecided}\n      \"\\\"select\\\"\": {pii: undecided}",
		"6:3: table gone invoices: rename it to invoice, or remove it",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestNothingChanged(t *testing.T) {
	s := schemaOf("public", "public.customer: id, email", "genre: id")
	if got := Diff(Draft(s), s); got != nil {
		t.Errorf("a draft differs from its schema: %v", got)
	}
}

// The lines of a diff make the policy complete, and undecided.
func TestTheLinesOfADiffAreWhatIsMissing(t *testing.T) {
	s := schemaOf("", "customer: id, email", "genre: id, label")
	text := "version: 1\ndatabase: test\ntables:\n  customer:\n    columns:\n      id: none\n"
	p, err := Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range Diff(p, s) {
		text += c.Lines
	}
	p, err = Parse(strings.NewReader(strings.ReplaceAll(text, PIIUndecided, PIINone)))
	if err != nil {
		t.Fatal(err)
	}
	if got := Diff(p, s); got != nil {
		t.Errorf("still missing: %v", got)
	}
}

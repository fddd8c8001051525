package plan

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/plan/policy"
)

// Problems hidden by another are reported with it: solving all takes one round.
func TestEveryProblemComesAtOnce(t *testing.T) {
	s := schemaOf(`customer: id, email text, phone text
		order: id, customer_id -> customer, note text?
		line: id, order_id -> order
		part: id, line_id -> line
		comment: id, body text?
		login: id, customer_email text?
		genre: id, label text`)
	text := `version: 1
database: test
subject: {table: customer, identifiers: [email]}
tables:
  customer: {none: [id], columns: {email: {pii: contact, overwrite: random}}}
  order: {none: [id, customer_id], columns: {note: {pii: undecided}}}
  line: {none: [id, order_id]}
  part: {pii: none}
  comment: {none: [id], columns: {body: {pii: free-text, overwrite: null}}}
  login: {none: [id], columns: {customer_email: {pii: contact, overwrite: null}}}
`
	p, err := policy.ParseDraft(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	err = Check(p, s, capabilities(able))
	refused(t, err,
		"table customer: column phone is not classified",
		"table customer: the subject's own row has no decision",
		"table order: decide: what is in column note?",
		"table order: no decision: the table refers to customer by (customer_id)",
		"table line: no decision: the table refers to order by (order_id)",
		"table part: no decision: the table is `pii: none`, but it refers to line by (line_id)",
		"table comment: it has personal columns (body), but no foreign key or link connects it to customer",
		"table login: it has personal columns (customer_email), but no foreign key or link connects it to customer: add `links: login(customer_email) -> customer(email)`",
		"table genre: the table is not in the policy")
	var found *policy.Error
	if !errors.As(err, &found) {
		t.Fatal(err)
	}
	lines := map[string][]string{}
	for _, problem := range found.Problems {
		lines[problem.Table] = append(lines[problem.Table], problem.Lines)
	}
	want := map[string][]string{
		"customer": {"      phone: {pii: undecided}\n", "    erase: delete"},
		"order":    {"    erase: delete", ""},
		"line":     {"    erase: delete"},
		"part":     {"  part: {pii: none, erase: delete}"},
		"comment":  {"    unlinked: …"},
		"login":    {"links:\n  - login(customer_email) -> customer(email)"},
		"genre":    {"  genre:\n    columns:\n      id: {pii: undecided}\n      label: {pii: undecided}\n"},
	}
	if d := cmp.Diff(want, lines); d != "" {
		t.Errorf("lines to add (-want +got):\n%s", d)
	}
	// Decided as proposed, the policy has no other problem.
	for _, r := range [][2]string{
		{"customer: {none: [id]", "customer: {erase: delete, none: [id, phone]"}, {"order: {none", "order: {erase: delete, none"}, {"pii: undecided", "pii: free-text, overwrite: null"},
		{"line: {none", "line: {erase: delete, none"}, {"part: {pii: none}", "part: {pii: none, erase: delete}"}, {"comment: {none", "comment: {unlinked: no names, none"},
		{"  login: {none", "  genre: {pii: none}\n  login: {erase: delete, none"},
	} {
		text = replaceOnce(t, text, r[0], r[1])
	}
	refused(t, strictly(t, s, text+"links:\n  - login(customer_email) -> customer(email)\n"))
}

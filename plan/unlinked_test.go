package plan

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/policy"
)

func TestATableThatNothingLeadsToIsAProblemOfScopeSubjects(t *testing.T) {
	const outside = ": add a link to the table its rows belong to, or `unlinked:` under tables."
	tests := []struct {
		name, schema, tables string
		want                 []string
	}{
		{
			"people who are known by their address only", "newsletter: id, email text", "newsletter: {erase: delete, columns: {id: none, email: {pii: contact, overwrite: random}}}",
			[]string{"table newsletter: `erase: delete`, but no foreign key or link connects it to customer: add `links: newsletter(email) -> customer(email)` if its rows belong there, or `unlinked:` under tables.newsletter with the reason"},
		},
		{
			"personal columns without a decision", "visitor: id, ip text", "visitor: {columns: {id: none, ip: {pii: online, overwrite: random}}}",
			[]string{"table visitor: it has personal columns (ip), but no foreign key or link connects it to customer" + outside + "visitor"},
		},
		{
			"a decision without personal columns", "mark: id", "mark: {erase: keep, columns: {id: none}}",
			[]string{"table mark: `erase: keep`, but no foreign key"},
		},
		{
			"a decision for a reference to a table outside", "team: id\nseat: id, team_id -> team", "team: {pii: none}\n  seat: {via: {team_id: delete}, columns: {id: none, team_id: none}}",
			[]string{"table seat: `via` decides about a subject's rows, but no foreign key"},
		},
		{
			"all of them at once, and what refers to them", "lead: id, customer_id, note text\nlead_call: id, lead_id -> lead, note text",
			"lead: {erase: delete, columns: {id: none, customer_id: none, note: {pii: free-text, overwrite: random}}}\n  lead_call: {erase: delete, columns: {id: none, lead_id: none, note: {pii: free-text, overwrite: random}}}",
			[]string{"table lead: `erase: delete`, but no foreign key or link connects it to customer: add `links: lead(customer_id) -> customer(id)`", "table lead_call: `erase: delete`, but no foreign key"},
		},
		{
			"what only the subject refers to", "address: id, street text\nperson: id, address_id -> address",
			"address: {erase: delete, columns: {id: none, street: {pii: address, overwrite: random}}}\n  person: {erase: delete, columns: {id: none, address_id: none}}\nlinks: [person(id) -> customer(id)]",
			[]string{"table address: `erase: delete`, but no foreign key or link connects it to customer: add `owns: person(address_id) -> address` if"},
		},
		{
			"what refers to rows that are detached", "post: id, author? -> customer\nreply: id, post_id -> post, body text",
			"post: {via: {author: detach}, columns: {id: none, author: none}}\n  reply: {erase: delete, columns: {id: none, post_id: none, body: {pii: free-text, overwrite: random}}}",
			[]string{"table reply: the table isn't reached, because the tables it refers to are detached or owned"},
		},
		{
			"a reason that isn't true", "note: id, customer_id -> customer, body text",
			"note: {erase: delete, unlinked: staff only, columns: {id: none, customer_id: none, body: {pii: free-text, overwrite: random}}}",
			[]string{"table note: `unlinked`, but the table is reached from customer: remove the line"},
		},
		{
			"a missing decision is reported once", "note: id, customer_id -> customer, body text\nscan: id, note_id -> note, body text",
			"note: {columns: {id: none, customer_id: none, body: {pii: free-text, overwrite: random}}}\n  scan: {erase: delete, columns: {id: none, note_id: none, body: {pii: free-text, overwrite: random}}}",
			[]string{"table note: no decision: the table refers to customer"},
		},
		{name: "nothing personal", schema: "genre: id, label text", tables: "genre: {columns: {id: none, label: none}}"},
		{name: "rows that are scanned for no person", schema: "genre: id", tables: "genre: {pii: none}"},
		{name: "a reason", schema: "staff: id, email text", tables: "staff: {unlinked: employees, columns: {id: none, email: {pii: contact, overwrite: random}}}"},
		{name: "a reason beside a decision", schema: "staff: id, email text", tables: "staff: {erase: delete, unlinked: employees, columns: {id: none, email: {pii: contact, overwrite: random}}}"},
		{
			name: "only a retention period", schema: "visitor: id, ip text, seen date",
			tables: "visitor: {columns: {id: none, ip: {pii: online, overwrite: random}, seen: none}}\nretention: [{table: visitor, by: seen, older_than: 30d, erase: delete}]",
		},
		{
			"a retention period beside a decision about subjects", "visitor: id, ip text, seen date",
			"visitor: {erase: delete, columns: {id: none, ip: {pii: online, overwrite: random}, seen: none}}\nretention: [{table: visitor, by: seen, older_than: 30d, erase: delete}]",
			[]string{"table visitor: `erase: delete`, but no foreign key or link connects it to customer"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := schemaOf("customer: id, email text\n" + test.schema)
			text := "version: 1\ndatabase: test\nsubject: {table: customer, identifiers: [email]}\ntables:\n  customer: {erase: delete, columns: {id: none, email: {pii: contact, overwrite: random}}}\n  " + test.tables
			refused(t, strictly(t, s, text), test.want...)
			p, err := policy.Parse(strings.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			_, err = FromSchema(s, capabilities(able), p, ScopeSubjects)
			refused(t, err, test.want...)
			if _, err := FromSchema(s, capabilities(able), p, ScopeEverything); err != nil {
				t.Errorf("scope everything walks each table by itself, and is refused: %v", err)
			}
		})
	}
}

func TestAPlanSaysWhatItLeavesOut(t *testing.T) {
	s := schemaOf("app.customer: id, email text\napp.staff: id, email text\nlog.visitor: id, ip text, seen date", func(s *dialect.Schema) { s.Default = "app" })
	p := policyOf(t, s, "customer", "tables:\n  "+personalCustomer+`
  staff: {unlinked: "employees; HR erases them", columns: {id: none, email: {pii: contact}}}
  visitor: {columns: {id: none, ip: {pii: online}, seen: none}}
retention: [{table: visitor, by: seen, older_than: 30d, erase: delete}]`)
	built := mustBuild(t, s, p, ScopeSubjects)
	want := []Unlinked{
		{dialect.Name{Schema: "app", Table: "staff"}, "employees; HR erases them"},
		{dialect.Name{Schema: "log", Table: "visitor"}, "a retention period applies to its rows"},
	}
	if diff := cmp.Diff(want, built.Unlinked); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, line := range []string{"Not searched for a subject's rows:", "  staff: employees; HR erases them", "  log.visitor: a retention period applies to its rows"} {
		if !slices.Contains(strings.Split(built.String(), "\n"), line) {
			t.Errorf("the text has no line %q\n%s", line, built)
		}
	}
	data, err := built.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(data, []byte(`"reason": "employees; HR erases them"`)) {
		t.Errorf("the reason isn't in the JSON\n%s", data)
	}
	p.Tables[slices.IndexFunc(p.Tables, func(r policy.Table) bool { return r.Name == "staff" })].Unlinked = "another reason"
	if again := mustBuild(t, s, p, ScopeSubjects); again.Digest() == built.Digest() {
		t.Error("another reason has the same digest")
	}
}

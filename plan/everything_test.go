package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestEverything is scope everything: each table by itself.
func TestEverything(t *testing.T) {
	tests := []struct {
		name, schema, policy string
		want                 string
		problem              string
	}{
		{
			name:   "every personal column is overwritten",
			schema: "customer: id, email text\ngenre: id",
			policy: "tables: {customer: {columns: {email: {pii: contact, overwrite: random}}}}",
			want:   "overwrite customer: email",
		},
		{
			name:    "a personal column without a rule is refused",
			schema:  "customer: id, email text",
			policy:  "tables: {customer: {columns: {email: {pii: contact}}}}",
			problem: "table customer: column email is personal (contact) and has no `overwrite:`, but scope everything overwrites every row",
		},
		{
			name:   "overwrite: keep is a rule",
			schema: "customer: id, email text, name text",
			policy: "tables: {customer: {columns: {email: {pii: contact, overwrite: keep}, name: {pii: name, overwrite: random}}}}",
			want:   "overwrite customer: name",
		},
		{
			name:   "rows are deleted where the policy says so, children first",
			schema: "customer: id, email text\nsession: id, customer_id -> customer\nview: id, session_id -> session",
			policy: "tables:\n  customer: {columns: {email: {pii: contact, overwrite: random}}}\n  session: {everything: delete, columns: {id: none}}\n  view: {everything: delete, columns: {id: none}}",
			want:   "delete view\ndelete session\noverwrite customer: email",
		},
		{
			name:   "what stays lets go before",
			schema: "session: id\nview: id, session_id? -> session, url text",
			policy: "tables:\n  session: {everything: delete, columns: {id: none}}\n  view: {columns: {url: {pii: online, overwrite: random}}}",
			want:   "detach view(session_id) staying\ndelete session\noverwrite view: url",
		},
		{
			name:    "or it can't be done",
			schema:  "session: id\nview: id, session_id -> session",
			policy:  "tables:\n  session: {everything: delete, columns: {id: none}}",
			problem: "table session: `everything: delete`, but view refers to it by (session_id) and keeps its rows, and column session_id is NOT NULL: delete the rows of both tables, or of neither",
		},
		{
			name:   "circles are opened",
			schema: "a: id, b_id? -> b\nb: id, a_id -> a, parent? -> b",
			policy: "tables:\n  a: {everything: delete, columns: {id: none}}\n  b: {everything: delete, columns: {id: none}}",
			want:   "detach a(b_id) going\ndetach b(parent) going\ndelete b\ndelete a",
		},
		{
			name:    "by a nullable reference in each",
			schema:  "a: id, b_id? -> b\nb: id, a_id -> a, parent -> b",
			policy:  "tables:\n  a: {everything: delete, columns: {id: none}}\n  b: {everything: delete, columns: {id: none}}",
			problem: "can't break a foreign key cycle without a nullable column, because not all rows are deleted in one transaction",
		},
		{
			name:    "a reference isn't replaced by anything but NULL",
			schema:  "customer: id, email text\nlog: id, customer_id? -> customer",
			policy:  "tables: {log: {columns: {customer_id: {pii: identifier, overwrite: random}}}}",
			problem: "table log: column customer_id can't be overwritten: it refers to customer by log_customer_id: use null",
		},
		{
			name:   "nor is a link",
			schema: "customer: id, email text\nlog: id, entity?",
			policy: "tables: {log: {columns: {entity: {pii: identifier, overwrite: null}}}}\nlinks: [log(entity) -> customer]",
			want:   "overwrite log: entity",
		},
		{
			name:    "nothing to do is a mistake",
			schema:  "genre: id",
			policy:  "tables: {genre: {pii: none}}",
			problem: "scope everything has nothing to do: no column has an `overwrite:`, and no table `everything: delete`",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := schemaOf(test.schema)
			p, err := FromSchema(s, capabilities(able), policyOf(t, s, "", test.policy), ScopeEverything)
			if test.problem != "" {
				refused(t, err, test.problem)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(lines(test.want), stepsOf(p)); d != "" {
				t.Errorf("steps (-want +got):\n%s", d)
			}
			for _, r := range p.Roots {
				if len(r.Tables) != 1 || len(r.Steps) != 1 {
					t.Errorf("root %s isn't one table with one step", r.Table)
				}
			}
		})
	}
}

// TestExpired is scope expired: a root for each retention period.
func TestExpired(t *testing.T) {
	const schema = "customer: id, email text, seen date\nsession: id, customer_id -> customer, seen date\nview: id, session_id -> session"
	tests := []struct {
		name, policy, want, problem string
	}{
		{
			name:   "with its closure",
			policy: "session: {erase: delete, columns: {id: none}}\n  view: {erase: delete, columns: {id: none}}\nretention: [{table: session, by: seen, older_than: 90d, erase: delete}]",
			want:   "delete view\ndelete session",
		},
		{
			name:   "several, each by itself",
			policy: "session: {erase: delete, columns: {id: none}}\n  view: {erase: delete, columns: {id: none}}\nretention:\n  - {table: session, by: seen, older_than: 90d, erase: delete}\n  - {table: customer, by: seen, older_than: 10y, erase: overwrite}",
			want:   "delete view\ndelete session\noverwrite customer: email\ndelete view\ndelete session",
		},
		{name: "none at all", policy: "session: {columns: {id: none}}", problem: "the policy has no retention period and no hold with an end: add a period under retention"},
		{
			name:    "by a column that is no time",
			policy:  "session: {erase: delete, columns: {id: none}}\n  view: {erase: delete, columns: {id: none}}\nretention: [{table: session, by: id, older_than: 90d, erase: delete}]",
			problem: "table session: retention.by: column id is a integer: use a date or a timestamp",
		},
		{
			name:    "an undecided child",
			policy:  "session: {columns: {id: none}}\n  view: {columns: {id: none}}\nretention: [{table: session, by: seen, older_than: 90d, erase: delete}]",
			problem: "table view: no decision: the table refers to session by (session_id), so it may hold a subject's rows: add `erase: delete`, `overwrite` or `keep` under tables.view, or `via: {session_id: …}`",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := schemaOf(schema)
			p, err := FromSchema(s, capabilities(able), policyOf(t, s, "", "tables:\n  customer: {columns: {email: {pii: contact, overwrite: random}}}\n  "+test.policy), ScopeExpired)
			if test.problem != "" {
				refused(t, err, test.problem)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]int{}
			for _, l := range stepsOf(p) {
				got[l]++
			}
			want := map[string]int{}
			for _, l := range lines(test.want) {
				want[l]++
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("steps (-want +got):\n%s", d)
			}
			for _, r := range p.Roots {
				if r.Older == nil || r.Older.Column != "seen" {
					t.Errorf("root %s is of rows older than %+v", r.Table, r.Older)
				}
			}
		})
	}
}

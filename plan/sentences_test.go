package plan

import (
	"strings"
	"testing"

	"github.com/expungedb/expunge/dialect"
)

// A plan's text about a step is true of every row of the step.
func TestThePlansTextSaysWhichRowsAStepIsAbout(t *testing.T) {
	const (
		shop = "session: id, ip text\nnote: id, entity?, kind text, body text"
		pair = "a: id, b_id? -> b\nb: id, a_id -> a"
	)
	for _, c := range []struct {
		name, schema, policy string
		scope                Scope
		want, never          []string
	}{
		{
			name: "a row that stays is in no cycle, and a detach overwrites nothing but the reference", schema: shop, scope: ScopeEverything,
			policy: "tables:\n  session: {everything: delete, columns: {ip: {pii: online, overwrite: random}}}\n  note: {columns: {id: none}}\n" +
				"links: [\"note(entity) -> session(id) where kind = 'session'\"]",
			want: []string{
				"detach  note(entity)  note: in every row where kind = 'session', since every row of session is deleted",
				"OVERWRITES_EVERYTHING  note: (entity) is set NULL in every row where kind = 'session'",
			},
			never: []string{"cycle", "overwritten"},
		},
		{
			name: "a detach among deleted rows breaks a cycle", schema: pair, scope: ScopeEverything,
			policy: "tables:\n  a: {everything: delete, columns: {id: none}}\n  b: {everything: delete, columns: {id: none}}",
			want:   []string{"detach  a(b_id)  a: among deleted rows, to break a cycle"},
			never:  []string{"every row is overwritten"},
		},
		{
			name: "a conditional strategy overwrites some rows", schema: shop, scope: ScopeEverything,
			policy: "tables:\n  note: {columns: {body: {pii: other, overwrite: {random: {}, when: \"kind = 'order'\"}}}}",
			want:   []string{"note: rows are overwritten where kind = 'order'"},
			never:  []string{"every row is overwritten"},
		},
		{
			name: "one column of every row is enough for every row", schema: shop, scope: ScopeEverything,
			policy: "tables:\n  note: {columns: {body: {pii: other, overwrite: {random: {}, when: \"kind = 'order'\"}}, kind: {pii: other, overwrite: random}}}",
			want:   []string{"note: every row is overwritten"},
			never:  []string{"where kind"},
		},
		{
			name: "what follows an overwritten key isn't every row", schema: "customer: id, email text\nletter: id, email text? -> customer.email", scope: ScopeEverything,
			policy: "tables:\n  customer: {columns: {email: {pii: contact, overwrite: {fake: email}}}}\n  letter: {columns: {email: {pii: contact, overwrite: {fake: email}}}}",
			want:   []string{"letter: (email) is overwritten in every row that refers to an overwritten one"},
		},
		{
			name: "a staying row of a subject lets go", scope: ScopeSubjects,
			schema: "customer: id, email text\norder: id, customer_id -> customer\nnote: id, customer_id -> customer, order_id? -> order",
			policy: "tables:\n  customer: {erase: overwrite, columns: {email: {pii: contact, overwrite: {fake: email}}}}\n  order: {erase: delete, columns: {id: none}}\n  note: {erase: keep, columns: {id: none}}",
			want:   []string{"in remaining rows that refer to a deleted one"},
			never:  []string{"cycle"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := schemaOf(c.schema, func(s *dialect.Schema) {
				if strings.Contains(c.schema, "customer.email") {
					unique("customer", "email")(s)
					s.Table(nameOf("letter")).ForeignKeys[0].OnUpdate = dialect.Cascade
				}
			})
			subject := ""
			if c.scope == ScopeSubjects {
				subject = "customer"
			}
			text := mustBuild(t, s, policyOf(t, s, subject, c.policy), c.scope).String()
			for _, want := range c.want {
				if !strings.Contains(text, want) {
					t.Errorf("nothing says %q:\n%s", want, text)
				}
			}
			for _, never := range c.never {
				if strings.Contains(text, never) {
					t.Errorf("something says %q:\n%s", never, text)
				}
			}
		})
	}
}

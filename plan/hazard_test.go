package plan

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect"
)

// TestHazards has each hazard appear when it should, and only then.
func TestHazards(t *testing.T) {
	const schema = "customer: id, email text\nnote: id, customer_id -> customer, body text"
	const policy = "tables:\n  customer: {erase: overwrite, columns: {email: {pii: contact, overwrite: random}}}\n  note: {erase: delete, columns: {body: {pii: free-text, overwrite: random}}}"
	note := func(change func(t *dialect.Table)) func(*dialect.Schema) { return with("note", change) }
	trigger := func(tr dialect.Trigger) func(*dialect.Schema) {
		return note(func(t *dialect.Table) { t.Triggers = append(t.Triggers, &tr) })
	}
	view := func(v dialect.View) func(*dialect.Schema) {
		return func(s *dialect.Schema) { s.Views = append(s.Views, &v) }
	}
	tests := []struct {
		name   string
		change []func(*dialect.Schema)
		scope  Scope
		policy string
		want   []string
	}{
		{name: "none"},
		{name: "scope everything", scope: ScopeEverything, want: []string{"OVERWRITES_EVERYTHING customer", "OVERWRITES_EVERYTHING note"}},
		{
			name: "scope everything that deletes", scope: ScopeEverything,
			policy: "tables:\n  customer: {columns: {email: {pii: contact, overwrite: random}}}\n  note: {everything: delete, columns: {id: none}}",
			want:   []string{"DELETES_EVERYTHING note", "OVERWRITES_EVERYTHING customer"},
		},
		{
			name:   "rows without a key that have to be addressed",
			change: []func(*dialect.Schema){note(func(t *dialect.Table) { t.PrimaryKey, t.Indexes, t.Address = nil, t.Indexes[1:], "ctid" })},
			policy: "tables:\n  customer: {erase: overwrite, columns: {email: {pii: contact, overwrite: random}}}\n  note: {erase: overwrite, columns: {body: {pii: free-text, overwrite: random}}}",
			want:   []string{"NO_PRIMARY_KEY note"},
		},
		{name: "rows without a key that needn't", change: []func(*dialect.Schema){note(func(t *dialect.Table) { t.PrimaryKey, t.Indexes, t.Address = nil, t.Indexes[1:], "ctid" })}},
		{name: "a storage engine without transactions", change: []func(*dialect.Schema){note(func(t *dialect.Table) { t.NoTransactions = true })}, want: []string{"NO_TRANSACTIONS note"}},
		{name: "a trigger on delete", change: []func(*dialect.Schema){trigger(dialect.Trigger{Name: "tr", Timing: "after", OnDelete: true})}, want: []string{"TRIGGERS_FIRE note"}},
		{name: "a trigger on update, of rows that are deleted", change: []func(*dialect.Schema){trigger(dialect.Trigger{Name: "tr", Timing: "after", OnUpdate: true})}},
		{name: "triggers that may not be seen", change: []func(*dialect.Schema){note(func(t *dialect.Table) { t.TriggersUnseen = true })}, want: []string{"TRIGGERS_FIRE note"}},
		{name: "a disabled trigger", change: []func(*dialect.Schema){trigger(dialect.Trigger{Name: "tr", Timing: "after", OnDelete: true, Disabled: true})}},
		{
			name:   "pitfall 17: an audit trigger keeps the old values",
			change: []func(*dialect.Schema){trigger(dialect.Trigger{Name: "audit", Timing: "after", OnDelete: true, Writes: []dialect.Name{{Table: "customer"}}})},
			want:   []string{"HISTORY_KEPT note", "TRIGGERS_FIRE note"},
		},
		{name: "pitfall 17: a temporal table", change: []func(*dialect.Schema){note(func(t *dialect.Table) { t.History = &dialect.Name{Table: "note_history"} })}, want: []string{"HISTORY_KEPT note"}},
		{name: "a reference without an index", change: []func(*dialect.Schema){note(func(t *dialect.Table) { t.Indexes = t.Indexes[:1] })}, want: []string{"UNINDEXED_LINK note"}},
		{name: "a partial index serves none", change: []func(*dialect.Schema){note(func(t *dialect.Table) { t.Indexes[1].Where = "body IS NOT NULL" })}, want: []string{"UNINDEXED_LINK note"}},
		{
			name:   "a personal key",
			policy: "tables:\n  customer: {erase: overwrite, columns: {id: {pii: identifier, overwrite: keep}, email: {pii: contact, overwrite: random}}}\n  note: {erase: delete, columns: {body: none}}",
			want:   []string{"PERSONAL_KEY customer"},
		},
		{
			name:   "pitfall 7: a lossy strategy in a composite unique index",
			change: []func(*dialect.Schema){unique("customer", "email", "id")},
			policy: "tables:\n  customer: {erase: overwrite, columns: {email: {pii: contact, overwrite: {fixed: x}}}}\n  note: {erase: delete, columns: {body: none}}",
			want:   []string{"UNIQUENESS_NOT_PROVEN customer"},
		},
		{
			name:   "pitfall 7: NULLs are equal in a composite unique index",
			change: []func(*dialect.Schema){unique("customer", "email", "id"), nullsEqual("customer")},
			policy: "tables:\n  customer: {erase: overwrite, columns: {email: {pii: contact, overwrite: null}}}\n  note: {erase: delete, columns: {body: none}}",
			want:   []string{"UNIQUENESS_NOT_PROVEN customer"},
		},
		{name: "a strategy that keeps a unique column unique", change: []func(*dialect.Schema){unique("customer", "email")}},
		{name: "a materialised view", change: []func(*dialect.Schema){view(dialect.View{Name: nameOf("copy"), Materialized: true, Reads: []dialect.Name{{Table: "note"}}})}, want: []string{"COPIES_ELSEWHERE note"}},
		{
			name: "a materialised view of a view",
			change: []func(*dialect.Schema){
				view(dialect.View{Name: nameOf("notes"), Reads: []dialect.Name{{Table: "note"}}}),
				view(dialect.View{Name: nameOf("copy"), Materialized: true, Reads: []dialect.Name{{Table: "notes"}}}),
			},
			want: []string{"COPIES_ELSEWHERE note"},
		},
		{name: "a view", change: []func(*dialect.Schema){view(dialect.View{Name: nameOf("notes"), Reads: []dialect.Name{{Table: "note"}}})}},
		{
			name: "a publication of the table",
			change: []func(*dialect.Schema){func(s *dialect.Schema) {
				s.Publications = []dialect.Publication{{Name: "feed", Tables: []dialect.Name{{Table: "note"}}}}
			}},
			want: []string{"COPIES_ELSEWHERE note"},
		},
		{
			name:   "a publication of all tables",
			change: []func(*dialect.Schema){func(s *dialect.Schema) { s.Publications = []dialect.Publication{{Name: "feed"}} }},
			want:   []string{"COPIES_ELSEWHERE customer", "COPIES_ELSEWHERE note"},
		},
		{
			name:   "a large object that a personal column names",
			change: []func(*dialect.Schema){note(largeObjects("oid"))},
			policy: "tables:\n  customer: {erase: delete, columns: {email: {pii: contact, overwrite: {fixed: x}}}}\n  note: {erase: delete, columns: {body: none, scan: {pii: other, overwrite: null}}}",
			want:   []string{"COPIES_ELSEWHERE note"},
		},
		{
			name:   "a large object of the extension's type",
			change: []func(*dialect.Schema){note(largeObjects("public.lo"))},
			policy: "tables:\n  customer: {erase: delete, columns: {email: {pii: contact, overwrite: {fixed: x}}}}\n  note: {erase: overwrite, columns: {body: none, scan: {pii: other, overwrite: null}}}",
			want:   []string{"COPIES_ELSEWHERE note"},
		},
		{
			name:   "a number of an object in a column that isn't personal",
			change: []func(*dialect.Schema){note(largeObjects("oid"))},
			policy: "tables:\n  customer: {erase: delete, columns: {email: {pii: contact, overwrite: {fixed: x}}}}\n  note: {erase: delete, columns: {body: none, scan: none}}",
		},
		{name: "pitfall 23: partitions are their parent's", change: []func(*dialect.Schema){note(func(t *dialect.Table) { t.Partitions = []dialect.Name{{Table: "note_2025"}} })}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := schemaOf(schema, test.change...)
			text := policy
			if test.policy != "" {
				text = test.policy
			}
			scope := Subjects()
			if test.scope != "" {
				scope = test.scope
			}
			p := mustBuild(t, s, policyOf(t, s, "customer", text), scope)
			var got []string
			for _, h := range p.Hazards {
				got = append(got, string(h.Name)+" "+h.Table.String())
			}
			if d := cmp.Diff(test.want, slices.Compact(got)); d != "" {
				t.Errorf("hazards (-want +got):\n%s", d)
			}
		})
	}
}

// nullsEqual has NULLs conflict in the table's unique indexes, and its email nullable.
func nullsEqual(table string) func(*dialect.Schema) {
	return with(table, func(t *dialect.Table) {
		t.Column("email").Nullable = true
		for _, ix := range t.Indexes {
			ix.NullsEqual = ix.Unique && !ix.Primary
		}
	})
}

func TestPitfall7NullInAUniqueIndex(t *testing.T) {
	policy := "tables: {customer: {erase: overwrite, columns: {email: {pii: contact, overwrite: null}}}}"
	build := func(change ...func(*dialect.Schema)) error {
		s := schemaOf("customer: id, email text?", change...)
		_, err := FromSchema(s, capabilities(able), policyOf(t, s, "customer", policy), Subjects())
		return err
	}
	refused(t, build(unique("customer", "email")))
	refused(t, build(unique("customer", "email"), nullsEqual("customer")),
		"table customer: column email can't be overwritten with null: NULLs are equal in the unique index uq_email")
}

func TestARefusedRowIsNamed(t *testing.T) {
	s := schemaOf("customer: id, email text\nledger: id, customer_id? -> customer", with("ledger", func(t *dialect.Table) { t.Unerasable = "it is a ledger table" }))
	for via, want := range map[string]string{
		"delete": "table ledger: the engine doesn't erase its rows: it is a ledger table",
		"detach": "table ledger: the engine doesn't change its rows: it is a ledger table",
	} {
		_, err := FromSchema(s, capabilities(able), policyOf(t, s, "customer", "tables:\n  "+personalCustomer+"\n  ledger: {via: {customer_id: "+via+"}, columns: {id: none}}"), Subjects())
		refused(t, err, want)
	}
}

func TestWhatCantBeRolledBackIsFoundToTheEnd(t *testing.T) {
	policy := "tables:\n  " + personalCustomer + "\n  note: {erase: overwrite, columns: {body: {pii: free-text, overwrite: null}}}\nlinks: [note(about) -> customer(id)]"
	for _, c := range []struct {
		transactions bool
		want         []string
	}{
		{true, []string{"detach note(about) staying", "overwrite note: body", "delete customer"}},
		{false, []string{"overwrite note: body", "delete customer", "detach note(about) staying"}},
	} {
		s := schemaOf("customer: id, email text\nnote: id, about?, body text?", with("note", func(t *dialect.Table) { t.NoTransactions = !c.transactions }))
		p := mustBuild(t, s, policyOf(t, s, "customer", policy), Subjects())
		if d := cmp.Diff(c.want, stepsOf(p)); d != "" {
			t.Errorf("with transactions: %t (-want +got):\n%s", c.transactions, d)
		}
	}
}

func largeObjects(kind string) func(*dialect.Table) {
	return func(t *dialect.Table) {
		t.Columns = append(t.Columns, &dialect.Column{Name: "scan", Kind: dialect.Int, Type: kind, Nullable: true})
	}
}

package plan

import (
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
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
		{name: "rows without a key that no step has to address", change: []func(*dialect.Schema){note(func(t *dialect.Table) { t.PrimaryKey, t.Indexes, t.Address = nil, t.Indexes[1:], "ctid" })}},
		{name: "a storage engine without transactions", change: []func(*dialect.Schema){note(func(t *dialect.Table) { t.NoTransactions = true })}, want: []string{"NO_TRANSACTIONS note"}},
		{name: "a trigger on delete", change: []func(*dialect.Schema){trigger(dialect.Trigger{Name: "tr", Timing: "after", OnDelete: true})}, want: []string{"TRIGGERS_FIRE note"}},
		{name: "a trigger on update, of rows that are deleted", change: []func(*dialect.Schema){trigger(dialect.Trigger{Name: "tr", Timing: "after", OnUpdate: true})}},
		{name: "triggers that may not be seen", change: []func(*dialect.Schema){note(func(t *dialect.Table) { t.TriggersUnseen = true })}, want: []string{"TRIGGERS_FIRE note"}},
		{name: "foreign keys that may not be seen", change: []func(*dialect.Schema){note(func(t *dialect.Table) { t.ReferencesUnseen = true })}, want: []string{"UNSEEN_REFERENCES note"}},
		{name: "foreign keys that may not be seen, to rows that stay with their keys", scope: ScopeEverything, change: []func(*dialect.Schema){note(func(t *dialect.Table) { t.ReferencesUnseen = true })}, want: []string{"OVERWRITES_EVERYTHING customer", "OVERWRITES_EVERYTHING note"}},
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
			scope := ScopeSubjects
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
		_, err := FromSchema(s, capabilities(able), policyOf(t, s, "customer", policy), ScopeSubjects)
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
		_, err := FromSchema(s, capabilities(able), policyOf(t, s, "customer", "tables:\n  "+personalCustomer+"\n  ledger: {via: {customer_id: "+via+"}, columns: {id: none}}"), ScopeSubjects)
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
		p := mustBuild(t, s, policyOf(t, s, "customer", policy), ScopeSubjects)
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

// Columns fixed by a link's condition are the beginning of an index, if the condition fixes them
// for certain.
func TestAnIndexServesALinkWhoseConditionFixesItsFirstColumns(t *testing.T) {
	const log = "audit_log(entity_id) -> users(id) where "
	for _, c := range []struct {
		name, where string
		index       []string
		served      bool
	}{
		{"an equality", "entity = 'user'", []string{"entity", "entity_id"}, true},
		{"an equality with a number", "kind = 3", []string{"kind", "entity_id"}, true},
		{"two equalities", "entity = 'user' AND kind=3", []string{"kind", "entity", "entity_id"}, true},
		{"one more than the index has", "entity = 'user' and kind = 3", []string{"entity", "entity_id"}, true},
		{"no index", "entity = 'user'", []string{"body"}, false},
		{"another column between", "entity = 'user'", []string{"entity", "body", "entity_id"}, false},
		{"another column first", "entity = 'user'", []string{"body", "entity", "entity_id"}, false},
		{"the condition's column alone", "entity = 'user'", []string{"entity"}, false},
		{"a choice", "entity = 'user' OR kind = 3", []string{"entity", "entity_id"}, false},
		{"not equal", "entity <> 'user'", []string{"entity", "entity_id"}, false},
		{"a text for a number, which each engine converts in its own way", "kind = '3'", []string{"kind", "entity_id"}, false},
		{"a number for a text", "entity = 3", []string{"entity", "entity_id"}, false},
		{"a function", "lower(entity) = 'user'", []string{"entity", "entity_id"}, false},
		{"another column's value", "entity = body", []string{"entity", "entity_id"}, false},
		{"something beside the equality", "entity = 'user' AND (1 = 1 OR kind = 3)", []string{"entity", "entity_id"}, false},
		{"an AND within a text", "entity = 'a AND kind = 3'", []string{"kind", "entity_id"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := schemaOf("users: id, email text\naudit_log: id, entity text, kind, entity_id, body text", with("audit_log", func(t *dialect.Table) {
				t.Indexes = append(t.Indexes, index("ix", false, c.index...))
			}))
			policy := policyOf(t, s, "users", "tables:\n  users: {erase: delete, columns: {email: {pii: contact, overwrite: random}}}\n"+
				"  audit_log: {erase: delete, columns: {body: {pii: free-text, overwrite: random}}}\nlinks: [\""+log+c.where+"\"]")
			p := mustBuild(t, s, policy, ScopeSubjects)
			if got := !hazard(p, UnindexedLink, "audit_log"); got != c.served {
				t.Errorf("served by the index %v: %v, want %v", c.index, got, c.served)
			}
			if w := planned(t, p, "audit_log").Reach[0]; w.ScanOnce == c.served {
				t.Errorf("the link is looked through once: %v", w.ScanOnce)
			}
		})
	}
}

func TestAHazardIsAllowedForOneTable(t *testing.T) {
	p := &Plan{Default: "public"}
	h := Hazard{UnindexedLink, dialect.Name{Schema: "public", Table: "audit_log"}, "a reason"}
	for name, want := range map[HazardName]bool{
		"UNINDEXED_LINK": true, "UNINDEXED_LINK:audit_log": true, "UNINDEXED_LINK:public.audit_log": true,
		"UNINDEXED_LINK:": false, "UNINDEXED_LINK:audit": false, "UNINDEXED_LINK:other.audit_log": false, "NO_PRIMARY_KEY": false, "NO_PRIMARY_KEY:audit_log": false,
	} {
		if got := p.Allows([]HazardName{"TRIGGERS_FIRE", name}, h); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// The text has hazards new since the approved plan first, and each reason once.
func TestHazardsAreGroupedAndNewOnesComeFirst(t *testing.T) {
	table := func(n string) dialect.Name { return dialect.Name{Table: n} }
	approved := &Plan{Hazards: []Hazard{{TriggersFire, table("a"), "why"}, {TriggersFire, table("b"), "why"}}}
	p := &Plan{Hazards: []Hazard{{NoPrimaryKey, table("c"), "new"}, {TriggersFire, table("a"), "why"}, {TriggersFire, table("b"), "why"}}}
	for name, c := range map[string]struct{ got, want string }{
		"alone": {p.String(), "\nHazards, each to be allowed by name:\n  --allow NO_PRIMARY_KEY  c: new\n  --allow TRIGGERS_FIRE  a, b: why\n"},
		"since": {p.TextSince(approved), "\nNew hazards since the approved plan, each to be allowed by name:\n  --allow NO_PRIMARY_KEY  c: new\n" +
			"\nHazards, each to be allowed by name:\n  --allow TRIGGERS_FIRE  a, b: why\n"},
		"nothing new": {p.TextSince(p), "\nNo new hazards since the approved plan\n\nHazards, each"},
	} {
		if !strings.Contains(c.got, c.want) {
			t.Errorf("%s: nothing says\n%s\nin\n%s", name, c.want, c.got)
		}
	}
}

// Scope everything has no subjects to share a row.
func TestScopeEverythingDoesNotAskForSharedRows(t *testing.T) {
	s := schemaOf("customer: id, email text\nmessage: id, sender -> customer, recipient -> customer, body text")
	policy := policyOf(t, s, "customer", "tables:\n  customer: {erase: delete, columns: {email: {pii: contact, overwrite: random}}}\n"+
		"  message: {erase: delete, columns: {body: {pii: free-text, overwrite: random}}}")
	for scope, want := range map[Scope]bool{ScopeSubjects: true, ScopeEverything: false} {
		if got := hazard(mustBuild(t, s, policy, scope), SharedRow, "message"); got != want {
			t.Errorf("%s: %v", scope, got)
		}
	}
}

func TestNamesThatAllowNothingAreRefused(t *testing.T) {
	log := dialect.Name{Schema: "public", Table: "audit_log"}
	p := &Plan{Default: "public", Hazards: []Hazard{{UnindexedLink, log, "a reason"}, {TriggersFire, log, "a reason"}, {TriggersFire, log, "another"}},
		Roots: []Root{{Table: log, Suspends: []Suspension{{Index: "ix", Hazard: SuspendsIndexes}}}}}
	for name, want := range map[HazardName]string{
		"UNINDEXED_LINK": "", "UNINDEXED_LINK:audit_log": "", "UNINDEXED_LINK:public.audit_log": "", "NO_PRIMARY_KEY": "", "SUSPENDS_INDEXES": "", "SUSPENDS_INDEXES:audit_log": "",
		"UNINDEXD_LINK":                 "no such hazard: UNINDEXD_LINK: the hazards are OVERWRITES_EVERYTHING, DELETES_EVERYTHING, NO_PRIMARY_KEY",
		"UNINDEXD_LINK:audit_log":       "no such hazard: UNINDEXD_LINK: the hazards are",
		"UNINDEXED_LINK:auditlog":       "no such hazard: UNINDEXED_LINK of auditlog: the plan has UNINDEXED_LINK:audit_log, TRIGGERS_FIRE:audit_log, SUSPENDS_INDEXES:audit_log",
		"UNINDEXED_LINK:":               `no such hazard: UNINDEXED_LINK of "": the plan has UNINDEXED_LINK:audit_log`,
		"NO_PRIMARY_KEY:audit_log":      "no such hazard: NO_PRIMARY_KEY of audit_log: the plan has",
		"SUSPENDS_UNIQUENESS:audit_log": "no such hazard: SUSPENDS_UNIQUENESS of audit_log",
		"":                              `no such hazard: "": the hazards are`,
	} {
		err := p.CheckAllowed([]HazardName{"TRIGGERS_FIRE", name})
		if want == "" && err != nil || want != "" && (!errors.Is(err, ErrNoSuchHazard) || !strings.HasPrefix(err.Error(), want)) {
			t.Errorf("%s: %v", name, err)
		}
		if err := (&Plan{}).CheckAllowed((&Plan{}).Relevant([]HazardName{name})); (err != nil) != strings.Contains(want, "the hazards are") {
			t.Errorf("%s, of another plan: %v", name, err)
		}
	}
	if err := (&Plan{}).CheckAllowed([]HazardName{"NO_PRIMARY_KEY:t"}); err == nil || err.Error() != "no such hazard: NO_PRIMARY_KEY of t: the plan has none" {
		t.Errorf("a plan without hazards: %v", err)
	}
}

// CheckAllowed knows each constant of a HazardName.
func TestEveryHazardIsKnownByName(t *testing.T) {
	source, err := os.ReadFile("hazard.go")
	if err != nil {
		t.Fatal(err)
	}
	declared := regexp.MustCompile(`HazardName = "([A-Z_]+)"`).FindAllStringSubmatch(string(source), -1)
	if len(declared) != len(hazardNames) {
		t.Errorf("%d hazards are declared, %d are known", len(declared), len(hazardNames))
	}
	for _, d := range declared {
		if !slices.Contains(hazardNames, HazardName(d[1])) {
			t.Errorf("%s isn't known", d[1])
		}
	}
}

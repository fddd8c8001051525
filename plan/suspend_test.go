package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect"
)

// TestSuspends has each index offered that can be suspended, and no other.
func TestSuspends(t *testing.T) {
	const schema = "customer: id, email text, name text?, town text, note text, sequence\nletter: id, customer_id -> customer, body text, place text"
	const policy = "tables:\n  customer: {erase: overwrite, columns: {email: {pii: contact, overwrite: random}, name: {pii: name, overwrite: STRATEGY}, note: {pii: free-text, overwrite: keep}}}\n" +
		"  letter: {erase: overwrite, columns: {body: {pii: free-text, overwrite: random}}}"
	has := func(name string, columns ...string) func(*dialect.Schema) {
		return with("customer", func(t *dialect.Table) { t.Indexes = append(t.Indexes, index(name, false, columns...)) })
	}
	last := func(change func(ix *dialect.Index)) func(*dialect.Schema) {
		return with("customer", func(t *dialect.Table) { change(t.Indexes[len(t.Indexes)-1]) })
	}
	table := func(change func(t *dialect.Table)) func(*dialect.Schema) { return with("customer", change) }
	tests := []struct {
		name   string
		change []func(*dialect.Schema)
		scope  Scope
		random string // the strategy of name; defaults to random
		want   []string
	}{
		{name: "no index"},
		{name: "of an overwritten column", change: []func(*dialect.Schema){has("ix_name", "name")}, want: []string{"ix_name SUSPENDS_INDEXES"}},
		{name: "several, by name", change: []func(*dialect.Schema){has("ix_z", "town", "name"), has("ix_a", "email")}, want: []string{"ix_a SUSPENDS_INDEXES", "ix_z SUSPENDS_INDEXES"}},
		{name: "in scope subjects none", scope: ScopeSubjects, change: []func(*dialect.Schema){has("ix_name", "name")}},
		{name: "of a column that stays", change: []func(*dialect.Schema){has("ix_town", "town"), has("ix_note", "note")}},
		{
			name: "an expression or condition over one", change: []func(*dialect.Schema){has("ix_town", "town"), last(func(ix *dialect.Index) { ix.Mentions = []string{"name"} })},
			want: []string{"ix_town SUSPENDS_INDEXES"},
		},
		{name: "a unique one", change: []func(*dialect.Schema){unique("customer", "email")}, want: []string{"uq_email SUSPENDS_UNIQUENESS"}},
		{name: "pitfall 7: a unique one whose values may meet", random: "{pick: [a, b]}", change: []func(*dialect.Schema){unique("customer", "town", "name")}},
		{name: "pitfall 7: a unique one with one column that is proved and one that isn't", random: "{pick: [a, b]}", change: []func(*dialect.Schema){unique("customer", "email", "name")}},
		{name: "a unique one that is set NULL", random: "null", change: []func(*dialect.Schema){unique("customer", "name")}, want: []string{"uq_name SUSPENDS_UNIQUENESS"}},
		{
			name: "the primary key's", change: []func(*dialect.Schema){has("PRIMARY", "name"), last(func(ix *dialect.Index) { ix.Primary, ix.Unique = true, true })},
		},
		{name: "one that has to stay", change: []func(*dialect.Schema){has("ix_name", "name"), last(func(ix *dialect.Index) { ix.Stays = "it is the replica identity" })}},
		{name: "a unique one of a table without a primary key", change: []func(*dialect.Schema){
			unique("customer", "email"), has("ix_name", "name"),
			with("letter", func(t *dialect.Table) { t.ForeignKeys = nil }), with("customer", func(t *dialect.Table) { t.PrimaryKey = nil })}, want: []string{"ix_name SUSPENDS_INDEXES"}},
		{name: "where a foreign key arrives", change: []func(*dialect.Schema){unique("customer", "town", "email"), foreign("letter", "place", "customer", "town")}},
		{name: "where a foreign key starts", change: []func(*dialect.Schema){has("ix_both", "town", "name"), foreign("customer", "town", "letter", "place")}},
		{name: "behind a foreign key's column it isn't needed for", change: []func(*dialect.Schema){has("ix_both", "name", "town"), foreign("customer", "town", "letter", "place")}, want: []string{"ix_both SUSPENDS_INDEXES"}},
		{name: "where a column is numbered", change: []func(*dialect.Schema){has("ix_both", "sequence", "name"), table(func(t *dialect.Table) { t.Column("sequence").Identity = true })}},
		{name: "of a partitioned table", change: []func(*dialect.Schema){has("ix_name", "name"), table(func(t *dialect.Table) { t.Partitions = []dialect.Name{{Table: "customer_1"}} })}},
		{name: "of a temporal table", change: []func(*dialect.Schema){has("ix_name", "name"), table(func(t *dialect.Table) { t.History = &dialect.Name{Table: "h"} })}},
		{name: "of a table that can't roll back", change: []func(*dialect.Schema){has("ix_name", "name"), table(func(t *dialect.Table) { t.NoTransactions = true })}},
		{
			name: "of a table that goes in one transaction", change: []func(*dialect.Schema){has("ix_name", "name"),
				with("letter", func(t *dialect.Table) { t.ForeignKeys = nil }), table(func(t *dialect.Table) { t.PrimaryKey, t.Indexes, t.Address = nil, t.Indexes[1:], "ctid" })},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := schemaOf(schema, test.change...)
			strategy := "random"
			if test.random != "" {
				strategy = test.random
			}
			scope := ScopeEverything
			if test.scope != "" {
				scope = test.scope
			}
			p := mustBuild(t, s, policyOf(t, s, "customer", strings.ReplaceAll(policy, "STRATEGY", strategy)), scope)
			var got []string
			for _, r := range p.Roots {
				for _, x := range r.Suspends {
					got = append(got, x.Index+" "+string(x.Hazard))
				}
			}
			if d := cmp.Diff(test.want, got); d != "" {
				t.Errorf("offered (-want +got):\n%s", d)
			}
			if slices.ContainsFunc(p.Hazards, func(h Hazard) bool { return h.Name == SuspendsIndexes || h.Name == SuspendsUniqueness }) {
				t.Error("an offer is among the hazards that must be allowed")
			}
		})
	}
}

func TestSuspendsAllIndexesWhereEachUpdateWritesToAll(t *testing.T) {
	every := able
	every.UpdatesAllIndexes = true
	offered := func(change ...func(*dialect.Schema)) []string {
		s := schemaOf("customer: id, email text, town text\nletter: id, customer_id -> customer", change...)
		p, err := FromSchema(s, capabilities(every), policyOf(t, s, "customer", "tables: {customer: {columns: {email: {pii: contact, overwrite: random}}}}"), ScopeEverything)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, x := range p.Roots[0].Suspends {
			out = append(out, x.Index+" "+string(x.Hazard))
		}
		return out
	}
	town := with("customer", func(t *dialect.Table) { t.Indexes = append(t.Indexes, index("ix_town", false, "town")) })
	if d := cmp.Diff([]string{"ix_town SUSPENDS_INDEXES", "uq_email SUSPENDS_UNIQUENESS"}, offered(town, unique("customer", "email"))); d != "" {
		t.Errorf("offered (-want +got):\n%s", d)
	}
	if got := offered(town); len(got) > 0 {
		t.Errorf("no index holds an overwritten column, and offered are %q", got)
	}
}

func TestAnOfferIsShownWithItsFlagAndIsPartOfTheDigest(t *testing.T) {
	build := func(change ...func(*dialect.Schema)) *Plan {
		s := schemaOf("customer: id, email text", change...)
		return mustBuild(t, s, policyOf(t, s, "customer", "tables: {customer: {columns: {email: {pii: contact, overwrite: random}}}}"), ScopeEverything)
	}
	p := build(unique("customer", "email"))
	if want := "--allow SUSPENDS_UNIQUENESS  customer: unique index uq_email is dropped"; !strings.Contains(p.String(), want) {
		t.Errorf("the plan doesn't say %q:\n%s", want, p)
	}
	if p.Digest() == build(unique("customer", "email"), with("customer", func(t *dialect.Table) { t.Indexes[1].Stays = "for a reason" })).Digest() {
		t.Error("the digest is the same without the offer")
	}
	if p := build(); len(p.OptionalHazards()) > 0 || strings.Contains(p.String(), "SUSPENDS") {
		t.Errorf("nothing could be suspended, and the plan says otherwise:\n%s", p)
	}
}

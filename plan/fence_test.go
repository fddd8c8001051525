package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect"
)

// TestPitfall26NeverIntoAnotherSubjectsRow is about references from the subject table itself: its
// rows are people.
func TestPitfall26NeverIntoAnotherSubjectsRow(t *testing.T) {
	const schema = "customer: id, email text, referred_by? -> customer"
	plan := func(t *testing.T, schema, policy string) (*Plan, error) {
		s := schemaOf(schema)
		return FromSchema(s, capabilities(able), policyOf(t, s, "customer", policy), ScopeSubjects)
	}
	t.Run("needs a decision", func(t *testing.T) {
		_, err := plan(t, schema, "tables: {customer: {erase: delete, columns: {id: none}}}")
		refused(t, err, "table customer: (referred_by) refers to customer, and the row may be another subject's: add `via: {referred_by: detach}` or `keep` under tables.customer")
	})
	for _, decision := range []string{"delete", "overwrite"} {
		t.Run(decision+" isn't one", func(t *testing.T) {
			_, err := plan(t, schema, "tables: {customer: {erase: delete, via: {referred_by: "+decision+"}, columns: {id: none}}}")
			refused(t, err, "may be another subject's")
		})
	}
	t.Run("detach lets go of the subject", func(t *testing.T) {
		p, err := plan(t, schema, "tables: {customer: {erase: delete, via: {referred_by: detach}, columns: {id: none}}}")
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]string{"detach customer(referred_by)", "delete customer"}, stepsOf(p)); d != "" {
			t.Error(d)
		}
		if c := planned(t, p, "customer"); c.Reach != nil || c.AnchoredBy != nil {
			t.Errorf("the subject's table is entered: %+v", c)
		}
	})
	t.Run("keep overwrites the subject that others refer to", func(t *testing.T) {
		p, err := plan(t, schema, "tables: {customer: {erase: delete, via: {referred_by: keep}, columns: {email: {pii: contact, overwrite: random}}}}")
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"detach customer(referred_by) going", "detach customer(referred_by) staying", "overwrite customer: email", "delete customer"}
		if d := cmp.Diff(want, stepsOf(p)); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff([]string{"customer"}, referring(planned(t, p, "customer").AnchoredBy)); d != "" {
			t.Error(d)
		}
	})
	t.Run("keep demands rules for every personal column", func(t *testing.T) {
		_, err := plan(t, schema, "tables: {customer: {erase: delete, via: {referred_by: keep}, columns: {email: {pii: contact}}}}")
		refused(t, err, "table customer: column email is personal (contact) and has no `overwrite:`, but a row may have to be kept because a remaining row refers to it")
	})
	t.Run("what other subjects refer to elsewhere in the closure stays too", func(t *testing.T) {
		p, err := plan(t, "customer: id, email text, contract? -> contract\ncontract: id, holder? -> customer, terms text",
			"tables:\n  customer: {erase: delete, via: {contract: keep}, columns: {email: {pii: contact, overwrite: random}}}\n  contract: {erase: delete, columns: {terms: {pii: free-text, overwrite: random}}}")
		if err != nil {
			t.Fatal(err)
		}
		want := []string{
			"detach customer(contract) going", // both rows may be deleted, and refer to each other
			"detach contract(holder) staying",
			"overwrite contract: terms", "delete contract", "delete customer",
		}
		if d := cmp.Diff(want, stepsOf(p)); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff([]string{"customer"}, referring(planned(t, p, "contract").AnchoredBy)); d != "" {
			t.Error(d)
		}
	})
	t.Run("the subject's own row may be in a circle with what refers to it", func(t *testing.T) {
		s := schemaOf("customer: id, email text, account -> account\naccount: id, holder -> customer, iban text")
		_, err := FromSchema(s, capabilities(able), policyOf(t, s, "customer",
			"tables:\n  customer: {erase: delete, via: {account: keep}, columns: {email: {pii: contact, overwrite: random}}}\n  account: {erase: delete, columns: {iban: {pii: financial, overwrite: random}}}"), ScopeSubjects)
		refused(t, err, "foreign key cycle can't be broken: account(holder) → customer; customer(account) → account")
	})
}

func TestPeopleOfOneHousehold(t *testing.T) {
	s := schemaOf("customer: id, household, email text\nnote: id, household, about", func(s *dialect.Schema) {
		c := s.Table(dialect.Name{Table: "customer"})
		c.Indexes = append(c.Indexes, &dialect.Index{Name: "ix_household", Parts: []dialect.IndexPart{{Column: "household"}}})
	})
	build := func(link, via string) *Plan {
		return mustBuild(t, s, policyOf(t, s, "customer", "tables:\n  "+personalCustomer+"\n  note: {erase: delete"+via+", columns: {id: none}}\nlinks: [note"+link+"]"), ScopeSubjects)
	}
	if p := build("(household) -> customer(household)", ""); !hazard(p, SharedRow, "note") {
		t.Error("a row that refers to everybody of a household is deleted with one of them, and that is no hazard")
	}
	if p := build("(household) -> customer(household)", ", via: {household: delete}"); hazard(p, SharedRow, "note") {
		t.Error("a decision for the reference is still a hazard")
	}
	if p := build("(about) -> customer(id)", ""); hazard(p, SharedRow, "note") {
		t.Error("a row that refers to one person is a hazard")
	}
}

func TestTwoPeopleInARow(t *testing.T) {
	s := schemaOf("customer: id, email text\nmessage: id, sender -> customer, recipient? -> customer")
	build := func(via string) *Plan {
		return mustBuild(t, s, policyOf(t, s, "customer", "tables:\n  "+personalCustomer+"\n  message: {erase: delete"+via+", columns: {id: none}}"), ScopeSubjects)
	}
	if p := build(""); !hazard(p, SharedRow, "message") {
		t.Error("a row of two subjects is deleted without a decision for each, and that is no hazard")
	}
	if p := build(", via: {sender: delete, recipient: detach}"); hazard(p, SharedRow, "message") {
		t.Error("a decision for each reference is still a hazard")
	}
}

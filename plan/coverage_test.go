package plan

import (
	"errors"
	"strings"
	"testing"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/policy"
)

// strictly parses a whole policy and checks it; nothing is filled in.
func strictly(t *testing.T, s *dialect.Schema, text string) error {
	t.Helper()
	p, err := policy.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return Check(p, s, capabilities(able))
}

func TestPitfall16CoverageFailsClosed(t *testing.T) {
	s := schemaOf(`customer: id, email text
		genre: id, label text
		order: id, customer_id -> customer`,
		func(s *dialect.Schema) {
			s.Views = append(s.Views, &dialect.View{Name: dialect.Name{Table: "recent"}, Reads: []dialect.Name{{Table: "order"}}})
		})
	const whole = `version: 1
database: test
subject: {table: customer}
tables:
  customer: {erase: delete, columns: {id: none, email: {pii: contact, overwrite: random}}}
  genre: {pii: none}
  order: {erase: delete, columns: {id: none, customer_id: none}}
`
	tests := []struct {
		name, from, to string
		want           []string
	}{
		{name: "everything is decided"},
		{
			"a table is missing", "  genre: {pii: none}\n", "",
			[]string{"table genre: the table is not in the policy: add it under tables, with its columns or with `pii: none`"},
		},
		{
			"a new column isn't classified", "id: none, email", "email",
			[]string{"table customer: column id is not classified: add `id: {pii: …}` under tables.customer.columns"},
		},
		{
			"a table that a reference reaches has no decision", "  order: {erase: delete,", "  order: {",
			[]string{"table order: no decision: the table refers to customer by (customer_id), so it may hold a subject's rows"},
		},
		{
			"nothing personal can't be said of a table that refers to a subject", "{erase: delete, columns: {id: none, customer_id: none}}", "{pii: none}",
			[]string{"table order: no decision: the table is `pii: none`, but it refers to customer by (customer_id)"},
		},
		{
			"a table is misspelt", "  genre:", "  gener:",
			[]string{"table gener not found in the schema: did you mean genre?", "table genre: the table is not in the policy"},
		},
		{
			"names are case-sensitive", "  genre:", "  Genre:",
			[]string{"table Genre not found: names are case-sensitive, did you mean genre?", "table genre: the table is not in the policy"},
		},
		{
			"a column is misspelt", "email:", "e_mail:",
			[]string{"table customer: column email is not classified", "table customer: column e_mail not found: did you mean email?"},
		},
		{
			"a strategy looks at a column that isn't there", "{pii: contact, overwrite: random}", "{pii: contact, overwrite: {template: 'user-{{seq nr}}@x.example'}}",
			[]string{"table customer: overwrite of email: column nr not found"},
		},
		{
			"a view isn't a table", "  genre:", "  recent: {pii: none}\n  genre:",
			[]string{"recent is a view: write rules for the tables it reads"},
		},
		{
			"a decision for a reference that isn't there", "order: {erase: delete,", "order: {erase: delete, via: {id: delete},",
			[]string{"table order: via: no foreign key or link has the columns (id)"},
		},
		{
			"the subject isn't there", "subject: {table: customer}", "subject: {table: client}",
			[]string{"table client not found in the schema"},
		},
		{
			"the subject's columns aren't there", "subject: {table: customer}", "subject: {table: customer, key: number, identifiers: [mail]}",
			[]string{"subject.key: column number not found", "subject.identifiers: column mail not found: did you mean email?", "subject.key must be the primary key"},
		},
		{
			"several at once", "id: none, email: {pii: contact, overwrite: random}}}\n  genre: {pii: none}\n", "email: {pii: contact, overwrite: null}}}\n",
			[]string{"table genre: the table is not in the policy", "column id is not classified", "column email: null: column email is NOT NULL: use fixed, random or fake"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			refused(t, strictly(t, s, replaceOnce(t, whole, test.from, test.to)), test.want...)
		})
	}
}

func TestNamesAndTheirSchemas(t *testing.T) {
	s := schemaOf("public.customer: id, email text\ncrm.note: id\ncrm.customer: id", func(s *dialect.Schema) { s.Default = "public" })
	text := func(tables string) string {
		return "version: 1\ndatabase: test\nsubject: {table: customer}\ntables:\n  customer: {erase: delete, columns: {id: none, email: {pii: contact, overwrite: random}}}\n" + tables
	}
	t.Run("a bare name is the default schema's, or the only one", func(t *testing.T) {
		refused(t, strictly(t, s, text("  crm.customer: {pii: none}\n  note: {pii: none}\n")))
	})
	t.Run("one table by two names", func(t *testing.T) {
		refused(t, strictly(t, s, text("  crm.customer: {pii: none}\n  note: {pii: none}\n  crm.note: {pii: none}\n")),
			"table crm.note: the policy has this table twice: merge the two entries")
	})
	t.Run("a bare name in several schemas", func(t *testing.T) {
		s := schemaOf("a.note: id\nb.note: id", func(s *dialect.Schema) { s.Default = "public" })
		refused(t, strictly(t, s, "version: 1\ndatabase: test\ntables: {note: {pii: none}}\n"),
			"table note is in several schemas: write one of a.note, b.note", "table a.note: the table is not in the policy", "table b.note: the table is not in the policy")
	})
}

func TestAPolicyThatWasMadeInGo(t *testing.T) {
	s := schemaOf("customer: id, email text")
	good := func() *policy.Policy {
		return &policy.Policy{Version: 1, Database: "test", Subject: policy.Subject{Table: "customer"}, Tables: []policy.Table{
			{Name: "customer", Erase: policy.EraseDelete, Columns: []policy.Column{
				{Name: "id", PII: policy.PIINone}, {Name: "email", PII: "contact", Overwrite: &anonymise.Spec{Name: "random"}},
			}},
		}}
	}
	tests := []struct {
		name   string
		change func(p *policy.Policy)
		want   []string
	}{
		{"works", func(*policy.Policy) {}, nil},
		{"an unknown decision", func(p *policy.Policy) { p.Tables[0].Erase = "destroy" }, []string{"erase"}},
		{"an unknown category", func(p *policy.Policy) { p.Tables[0].Columns[1].PII = "secret" }, []string{"secret"}},
		{"a condition that ends the statement", func(p *policy.Policy) {
			p.Tables[0].Hold = &policy.Hold{Because: "x", Where: "1=1); DELETE FROM customer"}
		}, []string{"closes a parenthesis"}},
		{"an unknown strategy", func(p *policy.Policy) { p.Tables[0].Columns[1].Overwrite = &anonymise.Spec{} }, []string{"strategy"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := good()
			test.change(p)
			err := Check(p, s, capabilities(able))
			if test.want == nil {
				refused(t, err)
				return
			}
			for _, w := range test.want {
				if got := problemsOf(t, err); !anyContains(got, w) {
					t.Errorf("problems %q, want one about %s", got, w)
				}
			}
		})
	}
}

func TestADraftIsRefused(t *testing.T) {
	s := schemaOf("customer: id")
	err := Check(policy.Draft(s), s, capabilities(able))
	var refusal *policy.Error
	if !errors.As(err, &refusal) {
		t.Fatalf("error %v", err)
	}
	refused(t, err,
		"decide: the database's name", "decide: which table has one row for each subject",
		"table customer: decide: what is in column id?")
}

func TestPitfall2NoKey(t *testing.T) {
	const tables = "tables:\n  " + personalCustomer + "\n  note: {erase: overwrite, columns: {body: {pii: free-text, overwrite: random}}}"
	const text = "customer: id, email text\nnote (): customer_id -> customer, ref, body text"
	t.Run("a unique NOT NULL key is one", func(t *testing.T) {
		s := schemaOf(text, unique("note", "ref"))
		p := mustBuild(t, s, policyOf(t, s, "customer", tables), ScopeSubjects)
		if n := planned(t, p, "note"); n.Address || len(n.Key) != 1 || n.Key[0] != "ref" {
			t.Errorf("rows are addressed by %v", n.Key)
		}
	})
	t.Run("a nullable unique key is no key", func(t *testing.T) {
		s := schemaOf(text, unique("note", "ref"), with("note", func(t *dialect.Table) {
			t.Column("ref").Nullable, t.Address = true, "ctid"
		}))
		p := mustBuild(t, s, policyOf(t, s, "customer", tables), ScopeSubjects)
		if n := planned(t, p, "note"); !n.Address || n.Key[0] != "ctid" {
			t.Errorf("rows are addressed by %v", n.Key)
		}
		if !hazard(p, NoPrimaryKey, "note") {
			t.Error("that is a hazard")
		}
	})
	t.Run("refused by name where the engine has no row address", func(t *testing.T) {
		s := schemaOf(text)
		_, err := FromSchema(s, capabilities(able), policyOf(t, s, "customer", tables), ScopeSubjects)
		refused(t, err, "table note: the table has no primary key and no unique NOT NULL key, and the engine can't address its rows otherwise: add a key")
	})
	t.Run("leaves that are deleted need none", func(t *testing.T) {
		s := schemaOf(text)
		p := mustBuild(t, s, policyOf(t, s, "customer", "tables:\n  "+personalCustomer+"\n  note: {erase: delete, columns: {body: none}}"), ScopeSubjects)
		if n := planned(t, p, "note"); !n.DeleteByReference || n.Address {
			t.Errorf("%+v", n)
		}
	})
	t.Run("refused where an address would have to outlive an update", func(t *testing.T) {
		s := schemaOf("customer: id, email text\nnote (): writer -> customer, reader? -> customer, body text",
			with("note", func(t *dialect.Table) { t.Address = "ctid" }))
		_, err := FromSchema(s, capabilities(able), policyOf(t, s, "customer",
			"tables:\n  "+personalCustomer+"\n  note: {via: {writer: overwrite, reader: detach}, columns: {body: {pii: free-text, overwrite: random}}}"), ScopeSubjects)
		refused(t, err, "table note: the table has no primary key and no unique NOT NULL key, but its rows are changed twice (reader is detached first)")
	})
}

func TestPitfall1TheWholeKey(t *testing.T) {
	s := schemaOf("customer (tenant, id): tenant, id, email text\nnote (tenant, no): tenant, no, customer_id, body text",
		foreign("note", "tenant, customer_id", "customer", "tenant, id"))
	p := mustBuild(t, s, policyOf(t, s, "customer", "tables:\n  "+personalCustomer+"\n  note: {erase: overwrite, columns: {body: {pii: free-text, overwrite: random}}}"), ScopeSubjects)
	for _, table := range []string{"customer", "note"} {
		if n := planned(t, p, table); len(n.Key) != 2 || n.Key[0] != "tenant" {
			t.Errorf("rows of %s are addressed by %v", table, n.Key)
		}
	}
	if len(p.Subject.Key) != 2 {
		t.Errorf("subjects are named by %v", p.Subject.Key)
	}
}

func TestPitfall9And12WhatCanBeOverwritten(t *testing.T) {
	s := schemaOf("customer: id text, email text, full text=, code text?, row text\norder: id, customer text -> customer, code text? -> customer.code",
		unique("customer", "code"), with("customer", func(t *dialect.Table) { t.Column("row").ReadOnly = true }))
	for column, want := range map[string]string{
		"id":    "column id can't be overwritten: it is part of the key that addresses rows",
		"full":  "column full can't be overwritten: the engine computes it: overwrite the columns it is computed from",
		"row":   "column row can't be overwritten: the engine computes it",
		"code":  "column code can't be overwritten: order refers to it by order_code",
		"email": "column email: null: column email is NOT NULL: use fixed, random or fake",
	} {
		strategy := "random"
		if column == "email" {
			strategy = "null"
		}
		_, err := FromSchema(s, capabilities(able), policyOf(t, s, "customer",
			"tables:\n  customer: {erase: overwrite, columns: {"+column+": {pii: other, overwrite: "+strategy+"}}}\n  order: {erase: keep, columns: {id: none}}"), ScopeSubjects)
		if got := problemsOf(t, err); !anyContains(got, want) {
			t.Errorf("%s: problems %q", column, got)
		}
	}
}

package erase_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/plan"
	"github.com/google/go-cmp/cmp"
)

// Every sentence of Verify is a claim. Each case is a database in which one of them would be false,
// with all required sentences instead: outcome, table, rows and reason.
func TestVerifySaysWhatIsTrue(t *testing.T) {
	const (
		person = "CREATE TABLE person (id INTEGER NOT NULL, email VARCHAR(40), PRIMARY KEY (id))"
		ticket = "CREATE TABLE ticket (id INTEGER NOT NULL, owner INTEGER, title VARCHAR(40), PRIMARY KEY (id))"
		note   = "CREATE TABLE note (id INTEGER NOT NULL, owner INTEGER NOT NULL, title VARCHAR(40), PRIMARY KEY (id), CONSTRAINT fk_note FOREIGN KEY (owner) REFERENCES person (id))"
		loose  = "CREATE TABLE note (id INTEGER NOT NULL, owner INTEGER, title VARCHAR(40), PRIMARY KEY (id), CONSTRAINT fk_note FOREIGN KEY (owner) REFERENCES person (id))"
		people = "INSERT INTO person VALUES (1, 'ada@mail.example'), (2, 'bob@mail.example')"
		head   = "version: 1\ndatabase: d\nsubject: {table: person, identifiers: [email]}\ntables:\n"
		gone   = "  person: {erase: delete, columns: {id: none, email: {pii: contact, overwrite: {fixed: x}}}}\n"
		stays  = "  person: {erase: overwrite, columns: {id: none, email: {pii: contact, overwrite: {fixed: x}}}}\n"
		link   = "links: [ticket(owner) -> person(id)]\n"
	)
	tickets := func(decision string) string {
		return "  ticket: {" + decision + ", columns: {id: none, owner: none, title: {pii: other, overwrite: {fixed: y}}}}\n"
	}
	notes := func(decision string) string {
		return strings.Replace(tickets(decision), "ticket", "note", 1)
	}
	ada := func(db *target) []erase.OldValue {
		return []erase.OldValue{{Table: db.name("person"), Column: "email", Value: "ada@mail.example"}}
	}
	for _, c := range []struct {
		name     string
		schema   []string
		policy   string
		scope    plan.Scope // default: subjects
		subjects []string   // default: 1
		later    []string
		verify   []string // subjects to look for; default: the subjects
		old      func(db *target) []erase.OldValue
		want     []string
	}{
		{
			name:   "rows that the policy keeps are there and refer to the subject",
			schema: []string{person, ticket, note, people, "INSERT INTO ticket VALUES (1, 1, 'a'), (2, 2, 'b')", "INSERT INTO note VALUES (1, 1, 'a'), (2, 2, 'b')"},
			policy: head + stays + tickets("erase: keep") + notes("erase: keep") + link,
			old:    ada,
			want: []string{
				"holds person 1: 1 row whose values were to be overwritten: none of the given old values is in the table",
				"holds note 1: 1 row reached from a given subject stays: the policy keeps it",
				"holds ticket 1: 1 row reached from a given subject stays: the policy keeps it",
			},
		},
		{
			name:   "a kept row is linked to a subject that is deleted",
			schema: []string{person, ticket, people, "INSERT INTO ticket VALUES (1, 1, 'a'), (3, 2, 'c')"},
			policy: head + gone + tickets("erase: keep") + link,
			later:  []string{"INSERT INTO ticket VALUES (4, 1, 'a'), (5, 1, 'b')"},
			want: []string{
				"holds ticket 2: 2 rows reached from a given subject stay: the policy keeps them",
				"holds person 0: no row of a given subject is there",
			},
		},
		{
			name:   "an overwritten row is linked to a subject that is deleted",
			schema: []string{person, ticket, people, "INSERT INTO ticket VALUES (1, 1, 'a'), (3, 2, 'c')"},
			policy: head + gone + tickets("erase: overwrite") + link,
			later:  []string{"UPDATE ticket SET owner = 1 WHERE id = 1"},
			want: []string{
				"cannot tell ticket 1: 1 row whose values were to be overwritten: give the old values of title to look for them",
				"holds person 0: no row of a given subject is there",
			},
		},
		{
			name:   "an identifier that is gone leaves overwritten and kept rows that can't be told from others",
			schema: []string{person, ticket, people, "INSERT INTO ticket VALUES (1, 1, 'a')"},
			policy: head + gone + tickets("erase: keep") + link,
			later:  []string{"UPDATE ticket SET owner = 1 WHERE id = 1"},
			verify: []string{"email=ada@mail.example"},
			want: []string{
				"cannot tell person 0: 1 subject named by an identifier that no row has: name them by their keys to search what is linked to them",
				"holds ticket 1: 1 row linked by (owner) to no row of person: the policy keeps such rows",
			},
		},
		{
			name:   "a row stays under a hold",
			schema: []string{person, ticket, people, "INSERT INTO ticket VALUES (1, 1, 'a'), (2, 1, 'b')"},
			policy: head + gone + tickets("erase: delete, hold: {because: a reason, where: id = 1}") + link,
			want: []string{
				"cannot tell person 1: 1 row whose values were to be overwritten: give the old values of email to look for them",
				"holds ticket 1: 1 row reached from a given subject stays: a hold keeps or kept it (a reason)",
			},
		},
		{
			name:   "an overwritten subject's row is there though none of the old values is",
			schema: []string{person, people},
			policy: head + stays,
			old:    ada,
			want:   []string{"holds person 1: 1 row whose values were to be overwritten: none of the given old values is in the table"},
		},
		{
			name:   "a detached reference is there again",
			schema: []string{person, loose, people, "INSERT INTO note VALUES (1, 1, 'a'), (2, 2, 'b')"},
			policy: head + stays + notes("via: {owner: detach}"),
			later:  []string{"UPDATE note SET owner = 1 WHERE id = 1"},
			old:    ada,
			want: []string{
				"broken note 1: 1 row whose reference by (owner) to person should be NULL",
				"holds person 1: 1 row whose values were to be overwritten: none of the given old values is in the table",
			},
		},
		{
			name:   "a detached link to a deleted subject is there again, where its condition holds",
			schema: []string{person, ticket, people, "INSERT INTO ticket VALUES (1, 1, 'a'), (2, 1, 'b'), (3, 2, 'a')"},
			policy: head + gone + tickets("via: {owner: detach}") + "links: [\"ticket(owner) -> person(id) where title = 'a'\"]\n",
			later:  []string{"INSERT INTO ticket VALUES (4, 1, 'a')"},
			want: []string{
				"broken ticket 1: 1 row whose reference by (owner) to person should be NULL",
				"holds person 0: no row of a given subject is there",
			},
		},
		{
			name:   "detached links hold where only the condition's other rows are linked",
			schema: []string{person, ticket, people, "INSERT INTO ticket VALUES (1, 1, 'a'), (2, 1, 'b'), (3, 2, 'a')"},
			policy: head + gone + tickets("via: {owner: detach}") + "links: [\"ticket(owner) -> person(id) where title = 'a'\"]\n",
			want: []string{
				"holds person 0: no row of a given subject is there",
				"holds ticket 0: no row refers by (owner) to one that is reached from a given subject",
			},
		},
		{
			name: "an owned row is left over though its owner is gone",
			schema: []string{
				"CREATE TABLE address (id INTEGER NOT NULL, street VARCHAR(40), PRIMARY KEY (id))",
				"CREATE TABLE person (id INTEGER NOT NULL, email VARCHAR(40), address_id INTEGER, PRIMARY KEY (id), CONSTRAINT fk_address FOREIGN KEY (address_id) REFERENCES address (id))",
				"INSERT INTO address VALUES (1, 'a'), (2, 'b')", "INSERT INTO person VALUES (1, 'ada@mail.example', 1), (2, 'bob@mail.example', 2)",
			},
			policy: head + strings.Replace(gone, "id: none", "id: none, address_id: none", 1) +
				"  address: {erase: delete, columns: {id: none, street: {pii: address, overwrite: {fixed: z}}}}\nowns: [person(address_id) -> address]\n",
			later: []string{"INSERT INTO address VALUES (1, 'a')"},
			want: []string{
				"cannot tell address 1: 1 row to which nothing refers: whose they were can't be told",
				"holds person 0: no row of a given subject is there",
			},
		},
		{
			name:   "scope everything: a detach is of rows that meet the condition",
			schema: []string{person, ticket, people, "INSERT INTO ticket VALUES (1, 1, 'a'), (2, 2, 'b'), (3, NULL, 'a')"},
			policy: head + strings.Replace(gone, "erase: delete", "erase: delete, everything: delete", 1) +
				"  ticket: {via: {owner: detach}, columns: {id: none, owner: none, title: none}}\nlinks: [\"ticket(owner) -> person(id) where title = 'a'\"]\n",
			scope: plan.ScopeEverything,
			want: []string{
				"holds ticket 0: no row refers to person by (owner) where title = 'a'",
				"holds person 0: the table is empty",
			},
		},
		{
			name:   "scope everything: no row was overwritten, or the old values are known",
			schema: []string{person, ticket, people},
			policy: head + stays + tickets("erase: keep") + link,
			scope:  plan.ScopeEverything,
			old:    ada,
			want: []string{
				"holds person 2: 2 rows whose values were to be overwritten: none of the given old values is in the table",
				"holds ticket 0: the table is empty",
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			onOneOfEach(t, func(t *testing.T, db *target) {
				db.exec(t, c.schema...)
				scope, subjects := c.scope, c.subjects
				if scope == "" {
					scope = plan.ScopeSubjects
				}
				if subjects == nil && scope == plan.ScopeSubjects {
					subjects = []string{"1"}
				}
				p := db.plan(t, c.policy, scope)
				st := db.run(t, p, options(p, "r", subjects...))
				db.exec(t, c.later...)
				if c.verify != nil {
					subjects = c.verify
				}
				var given erase.Source
				if scope == plan.ScopeSubjects {
					given = erase.SubjectKeys(subjects...)
				}
				var old []erase.OldValue
				if c.old != nil {
					old = c.old(db)
				}
				v, err := erase.Verify(t.Context(), db.DB, mustParse([]byte(c.policy)), st, erase.VerifyOptions{Subjects: given, OldValues: old})
				if err != nil {
					t.Fatal(err)
				}
				var got []string
				for _, f := range v.Findings {
					got = append(got, fmt.Sprintf("%s %s %d: %s", f.Outcome, f.Table.Table, f.Rows, f.Reason))
				}
				slices.Sort(got)
				slices.Sort(c.want)
				if d := cmp.Diff(c.want, got); d != "" {
					t.Errorf("(-want +got)\n%s", d)
				}
			})
		})
	}
}

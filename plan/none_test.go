package plan

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/policy"
)

const joined = `version: 1
database: test
subject: {table: customer}
tables:
  customer: {erase: delete, none: [id], columns: {email: {pii: contact, overwrite: random}}}
  member: {pii: none, erase: delete}
nothing personal: [team, genre]
`

func joinedSchema(change ...func(*dialect.Schema)) *dialect.Schema {
	return schemaOf(`customer: id, email text
		team: id, label text
		genre: id, label text
		member (customer_id, team_id): customer_id -> customer, team_id -> team`, change...)
}

func TestAJoinTablesRowsGoWithTheSubject(t *testing.T) {
	s := joinedSchema()
	p, err := policy.Parse(strings.NewReader(joined))
	if err != nil {
		t.Fatal(err)
	}
	got := mustBuild(t, s, p, ScopeSubjects)
	if d := cmp.Diff([]string{"delete member", "delete customer"}, stepsOf(got)); d != "" {
		t.Errorf("steps (-want +got):\n%s", d)
	}
	if err := Check(p, s, capabilities(able)); err != nil {
		t.Error(err)
	}
	kept := replaceOnce(t, joined, "member: {pii: none, erase: delete}", "member: {pii: none, via: {customer_id: delete}, everything: delete, unlinked: x}")
	refused(t, strictly(t, s, kept), "table member: `unlinked`, but the table is reached from customer: remove the line")
}

func TestTheShortFormFailsClosed(t *testing.T) {
	for name, tt := range map[string]struct {
		schema func(*dialect.Schema)
		from   string
		to     string
		want   string
	}{
		"a new column is in no list": {
			schema: with("customer", func(t *dialect.Table) { addColumn(t, "mobile text") }),
			want:   "5:3: table customer: column mobile is not classified",
		},
		"a new table is in no list": {
			schema: func(s *dialect.Schema) { s.Tables = append(s.Tables, schemaOf("note: id").Tables...) },
			want:   "table note: the table is not in the policy",
		},
		"a listed column isn't there": {from: "none: [id]", to: "none: [id, mobil]", want: "5:40: table customer: column mobil not found"},
		"a listed table isn't there":  {from: "[team, genre]", to: "[team, gerne, genre]", want: "7:26: table gerne not found in the schema: did you mean genre?"},
		"a table is listed under two names": {
			from: "[team, genre]", to: "[team, genre, main.genre]", want: "table main.genre not found",
		},
		"a join table isn't decided": {
			from: "{pii: none, erase: delete}", to: "{pii: none}",
			want: "6:3: table member: no decision: the table is `pii: none`, but it refers to customer by (customer_id): write `{pii: none, erase: delete}` for a join table, or `keep`, under tables.member",
		},
		"a decision about a reference that isn't there": {
			from: "{pii: none, erase: delete}", to: "{pii: none, erase: delete, via: {team: keep}}", want: "6:44: table member: via: column team not found",
		},
		"no reference leads to it": {
			from: "[team, genre]", to: "[team]\nlinks: []", want: "the table is not in the policy",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := joinedSchema()
			if tt.schema != nil {
				tt.schema(s)
			}
			text := joined
			if tt.from != "" {
				text = replaceOnce(t, text, tt.from, tt.to)
			}
			err := strictly(t, s, text)
			if got := problemsOf(t, err); len(got) != 1 || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want the one problem %s", err, tt.want)
			}
		})
	}
	alone := replaceOnce(t, strings.Replace(joined, "[team, genre]", "[team]", 1), "  member:", "  genre: {pii: none, erase: delete}\n  member:")
	refused(t, strictly(t, joinedSchema(), alone), "table genre: `erase: delete`, but no foreign key or link connects it to customer: add a link to the table its rows belong to, or `unlinked:` under tables.genre with the reason why no subject's data is in it")
}

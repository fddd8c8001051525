package plan

import (
	"testing"

	"github.com/expungedb/expunge/dialect"
)

// TestAConsistentGroupIsMadeAlike: columns with one consistent strategy are made
// to fit each other, or the policy is refused by their names.
func TestAConsistentGroupIsMadeAlike(t *testing.T) {
	length := func(table, column string, n int) func(*dialect.Schema) {
		return with(table, func(t *dialect.Table) { t.Column(column).Length = n })
	}
	tests := []struct {
		name, member, log string
		change            []func(*dialect.Schema)
		problem           string
	}{
		{name: "unique at one column", member: "{fake: username, consistent: true}", log: "{fake: username, consistent: true}"},
		{name: "a named group", member: "{fake: username, consistent: login}", log: "{fake: username, consistent: login}"},
		{name: "a part of a key", member: "{random: , consistent: true}", log: "{random: , consistent: true}", change: []func(*dialect.Schema){unique("log", "login", "id")}},
		{name: "implied by the strategy", member: "pseudonym", log: "pseudonym", change: []func(*dialect.Schema){length("log", "login", 9)}},
		{
			name: "no room for one that is unique", member: "{fake: username, consistent: true}", log: "{fake: username, consistent: true}", change: []func(*dialect.Schema){length("log", "login", 3)},
			problem: "table member: column login: fake: username: column login is unique and holds 3 characters, too few to make username unique: 4 are needed; make it longer, or use random; it has to agree with log.login: give columns",
		},
		{
			name: "folded at one column", member: "pseudonym", log: "{pseudonym: , fold: true}",
			problem: "table member: column login and log.login are overwritten by one consistent strategy, `pseudonym`, and their `fold` differs",
		},
		{
			name: "another kind", member: "{random: , consistent: true}", log: "{random: , consistent: true}",
			change:  []func(*dialect.Schema){with("log", func(t *dialect.Table) { t.Column("login").Kind, t.Column("login").Type = dialect.Int, "integer" })},
			problem: "and columns of the types integer and text get different replacements: give columns whose values are never compared groups of their own (`consistent: NAME`)",
		},
		{
			name: "another kind, which nobody calls consistent", member: "pseudonym", log: "pseudonym",
			change: []func(*dialect.Schema){with("log", func(t *dialect.Table) { t.Column("login").Kind, t.Column("login").Type = dialect.Int, "integer" })},
		},
		{
			name: "a part of a document", member: "{fake: email, consistent: true}", log: "{json: {others: drop, paths: {email: {fake: email, consistent: true}}}}",
			problem: "and only one of them is unique",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := schemaOf("member: id, login text\nlog: id, login text", append([]func(*dialect.Schema){unique("member", "login")}, test.change...)...)
			text := "tables:\n  member: {columns: {login: {pii: identifier, overwrite: " + test.member + "}}}\n  log: {columns: {login: {pii: identifier, overwrite: " + test.log + "}}}"
			p, err := FromSchema(s, capabilities(able), policyOf(t, s, "", text), ScopeEverything)
			if test.problem != "" {
				refused(t, err, test.problem)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if test.name == "another kind, which nobody calls consistent" {
				return
			}
			for _, r := range p.Roots {
				if joined := r.Steps[0].Set[0].Joined; len(joined) != 1 || joined[0].Table == r.Table {
					t.Errorf("%s.login has to agree with %v", r.Table, joined)
				}
			}
		})
	}
}

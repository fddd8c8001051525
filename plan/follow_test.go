package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect"
)

// rekeying changes keys and the references to them together; cascading leaves this to the database.
var (
	rekeying  Capabilities = rekeyingCapabilities{capabilities{Name: "test"}}
	cascading Capabilities = capabilities{Name: "test"}
)

func onUpdate(a dialect.Action) func(fk *dialect.ForeignKey) {
	return func(fk *dialect.ForeignKey) { fk.OnUpdate = a }
}

// cascades has every foreign key of the schema cascade.
func cascades(s *dialect.Schema) {
	for _, t := range s.Tables {
		for _, fk := range t.ForeignKeys {
			fk.OnUpdate = dialect.Cascade
		}
	}
}

// TestFollowing is which columns follow an overwritten one, in scope everything.
func TestFollowing(t *testing.T) {
	const person = "person: id, email text, name text\n"
	const rule = "person: {columns: {email: {pii: contact, overwrite: pseudonym}}}"
	tests := []struct {
		name, schema, policy string
		change               []func(*dialect.Schema)
		engine               Capabilities // nil: both
		want                 string
		problem              string
	}{
		{
			name:   "a reference",
			schema: person + "account: id, email text -> person.email",
			change: []func(*dialect.Schema){unique("person", "email"), cascades},
			want:   "overwrite person: email\noverwrite account following: email",
		},
		{
			name:   "a chain, nearest first",
			schema: person + "login: id, account text? -> account.email\naccount: id, email text -> person.email",
			change: []func(*dialect.Schema){unique("person", "email"), unique("account", "email"), cascades},
			want:   "overwrite person: email\noverwrite account following: email\noverwrite login following: account",
		},
		{
			name:   "a diamond, once",
			schema: person + "account: id, email text -> person.email\nlogin: id, email text -> account.email",
			change: []func(*dialect.Schema){unique("person", "email"), unique("account", "email"), foreign("login", "email", "person", "email")},
			engine: rekeying,
			want:   "overwrite person: email\noverwrite account following: email\noverwrite login following: email",
		},
		{
			name:   "of two columns of one key, the one that changes",
			schema: "person: id, tenant, email text\nseat: id, tenant?, holder text?",
			change: []func(*dialect.Schema){unique("person", "tenant", "email"), foreign("seat", "tenant, holder", "person", "tenant, email", onUpdate(dialect.Cascade))},
			want:   "overwrite person: email\noverwrite seat following: holder",
		},
		{
			name:   "two columns of one table",
			schema: person + "message: id, sender text -> person.email, recipient text? -> person.email",
			change: []func(*dialect.Schema){unique("person", "email"), cascades},
			want:   "overwrite person: email\noverwrite message following: sender\noverwrite message following: recipient",
		},
		{
			name:   "a table that refers to itself",
			schema: "person: id, email text, boss text? -> person.email",
			change: []func(*dialect.Schema){unique("person", "email")},
			engine: rekeying,
			want:   "overwrite person: email\noverwrite person following: boss",
		},
		{
			name:    "which no cascade does",
			schema:  "person: id, email text, boss text? -> person.email",
			change:  []func(*dialect.Schema){unique("person", "email"), cascades},
			engine:  cascading,
			problem: "table person: column email can't be overwritten: person refers to it by person_boss, and this engine's cascade doesn't return to a table it came from",
		},
		{
			name:    "nor anything without a cascade",
			schema:  person + "account: id, email text -> person.email",
			change:  []func(*dialect.Schema){unique("person", "email")},
			engine:  cascading,
			problem: "table person: column email can't be overwritten: account refers to it by account_email, and this engine changes referring columns only by cascade: declare the foreign key ON UPDATE CASCADE",
		},
		{
			name:   "what a row does ON UPDATE is of no account where all change together",
			schema: person + "account: id, email text? -> person.email",
			change: []func(*dialect.Schema){unique("person", "email"), with("account", func(t *dialect.Table) { t.ForeignKeys[0].OnUpdate = dialect.SetNull })},
			engine: rekeying,
			want:   "overwrite person: email\noverwrite account following: email",
		},
		{
			name:   "its own rule may be the same",
			schema: person + "account: id, email text -> person.email",
			policy: rule + "\n  account: {columns: {email: {pii: contact, overwrite: pseudonym}}}",
			change: []func(*dialect.Schema){unique("person", "email"), cascades},
			want:   "overwrite person: email\noverwrite account following: email",
		},
		{
			name:   "a personal column that follows is covered",
			schema: person + "account: id, email text -> person.email",
			policy: rule + "\n  account: {columns: {email: {pii: contact}}}",
			change: []func(*dialect.Schema){unique("person", "email"), cascades},
			want:   "overwrite person: email\noverwrite account following: email",
		},
		{
			name:    "its own rule can't be another",
			schema:  person + "account: id, email text -> person.email",
			policy:  rule + "\n  account: {columns: {email: {pii: contact, overwrite: {fake: email}}}}",
			change:  []func(*dialect.Schema){unique("person", "email"), cascades},
			problem: "table account: column email follows person.email, which it refers to: remove its `overwrite: {fake: email}`, or write the other's, `pseudonym`",
		},
		{
			name:    "nor keep",
			schema:  person + "account: id, email text -> person.email",
			policy:  rule + "\n  account: {columns: {email: {pii: contact, overwrite: keep}}}",
			change:  []func(*dialect.Schema){unique("person", "email"), cascades},
			problem: "table account: column email follows person.email, which it refers to: remove its `overwrite: keep`",
		},
		{
			name:   "what is emptied doesn't follow",
			schema: person + "session: id, email text -> person.email",
			policy: rule + "\n  session: {everything: delete, columns: {email: {pii: contact}}}",
			change: []func(*dialect.Schema){unique("person", "email")},
			want:   "delete session\noverwrite person: email",
		},
		{
			name:    "what compares otherwise can't follow",
			schema:  person + "account: id, email text -> person.email",
			change:  []func(*dialect.Schema){unique("person", "email"), cascades, with("account", func(t *dialect.Table) { t.Column("email").FoldsCase = true })},
			problem: "account refers to it by account_email, whose column email doesn't compare like email (in type, padding or collation): make them alike",
		},
		{
			name:    "nor what is shorter, unless the values are made for both",
			schema:  person + "account: id, email text -> person.email",
			policy:  "person: {columns: {email: {pii: contact, overwrite: random}}}",
			change:  []func(*dialect.Schema){unique("person", "email"), cascades, with("account", func(t *dialect.Table) { t.Column("email").Length = 30 })},
			problem: "column email can't be overwritten by `random`: account refers to it by account_email, whose column email holds only 30: make both equally long, or use a consistent strategy",
		},
		{
			name:   "and then it can",
			schema: person + "account: id, email text -> person.email",
			change: []func(*dialect.Schema){unique("person", "email"), cascades, with("account", func(t *dialect.Table) { t.Column("email").Length = 30 })},
			want:   "overwrite person: email\noverwrite account following: email",
		},
		{
			name:    "nor what isn't unique",
			schema:  person + "account: id, email text -> person.email",
			change:  []func(*dialect.Schema){cascades},
			problem: "account refers to it by account_email, and (email) alone isn't unique: add a unique index on it",
		},
		{
			name:    "numbers that are made consistently can meet old ones",
			schema:  "person: id, no\naccount: id, no -> person.no",
			policy:  "person: {columns: {no: {pii: identifier, overwrite: pseudonym}}}",
			change:  []func(*dialect.Schema){unique("person", "no"), cascades},
			problem: "a consistent number may be equal to another row's current one: use random",
		},
		{
			name:    "nothing refers to NULL",
			schema:  "person: id, email text?\naccount: id, email text? -> person.email",
			policy:  "person: {columns: {email: {pii: contact, overwrite: null}}}",
			change:  []func(*dialect.Schema){unique("person", "email"), cascades},
			problem: "table person: column email can't be overwritten: account refers to it by account_email, and nothing can refer to NULL",
		},
		{
			name:    "nobody leads in a circle",
			schema:  "person: id, email text -> account.email\naccount: id, email text -> person.email",
			change:  []func(*dialect.Schema){unique("person", "email"), unique("account", "email"), cascades},
			problem: "table person: column email can't be overwritten: it is part of a foreign key cycle",
		},
		{
			name:    "a column can't follow two",
			schema:  person + "customer: id, email text\naccount: id, email text -> person.email",
			change:  []func(*dialect.Schema){unique("person", "email"), unique("customer", "email"), foreign("account", "email", "customer", "email"), cascades},
			problem: "account refers to it by account_email, and by account_email to customer, whose values don't change with it: remove one of the two foreign keys",
		},
		{
			name:   "a key gives way to another",
			schema: "person (email): no, email text\naccount: id, email text -> person",
			change: []func(*dialect.Schema){unique("person", "no"), cascades},
			want:   "overwrite person: email\noverwrite account following: email",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := schemaOf(test.schema, test.change...)
			policy := test.policy
			if policy == "" {
				policy = rule
			}
			engines := []Capabilities{rekeying, cascading}
			if test.engine != nil {
				engines = []Capabilities{test.engine}
			}
			for _, e := range engines {
				p, err := FromSchema(s, e, policyOf(t, s, "", "tables:\n  "+policy), ScopeEverything)
				if test.problem != "" {
					refused(t, err, test.problem)
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(lines(test.want), stepsOf(p)); d != "" {
					t.Errorf("steps (-want +got):\n%s", d)
				}
				for _, r := range p.Roots {
					for _, step := range r.Steps {
						for _, a := range step.Set {
							if want := map[Capabilities]Location{rekeying: ThroughClient, cascading: InDatabase}[e]; step.Follow != nil && a.Way != want {
								t.Errorf("%s follows %s, want %s", step.Table, a.Way, want)
							}
						}
					}
				}
			}
		})
	}
}

// TestKeysOfTablesThatAreOverwritten is how rows are addressed if a key is personal.
func TestKeysOfTablesThatAreOverwritten(t *testing.T) {
	const policy = "tables: {person: {erase: overwrite, columns: {email: {pii: contact, overwrite: pseudonym}}}, visit: {erase: keep, columns: {id: none}}}"
	of := func(change ...func(*dialect.Schema)) *dialect.Schema {
		return schemaOf("person (email): no, email text\nvisit: id, person_no -> person.no", append([]func(*dialect.Schema){unique("person", "no")}, change...)...)
	}
	withoutOther := with("person", func(t *dialect.Table) { t.Indexes = t.Indexes[:1] })

	t.Run("everything, by another key", func(t *testing.T) {
		s := of()
		p := mustBuild(t, s, policyOf(t, s, "", policy), ScopeEverything)
		if d := cmp.Diff([]string{"no"}, p.Roots[0].Tables[0].Key); d != "" || p.Roots[0].Whole || hazard(p, PersonalKey, "person") {
			t.Errorf("walked by (-want +got):%s\n%s", d, p)
		}
	})
	t.Run("everything, all at once", func(t *testing.T) {
		s := of(withoutOther)
		p := mustBuild(t, s, policyOf(t, s, "", policy), ScopeEverything)
		if d := cmp.Diff([]string{"email"}, p.Roots[0].Tables[0].Key); d != "" || !p.Roots[0].Whole || !hazard(p, PersonalKey, "person") || hazard(p, NoPrimaryKey, "person") {
			t.Errorf("addressed by (-want +got):%s\n%s", d, p)
		}
	})
	t.Run("subjects, who are named by it", func(t *testing.T) {
		s := of()
		_, err := FromSchema(s, capabilities(able), policyOf(t, s, "person", policy), ScopeSubjects)
		refused(t, err, "names subjects, so a run could be neither resumed nor verified: name subjects by another unique NOT NULL key (subject.key)")
	})
	t.Run("subjects, who are named by another", func(t *testing.T) {
		s := of()
		policy := policyOf(t, s, "person", policy)
		policy.Subject.Key = []string{"no"}
		p := mustBuild(t, s, policy, ScopeSubjects)
		if d := cmp.Diff([]string{"no"}, planned(t, p, "person").Key); d != "" {
			t.Errorf("(-want +got):%s", d)
		}
	})
	t.Run("expired", func(t *testing.T) {
		s := schemaOf("person (email): email text, seen date")
		person, _, _ := strings.Cut(policy, ", visit")
		_, err := FromSchema(s, capabilities(able), policyOf(t, s, "", person+"}\nretention: [{table: person, by: seen, older_than: 1y, erase: overwrite}]"), ScopeExpired)
		refused(t, err, "it is part of the key that addresses rows, and the table has no other unique NOT NULL key: add one, or write `overwrite: keep`")
	})
}

// TestFollowingASubject is which rows follow in scope subjects.
func TestFollowingASubject(t *testing.T) {
	const schema = "person: id, email text\naccount: id, email text -> person.email, text text\nlogin: id, email text -> account.email"
	build := func(t *testing.T, policy string) (*Plan, error) {
		t.Helper()
		s := schemaOf(schema, unique("person", "email"), unique("account", "email"))
		return FromSchema(s, rekeying, policyOf(t, s, "person", "tables:\n  person: {erase: overwrite, columns: {email: {pii: contact, overwrite: random}}}\n  "+policy), ScopeSubjects)
	}
	tests := []struct {
		name, policy, want, problem string
	}{
		{
			name:   "rows that stay follow, when all else is done",
			policy: "account: {erase: overwrite, columns: {email: {pii: contact}, text: {pii: other, overwrite: random}}}\n  login: {erase: delete, columns: {email: {pii: contact}}}",
			want:   "delete login\noverwrite account: text\noverwrite person: email\noverwrite account following: email",
		},
		{
			name:   "and so do those that are kept as they are",
			policy: "account: {erase: keep, columns: {id: none}}\n  login: {erase: keep, columns: {id: none}}",
			want:   "keep login\nkeep account\noverwrite person: email\noverwrite account following: email\noverwrite login following: email",
		},
		{
			name:   "where all go, none follows",
			policy: "account: {erase: delete, columns: {id: none}}\n  login: {erase: delete, columns: {id: none}}",
			want:   "delete login\ndelete account\noverwrite person: email",
		},
		{
			name:    "a hold that keeps the column is in the way",
			policy:  "account: {erase: delete, hold: {because: VAT}, columns: {email: {pii: contact}}}\n  login: {erase: delete, columns: {id: none}}",
			problem: "table account: the hold keeps column email, which follows person: name the held columns in hold.keep, or don't overwrite the other",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p, err := build(t, test.policy)
			if test.problem != "" {
				if got := problemsOf(t, err); !anyContains(got, test.problem) {
					t.Errorf("problems %q", got)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(lines(test.want), stepsOf(p)); d != "" {
				t.Errorf("steps (-want +got):\n%s", d)
			}
		})
	}
}

// TestLinksInScopeEverything: each end is overwritten by itself.
func TestLinksInScopeEverything(t *testing.T) {
	tests := []struct {
		name, here, there, where, problem string
		change                            []func(*dialect.Schema)
	}{
		{name: "the same consistent strategy", here: "{pseudonym: email}", there: "{pseudonym: email}"},
		{name: "a drawing one that was made so", here: "{fake: email, consistent: true}", there: "{fake: email, consistent: true}"},
		{name: "null at the referring end", here: "null", there: "random"},
		{name: "neither", here: "keep", there: "keep"},
		{
			name: "two strategies", here: "{pseudonym: email}", there: "pseudonym",
			problem: "table note: column about is joined with person.email by note(about), and `{pseudonym: email}` here and `pseudonym` there would separate them",
		},
		{
			name: "two groups", here: "{random: , consistent: a}", there: "{random: , consistent: b}",
			problem: "there would separate them",
		},
		{
			name: "one that isn't consistent", here: "random", there: "random",
			problem: "column about is joined with person.email by note(about), and `random` gives equal values different replacements: give both ends the same consistent strategy, such as `pseudonym`, or write `overwrite: null` at note.about",
		},
		{
			name: "a condition", here: "{pseudonym: email, when: id > 3}", there: "{pseudonym: email, when: id > 3}",
			problem: "keeps its value where `when` doesn't hold: remove it, or give the link the same condition",
		},
		{
			name: "the link's condition", here: "{pseudonym: email, when: '(id  > 3 AND name is not null)'}", there: "{pseudonym: email}", where: "id > 3 and name IS NOT NULL",
		},
		{name: "no condition where the link has one", here: "{pseudonym: email}", there: "{pseudonym: email}", where: "id > 3"},
		{
			name: "another condition", here: "{pseudonym: email, when: id > 4}", there: "{pseudonym: email}", where: "id > 3",
			problem: "table note: column about is joined with person.email by note(about), and keeps its value where `when` doesn't hold: remove it, or write the link's condition, `when: id > 3`",
		},
		{
			name: "the link's condition at the other end", here: "{pseudonym: email}", there: "{pseudonym: email, when: id > 3}", where: "id > 3",
			problem: "rows outside of its condition (`when`) keep their values",
		},
		{
			name: "null under another condition", here: "{null: , when: id > 4}", there: "{pseudonym: email}", where: "id > 3",
			problem: "keeps its value where `when` doesn't hold",
		},
		{name: "null under the link's condition", here: "{null: , when: id > 3}", there: "{pseudonym: email}", where: "id > 3"},
		{
			name: "one that repeats values", here: "{fake: email, consistent: true}", there: "{fake: email, consistent: true}",
			change:  []func(*dialect.Schema){with("person", func(t *dialect.Table) { t.Indexes = t.Indexes[:1] })},
			problem: "may give different values one replacement",
		},
		{
			name: "only what is referred to", here: "keep", there: "{pseudonym: email}",
			problem: "table person: column email can't be overwritten: note refers to it by note(about) and keeps its values",
		},
		{
			name: "only what refers", here: "{pseudonym: email}", there: "keep",
			problem: "table note: column about can't be overwritten: it refers to person by note(about): use null, unless person.email is overwritten too",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			link := "note(about) -> person(email)"
			if test.where != "" {
				link += " where " + test.where
			}
			s := schemaOf("person: id, email text\nnote: id, about text?, name text", append([]func(*dialect.Schema){unique("person", "email")}, test.change...)...)
			p, err := FromSchema(s, rekeying, policyOf(t, s, "", "tables:\n  person: {columns: {email: {pii: contact, overwrite: "+test.there+
				"}}}\n  note: {columns: {name: {pii: name, overwrite: random}, about: {pii: contact, overwrite: "+test.here+"}}}\nlinks: ['"+link+"']"), ScopeEverything)
			if test.problem != "" {
				refused(t, err, test.problem)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(test.here, "null") && test.here != "keep" && !slices.Contains(p.Covers, nameOf("person")) {
				t.Error("the fingerprint leaves out what a value was made to fit")
			}
		})
	}
}

// TestFollowingIsShown is how a plan shows Following rows.
func TestFollowingIsShown(t *testing.T) {
	s := schemaOf("person: id, email text\naccount: id, email text -> person.email\nlogin: id, email text -> account.email",
		unique("person", "email"), unique("account", "email"), cascades)
	for _, e := range []Capabilities{rekeying, cascading} {
		p, err := FromSchema(s, e, policyOf(t, s, "", "tables: {person: {columns: {email: {pii: contact, overwrite: pseudonym}}}}"), ScopeEverything)
		if err != nil {
			t.Fatal(err)
		}
		text := p.String()
		want := "person ← account(email) ← login(email): rows that refer to an overwritten one follow it"
		if e == cascading {
			want += ", by the foreign key's cascade"
		}
		if !strings.Contains(text, want) {
			t.Errorf("the text says\n%s", text)
		}
		if m := p.Mermaid(); strings.Count(m, "--x") != 2 {
			t.Errorf("the chart is\n%s", m)
		}
		data, err := p.Encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Decode(data)
		if d := cmp.Diff(p, again); err != nil || d != "" {
			t.Errorf("decoded (-built +decoded): %v\n%s", err, d)
		}
	}
}

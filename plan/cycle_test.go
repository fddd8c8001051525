package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect"
)

// TestPitfall8Circles is how rows in a cycle are deleted.
func TestPitfall8Circles(t *testing.T) {
	deferred := func(fk *dialect.ForeignKey) { fk.Deferrable = true }
	tests := []struct {
		name    string
		schema  string
		change  []func(*dialect.Schema)
		engine  dialect.Engine
		want    string
		defers  bool
		problem string
	}{
		{
			name:   "a nullable reference is opened first",
			schema: "customer: id, email text\na: id, customer_id -> customer, c_id -> c\nb: id, a_id? -> a\nc: id, b_id -> b",
			engine: able,
			want:   "detach b(a_id) going\ndelete a\ndelete c\ndelete b\ndelete customer",
		},
		{
			name: "several circles in one component, one reference opens both",
			schema: `customer: id, email text
				a: id, customer_id -> customer, b_id? -> b, c_id? -> c
				b: id, a_id -> a
				c: id, b_id -> b, a2 -> a`,
			engine: able,
			want:   "detach a(b_id) going\ndetach a(c_id) going\ndelete c\ndelete b\ndelete a\ndelete customer",
		},
		{
			name:   "constraints are deferred where no reference is nullable",
			schema: "customer: id, email text\na: id, customer_id -> customer, b_id\nb: id, a_id -> a",
			change: []func(*dialect.Schema){foreign("a", "b_id", "b", "id", deferred)},
			engine: able, defers: true,
			want: "delete b\ndelete a\ndelete customer",
		},
		{
			name:    "not where the engine can't",
			schema:  "customer: id, email text\na: id, customer_id -> customer, b_id\nb: id, a_id -> a",
			change:  []func(*dialect.Schema){foreign("a", "b_id", "b", "id", deferred)},
			engine:  dialect.Engine{Name: "test", ChecksFKAtStatementEnd: true},
			problem: "foreign key cycle can't be broken: a(b_id) → b; b(a_id) → a: make one of these columns nullable",
		},
		{
			name:   "nor where another foreign key of the same columns isn't deferrable",
			schema: "customer: id, email text\na: id, customer_id -> customer, b_id\nb: id, a_id -> a",
			change: []func(*dialect.Schema){foreign("a", "b_id", "b", "id", deferred), foreign("a", "b_id", "b", "id")},
			engine: able, problem: "foreign key cycle can't be broken",
		},
		{
			name:    "nor where the reference acts at once",
			schema:  "customer: id, email text\na: id, customer_id -> customer, b_id\nb: id, a_id -> a",
			change:  []func(*dialect.Schema){foreign("a", "b_id", "b", "id", deferred, func(fk *dialect.ForeignKey) { fk.OnDelete = dialect.Cascade })},
			engine:  able,
			problem: "foreign key cycle can't be broken",
		},
		{
			name:   "a NOT NULL self reference goes in one statement",
			schema: "customer: id, email text\na: id, customer_id -> customer, boss -> a",
			engine: able,
			want:   "delete a\ndelete customer",
		},
		{
			name:    "unless the engine looks at each row",
			schema:  "customer: id, email text\na: id, customer_id -> customer, boss -> a",
			engine:  dialect.Engine{Name: "test"},
			problem: "foreign key cycle can't be broken: a(boss) → a",
		},
		{
			name:    "or the reference restricts",
			schema:  "customer: id, email text\na: id, customer_id -> customer, boss",
			change:  []func(*dialect.Schema){foreign("a", "boss", "a", "id", func(fk *dialect.ForeignKey) { fk.OnDelete = dialect.Restrict })},
			engine:  able,
			problem: "foreign key cycle can't be broken: a(boss) → a",
		},
		{
			name:   "a circle of which a link is part needs nothing",
			schema: "customer: id, email text\na: id, customer_id -> customer, b_id ~> b\nb: id, a_id -> a",
			engine: able,
			want:   "delete b\ndelete a\ndelete customer",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := schemaOf(test.schema, test.change...)
			tables := "tables:\n  " + personalCustomer
			for _, table := range s.Tables {
				if table.Name.Table != "customer" {
					tables += "\n  " + table.Name.Table + ": {erase: delete, columns: {id: none}}"
				}
			}
			p, err := FromSchema(s, capabilities(test.engine), policyOf(t, s, "customer", tables), ScopeSubjects)
			if test.problem != "" {
				refused(t, err, test.problem)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(lines(test.want), stepsOf(p)); d != "" {
				t.Errorf("steps (-want +got):\n%s", d)
			}
			if p.Roots[0].Defer != test.defers {
				t.Errorf("constraints are deferred: %t", p.Roots[0].Defer)
			}
			if p.Roots[0].Tables[0].Name.Table != "customer" {
				t.Error("the root isn't the first table")
			}
		})
	}
}

func TestCirclesAreCollectedTogether(t *testing.T) {
	s := schemaOf("customer: id, email text\na: id, customer_id -> customer, b_id? -> b\nb: id, a_id -> a\nleaf: id, b_id -> b")
	p := mustBuild(t, s, policyOf(t, s, "customer", "tables:\n  "+personalCustomer+"\n  a: {erase: delete, columns: {id: none}}\n  b: {erase: delete, columns: {id: none}}\n  leaf: {erase: delete, columns: {id: none}}"), ScopeSubjects)
	got := map[string]int{}
	for _, n := range p.Roots[0].Tables {
		got[n.Name.Table] = n.Cycle
	}
	if d := cmp.Diff(map[string]int{"customer": 0, "a": 1, "b": 1, "leaf": 0}, got); d != "" {
		t.Error(d)
	}
}

// A root may be part of a cycle itself, and is the first table all the same.
func TestARootInACircle(t *testing.T) {
	s := schemaOf("session: id, seen date, last -> view\nview: id, session_id? -> session")
	p := mustBuild(t, s, policyOf(t, s, "", "tables:\n  session: {erase: delete, columns: {id: none}}\n  view: {erase: delete, columns: {id: none}}\nretention: [{table: session, by: seen, older_than: 90d, erase: delete}]"), ScopeExpired)
	if d := cmp.Diff([]string{"detach view(session_id) going", "delete session", "delete view"}, stepsOf(p)); d != "" {
		t.Error(d)
	}
	if got := p.Roots[0].Tables[0].Name.Table; got != "session" {
		t.Errorf("the first table is %s", got)
	}
}

func TestPitfall10CascadesAreListed(t *testing.T) {
	cascade := func(fk *dialect.ForeignKey) { fk.OnDelete = dialect.Cascade }
	s := schemaOf("customer: id, email text\norder: id, customer_id\nline: id, order_id",
		foreign("order", "customer_id", "customer", "id", cascade), foreign("line", "order_id", "order", "id", cascade))
	t.Run("as steps, children first", func(t *testing.T) {
		p := mustBuild(t, s, policyOf(t, s, "customer", "tables:\n  "+personalCustomer+"\n  order: {erase: delete, columns: {id: none}}\n  line: {erase: delete, columns: {id: none}}"), ScopeSubjects)
		if d := cmp.Diff([]string{"delete line", "delete order", "delete customer"}, stepsOf(p)); d != "" {
			t.Error(d)
		}
	})
	t.Run("and not decided is refused", func(t *testing.T) {
		_, err := FromSchema(s, capabilities(able), policyOf(t, s, "customer", "tables:\n  "+personalCustomer+"\n  order: {erase: delete, columns: {id: none}}"), ScopeSubjects)
		refused(t, err, "table line: no decision: the table is `pii: none`, but it refers to order by (order_id)")
	})
	t.Run("a kept row isn't taken by its parent's cascade", func(t *testing.T) {
		p := mustBuild(t, s, policyOf(t, s, "customer", "tables:\n  "+personalCustomer+"\n  order: {erase: keep, columns: {id: none}}\n  line: {erase: keep, columns: {id: none}}"), ScopeSubjects)
		if d := cmp.Diff([]string{"keep line", "keep order", "overwrite customer: email", "delete customer"}, stepsOf(p)); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff([]string{"customer"}, anchored(planned(t, p, "order"))); d != "" {
			t.Error(d)
		}
	})
}

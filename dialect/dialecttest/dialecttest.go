// Package dialecttest is the conformance suite of package dialect: everything above the contract
// relies on these properties of an engine. It imports no driver and no dialect.
//
// A dialect's test calls [Run] with a [Factory]. It opens an empty database, and knows the engine's
// types, a few engine-specific statements, and hooks for server tasks (killing a session, denying a
// privilege). The suite creates its own tables from portable descriptions ([Table]) and uses the
// contract alone.
//
// Subtests are named topic/case, so that the test output gives a table of engines and topics.
// Factory.Excused lists each case that an engine truly can't have, with its reason; the suite skips
// it with that reason.
package dialecttest

import (
	"context"
	"strings"
	"testing"

	"github.com/expungedb/expunge/dialect"
)

// Factory adapts the suite to an engine. Where a field "may be nil", excuse the cases that need it.
type Factory struct {
	// Engine is the expected Engine().Name.
	Engine string
	// Open returns a fresh, empty database; the factory removes it at the test's end.
	Open func(t testing.TB) *Env
	// OpenSmall is Open where one statement can pass about 1 MB of rows at most, so that larger
	// ones are written in parts.
	OpenSmall func(t testing.TB) *Env
	// Quote quotes an identifier in DDL.
	Quote func(name string) string
	// Operator spells an operator in a condition, where a bare one may be another schema's. May be
	// nil: bare.
	Operator func(op string) string
	// Type spells a column's type, or returns "" where the engine has none of that kind; the suite
	// then omits the column.
	Type func(Type) string
	// Collations lists the engine's ways to compare texts, and creates them in the database where
	// needed.
	Collations func(t testing.TB, env *Env) []Collation
	// Identity is the SQL between the name of an engine-numbered 64-bit primary key column and
	// PRIMARY KEY. May be empty.
	Identity string
	// Generated is the SQL after the name of a stored generated column. May be nil.
	Generated func(typ, expression string) string
	// Trigger returns the statements for a trigger. After each delete from table it inserts the
	// row's column into the only column of table into. All names are unquoted. May be nil.
	Trigger func(name, table, into, column string) []string
	// Serialization returns statements after which every delete from the table fails like a
	// serialization failure. May be nil.
	Serialization func(table string) []string
	// UsesIndex asks the engine for the plan of the Select, as the dialect renders it, and reports
	// whether every access to the table is by an index. It may refresh statistics first.
	UsesIndex func(t testing.TB, env *Env, s dialect.Select) bool
	// Kill ends all server sessions of env.DB. May be nil.
	Kill func(t testing.TB, env *Env)
	// Restrict returns a DB whose user may read everything and change nothing of the table. May be
	// nil.
	Restrict func(t testing.TB, env *Env, table string) dialect.DB
	// Excused maps "topic" or "topic/case" to the reason why the engine can't have it.
	Excused map[string]string
}

// Env is one open database.
type Env struct {
	DB dialect.DB
	// Second is another DB on the same database, over its own pool.
	Second dialect.DB
	// Schema is the Name.Schema of a table created by its bare name.
	Schema string
	// Exec runs statements in the engine's SQL, each for itself and committed, on its own
	// connection. It fails the test when one fails.
	Exec func(t testing.TB, statements ...string)
}

// Name is the name of a table of this database.
func (e *Env) Name(table string) dialect.Name { return dialect.Name{Schema: e.Schema, Table: table} }

// Run runs the whole suite, one subtest per topic.
func Run(t *testing.T, f Factory) {
	s := &suite{Factory: f, used: map[string]bool{}}
	for _, topic := range topics {
		s.runSub(t, topic.name, topic.test)
	}
	if !t.Failed() && !testing.Short() && runFilter() == "" {
		for name := range f.Excused {
			if !s.used[name] {
				t.Errorf("Factory.Excused names %q, which is no case of the suite: remove it", name)
			}
		}
	}
}

var topics = []struct {
	name string
	test func(*suite, *testing.T)
}{
	{"inspection", (*suite).testInspection},
	{"fingerprint", (*suite).testFingerprint},
	{"schema mark", (*suite).schemaMark},
	{"keyset", (*suite).testKeyset},
	{"delete", (*suite).testDelete},
	{"overwrite", (*suite).testOverwrite},
	{"sizes of values", (*suite).bulkSizes},
	{"rekey", (*suite).testRekey},
	{"conditions", (*suite).testConds},
	{"collations", (*suite).testCollations},
	{"policy conditions", (*suite).policyConditions},
	{"nulls", (*suite).testNulls},
	{"expressions", (*suite).testExpressions},
	{"names", (*suite).testNames},
	{"values", (*suite).testValues},
	{"errors", (*suite).testErrors},
	{"locks", (*suite).testLocks},
	{"read-only", (*suite).readOnly},
	{"journal", (*suite).testJournal},
	{"claims", (*suite).testClaims},
	{"suspended indexes", (*suite).testSuspension},
	{"check constraints tried", (*suite).testTrials},
	{"checks", (*suite).testChecks},
	{"query plan", (*suite).queryPlan},
}

// suite is one run of the suite.
type suite struct {
	Factory
	used map[string]bool
}

// runSub runs a subtest, unless it is excused.
func (s *suite) runSub(t *testing.T, name string, test func(*suite, *testing.T)) {
	t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
		t.Helper()
		_, path, _ := strings.Cut(strings.ReplaceAll(t.Name(), "_", " "), "/")
		for excused, reason := range s.Excused {
			if path == excused || strings.HasSuffix(path, "/"+excused) {
				s.used[excused] = true
				t.Skipf("EXCUSED on %s: %s: %s", s.Engine, excused, reason)
			}
		}
		test(s, t)
	})
}

// testOperator spells an operator in a condition.
func (s *suite) testOperator(op string) string {
	if s.Operator == nil {
		return op
	}
	return s.Operator(op)
}

// contextFor is the test's context.
func contextFor(t testing.TB) context.Context { return t.Context() }

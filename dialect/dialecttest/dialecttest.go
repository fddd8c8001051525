// Package dialecttest is the conformance suite of package dialect: what an
// engine has to get right so that everything above the contract can rely on
// it. It imports no driver and no dialect.
//
// A dialect's test calls [Run] with a [Factory]: how to open an empty
// database, how the engine spells types and a few statements that differ
// everywhere, and hooks for what only a server can do (killing a session,
// denying a privilege). The suite makes its own tables from portable
// descriptions ([Table]) and works through the contract alone.
//
// Subtests are named topic/case, so that a table of engines and topics can be
// read off the test output. A case that an engine truly can't have is listed in
// Factory.Excused with its reason; it is then skipped with that reason.
package dialecttest

import (
	"context"
	"strings"
	"testing"

	"github.com/expungedb/expunge/dialect"
)

// Factory is how an engine takes part. Fields that say "may be nil" need the
// cases that use them excused.
type Factory struct {
	// Engine is what Engine().Name has to be.
	Engine string
	// Open gives a fresh, empty database, which the factory removes at the
	// test's end.
	Open func(t testing.TB) *Env
	// OpenSmall is Open where one statement takes about 1 MB of rows at most, so
	// that larger ones are written in parts.
	OpenSmall func(t testing.TB) *Env
	// Quote quotes an identifier in DDL.
	Quote func(name string) string
	// Operator spells an operator in a condition, where a bare one may be another schema's.
	// May be nil: bare.
	Operator func(op string) string
	// Type spells a column's type, or "" where the engine has none of that kind;
	// the suite then leaves the column out.
	Type func(Type) string
	// Collations are the ways in which the engine compares texts, made in the
	// database where it must be told of them.
	Collations func(t testing.TB, env *Env) []Collation
	// Identity is what follows the name of a 64-bit primary key column that
	// the engine numbers, up to but without PRIMARY KEY. May be empty.
	Identity string
	// Generated is what follows the name of a stored generated column. May be nil.
	Generated func(typ, expression string) string
	// Trigger gives the statements that make a trigger which, after a row was
	// deleted from table, inserts the row's column into the only column of table into. All
	// names are unquoted. May be nil.
	Trigger func(name, table, into, column string) []string
	// Serialization gives the statements that make every delete from the table
	// fail as the engine reports a serialization failure. May be nil.
	Serialization func(table string) []string
	// UsesIndex asks the engine for the plan of the Select, as the dialect
	// renders it, and reports whether every access to the table is by an index.
	// It may refresh statistics first.
	UsesIndex func(t testing.TB, env *Env, s dialect.Select) bool
	// Kill ends all server sessions of env.DB. May be nil.
	Kill func(t testing.TB, env *Env)
	// Restrict gives a DB whose user may read everything and change nothing
	// of the table. May be nil.
	Restrict func(t testing.TB, env *Env, table string) dialect.DB
	// Excused maps "topic" or "topic/case" to the reason why the engine can't have it.
	Excused map[string]string
}

// Env is one open database.
type Env struct {
	DB dialect.DB
	// Second is another DB on the same database, over a pool of its own.
	Second dialect.DB
	// Schema is the Name.Schema of a table made by its bare name.
	Schema string
	// Exec runs statements in the engine's SQL, each for itself and committed,
	// on a connection of its own. It fails the test when one fails.
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

// contextFor is the test's context, which ends with it.
func contextFor(t testing.TB) context.Context { return t.Context() }

package plan

import (
	"fmt"
	"strings"
	"testing"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/policy"
)

// large is a schema of n tables with three foreign keys each, all reached from the first. If
// entangled, some of them form cycles.
func large(n int, entangled bool) *dialect.Schema {
	var b strings.Builder
	b.WriteString("t0: id, email text\n")
	for i := 1; i < n; i++ {
		last := fmt.Sprintf("c? -> t%d", i/3)
		if entangled {
			last = fmt.Sprintf("c? -> t%d", 1+(i*7+3)%(n-1))
		}
		fmt.Fprintf(&b, "t%d: id, a -> t%d, b? -> t%d, %s, name text, note text\n", i, i-1, i/2, last)
	}
	return schemaOf(b.String())
}

func largePolicy(t testing.TB, s *dialect.Schema) *policy.Policy {
	var b strings.Builder
	b.WriteString("tables:\n")
	for _, table := range s.Tables {
		fmt.Fprintf(&b, "  %s: {erase: delete, columns: {id: none}}\n", table.Name)
	}
	return policyOf(t, s, "t0", b.String())
}

// BenchmarkBuild makes the plan of 1,000 tables with 3,000 foreign keys.
func BenchmarkBuild(b *testing.B) {
	for name, entangled := range map[string]bool{"tree": false, "entangled": true} {
		b.Run(name, func(b *testing.B) {
			s := large(1000, entangled)
			p := largePolicy(b, s)
			for b.Loop() {
				mustBuild(b, s, p, ScopeSubjects)
			}
		})
	}
}

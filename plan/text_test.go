package plan

import (
	"strings"
	"testing"

	"github.com/expungedb/expunge/dialect"
)

// A person reviews a plan at a terminal: a name must not make lines of its own, or hide any.
func TestNamesCannotForgeThePlanThatIsReviewed(t *testing.T) {
	p := &Plan{Database: "shop\x1b[2J", Scope: ScopeSubjects, Roots: []Root{{
		Table: dialect.Name{Table: "customer"},
		Steps: []Step{{
			ID: "s1", Op: Delete, Table: dialect.Name{Table: "note\n  s2\tkeep  customer\u202e"}, Path: "customer\r",
		}},
	}}}
	text := p.String()
	for _, bad := range []string{"\x1b", "\r", "\u202e", "\n  s2"} {
		if strings.Contains(text, bad) {
			t.Errorf("the text has %q in it", bad)
		}
	}
}

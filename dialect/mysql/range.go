package mysql

import (
	"slices"

	"github.com/expungedb/expunge/dialect"
)

// splitRange splits the conditions of a statement that locks rows up to a key: one part for the
// rows before the key, one for the key's own row. InnoDB locks a row before it compares it. So a
// range that includes its end also locks the row after it: its writers and this statement would
// wait for each other. A range that excludes its end stops at a row of ours. Conditions that read
// the table itself remain together, as the first part would change the rows the second reads.
func splitRange(n dialect.Name, where []dialect.Cond, locks bool) [][]dialect.Cond {
	i := slices.IndexFunc(where, func(c dialect.Cond) bool {
		u, ok := c.(dialect.UpTo)
		return ok && len(u.Key) > 0
	})
	if i < 0 || !locks || readsTable(n, where) {
		return [][]dialect.Cond{where}
	}
	end := where[i].(dialect.UpTo)
	parts := [][]dialect.Cond{slices.Clone(where), slices.Clone(where)}
	parts[0][i], parts[1][i] = before{end}, at{end}
	return parts
}

// The parts of an UpTo.
type (
	before struct{ dialect.UpTo }
	at     struct{ dialect.UpTo }
)

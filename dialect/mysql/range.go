package mysql

import (
	"slices"

	"github.com/expungedb/expunge/dialect"
)

// splitRange divides the conditions of a statement that locks rows up to a key in
// two: for the rows before the key, and for the key's own. InnoDB locks a row before it compares it, so
// that a range which includes its end is waited for by whoever works on the row behind it, and waits for
// them; the end of one that leaves it out is a row of ours. Conditions that read the table itself stay
// together, as the first part would change what the second reads.
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

package erase

import (
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/tally"
)

// Reason is why a row was kept on purpose.
type Reason string

// The reasons.
const (
	ByHold      = Reason(tally.ByHold)      // a hold of its own table
	WithHeld    = Reason(tally.WithHeld)    // reached through a held row
	ByReference = Reason(tally.ByReference) // a remaining row refers to it: overwritten instead
	ByPolicy    = Reason(tally.ByPolicy)    // the policy keeps it
	ByOthers    = Reason(tally.ByOthers)    // rows of others refer to it
)

// Kept counts the rows of a table kept for one reason.
type Kept struct {
	Table  dialect.Name `json:"table"`
	Reason Reason       `json:"reason"`
	Rows   int64        `json:"rows"`
}

// keptRows sorts counts for a Result.
func keptRows(list []tally.Kept) []Kept {
	var out []Kept
	for _, k := range tally.Sorted(list) {
		out = append(out, Kept{k.Table, Reason(k.Reason), k.Rows})
	}
	return out
}

package erase

import (
	"cmp"
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// Counts are the rows of one step. Matched = Affected + Gone + Left + Held.
type Counts struct {
	Matched   int64 `json:"matched,omitempty"`   // found for the step
	Affected  int64 `json:"affected,omitempty"`  // deleted, overwritten or detached
	Gone      int64 `json:"gone,omitempty"`      // given, and not in the database
	Left      int64 `json:"left,omitempty"`      // still there, and should not be
	Held      int64 `json:"held,omitempty"`      // kept on purpose
	Arrived   int64 `json:"arrived,omitempty"`   // appeared after the run's moment: not matched
	Unchecked int64 `json:"unchecked,omitempty"` // affected, and not compared afterwards
	Same      int64 `json:"same,omitempty"`      // values that came out as they were
}

func (c *Counts) add(o Counts) {
	c.Matched += o.Matched
	c.Affected += o.Affected
	c.Gone += o.Gone
	c.Left += o.Left
	c.Held += o.Held
	c.Arrived += o.Arrived
	c.Unchecked += o.Unchecked
	c.Same += o.Same
}

// Reason is why a row was kept on purpose.
type Reason string

// The reasons.
const (
	ByHold      Reason = "hold"      // a hold of its own table
	WithHeld    Reason = "with held" // it was reached through a held row
	ByReference Reason = "reference" // a row that stays refers to it: overwritten instead
	ByPolicy    Reason = "policy"    // the policy keeps it
	ByOthers    Reason = "shared"    // rows of others refer to it
)

// Kept counts the rows of a table that were kept for one reason.
type Kept struct {
	Table  dialect.Name `json:"table"`
	Reason Reason       `json:"reason"`
	Rows   int64        `json:"rows"`
}

// tally is what a batch did, and the sum of what batches did. It is the form in
// which the journal keeps it.
type tally struct {
	Steps map[string]*Counts `json:"steps,omitempty"`
	Kept  []Kept             `json:"kept,omitempty"`
}

func (t *tally) step(id string) *Counts {
	if t.Steps == nil {
		t.Steps = map[string]*Counts{}
	}
	c := t.Steps[id]
	if c == nil {
		c = &Counts{}
		t.Steps[id] = c
	}
	return c
}

func (t *tally) kept(table dialect.Name, why Reason, rows int64) {
	if rows == 0 {
		return
	}
	i := slices.IndexFunc(t.Kept, func(k Kept) bool { return k.Table == table && k.Reason == why })
	if i < 0 {
		t.Kept = append(t.Kept, Kept{Table: table, Reason: why})
		i = len(t.Kept) - 1
	}
	t.Kept[i].Rows += rows
}

func (t *tally) add(o *tally) {
	for id, c := range o.Steps {
		t.step(id).add(*c)
	}
	for _, k := range o.Kept {
		t.kept(k.Table, k.Reason, k.Rows)
	}
}

// sorted orders what was kept, so that the same counts read the same.
func (t *tally) sorted() []Kept {
	out := slices.Clone(t.Kept)
	slices.SortFunc(out, func(a, b Kept) int {
		return cmp.Or(a.Table.Compare(b.Table), strings.Compare(string(a.Reason), string(b.Reason)))
	})
	return out
}

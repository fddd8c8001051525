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
	Otherwise int64 `json:"otherwise,omitempty"` // values that got what the policy's `otherwise` says
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
	c.Otherwise += o.Otherwise
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
	// Ended counts the rows that a hold had kept, which has ended.
	Ended []Kept `json:"ended,omitempty"`
	// Follows are the receipts of erasures that were finished for one of their rows.
	Follows []string `json:"follows,omitempty"`
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

func (t *tally) addKept(table dialect.Name, why Reason, rows int64) {
	t.Kept = addCounted(t.Kept, Kept{table, why, rows})
}

func (t *tally) addEnded(table dialect.Name, rows int64) {
	t.Ended = addCounted(t.Ended, Kept{table, ByHold, rows})
}

func (t *tally) addFollowed(receipt string) {
	if !slices.Contains(t.Follows, receipt) {
		t.Follows = append(t.Follows, receipt)
	}
}

// addCounted adds rows to a list that has each table and reason once.
func addCounted(list []Kept, k Kept) []Kept {
	if k.Rows == 0 {
		return list
	}
	i := slices.IndexFunc(list, func(o Kept) bool { return o.Table == k.Table && o.Reason == k.Reason })
	if i < 0 {
		return append(list, k)
	}
	list[i].Rows += k.Rows
	return list
}

func (t *tally) add(o *tally) {
	for id, c := range o.Steps {
		t.step(id).add(*c)
	}
	for _, k := range o.Kept {
		t.addKept(k.Table, k.Reason, k.Rows)
	}
	for _, k := range o.Ended {
		t.addEnded(k.Table, k.Rows)
	}
	for _, r := range o.Follows {
		t.addFollowed(r)
	}
}

// sortedKept orders counts, so that the same ones read the same.
func sortedKept(list []Kept) []Kept {
	out := slices.Clone(list)
	slices.SortFunc(out, func(a, b Kept) int {
		return cmp.Or(a.Table.Compare(b.Table), strings.Compare(string(a.Reason), string(b.Reason)))
	})
	return out
}

// Package tally counts rows: what a step did to them, and why some were kept.
package tally

import (
	"cmp"
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// Counts are the rows of one step. Matched = Affected + AlreadyGone + Left + Held.
type Counts struct {
	Matched     int64 `json:"matched,omitempty"`   // found for the step
	Affected    int64 `json:"affected,omitempty"`  // deleted, overwritten or detached
	AlreadyGone int64 `json:"gone,omitempty"`      // given, and not in the database
	Left        int64 `json:"left,omitempty"`      // still there, and should not be
	Held        int64 `json:"held,omitempty"`      // kept on purpose
	Arrived     int64 `json:"arrived,omitempty"`   // appeared after the run's moment: not matched
	Unchecked   int64 `json:"unchecked,omitempty"` // affected, and not compared afterwards
	Unchanged   int64 `json:"same,omitempty"`      // values equal to the old ones
	Otherwise   int64 `json:"otherwise,omitempty"` // values replaced by the policy's `otherwise`
}

// Add adds the counts of another batch.
func (c *Counts) Add(o Counts) {
	c.Matched += o.Matched
	c.Affected += o.Affected
	c.AlreadyGone += o.AlreadyGone
	c.Left += o.Left
	c.Held += o.Held
	c.Arrived += o.Arrived
	c.Unchecked += o.Unchecked
	c.Unchanged += o.Unchanged
	c.Otherwise += o.Otherwise
}

// Reason is why a row was kept on purpose.
type Reason string

// The reasons.
const (
	ByHold      Reason = "hold"      // a hold of its own table
	WithHeld    Reason = "with held" // it was reached through a held row
	ByReference Reason = "reference" // a remaining row refers to it: overwritten instead
	ByPolicy    Reason = "policy"    // the policy keeps it
	ByOthers    Reason = "shared"    // rows of others refer to it
)

// Kept counts the rows of a table kept for one reason.
type Kept struct {
	Table  dialect.Name `json:"table"`
	Reason Reason       `json:"reason"`
	Rows   int64        `json:"rows"`
}

// Tally is what one batch did, or the sum of several. The journal stores it as JSON.
type Tally struct {
	Steps map[string]*Counts `json:"steps,omitempty"`
	Kept  []Kept             `json:"kept,omitempty"`
	// Ended counts the rows kept by a hold until it ended.
	Ended []Kept `json:"ended,omitempty"`
	// Follows are the receipts of erasures that were finished for one of their rows.
	Follows []string `json:"follows,omitempty"`
}

// Step returns the counts of a step, to add to.
func (t *Tally) Step(id string) *Counts {
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

// AddKept counts rows of a table as kept for a reason.
func (t *Tally) AddKept(table dialect.Name, why Reason, rows int64) {
	t.Kept = addCounted(t.Kept, Kept{table, why, rows})
}

// AddEnded counts rows of a table whose hold has ended.
func (t *Tally) AddEnded(table dialect.Name, rows int64) {
	t.Ended = addCounted(t.Ended, Kept{table, ByHold, rows})
}

// AddFollowed adds the receipt of an erasure that left one of the rows to a hold.
func (t *Tally) AddFollowed(receipt string) {
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

// Add adds another tally.
func (t *Tally) Add(o *Tally) {
	for id, c := range o.Steps {
		t.Step(id).Add(*c)
	}
	for _, k := range o.Kept {
		t.AddKept(k.Table, k.Reason, k.Rows)
	}
	for _, k := range o.Ended {
		t.AddEnded(k.Table, k.Rows)
	}
	for _, r := range o.Follows {
		t.AddFollowed(r)
	}
}

// Sorted orders counts by table and reason.
func Sorted(list []Kept) []Kept {
	out := slices.Clone(list)
	slices.SortFunc(out, func(a, b Kept) int {
		return cmp.Or(a.Table.Compare(b.Table), strings.Compare(string(a.Reason), string(b.Reason)))
	})
	return out
}

// AffectedRows is how many rows were deleted, overwritten or detached.
func (t *Tally) AffectedRows() (rows int64) {
	for _, c := range t.Steps {
		rows += c.Affected
	}
	return rows
}

// HasProblems reports whether rows are left by mistake, or new.
func (t *Tally) HasProblems() bool {
	for _, c := range t.Steps {
		if c.Left+c.Arrived > 0 {
			return true
		}
	}
	return false
}

package discover

import (
	"fmt"
	"strings"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/plan/policy"
)

// Finding is what a column was taken for.
type Finding struct {
	Table      string  `json:"table"` // as the policy names it
	Column     string  `json:"column"`
	Category   string  `json:"category"`   // one of plan.Categories, or plan.PIIUndecided
	Confidence float64 `json:"confidence"` // 0 to 1; 0 where it is undecided
	// Reason says why, with names and counts only: "name says an e-mail
	// address; 198 of 200 sampled values look like one".
	Reason string `json:"reason"`
	// Strategy is what the policy overwrites the column with; nil where
	// nothing is to be overwritten, or nothing can be.
	Strategy *anonymise.Spec `json:"strategy,omitempty"`
}

// What a Proposal is about.
const (
	AboutSubject = "subject" // the subject table
	AboutErase   = "erase"   // what happens to the rows of a table
	AboutVia     = "via"     // what happens to them for each of several references
	AboutLink    = "link"    // a relation that the catalogue doesn't declare
	AboutOwns    = "owns"    // rows that go with their owner
	// AboutUnlinked is a table with personal columns that nothing leads to from the subject.
	AboutUnlinked = "unlinked"
)

// Proposal is a decision for a person to make.
type Proposal struct {
	About string `json:"about"`
	Table string `json:"table"` // as the policy names it
	// Text is the line as the policy would have it.
	Text       string  `json:"text"`
	Confidence float64 `json:"confidence"`
	Reason     string  `json:"reason"`
	// InPolicy says that Draft.Policy has the line: the subject, links and
	// what is owned. Decisions are only written beside it.
	InPolicy bool `json:"inPolicy"`
}

// How sure the kinds of evidence make. They order findings; they are no
// measured probabilities.
const (
	certain  = 0.99 // the catalogue says so
	agreeing = 0.97 // name and values
	byValues = 0.9  // most values have a checkable shape
	byName   = 0.85 // the name has one meaning
	likely   = 0.7  // the name together with what is around it
	guessed  = 0.6  // one weak sign
)

// verdict is what a column is taken for while that is being found out.
type verdict struct {
	meaning    *meaning // nil where it isn't known
	category   string   // "" as long as nothing is settled
	confidence float64
	reasons    []string
	open       bool            // only a person can tell
	spec       *anonymise.Spec // a strategy that comes with the verdict (documents)
	final      *anonymise.Spec // the one that fits
}

func (v *verdict) because(format string, args ...any) {
	v.reasons = append(v.reasons, fmt.Sprintf(format, args...))
}

// is settles the verdict.
func (v *verdict) is(m *meaning, confidence float64) {
	v.meaning, v.category, v.confidence = m, m.category, confidence
}

// none settles that nothing personal is in the column.
func (v *verdict) none(confidence float64, format string, args ...any) {
	v.meaning, v.category, v.confidence, v.reasons = nil, policy.PIINone, confidence, nil
	v.because(format, args...)
}

// leaveOpen settles that only a person can tell.
func (v *verdict) leaveOpen(format string, args ...any) {
	v.meaning, v.category, v.open, v.reasons = nil, "", true, nil
	v.because(format, args...)
}

func (v *verdict) personal() bool {
	return v.category != "" && v.category != policy.PIINone
}

func (v *verdict) reason() string { return strings.Join(v.reasons, "; ") }

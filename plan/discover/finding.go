package discover

import (
	"fmt"
	"strings"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/plan/policy"
)

// Finding is the result for one column.
type Finding struct {
	Table      string  `json:"table"` // as in the policy
	Column     string  `json:"column"`
	Category   string  `json:"category"`   // one of plan.Categories, or plan.PIIUndecided
	Confidence float64 `json:"confidence"` // 0 to 1; 0 for an undecided column
	// Reason explains the category, with names and counts only: "name says an e-mail
	// address; 198 of 200 sampled values look like one".
	Reason string `json:"reason"`
	// Strategy is the proposed strategy for a personal column; nil for other columns, or if
	// none fits.
	Strategy *anonymise.Spec `json:"strategy,omitempty"`
}

// Values of Proposal.About.
const (
	AboutSubject = "subject" // the subject table
	AboutErase   = "erase"   // what happens to the rows of a table
	AboutVia     = "via"     // what happens to the rows, by reference
	AboutLink    = "link"    // a relation not declared in the catalogue
	AboutOwns    = "owns"    // rows deleted with their owner
	// AboutUnlinked is a table with personal columns, but without a relation to the subject.
	AboutUnlinked = "unlinked"
)

// Proposal is a decision for a person to review.
type Proposal struct {
	About string `json:"about"`
	Table string `json:"table"` // as in the policy
	// Text is the line in the syntax of the policy.
	Text       string  `json:"text"`
	Confidence float64 `json:"confidence"`
	Reason     string  `json:"reason"`
	// InPolicy says that Draft.Policy contains the decision. It is false if several
	// references could own a row: then the file has the line as a comment.
	InPolicy bool `json:"inPolicy"`
}

// Confidence by kind of evidence. The numbers order findings; they are no measured
// probabilities.
const (
	certain  = 0.99 // the catalogue says so
	agreeing = 0.97 // name and values
	byValues = 0.9  // most values have a checkable form
	byName   = 0.85 // the name has one meaning
	likely   = 0.7  // the name and the columns around it
	guessed  = 0.6  // one weak sign
)

// verdict is the current result for a column.
type verdict struct {
	meaning    *meaning // nil if unknown
	category   string   // "" if not decided yet
	confidence float64
	reasons    []string
	open       bool            // only a person can decide
	spec       *anonymise.Spec // the strategy of the verdict itself (documents)
	final      *anonymise.Spec // the fitting strategy
}

func (v *verdict) because(format string, args ...any) {
	v.reasons = append(v.reasons, fmt.Sprintf(format, args...))
}

// is sets the verdict to a meaning.
func (v *verdict) is(m *meaning, confidence float64) {
	v.meaning, v.category, v.confidence = m, m.category, confidence
}

// none sets the verdict to no personal data.
func (v *verdict) none(confidence float64, format string, args ...any) {
	v.meaning, v.category, v.confidence, v.reasons = nil, policy.PIINone, confidence, nil
	v.because(format, args...)
}

// leaveOpen leaves the verdict to a person.
func (v *verdict) leaveOpen(format string, args ...any) {
	v.meaning, v.category, v.open, v.reasons = nil, "", true, nil
	v.because(format, args...)
}

func (v *verdict) personal() bool {
	return v.category != "" && v.category != policy.PIINone
}

func (v *verdict) reason() string { return strings.Join(v.reasons, "; ") }

package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/expungedb/expunge/plan/internal/word"
)

// Problem is one reason why a policy can't be used: in its syntax, or against a schema.
type Problem struct {
	Pos    Pos    // zero if the problem has no place in the file
	Table  string // the table it is about, or ""
	Reason string // what is wrong and what to do about it
	Lines  string // what to paste into the file, indented for its place, with … to fill in; "" if unknown
}

// String is the problem in one line: `12:5: table invoice: unknown key colums: did you mean columns?`.
func (p Problem) String() string {
	var b strings.Builder
	if p.Pos != (Pos{}) {
		fmt.Fprintf(&b, "%s: ", p.Pos)
	}
	if p.Table != "" {
		fmt.Fprintf(&b, "table %s: ", word.Printable(p.Table))
	}
	b.WriteString(p.Reason)
	return b.String()
}

// Error is every problem of a policy at once, in the file's order, those without a place last.
// [Parse] returns it for a file it could read.
type Error struct{ Problems []Problem }

// Error lists the problems, one a line.
func (e *Error) Error() string {
	if len(e.Problems) == 1 {
		return "policy: " + e.Problems[0].String()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "policy: %d problems:", len(e.Problems))
	for _, p := range e.Problems {
		b.WriteString("\n  " + p.String())
	}
	return b.String()
}

// NewError makes the error for the problems; nil when there are none.
func NewError(problems []Problem) error {
	if len(problems) == 0 {
		return nil
	}
	sorted := slices.Clone(problems)
	slices.SortStableFunc(sorted, func(a, b Problem) int {
		placed := func(p Problem) int {
			if p.Pos == (Pos{}) {
				return 1
			}
			return 0
		}
		return cmp.Or(
			cmp.Compare(placed(a), placed(b)),
			cmp.Compare(a.Pos.Line, b.Pos.Line),
			cmp.Compare(a.Pos.Column, b.Pos.Column),
			cmp.Compare(a.Table, b.Table),
			cmp.Compare(a.Reason, b.Reason))
	})
	return &Error{Problems: sorted}
}

package policy

import (
	"bytes"
	"errors"
	"slices"
)

// Problems checks a policy made in Go, wholly or in part, by the rules of Parse, and lists the
// undecided entries of a draft.
func (p *Policy) Problems() []Problem {
	out := undecidedProblems(p)
	if !p.madeInGo() {
		return out
	}
	text, err := p.YAML()
	if err == nil {
		_, err = Parse(bytes.NewReader(text))
	}
	var refused *Error
	switch {
	case errors.As(err, &refused):
		for _, problem := range refused.Problems {
			problem.Pos = Pos{} // of a text nobody wrote
			if !slices.ContainsFunc(out, func(f Problem) bool { return f.Table == problem.Table && f.Reason == problem.Reason }) {
				out = append(out, problem)
			}
		}
	case err != nil:
		out = append(out, Problem{Reason: err.Error()})
	}
	return out
}

// madeInGo reports whether some part of the policy doesn't come from a file.
func (p *Policy) madeInGo() bool {
	none := Pos{}
	for _, t := range p.Tables {
		if t.Pos == none ||
			t.Hold != nil && t.Hold.Pos == none ||
			slices.ContainsFunc(t.Columns, func(c Column) bool { return c.Pos == none }) ||
			slices.ContainsFunc(t.Via, func(v Via) bool { return v.Pos == none }) {
			return true
		}
	}
	return p.Subject.Table != "" && p.Subject.Pos == none ||
		slices.ContainsFunc(p.Subjects, func(s Subject) bool { return s.Pos == none }) ||
		slices.ContainsFunc(p.Links, func(l Link) bool { return l.Pos == none }) ||
		slices.ContainsFunc(p.Owns, func(o Owns) bool { return o.Pos == none }) ||
		slices.ContainsFunc(p.Retention, func(x Retention) bool { return x.Pos == none })
}

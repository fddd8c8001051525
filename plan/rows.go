package plan

import (
	"slices"

	"github.com/expungedb/expunge/dialect"
)

// Conditions returns what a row of the step's table has to meet, besides belonging to the root's
// rows. A delete or an overwrite has none; a row of a detach or a Following step refers to
// something. It is the only place for them: run, preview, rehearsal, last scan and verification use
// it.
func (s *Step) Conditions() []dialect.Cond {
	switch {
	case s.Detach != nil:
		return s.Detach.Conditions()
	case s.Follow != nil:
		return s.Follow.Conditions()
	}
	return nil
}

// Conditions returns what a row of Table has to meet to refer to something, existing or not: no
// column is NULL, and Where holds.
func (r *Reference) Conditions() []dialect.Cond {
	var out []dialect.Cond
	for _, c := range r.Columns {
		out = append(out, dialect.Not{Cond: dialect.IsNull{Column: c}})
	}
	if r.Where != "" {
		out = append(out, dialect.Match{SQL: r.Where})
	}
	return out
}

// conditionsOf are the conditions for overwriting some column of a row, each once. The first is ""
// if some column is overwritten in every row.
func conditionsOf(set []Assignment) []string {
	var out []string
	for _, a := range set {
		out = append(out, a.Strategy.Modifiers.When)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

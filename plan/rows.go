package plan

import (
	"slices"

	"github.com/expungedb/expunge/dialect"
)

// Conditions returns what a row of the step's table has to meet for the step to be
// about it, besides belonging to the root's rows: nothing for a delete or an overwrite, and
// for a detach or a Following step that it refers to something. It is the only place
// that says so: run, preview, rehearsal, last scan and verification all take it from here.
func (s *Step) Conditions() []dialect.Cond {
	switch {
	case s.Detach != nil:
		return s.Detach.Conditions()
	case s.Follow != nil:
		return s.Follow.Conditions()
	}
	return nil
}

// Conditions returns what a row of Table has to meet to refer to something, be it
// there or not: no column is NULL, and Where holds.
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

// conditionsOf are the conditions under which something of a row is overwritten, each
// once, and the first is "" where something always is.
func conditionsOf(set []Assignment) []string {
	var out []string
	for _, a := range set {
		out = append(out, a.Strategy.Modifiers.When)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

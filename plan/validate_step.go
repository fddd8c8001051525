package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/internal/word"
	"github.com/expungedb/expunge/plan/policy"
)

// validateStep checks the i-th step of a root.
func (v *validation) validateStep(root *rootTables, i int) {
	s, at := &root.Steps[i], fmt.Sprintf("steps[%d]", i)
	v.requireTable(at+".table", s.Table)
	v.requirePrintable(at+".path", s.Path)
	t := root.tableOf(s.Table)
	v.require(t != nil || s.Op == Detach && s.Rows == Reached || s.Rows == Following, "%s.table: the root doesn't list it", at)
	v.require((s.Op == Overwrite) == (len(s.Set) > 0), "%s.set: required for an overwrite, and only for it", at)
	v.require((s.Op == Detach) == (s.Detach != nil), "%s.detach: required for a detach, and only for it", at)
	v.require((s.Rows == Following) == (s.Follow != nil), "%s.follow: required for rows that follow, and only for them", at)
	v.require(!s.Again || v.plan.Scope != ScopeEverything && s.Table != root.Table && (s.Op == Delete || s.Op == Overwrite || s.Op == Detach) && s.Rows != Following,
		"%s.again: the step's rows aren't searched again", at)
	path := root.pathTo(s.Table, v.plan.Default)
	switch s.Op {
	case Delete, Keep:
		v.require(s.Rows == Reached, "%s.rows: must be empty for a %s", at, s.Op)
		v.require(t == nil || t.hasReach(policy.Erase(s.Op)) || v.plan.Scope == ScopeEverything, "%s.op: no row of the table has this decision", at)
	case Overwrite:
		if s.Rows == Following {
			path = v.validateFollowing(root, i)
		} else if t != nil {
			v.validateOverwrite(root, t, i)
		}
		v.validateSet(at, s)
	case Detach:
		if s.Detach != nil {
			path = v.validateDetach(root, i)
		}
	default:
		v.require(false, "%s.op: not delete, overwrite, detach or keep", at)
	}
	if v.plan.Scope == ScopeEverything && s.Rows != Following {
		path = policy.TableName(s.Table, v.plan.Default)
	}
	v.require(path != "" && s.Path == path, "%s.path: not the path to the table", at)
}

// validateOverwrite checks which rows of a table are overwritten.
func (v *validation) validateOverwrite(root *rootTables, t *Table, i int) {
	s, at := &root.Steps[i], fmt.Sprintf("steps[%d]", i)
	keeps := t.Hold != nil && t.Hold.Keep != nil
	switch s.Rows {
	case Reached:
		mayStay := t.hasReach(policy.EraseDelete) && (len(t.AnchoredBy) > 0 || len(t.SharedBy) > 0 || root.kept[t.Name])
		v.require(t.hasReach(policy.EraseOverwrite) || mayStay, "%s.op: no row of the table has this decision", at)
	case Held:
		v.require(keeps && !root.Ended, "%s.rows: no hold keeps columns of the table", at)
	case Freed:
		v.require(keeps && root.Ended, "%s.rows: no hold kept columns of the table", at)
	default:
		v.require(false, "%s.rows: invalid for an overwrite", at)
	}
	for _, a := range s.Set {
		v.require(root.Whole || !slices.Contains(t.Key, a.Column), "%s.set: rows are addressed by %s", at, word.Printable(a.Column))
		if s.Rows == Held || s.Rows == Freed {
			v.require(!keeps || slices.Contains(t.Hold.Keep, a.Column) == (s.Rows == Freed), "%s.set: %s doesn't match hold.keep", at, word.Printable(a.Column))
		}
	}
}

// validateSet checks what an overwrite assigns.
func (v *validation) validateSet(at string, s *Step) {
	seen := map[string]bool{}
	for j := range s.Set {
		a, at := &s.Set[j], fmt.Sprintf("%s.set[%d]", at, j)
		v.requireName(at+".column", a.Column)
		v.require(!seen[a.Column], "%s.column: listed twice", at)
		seen[a.Column] = true
		strategy, err := anonymise.New(a.Strategy)
		if v.require(err == nil && a.Strategy.Name != "keep", "%s.strategy: unknown, or with invalid parameters", at) {
			v.require(a.Technique == strategy.Info().Technique, "%s.technique: not the strategy's", at)
		}
		v.validateCondition(at+".strategy.when", a.Strategy.Modifiers.When)
		v.require(a.Way == InDatabase || a.Way == ThroughClient, "%s.way: unknown", at)
		v.require(a.Way == s.Set[0].Way, "%s.way: differs from the step's first assignment", at)
		for _, c := range a.Joined {
			v.requireTable(at+".joined", c.Table)
			v.requireName(at+".joined", c.Column)
		}
	}
}

// validateFollowing checks a step whose rows follow those of the overwrite before, and returns its
// path.
func (v *validation) validateFollowing(root *rootTables, i int) string {
	s, at := &root.Steps[i], fmt.Sprintf("steps[%d]", i)
	lead := i - 1
	for lead >= 0 && root.Steps[lead].Rows == Following {
		lead--
	}
	if !v.require(lead >= 0 && root.Steps[lead].Op == Overwrite && s.Follow != nil, "%s.follow: no overwrite before it", at) {
		return ""
	}
	from, f := &root.Steps[lead], s.Follow
	v.validateReference(at+".follow", f)
	v.require(f.Table == s.Table && f.RefTable == from.Table && f.Where == "" && !f.Link, "%s.follow: not from this table to the one overwritten before", at)
	v.require(len(from.Set) > 0 && from.Set[0].Way == ThroughClient, "%s.follow: the new values aren't known", at)
	for _, a := range s.Set {
		j := slices.Index(f.Columns, a.Column)
		if !v.require(j >= 0 && j < len(f.RefColumns), "%s.set: %s follows nothing", at, word.Printable(a.Column)) {
			continue
		}
		v.require(slices.ContainsFunc(from.Set, func(o Assignment) bool {
			return o.Column == f.RefColumns[j] && o.Strategy.String() == a.Strategy.String() && o.Technique == a.Technique
		}), "%s.set: %s isn't overwritten like what it follows", at, word.Printable(a.Column))
	}
	end := policy.TableName(s.Table, v.plan.Default) + "("
	for j := lead; j < i; j++ {
		rest, ok := strings.CutPrefix(s.Path, root.Steps[j].Path+" ← "+end)
		if columns, closed := strings.CutSuffix(rest, ")"); ok && closed && !strings.ContainsAny(columns, "←→\n") {
			return s.Path
		}
	}
	return ""
}

// validateDetach checks a reference to set NULL, and returns the step's path.
func (v *validation) validateDetach(root *rootTables, i int) string {
	s, at := &root.Steps[i], fmt.Sprintf("steps[%d]", i)
	d := s.Detach
	v.validateReference(at+".detach", d)
	v.require(d.Table == s.Table, "%s.detach: not a reference of this table", at)
	t, to := root.tableOf(s.Table), root.tableOf(d.RefTable)
	if v.plan.Scope == ScopeEverything {
		rows := Staying
		if v.plan.emptiesTable(s.Table) {
			rows = Going
		}
		v.require(s.Rows == rows, "%s.rows: invalid for a detach", at)
		v.require(v.plan.emptiesTable(d.RefTable), "%s.detach: no step deletes the referenced rows", at)
		return ""
	}
	v.require(to != nil, "%s.detach.refTable: the root doesn't list it", at)
	if t != nil {
		for _, c := range d.Columns {
			v.require(!slices.Contains(t.Key, c), "%s.detach: rows are addressed by %s", at, word.Printable(c))
		}
	}
	deleted := func(t *Table) bool { return t != nil && t.hasReach(policy.EraseDelete) }
	switch s.Rows {
	case Reached:
		v.require(t == nil || !slices.ContainsFunc(t.Reach, func(w Reach) bool { return !w.Forwards && w.sameReference(d) }), "%s.detach: rows are also reached by it", at)
	case Going:
		v.require(deleted(t) && deleted(to), "%s.rows: the rows of both tables must be deleted", at)
	case Staying:
		v.require(deleted(to), "%s.rows: the referenced rows aren't deleted", at)
	default:
		v.require(false, "%s.rows: invalid for a detach", at)
	}
	path := root.pathTo(d.RefTable, v.plan.Default)
	if path == "" {
		return ""
	}
	return path + " ← " + policy.TableName(s.Table, v.plan.Default) + "(" + joinColumns(d.Columns) + ")"
}

// stepsOnce checks that no step is listed twice.
func (v *validation) stepsOnce(r *Root) {
	type entry struct {
		stepOf
		rows Rows
		by   string // the reference
	}
	seen := map[entry]bool{}
	for i := range r.Steps {
		s := &r.Steps[i]
		e := entry{stepOf: stepOf{s.Op, s.Table}, rows: s.Rows}
		for _, ref := range []*Reference{s.Detach, s.Follow} {
			if ref != nil {
				e.by += fmt.Sprintf("%q %q %q %q", ref.Columns, ref.RefTable, ref.RefColumns, ref.Where)
			}
		}
		v.require(!seen[e], "steps[%d]: listed twice", i)
		seen[e] = true
	}
}

// validateComplete checks that each decision of a closure has its step.
func (v *validation) validateComplete(root *rootTables) {
	for i := range root.Tables {
		t := &root.Tables[i]
		has := func(op Op) bool { return root.ops[stepOf{op, t.Name}] }
		v.require(has(Delete) || !t.hasReach(policy.EraseDelete), "tables[%d]: no step deletes its rows", i)
		v.require(has(Keep) || !t.hasReach(policy.EraseKeep), "tables[%d]: no step keeps its rows", i)
		v.require(has(Overwrite) || !t.hasReach(policy.EraseOverwrite) || root.Ended, "tables[%d]: no step overwrites its rows", i)
		v.require(root.pathTo(t.Name, v.plan.Default) != "", "tables[%d]: the root doesn't reach it", i)
	}
	v.require(root.Ended || slices.ContainsFunc(root.Steps, func(s Step) bool {
		return s.Table == root.Table && s.Rows == Reached && string(s.Op) == string(root.Tables[0].Erase)
	}), "steps: no step for the root's own rows")
}

// walkedTable checks a root of scope everything.
func (v *validation) walkedTable(r *Root) {
	v.require(len(r.Tables) == 1 && (!r.Scans || len(r.Steps) > 1) && !r.Defer, "tables: scope everything has no closures")
	erase := policy.EraseOverwrite
	for i := range r.Steps {
		s := &r.Steps[i]
		if i == 0 {
			v.require(s.Table == r.Table && s.Op != Keep && s.Rows != Following && s.Rows != Held && s.Rows != Freed, "steps[0]: not for the table's rows")
			if s.Op == Delete {
				erase = policy.EraseDelete
			}
			continue
		}
		v.require(s.Rows == Following, "steps[%d]: rows are only overwritten, or deleted, once", i)
	}
	v.require(r.Tables[0].Erase == erase, "tables[0].erase: doesn't match the step")
	v.require(len(r.Suspends) == 0 || !r.Whole && len(r.Steps) > 0 && r.Steps[0].Op == Overwrite, "suspends: only an overwrite in batches has them")
	seen := map[string]bool{}
	for i, s := range r.Suspends {
		v.requireName(fmt.Sprintf("suspends[%d].index", i), s.Index)
		v.require(s.Hazard == SuspendsIndexes || s.Hazard == SuspendsUniqueness, "suspends[%d].hazard: not a hazard of suspending", i)
		v.require(!seen[s.Index], "suspends[%d].index: listed twice", i)
		seen[s.Index] = true
	}
}

// emptiesTable reports whether scope everything deletes all rows of the table.
func (p *Plan) emptiesTable(t dialect.Name) bool {
	return slices.ContainsFunc(p.Roots, func(r Root) bool { return r.Table == t && r.hasStep(Delete, t) })
}

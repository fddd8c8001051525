package plan

import (
	"slices"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/policy"
)

// trace is one effect of triggers when a statement changes a table: they write to a table, or run
// something their text doesn't show.
type trace struct {
	on      *dialect.Table
	trigger *dialect.Trigger
	first   bool         // the statement itself fires the trigger; else another trigger does
	writes  dialect.Name // the zero Name where the trigger is opaque
}

// tracesOf are the effects of triggers when the operation changes rows of the table, and in turn
// the effects of triggers on the tables they write to.
func (b *builder) tracesOf(op Op, table *dialect.Table) []trace {
	var out []trace
	seen := map[*dialect.Table]bool{}
	var follow func(t *dialect.Table, first bool)
	follow = func(t *dialect.Table, first bool) {
		for _, tr := range t.Triggers {
			if tr.Disabled || first && !firesOn(op, tr) {
				continue
			}
			if tr.Opaque != "" {
				out = append(out, trace{on: t, trigger: tr, first: first})
			}
			for _, w := range tr.Writes {
				out = append(out, trace{t, tr, first, w})
				if to := b.schema.Table(w); to != nil && !seen[to] {
					seen[to] = true
					follow(to, false)
				}
			}
		}
	}
	if op != Keep {
		follow(table, true)
	}
	return out
}

// markAgain marks the steps whose rows triggers of the root's steps may write: all of them if a
// trigger is opaque.
func (b *builder) markAgain(roots []Root) {
	if b.now == ScopeEverything {
		return // each table has a walk of its own
	}
	for i := range roots {
		r := &roots[i]
		written, opaque := map[dialect.Name]bool{}, false
		for _, s := range r.Steps {
			for _, tr := range b.tracesOf(s.Op, b.schema.Table(s.Table)) {
				written[tr.writes] = true
				opaque = opaque || tr.writes == dialect.Name{}
			}
		}
		for j := range r.Steps {
			s := &r.Steps[j]
			if s.Table == r.Table || s.Op == Keep || s.Rows == Following || s.Op == Detach && s.Rows != Reached {
				continue
			}
			s.Again = opaque || written[s.Table]
			if t := r.tableOf(s.Table); s.Again && s.Op == Overwrite && t != nil && t.Address {
				b.found.add(b.ruleOf(s.Table).Pos, s.Table, "the table has no primary key and no unique NOT NULL key, so rows that triggers write meanwhile can't be told from overwritten ones: add a key")
			}
		}
	}
}

// needsAgain reports whether a run searches for rows of the table again.
func (r *Root) needsAgain(t dialect.Name) bool {
	return slices.ContainsFunc(r.Steps, func(s Step) bool { return s.Table == t && s.Again })
}

// afterWriters sorts the roots of scope everything: a table comes after those whose triggers write
// to it, as far as the order of deleting and detaching allows.
func (b *builder) afterWriters(roots []Root) []Root {
	before := func(a, c *Root) bool { // whether a has to come before c
		return slices.ContainsFunc(a.Steps, func(s Step) bool {
			return slices.ContainsFunc(b.tracesOf(s.Op, b.schema.Table(s.Table)), func(tr trace) bool { return tr.writes == c.Table })
		})
	}
	fixed := func(a, c *Root) bool { // whether c has to remain after a
		if a.Steps[0].Op != Overwrite && c.Steps[0].Op != Overwrite || a.Table == c.Table {
			return true
		}
		return slices.ContainsFunc(b.from[a.Table], func(ref *relation) bool { return ref.RefTable == c.Table })
	}
	out := slices.Clone(roots)
	for range out { // a root moves at most once a round, so a cycle ends
		moved := false
		for i := 0; i < len(out); i++ {
			last := i
			for j := i + 1; j < len(out); j++ {
				if fixed(&out[i], &out[j]) {
					break
				}
				if before(&out[j], &out[i]) && !before(&out[i], &out[j]) {
					last = j
				}
			}
			if last > i {
				r := out[i]
				copy(out[i:], out[i+1:last+1])
				out[last], moved = r, true
			}
		}
		if !moved {
			break
		}
	}
	return out
}

// historyHazards adds hazards for the old values that triggers of a step may keep.
func (b *builder) historyHazards(r *Root, s Step, later []Root, add func(HazardName, dialect.Name, string, ...any)) {
	t := b.schema.Table(s.Table)
	for _, tr := range b.tracesOf(s.Op, t) {
		who := "trigger " + tr.trigger.Name
		if !tr.first {
			who += " of " + policy.TableName(tr.on.Name, b.schema.Default)
		}
		to := policy.TableName(tr.writes, b.schema.Default)
		switch again := r.needsAgain(tr.writes); {
		case tr.writes == dialect.Name{}:
			add(HistoryKept, t.Name, "%s may write the old values to places not in its text: %s", who, tr.trigger.Opaque)
		case tr.writes == t.Name:
		case again:
			add(HistoryKept, t.Name, "%s writes to %s: rows there that refer to erased ones are erased in the same batch, and others may keep the old values", who, to)
		case slices.ContainsFunc(later, func(o Root) bool { return o.Table == tr.writes }):
			add(HistoryKept, t.Name, "%s writes to %s, overwritten after it: its columns without an `overwrite:` may keep the old values", who, to)
		default:
			add(HistoryKept, t.Name, "%s writes to %s, which may keep the old values", who, to)
		}
	}
}

// firesOn reports whether an operation fires a trigger.
func firesOn(op Op, tr *dialect.Trigger) bool {
	return op == Delete && tr.OnDelete || op != Delete && tr.OnUpdate
}

// triggersTo names the triggers of a table that write to another one when the operation changes a
// row.
func triggersTo(t *dialect.Table, to dialect.Name, op Op) string {
	var names []string
	for _, tr := range t.Triggers {
		if !tr.Disabled && firesOn(op, tr) && slices.Contains(tr.Writes, to) {
			names = append(names, tr.Name)
		}
	}
	return joinColumns(names)
}

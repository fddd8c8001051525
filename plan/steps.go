package plan

import (
	"slices"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/policy"
)

// plannedTables renders the closure's nodes for the plan.
func (c *closure) plannedTables() []Table {
	var out []Table
	for _, n := range c.nodes {
		t := Table{
			Name: n.table.Name, Key: c.rowKey(n), Cycle: n.cycle, Erase: n.erase, Hold: plannedHold(n.rule.Hold),
			Keeps: n.anchors, DeleteByReference: c.deletesByReference(n),
		}
		for _, w := range n.reach {
			t.Reach = append(t.Reach, Reach{Reference: w.Reference, Forwards: w.forwards, Erase: w.erase})
		}
		for _, ref := range n.anchoredBy {
			t.AnchoredBy = append(t.AnchoredBy, ref.Reference)
		}
		if n.owned {
			for _, ref := range c.into[n.table.Name] {
				t.SharedBy = append(t.SharedBy, ref.Reference)
			}
		}
		if len(t.Key) == 0 && !t.DeleteByReference {
			if n.table.Address == "" {
				c.found.add(n.rule.Pos, n.table.Name, "the table has no primary key and no unique NOT NULL key, and the engine can't address its rows otherwise: add a key")
			}
			t.Key, t.Address = []string{n.table.Address}, true
		}
		if n.table.Unerasable != "" {
			c.found.add(n.rule.Pos, n.table.Name, "the engine doesn't erase its rows: %s", n.table.Unerasable)
		}
		out = append(out, t)
	}
	return out
}

// plannedHold is the hold as a plan has it, without its place in the policy's file.
func plannedHold(h *policy.Hold) *policy.Hold {
	if h == nil {
		return nil
	}
	out := *h
	out.Pos = policy.Pos{}
	return &out
}

// leftColumns are the columns the hold doesn't keep.
func leftColumns(h *policy.Hold, t *dialect.Table) []string {
	var out []string
	for _, c := range t.Columns {
		if !slices.Contains(h.Keep, c.Name) {
			out = append(out, c.Name)
		}
	}
	return out
}

// buildSteps are the closure's operations: references are set NULL first, then rows are deleted
// from the leaves to the root, then owned rows, as far as the references between them allow.
// Without transactions links are set NULL at the end: a retried batch has to find the rows again.
func (c *closure) buildSteps() []Step {
	c.absent = c.becomesEmpty
	var out, last []Step
	add := func(s Step) { out = append(out, s) }
	for _, kind := range []struct {
		cuts []detachment
		rows Rows
	}{{c.detach, Reached}, {c.cycleDetaches, Going}, {c.keptDetaches, Staying}} {
		for _, x := range kind.cuts {
			if hold := c.ruleOf(x.Table).Hold; kind.rows == Reached && hold != nil && hold.KeepsColumns(x.Columns) {
				c.found.add(hold.Pos, x.Table, "the hold keeps (%s), so the reference can't be detached: name the held columns in hold.keep, or decide `keep`", joinColumns(x.Columns))
			}
			t := c.schema.Table(x.Table)
			if t.Unerasable != "" {
				c.found.add(c.ruleOf(x.Table).Pos, x.Table, "the engine doesn't change its rows: %s", t.Unerasable)
			}
			step := Step{Op: Detach, Table: x.Table, Rows: kind.rows, Detach: &x.Reference, Path: c.pathTo(x.to) + " ← " + policy.TableName(x.Table, c.schema.Default) + "(" + joinColumns(x.Columns) + ")"}
			if t.NoTransactions && x.Link {
				last = append(last, step)
			} else {
				add(step)
			}
		}
	}
	for _, n := range c.deletion {
		c.tableSteps(n, add)
	}
	// After these, the old values find nothing any more.
	return append(append(out, last...), c.leading...)
}

// rowKey is the key to address rows of the node by: for subjects, the key by which a run names
// them.
func (c *closure) rowKey(n *node) []string {
	if n.table == c.subject && slices.ContainsFunc(n.table.Keys(), func(key []string) bool { return sameSet(key, c.subjectKey()) }) {
		return c.subjectKey()
	}
	key := c.addressKey(n.table)
	for _, name := range key {
		if o := c.findOrigin(n.table, name); o != nil && (n.mayHold || n.mayReplace || n.hasErase(policy.EraseOverwrite)) {
			c.found.add(n.rule.Pos, n.table.Name, "the key (%s) addresses rows, but its column %s follows %s.%s, so they couldn't be found again: add another unique NOT NULL key",
				joinColumns(key), name, policy.TableName(o.table.Name, c.schema.Default), o.rule.Name)
		}
	}
	return key
}

// becomesEmpty reports whether every row of the reference is deleted or detached before the row it
// refers to is overwritten.
func (c *closure) becomesEmpty(ref *relation) bool {
	n := c.byName[ref.Table]
	return c.detached[ref] || n != nil && !n.mayStay && n.parent != nil &&
		slices.ContainsFunc(n.reach, func(w reach) bool { return !w.forwards && w.sameRelation(ref) })
}

// addOverwrite adds a step, with its followers, at the end.
func (c *closure) addOverwrite(s Step, add func(Step)) {
	following := c.followingSteps(s)
	if len(following) == 0 {
		add(s)
		return
	}
	for _, f := range following {
		for _, a := range f.Set {
			if h := c.ruleOf(f.Table).Hold; h != nil && h.KeepsColumns([]string{a.Column}) {
				c.found.add(h.Pos, f.Table, "the hold keeps column %s, which follows %s: name the held columns in hold.keep, or don't overwrite the other", a.Column, s.Table)
			}
		}
	}
	c.leading = append(append(c.leading, s), following...)
}

// tableSteps adds the steps for the rows of one table.
func (c *closure) tableSteps(n *node, add func(Step)) {
	t, rule := n.table, n.rule
	overwritten := n.mayReplace || n.hasErase(policy.EraseOverwrite)
	if overwritten && (!c.ended || n.isUntouched()) {
		why := "the policy overwrites its rows"
		if n.mayReplace {
			why = "a row may have to be kept because a remaining row refers to it"
		}
		c.requireOverwrites(t, rule, nil, why)
		if set := c.makeAssignments(t, rule, nil, c.rowKey(n)); len(set) > 0 {
			c.addOverwrite(Step{Op: Overwrite, Table: t.Name, Set: set, Path: c.pathTo(n)}, add)
		} else if n.hasErase(policy.EraseOverwrite) && !rule.Overwrites() {
			c.found.add(rule.Pos, t.Name, "`erase: overwrite`, but no column has an `overwrite:`: add one, or decide `keep`")
		}
	}
	switch h := rule.Hold; {
	case h == nil || h.Keep == nil:
	case c.ended:
		if set := c.makeAssignments(t, rule, leftColumns(h, t), c.rowKey(n)); overwritten && len(set) > 0 {
			c.addOverwrite(Step{Op: Overwrite, Table: t.Name, Rows: Freed, Set: set, Path: c.pathTo(n)}, add)
		}
	default:
		c.requireOverwrites(t, rule, h.Keep, "the hold doesn't keep it")
		if set := c.makeAssignments(t, rule, h.Keep, c.rowKey(n)); len(set) > 0 {
			c.addOverwrite(Step{Op: Overwrite, Table: t.Name, Rows: Held, Set: set, Path: c.pathTo(n)}, add)
		}
	}
	if n.isDeleted() {
		add(Step{Op: Delete, Table: t.Name, Path: c.pathTo(n)})
	}
	if n.hasErase(policy.EraseKeep) {
		add(Step{Op: Keep, Table: t.Name, Path: c.pathTo(n)})
	}
}

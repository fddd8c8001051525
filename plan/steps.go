package plan

import (
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// tables renders the closure's nodes for the plan.
func (c *closure) tables() []Table {
	var out []Table
	for _, n := range c.nodes {
		t := Table{
			Name: n.table.Name, Key: n.table.Key(), Cycle: n.cycle, Erase: n.erase, Hold: n.rule.Hold,
			Keeps: n.anchors, Unseen: c.unseen(n),
		}
		for _, w := range n.reach {
			t.Reach = append(t.Reach, Reach{Reference: w.Reference, Forwards: w.forwards, Erase: w.erase})
		}
		for _, ref := range n.anchoredBy {
			t.AnchoredBy = append(t.AnchoredBy, ref.Reference)
		}
		if n.owned {
			for _, ref := range c.refs {
				if ref.RefTable == n.table.Name {
					t.SharedBy = append(t.SharedBy, ref.Reference)
				}
			}
		}
		if len(t.Key) == 0 && !t.Unseen {
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

// steps are the closure's operations: references are cut first, then rows go
// from the leaves to the root, and what they owned goes last.
func (c *closure) steps() []Step {
	var out []Step
	add := func(s Step) { out = append(out, s) }
	for _, kind := range []struct {
		cuts []cut
		rows Rows
	}{{c.detach, Reached}, {c.within, Going}, {c.loose, Staying}} {
		for _, x := range kind.cuts {
			if hold := c.rule(x.Table).Hold; kind.rows == Reached && hold != nil && hold.keeps(x.Columns) {
				c.found.add(hold.Pos, x.Table, "the hold keeps (%s), so the reference can't be detached: name the held columns in hold.keep, or decide `keep`", list(x.Columns))
			}
			add(Step{Op: Detach, Table: x.Table, Rows: kind.rows, Detach: &x.Reference, Path: c.path(x.to) + " ← " + short(x.Table, c.schema.Default) + "(" + list(x.Columns) + ")"})
		}
	}
	for _, n := range slices.Backward(c.nodes) {
		if !n.owned {
			c.tableSteps(n, add)
		}
	}
	for _, n := range c.nodes {
		if n.owned {
			c.tableSteps(n, add)
		}
	}
	return out
}

// tableSteps adds what happens to the rows of one table.
func (c *closure) tableSteps(n *node, add func(Step)) {
	t, rule := n.table, n.rule
	overwritten := n.mayReplace || n.erase == EraseOverwrite ||
		slices.ContainsFunc(n.reach, func(w reach) bool { return w.erase == EraseOverwrite })
	if overwritten {
		why := "the policy overwrites its rows"
		if n.mayReplace {
			why = "a row may have to stay because another that stays refers to it"
		}
		c.complete(t, rule, nil, why)
		if set := c.assignments(t, rule, nil); len(set) > 0 {
			add(Step{Op: Overwrite, Table: t.Name, Set: set, Path: c.path(n)})
		} else if !n.mayReplace {
			c.found.add(rule.Pos, t.Name, "`erase: overwrite`, but no column has an `overwrite:`: add one, or decide `keep`")
		}
	}
	if h := rule.Hold; h != nil && h.Keep != nil {
		c.complete(t, rule, h.Keep, "the hold leaves it to be overwritten")
		if set := c.assignments(t, rule, h.Keep); len(set) > 0 {
			add(Step{Op: Overwrite, Table: t.Name, Rows: Held, Set: set, Path: c.path(n)})
		}
	}
	if n.deletes() {
		add(Step{Op: Delete, Table: t.Name, Path: c.path(n)})
	}
	if !n.deletes() && (!overwritten || slices.ContainsFunc(n.reach, func(w reach) bool { return w.erase == EraseKeep })) {
		add(Step{Op: Keep, Table: t.Name, Path: c.path(n)})
	}
}

func list(columns []string) string { return strings.Join(columns, ", ") }

// everything builds a root for each table that scope everything deletes from or
// overwrites: deletes first, children before their parents.
func (b *builder) everything() []Root {
	var out []Root
	step := func(t *dialect.Table, erase Erase, s Step) {
		s.Table, s.Path = t.Name, short(t.Name, b.schema.Default)
		r := Root{Table: t.Name, Steps: []Step{s}, Tables: []Table{{Name: t.Name, Key: t.Key(), Erase: erase}}}
		if t.Unerasable != "" {
			b.found.add(b.rule(t.Name).Pos, t.Name, "the engine doesn't erase its rows: %s", t.Unerasable)
		}
		if len(t.Key()) == 0 {
			r.Whole = true
			switch {
			case t.Address != "":
				r.Tables[0].Key, r.Tables[0].Address = []string{t.Address}, true
			case slices.ContainsFunc(s.Set, func(a Assignment) bool { return a.Way == ThroughClient }):
				// A statement over all rows needs to address none of them.
				b.found.add(b.rule(t.Name).Pos, t.Name, "the table has no primary key and no unique NOT NULL key, and the engine can't address its rows otherwise: add a key, or take strategies that work in the database")
			}
		}
		out = append(out, r)
	}
	emptied, cuts := b.emptied()
	for _, x := range cuts {
		step(b.schema.Table(x.Table), EraseOverwrite, Step{Op: Detach, Detach: &x.Reference, Rows: Going})
	}
	for _, t := range emptied {
		step(t, EraseDelete, Step{Op: Delete})
	}
	for _, t := range b.schema.Tables {
		rule := b.rule(t.Name)
		if rule.PII == "none" || rule.Everything == EraseDelete {
			continue
		}
		b.complete(t, rule, nil, "scope everything overwrites every row")
		if set := b.assignments(t, rule, nil); len(set) > 0 {
			step(t, EraseOverwrite, Step{Op: Overwrite, Set: set})
		}
	}
	return out
}

// emptied returns the tables that scope everything deletes all rows of,
// children first, and the references that must be set NULL before.
func (b *builder) emptied() (tables []*dialect.Table, cuts []relation) {
	c := &closure{builder: b}
	for _, t := range b.schema.Tables {
		if rule := b.rule(t.Name); rule.Everything == EraseDelete {
			c.nodes = append(c.nodes, &node{table: t, rule: rule, erase: EraseDelete})
		}
	}
	for _, n := range slices.Clone(c.nodes) {
		for _, ref := range b.refs {
			if ref.RefTable != n.table.Name {
				continue
			}
			if child := c.node(ref.Table); child != nil {
				if !ref.Link || child != n {
					child.reach = append(child.reach, reach{relation: ref, from: n, erase: EraseDelete})
				}
				continue
			}
			child := b.schema.Table(ref.Table)
			if reason := b.detachable(child, ref.Reference); reason != "" {
				b.found.add(b.rule(n.table.Name).Pos, n.table.Name, "`everything: delete`, but %s refers to it by (%s) and stays, and %s: delete that table's rows too, or none",
					ref.Table, list(ref.Columns), reason)
				continue
			}
			cuts = append(cuts, ref)
		}
	}
	c.order()
	if c.later || slices.ContainsFunc(c.nodes, func(n *node) bool { return n.cycle > 0 }) && len(c.within) == 0 && !c.onlyLinks() {
		b.found.add(Pos{}, dialect.Name{}, "`everything: delete` on tables that refer to each other in a circle needs a nullable reference among them")
	}
	for _, x := range c.within {
		cuts = append(cuts, x.relation)
	}
	for _, n := range slices.Backward(c.nodes) {
		tables = append(tables, n.table)
	}
	return tables, cuts
}

// onlyLinks reports whether every circle is made of references that the
// database doesn't check.
func (c *closure) onlyLinks() bool {
	for _, n := range c.nodes {
		if n.cycle > 0 && slices.ContainsFunc(n.reach, func(w reach) bool { return !w.Link && w.from.cycle == n.cycle }) {
			return false
		}
	}
	return true
}

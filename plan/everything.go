package plan

import (
	"slices"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/policy"
)

// everythingRoots builds a root for each table scope everything deletes from or overwrites: deletes
// first, children before their parents.
func (b *builder) everythingRoots() []Root {
	b.absent = func(ref *relation) bool { return b.ruleOf(ref.Table).Everything == policy.EraseDelete }
	var out []Root
	step := func(t *dialect.Table, erase policy.Erase, s Step) {
		s.Table, s.Path = t.Name, policy.TableName(t.Name, b.schema.Default)
		steps := append([]Step{s}, b.followingSteps(s)...)
		r := Root{Table: t.Name, Steps: steps, Tables: []Table{{Name: t.Name, Key: b.addressKey(t), Erase: erase}}}
		if t.Unerasable != "" {
			b.found.add(b.ruleOf(t.Name).Pos, t.Name, "the engine doesn't erase its rows: %s", t.Unerasable)
		}
		b.needsOneTransaction(t, &r)
		out = append(out, r)
	}
	emptied, cuts := b.deletedTables()
	for _, x := range cuts {
		rows := Staying
		if b.ruleOf(x.Table).Everything == policy.EraseDelete {
			rows = Going
		}
		step(b.schema.Table(x.Table), policy.EraseOverwrite, Step{Op: Detach, Detach: &x.Reference, Rows: rows})
	}
	for _, t := range emptied {
		step(t, policy.EraseDelete, Step{Op: Delete})
	}
	for _, t := range b.schema.Tables {
		rule := b.ruleOf(t.Name)
		if rule.PII == "none" || rule.Everything == policy.EraseDelete {
			continue
		}
		b.requireOverwrites(t, rule, nil, "scope everything overwrites every row")
		if set := b.makeAssignments(t, rule, nil, nil); len(set) > 0 {
			step(t, policy.EraseOverwrite, Step{Op: Overwrite, Set: set})
			if r := &out[len(out)-1]; !r.Whole {
				r.Suspends = b.suspensionsOf(t, set)
			}
		}
	}
	out = b.afterWriters(out)
	b.checkLinks()
	if len(out) == 0 && len(b.found) == 0 && !b.all {
		b.found.add(policy.Pos{}, dialect.Name{}, "scope everything has nothing to do: no column has an `overwrite:`, and no table `everything: delete`")
	}
	return out
}

// needsOneTransaction asks for all of a root's rows in one transaction if no key can order a walk:
// the table has none, or the walk would change it.
func (b *builder) needsOneTransaction(t *dialect.Table, r *Root) {
	pt, s := &r.Tables[0], &r.Steps[0]
	itself := slices.ContainsFunc(r.Steps[1:], func(s Step) bool { return s.Table == t.Name })
	r.Whole = len(pt.Key) == 0 || slices.ContainsFunc(s.Set, func(a Assignment) bool { return slices.Contains(pt.Key, a.Column) })
	for _, f := range r.Steps[1:] {
		if f.Table == t.Name && slices.ContainsFunc(f.Set, func(a Assignment) bool { return slices.Contains(pt.Key, a.Column) }) {
			b.found.add(b.ruleOf(t.Name).Pos, t.Name, "the key (%s) addresses rows, but changes with the rows it refers to: add another unique NOT NULL key", joinColumns(pt.Key))
		}
	}
	if len(pt.Key) > 0 {
		return
	}
	switch {
	case t.Address != "" && itself:
		b.found.add(b.ruleOf(t.Name).Pos, t.Name, "the table has no primary key and no unique NOT NULL key, but its rows are changed twice, because they refer to each other: add a key")
	case t.Address != "":
		pt.Key, pt.Address = []string{t.Address}, true
	case slices.ContainsFunc(s.Set, func(a Assignment) bool { return a.Way == ThroughClient }):
		// A statement over all rows needs to address none of them.
		b.found.add(b.ruleOf(t.Name).Pos, t.Name, "the table has no primary key and no unique NOT NULL key, and the engine can't address its rows otherwise: add a key, or use strategies that work in the database")
	}
}

// deletedTables returns the tables scope everything deletes all rows of, children first, and the
// references to set NULL before.
func (b *builder) deletedTables() (tables []*dialect.Table, cuts []*relation) {
	c := b.subjectClosure()
	for _, t := range b.schema.Tables {
		if rule := b.ruleOf(t.Name); rule.Everything == policy.EraseDelete {
			c.addNode(&node{table: t, rule: rule, erase: policy.EraseDelete})
		}
	}
	for _, n := range c.nodes {
		for _, ref := range b.into[n.table.Name] {
			if child := c.byName[ref.Table]; child != nil {
				if child != n {
					child.reach = append(child.reach, reach{relation: ref, from: n, erase: policy.EraseDelete})
				}
				continue
			}
			if reason := b.whyNotDetachable(ref); reason != "" {
				b.found.add(b.ruleOf(n.table.Name).Pos, n.table.Name, "`everything: delete`, but %s refers to it by (%s) and keeps its rows, and %s: delete the rows of both tables, or of neither",
					ref.Table, joinColumns(ref.Columns), reason)
				continue
			}
			cuts = append(cuts, ref)
		}
	}
	c.orderNodes()
	if c.later || c.atOnce {
		b.found.add(policy.Pos{}, dialect.Name{}, "`everything: delete` can't break a foreign key cycle without a nullable column, because not all rows are deleted in one transaction: make one of the foreign keys nullable")
	}
	for _, x := range c.cycleDetaches {
		cuts = append(cuts, x.relation)
	}
	for _, n := range c.deletion {
		tables = append(tables, n.table)
	}
	return tables, cuts
}

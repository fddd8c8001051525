package plan

import (
	"slices"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/policy"
)

// closure is a root's tables while they are collected.
type closure struct {
	*builder
	nodes         []*node // the root first, then in the order of finding them; orderNodes sorts them
	byName        map[dialect.Name]*node
	deletion      []*node            // the order of deleting rows
	detach        []detachment       // references set NULL by a decision
	detached      map[*relation]bool // the same
	cycleDetaches []detachment       // references set NULL before the rows at both ends are deleted
	keptDetaches  []detachment       // references of remaining rows to deleted ones, to be set NULL
	ended         bool               // it finishes an erasure after a hold
	later         bool               // a cycle needs deferred constraints
	atOnce        bool               // a cycle needs all rows of a table deleted in one statement
	leading       []Step             // overwrites with followers, and their followers
}

// node is one table of a closure.
type node struct {
	table  *dialect.Table
	rule   *policy.Table
	reach  []reach
	erase  policy.Erase // the root's decision
	owned  bool
	leads  bool  // other rows are reached from these
	parent *node // the first reference's other end, for the path in texts
	via    string
	cycle  int

	anchoredBy []*relation // references of other subjects' rows by which they keep these
	anchors    []Anchor    // references of these rows by which they keep others
	mayHold    bool        // a hold of their own, or one on the path, may keep rows
	mayStay    bool        // rows may remain in the table for any reason
	mayReplace bool        // rows to be deleted may have to be overwritten instead
}

type reach struct {
	*relation
	from     *node
	forwards bool
	erase    policy.Erase
}

// detachment is a reference into the closure to set NULL.
type detachment struct {
	*relation
	to *node
}

func (b *builder) subjectClosure() *closure {
	return &closure{builder: b, byName: map[dialect.Name]*node{}, detached: map[*relation]bool{}}
}

// gatherClosure follows every reference to the root, and to the tables found, until it finds
// nothing new. Each reference needs a decision.
func (b *builder) gatherClosure(root *node) *closure {
	c := b.subjectClosure()
	c.addNode(root)
	for i := 0; i < len(c.nodes); i++ { // nodes grows during the loop
		n := c.nodes[i]
		if !n.owned { // other references to an owned row keep it
			for _, ref := range b.into[n.table.Name] {
				c.addReference(n, ref)
			}
		}
		c.followReferences(n)
	}
	return c
}

func (c *closure) addNode(n *node) {
	c.nodes = append(c.nodes, n)
	c.byName[n.table.Name] = n
}

// addReference decides what a reference to n means.
func (c *closure) addReference(n *node, ref *relation) {
	child := c.schema.Table(ref.Table)
	rule := c.ruleOf(ref.Table)
	if ref.period {
		last := len(ref.Columns) - 1
		link := &relation{Reference: Reference{Table: ref.Table, Columns: ref.Columns[:last], RefTable: ref.RefTable, RefColumns: ref.RefColumns[:last]}}
		if !slices.ContainsFunc(c.into[n.table.Name], link.sameRelation) {
			c.found.add(rule.Pos, child.Name, "rows that refer to %s for a period (%s) can't be found by this foreign key: add a link by the other columns, %s(%s) -> %s(%s), for the rows of all periods",
				n.table.Name, joinColumns(ref.Columns), child.Name, joinColumns(link.Columns), n.table.Name, joinColumns(link.RefColumns))
			c.stopped = true
		}
		return
	}
	decision, pos := c.decisionOf(ref)
	switch {
	case decision == "" && !c.kinds[child.Name]:
		c.reportBeyond(child)
	case decision == "":
	case decision == policy.EraseDetach:
		if reason := c.whyNotDetachable(ref); reason != "" {
			c.found.add(pos, child.Name, "(%s) can't be detached: %s", joinColumns(ref.Columns), reason)
			return
		}
		c.detach = append(c.detach, detachment{ref, n})
		c.detached[ref] = true
	case c.isSubject(child):
		n.anchoredBy = append(n.anchoredBy, ref)
	default:
		c.reachTable(child, rule, reach{relation: ref, from: n, erase: decision})
	}
}

func (c *closure) reachTable(t *dialect.Table, rule *policy.Table, way reach) {
	n := c.byName[t.Name]
	if n == nil {
		n = &node{table: t, rule: rule, parent: way.from, via: joinColumns(way.Columns), owned: way.forwards}
		c.addNode(n)
	}
	if n.owned != way.forwards {
		c.found.add(way.pos, t.Name, "the table is owned, but one of its own references reaches it too: remove it from owns")
		c.stopped = true
		return
	}
	n.reach = append(n.reach, way)
	way.from.leads = true
}

// followReferences adds the tables n owns.
func (c *closure) followReferences(n *node) {
	for _, own := range c.owns[n.table.Name] {
		t, rule := c.schema.Table(own.RefTable), c.ruleOf(own.RefTable)
		if c.isSubject(t) {
			c.found.add(own.pos, n.table.Name, "owns: the subject table can't be owned")
			continue
		}
		if rule.Erase == "" {
			c.found.addLines(rule.Pos, t.Name, "    erase: delete", "no decision: %s owns its rows: add `erase: delete`, `overwrite` or `keep` under tables.%s", n.table.Name, rule.Name)
			c.beyond[t.Name] = true
			continue
		}
		c.reachTable(t, rule, reach{relation: own, from: n, forwards: true, erase: rule.Erase})
	}
}

// whyNotDetachable returns why a reference's columns can't be set NULL, or "".
func (r *resolved) whyNotDetachable(ref *relation) string {
	reason, known := r.stuck[ref]
	if !known {
		reason = r.whyStuck(ref)
		r.stuck[ref] = reason
	}
	return reason
}

func (r *resolved) whyStuck(ref *relation) string {
	t := r.schema.Table(ref.Table)
	for _, name := range ref.Columns {
		col := t.Column(name)
		switch {
		case !col.Nullable:
			return "column " + name + " is NOT NULL"
		case !col.Assignable():
			return "column " + name + " can't be assigned to"
		case slices.Contains(t.Key(), name):
			return "column " + name + " is part of the table's key"
		}
		for _, other := range r.from[t.Name] {
			if slices.Contains(other.Columns, name) && !sameSet(other.Columns, ref.Columns) {
				return "column " + name + " also belongs to the reference " + other.name
			}
		}
		for _, other := range r.into[t.Name] {
			if slices.Contains(other.RefColumns, name) {
				return policy.TableName(other.Table, r.schema.Default) + " refers to column " + name + " by " + other.name
			}
		}
		for _, ix := range t.UniqueIndexes(name) {
			if ix.NullsEqual {
				return "column " + name + " is in the unique index " + ix.Name + ", in which NULLs are equal"
			}
		}
	}
	return ""
}

// hasErase reports whether e may be the decision for rows of the node.
func (n *node) hasErase(e policy.Erase) bool {
	return n.erase == e || slices.ContainsFunc(n.reach, func(w reach) bool { return w.erase == e })
}

// isDeleted reports whether rows of the node may be deleted.
func (n *node) isDeleted() bool { return n.hasErase(policy.EraseDelete) }

// onlyErase reports whether e is the decision for every row of the node.
func (n *node) onlyErase(e policy.Erase) bool {
	return (n.erase == "" || n.erase == e) && !slices.ContainsFunc(n.reach, func(w reach) bool { return w.erase != e })
}

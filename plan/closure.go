package plan

import (
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// closure is a root's tables while they are being gathered.
type closure struct {
	*builder
	nodes  []*node // in the order in which they were first reached; order sorts them
	detach []cut   // references that are set NULL by a decision
	within []cut   // references within a cycle that are set NULL before its rows go
	loose  []cut   // references that rows which stay let go of
	later  bool    // a cycle needs deferred constraints
}

// node is one table of a closure.
type node struct {
	table  *dialect.Table
	rule   *PolicyTable
	reach  []reach
	erase  Erase // the root's decision
	owned  bool
	parent *node // the first way here, for the path that people read
	via    string
	cycle  int

	anchoredBy []relation // references of other subjects' rows that keep these
	anchors    []Anchor   // references of these rows that keep others
	mayHold    bool       // rows may be held, by a hold of their own or through one
	mayStay    bool       // rows may be left in the table for any reason
	mayReplace bool       // rows to be deleted may have to be overwritten instead
}

type reach struct {
	relation
	from     *node
	forwards bool
	erase    Erase
}

// cut is a reference into the closure that is set NULL.
type cut struct {
	relation
	to *node
}

// gather follows every reference that arrives at the root, and at what refers
// to it, until nothing new is reached. Each reference needs a decision.
func (b *builder) gather(root *dialect.Table, erase Erase) *closure {
	c := &closure{builder: b}
	c.nodes = []*node{{table: root, rule: b.rule(root.Name), erase: erase}}
	for i := 0; i < len(c.nodes); i++ { // nodes grows while it is walked
		n := c.nodes[i]
		if n.owned {
			c.follow(n)
			continue // what else refers to it keeps it
		}
		for _, ref := range b.refs {
			if ref.RefTable == n.table.Name {
				c.arrive(n, ref)
			}
		}
		c.follow(n)
	}
	return c
}

func (c *closure) node(n dialect.Name) *node {
	i := slices.IndexFunc(c.nodes, func(x *node) bool { return x.table.Name == n })
	if i < 0 {
		return nil
	}
	return c.nodes[i]
}

// arrive decides what a reference that arrives at n means.
func (c *closure) arrive(n *node, ref relation) {
	child := c.schema.Table(ref.Table)
	rule := c.rule(ref.Table)
	via := rule.via(ref.Columns)
	pos, columns := rule.Pos, strings.Join(ref.Columns, ", ")
	decision := rule.Erase
	if via != nil {
		decision, pos = via.Erase, via.Pos
	}
	// The rows of the subject table are people: none but the root's own row is
	// ever entered, whatever refers to it.
	if c.subject != nil && child.Name == c.subject.Name {
		if via == nil || via.Erase != EraseDetach && via.Erase != EraseKeep {
			c.found.add(pos, child.Name, "column %s refers to %s, which may be another subject's: add `via: {%s: detach}` or `keep` under tables.%s",
				columns, n.table.Name, columns, rule.Name)
			return
		}
		if via.Erase == EraseKeep {
			n.anchoredBy = append(n.anchoredBy, ref)
			return
		}
	}
	switch decision {
	case "":
		c.found.add(pos, child.Name, "no decision: the table refers to %s by (%s), so it may hold a subject's rows: add `erase: delete`, `overwrite` or `keep` under tables.%s, or `via: {%s: …}`",
			n.table.Name, columns, rule.Name, columns)
		return
	case EraseDetach:
		if c.detachable(child, ref.Reference) == "" {
			c.detach = append(c.detach, cut{ref, n})
		} else {
			c.found.add(pos, child.Name, "(%s) can't be detached: %s", columns, c.detachable(child, ref.Reference))
		}
		return
	}
	c.reached(child, rule, reach{relation: ref, from: n, erase: decision})
}

func (c *closure) reached(t *dialect.Table, rule *PolicyTable, way reach) {
	n := c.node(t.Name)
	if n == nil {
		n = &node{table: t, rule: rule, parent: way.from, via: strings.Join(way.Columns, ", "), owned: way.forwards}
		c.nodes = append(c.nodes, n)
	}
	if n.owned != way.forwards {
		c.found.add(way.pos, t.Name, "the table is owned and also reached by a reference of its own: take it out of owns")
		return
	}
	n.reach = append(n.reach, way)
}

// follow adds what the rows of n own.
func (c *closure) follow(n *node) {
	for _, own := range c.owns {
		if own.Table != n.table.Name {
			continue
		}
		t, rule := c.schema.Table(own.RefTable), c.rule(own.RefTable)
		if c.subject != nil && t.Name == c.subject.Name {
			c.found.add(own.pos, n.table.Name, "owns: the subject table can't be owned")
			continue
		}
		erase := rule.Erase
		if erase == "" {
			c.found.add(rule.Pos, t.Name, "no decision: %s owns its rows: add `erase: delete`, `overwrite` or `keep` under tables.%s", n.table.Name, rule.Name)
			continue
		}
		c.reached(t, rule, reach{relation: own, from: n, forwards: true, erase: erase})
	}
}

// detachable returns why a reference's columns can't be set NULL, or "".
func (r *resolved) detachable(t *dialect.Table, ref Reference) string {
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
		for _, other := range r.refs {
			if other.Table == t.Name && slices.Contains(other.Columns, name) && !sameSet(other.Columns, ref.Columns) {
				return "column " + name + " also belongs to the reference " + other.name
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

// deletes reports whether rows of the node may be deleted.
func (n *node) deletes() bool {
	return n.erase == EraseDelete || slices.ContainsFunc(n.reach, func(w reach) bool { return w.erase == EraseDelete })
}

// only reports whether every row of the node is to be erased as e.
func (n *node) only(e Erase) bool {
	if len(n.reach) == 0 {
		return n.erase == e
	}
	return !slices.ContainsFunc(n.reach, func(w reach) bool { return w.erase != e })
}

// path is how a person would say where the node's rows come from.
func (c *closure) path(n *node) string {
	name := short(n.table.Name, c.schema.Default)
	switch {
	case n.parent == nil:
		return name
	case n.owned:
		return c.path(n.parent) + "(" + n.via + ") → " + name
	}
	return c.path(n.parent) + " ← " + name + "(" + n.via + ")"
}

// short is a table's name without the schema that goes without saying.
func short(n dialect.Name, usual string) string {
	if n.Schema == usual {
		return n.Table
	}
	return n.String()
}

package plan

import (
	"slices"
	"strings"

	"github.com/expungedb/expunge/internal/graph"
)

// edge is a reference between two nodes of a closure: rows of child refer to
// rows of parent.
type edge struct {
	parent, child int
	relation
}

// order sorts the nodes so that each comes after those it is reached from, and
// breaks the cycles of enforced foreign keys, so that rows can be deleted in
// the opposite order.
func (c *closure) order() {
	at := map[*node]int{}
	for i, n := range c.nodes {
		at[n] = i
	}
	next := make([][]int, len(c.nodes))
	var edges []edge
	for i, n := range c.nodes {
		for _, w := range n.reach {
			next[at[w.from]] = append(next[at[w.from]], i)
			if !w.forwards {
				edges = append(edges, edge{at[w.from], i, w.relation})
			}
		}
	}
	var sorted []*node
	cycles := 0
	for _, component := range graph.Components(next) {
		if graph.Cyclic(next, component) {
			cycles++
			for _, i := range component {
				c.nodes[i].cycle = cycles
			}
			component = c.breakCycles(component, edges)
		}
		for _, i := range component {
			sorted = append(sorted, c.nodes[i])
		}
	}
	c.nodes = sorted
}

// breakCycles gives the nodes of one component an order in which deleting from
// the last to the first breaks no enforced reference, once some references
// are set NULL, or deferred.
func (c *closure) breakCycles(component []int, all []edge) []int {
	var hard []edge // what the database checks
	for _, e := range all {
		if !e.Link && slices.Contains(component, e.parent) && slices.Contains(component, e.child) {
			hard = append(hard, e)
		}
	}
	var cut []edge
	for {
		knot := knotted(component, hard)
		if knot == nil {
			break
		}
		i := slices.IndexFunc(knot, func(e edge) bool {
			return c.detachable(c.nodes[e.child].table, e.Reference) == "" && c.letsGo(c.nodes[e.child], e.Reference)
		})
		if i < 0 && c.engine.Engine().Deferrable {
			i = slices.IndexFunc(knot, func(e edge) bool { return e.deferrable })
		}
		if i < 0 {
			i = slices.IndexFunc(knot, func(e edge) bool {
				return e.child == e.parent && c.engine.Engine().StatementEnd && !e.restrict
			})
		}
		if i < 0 {
			c.knotProblem(knot)
			break
		}
		cut = append(cut, knot[i])
		hard = slices.DeleteFunc(hard, func(e edge) bool { return e.name == knot[i].name && e.child == knot[i].child })
	}
	// What was cut early may have become unnecessary by a later cut.
	for i := len(cut) - 1; i >= 0; i-- {
		if knotted(component, append(slices.Clone(hard), cut[i])) == nil {
			hard = append(hard, cut[i])
			cut = slices.Delete(cut, i, i+1)
		}
	}
	for _, e := range cut {
		child := c.nodes[e.child]
		switch {
		case c.detachable(child.table, e.Reference) == "" && c.letsGo(child, e.Reference):
			c.within = append(c.within, cutOf(c, e))
		case e.deferrable && c.engine.Engine().Deferrable:
			c.later = true
		}
	}
	return topological(component, hard)
}

func cutOf(c *closure, e edge) cut { return cut{e.relation, c.nodes[e.parent]} }

// letsGo reports whether no hold keeps the reference's columns.
func (c *closure) letsGo(n *node, ref Reference) bool {
	return n.rule.Hold == nil || !n.rule.Hold.keeps(ref.Columns)
}

// keeps reports whether the hold covers one of the columns.
func (h *Hold) keeps(columns []string) bool {
	return h.Keep == nil || slices.ContainsFunc(columns, func(c string) bool { return slices.Contains(h.Keep, c) })
}

func (c *closure) knotProblem(knot []edge) {
	var names []string
	for _, e := range knot {
		names = append(names, e.Table.String()+"("+strings.Join(e.Columns, ", ")+") → "+e.RefTable.String())
	}
	slices.Sort(names)
	c.found.add(Pos{}, c.nodes[knot[0].child].table.Name,
		"rows refer to each other in a circle that can't be opened: %s: make one of these columns nullable, or its constraint deferrable where the engine has that",
		strings.Join(slices.Compact(names), "; "))
}

// knotted returns the edges that lie on cycles, or nil.
func knotted(component []int, edges []edge) []edge {
	at, next := positions(component, edges)
	for _, part := range graph.Components(next) {
		if !graph.Cyclic(next, part) {
			continue
		}
		var knot []edge
		for _, e := range edges {
			if slices.Contains(part, at[e.parent]) && slices.Contains(part, at[e.child]) {
				knot = append(knot, e)
			}
		}
		return knot
	}
	return nil
}

func topological(component []int, edges []edge) []int {
	_, next := positions(component, edges)
	var out []int
	for _, part := range graph.Components(next) {
		for _, i := range part {
			out = append(out, component[i])
		}
	}
	return out
}

func positions(component []int, edges []edge) (map[int]int, [][]int) {
	at := map[int]int{}
	for i, n := range component {
		at[n] = i
	}
	next := make([][]int, len(component))
	for _, e := range edges {
		next[at[e.parent]] = append(next[at[e.parent]], at[e.child])
	}
	return at, next
}

package plan

import (
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/internal/graph"
	"github.com/expungedb/expunge/plan/policy"
)

// orderNodes sorts the nodes, each after those it is reached from and the root first. It finds the
// order in which their rows can be deleted.
func (c *closure) orderNodes() {
	at := map[*node]int{}
	for i, n := range c.nodes {
		at[n] = i
	}
	next := make([][]int, len(c.nodes))
	for i, n := range c.nodes {
		for _, w := range n.reach {
			next[at[w.from]] = append(next[at[w.from]], i)
		}
	}
	var sorted []*node
	cycles := 0
	// Every node is reached from the root, so the root is the first node of the first component.
	for _, component := range graph.Components(next) {
		if graph.Cyclic(next, component) {
			cycles++
			for _, i := range component {
				c.nodes[i].cycle = cycles
			}
		}
		for _, i := range component {
			sorted = append(sorted, c.nodes[i])
		}
	}
	c.nodes = sorted
	c.deletion = c.sequenceNodes(c.breakCycles(c.orderEdges()))
}

// edge is a foreign key between two nodes with deleted rows: rows of parent can't be deleted while
// rows of child refer to them. The nodes are indexes in closure.nodes.
type edge struct {
	parent, child int
	*relation
}

// orderEdges are the references the database checks while rows are deleted, followed by the closure
// or not. They include an owner's, and those of a subject's own row.
func (c *closure) orderEdges() []edge {
	at := map[*node]int{}
	for i, n := range c.nodes {
		at[n] = i
	}
	var out []edge
	for i, n := range c.nodes {
		for _, ref := range c.from[n.table.Name] {
			p := c.byName[ref.RefTable]
			if p != nil && !ref.Link && !c.detached[ref] && n.isDeleted() && p.isDeleted() {
				out = append(out, edge{at[p], i, ref})
			}
		}
	}
	return out
}

// breakCycles removes references until no cycle remains: first those that can be set NULL, then
// those with a deferrable check, then those of a table to itself if a statement may delete both
// rows. It then restores each one that closes no cycle. It returns the edges the order has to
// respect.
func (c *closure) breakCycles(hard []edge) []edge {
	var out []edge
	for _, can := range []func(edge) bool{c.canLetGo, c.canWait, c.oneStatement} {
		onCircle := onCycle(len(c.nodes), hard)
		var stay []edge
		for i, e := range hard {
			if onCircle[i] && can(e) {
				out = append(out, e)
			} else {
				stay = append(stay, e)
			}
		}
		hard = stay
	}
	if onCircle := onCycle(len(c.nodes), hard); slices.Contains(onCircle, true) {
		c.cycleProblem(hard, onCircle)
		return nil
	}
	next := make([][]int, len(c.nodes))
	for _, e := range hard {
		next[e.parent] = append(next[e.parent], e.child)
	}
	for _, e := range slices.Backward(out) {
		if !reaches(next, e.child, e.parent) {
			next[e.parent] = append(next[e.parent], e.child)
			hard = append(hard, e)
			continue
		}
		switch {
		case c.canLetGo(e):
			c.cycleDetaches = append(c.cycleDetaches, detachment{e.relation, c.nodes[e.parent]})
		case c.canWait(e):
			c.later = true
		default:
			c.atOnce = true
			if child := c.nodes[e.child]; child.cycle == 0 { // one statement has to delete its rows
				child.cycle = c.lastCycle() + 1
			}
		}
	}
	slices.Reverse(c.cycleDetaches)
	return hard
}

func (c *closure) lastCycle() int {
	last := 0
	for _, n := range c.nodes {
		last = max(last, n.cycle)
	}
	return last
}

// canLetGo reports whether a reference can be set NULL before its row is deleted.
func (c *closure) canLetGo(e edge) bool { return c.whyNotDetachable(e.relation) == "" }

// canWait reports whether the check of a reference can be deferred. Only NO ACTION waits: the other
// actions happen at once, and would reach the rows of other steps.
func (c *closure) canWait(e edge) bool {
	return e.deferrable && e.noAction() && c.engine.Engine().Deferrable
}

// oneStatement reports whether one statement can delete rows of one table that refer to each other.
func (c *closure) oneStatement(e edge) bool {
	return e.child == e.parent && e.noAction() && c.engine.Engine().ChecksFKAtStatementEnd
}

func (c *closure) cycleProblem(edges []edge, onCircle []bool) {
	var names []string
	var table dialect.Name
	for i, e := range edges {
		if onCircle[i] {
			table = e.Table
			names = append(names, policy.TableName(e.Table, c.schema.Default)+"("+joinColumns(e.Columns)+") → "+policy.TableName(e.RefTable, c.schema.Default))
		}
	}
	slices.Sort(names)
	c.found.add(policy.Pos{}, table,
		"foreign key cycle can't be broken: %s: make one of these columns nullable, or its constraint deferrable if the engine supports it",
		strings.Join(slices.Compact(names), "; "))
}

// onCycle reports for each edge whether it is part of a cycle.
func onCycle(nodes int, edges []edge) []bool {
	next := make([][]int, nodes)
	for _, e := range edges {
		next[e.parent] = append(next[e.parent], e.child)
	}
	component := make([]int, nodes)
	for i, part := range graph.Components(next) {
		for _, n := range part {
			component[n] = i
		}
	}
	out := make([]bool, len(edges))
	for i, e := range edges {
		out[i] = component[e.parent] == component[e.child] // an edge to itself included
	}
	return out
}

// reaches reports whether a path exists from one node to another.
func reaches(next [][]int, from, to int) bool {
	seen := make([]bool, len(next))
	stack := []int{from}
	for len(stack) > 0 {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if n == to {
			return true
		}
		if !seen[n] {
			seen[n] = true
			stack = append(stack, next[n]...)
		}
	}
	return false
}

// sequenceNodes is the order of deleting rows: a child before its parents. As far as this allows,
// it is from the leaves to the root, and owned rows last.
func (c *closure) sequenceNodes(hard []edge) []*node {
	var wanted []int
	for i := range slices.Backward(c.nodes) {
		if !c.nodes[i].owned {
			wanted = append(wanted, i)
		}
	}
	for i, n := range c.nodes {
		if n.owned {
			wanted = append(wanted, i)
		}
	}
	children := make([]int, len(c.nodes)) // still to be deleted before the node
	parents := make([][]int, len(c.nodes))
	for _, e := range hard {
		children[e.parent]++
		parents[e.child] = append(parents[e.child], e.parent)
	}
	var out []*node
	for len(wanted) > 0 {
		i := max(slices.IndexFunc(wanted, func(n int) bool { return children[n] == 0 }), 0)
		n := wanted[i]
		wanted = slices.Delete(wanted, i, i+1)
		for _, p := range parents[n] {
			children[p]--
		}
		out = append(out, c.nodes[n])
	}
	return out
}

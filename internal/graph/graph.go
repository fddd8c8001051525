// Package graph finds the components of a directed graph and an order of them. Nodes are the
// numbers from 0; it knows nothing of their meaning.
package graph

import "slices"

// Components returns the strongly connected components of a graph; next[v] lists the targets of v's
// edges. Every edge between two components points from an earlier to a later one in the result.
// Nodes within a component are in ascending order; node numbers break ties, so that the same graph
// gives the same result. A node without a cycle is a component of its own.
func Components(next [][]int) [][]int {
	// Tarjan's algorithm, with an explicit stack: a chain of tables may be long.
	n := len(next)
	index, low := make([]int, n), make([]int, n)
	onStack := make([]bool, n)
	var stack []int
	var out [][]int
	count := 0
	type frame struct{ v, edge int }
	for root := n - 1; root >= 0; root-- {
		if index[root] != 0 {
			continue
		}
		frames := []frame{{v: root}}
		for len(frames) > 0 {
			f := &frames[len(frames)-1]
			v := f.v
			if f.edge == 0 {
				count++
				index[v], low[v] = count, count
				stack = append(stack, v)
				onStack[v] = true
			}
			if f.edge < len(next[v]) {
				// From the last edge to the first, since the algorithm finds components in reverse.
				w := next[v][len(next[v])-1-f.edge]
				f.edge++
				if index[w] == 0 {
					frames = append(frames, frame{v: w})
				} else if onStack[w] {
					low[v] = min(low[v], index[w])
				}
				continue
			}
			frames = frames[:len(frames)-1]
			if len(frames) > 0 {
				p := frames[len(frames)-1].v
				low[p] = min(low[p], low[v])
			}
			if low[v] == index[v] {
				i := slices.Index(stack, v)
				component := slices.Clone(stack[i:])
				for _, w := range component {
					onStack[w] = false
				}
				stack = stack[:i]
				slices.Sort(component)
				out = append(out, component)
			}
		}
	}
	slices.Reverse(out)
	return out
}

// Cyclic reports whether a component from Components holds a cycle: it has several nodes, or an
// edge from its node to itself.
func Cyclic(next [][]int, component []int) bool {
	return len(component) > 1 || slices.Contains(next[component[0]], component[0])
}

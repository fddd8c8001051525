package graph

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestComponents(t *testing.T) {
	for _, c := range []struct {
		name string
		next [][]int
		want [][]int
	}{
		{"empty", nil, nil},
		{"one node", [][]int{nil}, [][]int{{0}}},
		{"a chain against the numbers", [][]int{nil, {0}, {1}}, [][]int{{2}, {1}, {0}}},
		{"a node with itself", [][]int{{0, 1}, nil}, [][]int{{0}, {1}}},
		{"two cycles that share a node are one component", [][]int{{1, 2}, {0}, {0, 3}, nil}, [][]int{{0, 1, 2}, {3}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if d := cmp.Diff(c.want, Components(c.next)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestComponentsAgreeWithReachability(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(t, "nodes")
		next := make([][]int, n)
		for v := range next {
			next[v] = rapid.SliceOfN(rapid.IntRange(0, n-1), 0, 4).Draw(t, "edges")
		}
		reach := make([][]bool, n)
		for v := range reach {
			reach[v] = make([]bool, n)
			todo := []int{v}
			for len(todo) > 0 {
				u := todo[0]
				todo = todo[1:]
				for _, w := range next[u] {
					if !reach[v][w] {
						reach[v][w] = true
						todo = append(todo, w)
					}
				}
			}
		}
		at := make([]int, n)
		seen := 0
		components := Components(next)
		for i, c := range components {
			seen += len(c)
			for _, v := range c {
				at[v] = i
			}
			if Cyclic(next, c) != reach[c[0]][c[0]] {
				t.Fatalf("component %v: cyclic is %v", c, Cyclic(next, c))
			}
		}
		if seen != n {
			t.Fatalf("%d nodes in the components, want %d", seen, n)
		}
		for v := range n {
			for w := range n {
				if same := v == w || reach[v][w] && reach[w][v]; same != (at[v] == at[w]) {
					t.Fatalf("nodes %d and %d", v, w)
				}
			}
			if slices.ContainsFunc(next[v], func(w int) bool { return at[w] < at[v] }) {
				t.Fatalf("an edge of %d leads backwards", v)
			}
		}
	})
}

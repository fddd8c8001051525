package anonymise

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// boundRule is a rule with its strategy bound to each JSON type; nil where the strategy can't make
// that type. A non-nil whole takes a value of any type, objects and arrays included.
type boundRule struct {
	path                  []step
	whole                 func(*node)
	text, number, boolean Replacer
}

func (r jsonRule) bind(column string) (boundRule, error) {
	b := boundRule{path: r.path, whole: r.spec.whole()}
	if b.whole != nil {
		return b, nil
	}
	var first error
	for _, as := range []struct {
		kind dialect.Kind
		to   *Replacer
	}{{dialect.Text, &b.text}, {dialect.Decimal, &b.number}, {dialect.Bool, &b.boolean}} {
		rep, err := r.strategy.Bind(Target{Column: &dialect.Column{Name: column, Kind: as.kind, Nullable: true}, Rows: -1})
		if row, ok := rep.(RowReplacer); ok {
			return b, fmt.Errorf("%s looks at other columns (%s), which can't be done inside of a document", r.spec.Name, strings.Join(row.Needs(), ", "))
		}
		if err == nil {
			*as.to = rep
		} else if first == nil {
			first = err
		}
	}
	if b.text == nil && b.number == nil && b.boolean == nil {
		return b, first
	}
	return b, nil
}

// whole returns the effect of null, fixed and keep on a value; nil for other strategies.
func (s Spec) whole() func(*node) {
	var to node
	switch s.Name {
	case "keep":
		return func(*node) {}
	case "null":
		return func(n *node) { *n = to }
	case "fixed":
		to.scalar = s.Params
		if m, ok := s.Params.(map[string]any); ok {
			to.scalar = m["value"]
		}
		return func(n *node) {
			if !n.null() || s.Modifiers.FillNull {
				*n = to
			}
		}
	}
	return nil
}

func (n *node) null() bool { return !n.object && !n.array && n.scalar == nil }

// walker replaces the values at paths.
type walker struct {
	s      *Source
	others string
}

// walk applies the rules whose paths end at n, or walks the children with the longer ones.
func (w walker) walk(n *node, rules []boundRule) error {
	for _, r := range rules {
		if len(r.path) == 0 {
			return w.apply(n, r)
		}
	}
	if !n.object && !n.array {
		w.other(n)
		return nil
	}
	var keys []string
	var nodes []*node
	for i, child := range n.nodes {
		var below []boundRule
		for _, r := range rules {
			if r.path[0].leads(n, i) {
				r.path = r.path[1:]
				below = append(below, r)
			}
		}
		switch {
		case len(below) > 0:
			if err := w.walk(child, below); err != nil {
				return err
			}
		case w.others == "drop":
			continue
		default:
			w.other(child)
		}
		if n.object {
			keys = append(keys, n.keys[i])
		}
		nodes = append(nodes, child)
	}
	n.keys, n.nodes = keys, nodes
	return nil
}

// leads reports whether the step matches the i-th child of n.
func (s step) leads(n *node, i int) bool {
	if n.array {
		return s.each || s.index == i
	}
	return s.any || !s.each && s.index < 0 && s.key == n.keys[i]
}

// other handles a value without a path.
func (w walker) other(n *node) {
	switch w.others {
	case "random":
		n.randomise(w.s)
	case "drop":
		*n = node{} // null, where its place can't be removed
	}
}

// apply replaces n, or every value in it. If the strategy doesn't make the value's type, apply
// replaces it as a text where the strategy makes texts, else by a random value.
func (w walker) apply(n *node, r boundRule) error {
	if r.whole != nil {
		r.whole(n)
		return nil
	}
	if n.object || n.array {
		for _, child := range n.nodes {
			if err := w.apply(child, r); err != nil {
				return err
			}
		}
		return nil
	}
	by, old := r.text, dialect.Value(nil)
	switch v := n.scalar.(type) {
	case string:
		old = v
	case json.Number:
		old = plainNumber(string(v))
		if r.number != nil {
			by = r.number
		}
	case bool:
		old = strconv.FormatBool(v)
		if r.boolean != nil {
			by = r.boolean
		}
	}
	if by == nil {
		n.randomise(w.s)
		return nil
	}
	v, err := by.Replace(w.s, old)
	if err != nil {
		return err
	}
	text, ok := dialect.TextOf(v)
	switch {
	case !ok:
		n.scalar = nil
	case by == r.boolean:
		n.scalar = text == "true"
	case by == r.number && json.Valid([]byte(text)):
		n.scalar = json.Number(text)
	default:
		n.scalar = text
	}
	return nil
}

// plainNumber writes a number without an exponent.
func plainNumber(text string) string {
	if strings.ContainsAny(text, "eE") {
		if f, err := strconv.ParseFloat(text, 64); err == nil {
			return strconv.FormatFloat(f, 'f', -1, 64)
		}
	}
	return text
}

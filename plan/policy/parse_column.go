package policy

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/plan/internal/word"
)

var columnShape = shape{"a column", []string{"pii"}, []string{"overwrite", "as", "otherwise"}}

func (p *policyReader) readColumns(e entry) []Column {
	if e.value == nil {
		return nil
	}
	entries, ok := p.readEntries(e, "a mapping such as {email: {pii: contact}}")
	if ok && len(entries) == 0 {
		p.failAt(e.posOf(), "columns is empty: remove it, or list the table's columns")
	}
	out := make([]Column, 0, len(entries))
	for _, in := range entries {
		out = append(out, p.readColumn(in))
	}
	return out
}

// readColumn reads `created_at: {pii: none}`, or `created_at: none` in short: a bare word is always
// the category, never a strategy.
func (p *policyReader) readColumn(e entry) Column {
	c := Column{Name: e.key, Pos: e.pos}
	if _, short := e.value.(*ast.StringNode); short {
		c.PII = p.readCategory(e, c.Name)
		return c
	}
	m, ok := p.readMapping(e, columnShape)
	if !ok {
		return c
	}
	c.PII = p.readCategory(m["pii"], c.Name)
	if overwrite, ok := m["overwrite"]; ok {
		c.Overwrite = p.readStrategy(overwrite)
	}
	if as, ok := m["as"]; ok {
		p.readAs(as, c.Overwrite)
	}
	if c.Overwrite != nil && c.Overwrite.Name == "keep" && c.Overwrite.Modifiers.As != "" {
		p.failAt(e.pos, "as has no effect with keep, which reads nothing: remove it")
	}
	if otherwise, ok := m["otherwise"]; ok {
		p.readOtherwise(otherwise, c.Overwrite)
	}
	return c
}

// readAs reads a modifier of the strategy that may also stand beside it.
func (p *policyReader) readAs(e entry, s *anonymise.Spec) {
	word := p.readWord(e, "text")
	if s == nil {
		p.failAt(e.pos, "as needs an overwrite: it says how the strategy reads the column")
		return
	}
	s.Modifiers.As = word
}

// readOtherwise reads a modifier of the strategy that may also stand beside it.
func (p *policyReader) readOtherwise(e entry, s *anonymise.Spec) {
	word := "null"
	if _, null := e.value.(*ast.NullNode); !null || implicitNull(e.value) {
		word = p.readWord(e, "null", "default", "random")
	}
	switch {
	case s == nil:
		p.failAt(e.pos, "otherwise needs an overwrite: it replaces values the strategy can't work on")
	case s.Modifiers.Otherwise != "" && s.Modifiers.Otherwise != word:
		p.failAt(e.pos, "otherwise has two different values: remove one")
	default:
		s.Modifiers.Otherwise = word
	}
}

func (p *policyReader) readCategory(e entry, column string) string {
	e.key = "pii of " + word.Printable(column)
	if n, ok := e.value.(*ast.StringNode); ok && n.Value == PIIUndecided {
		return PIIUndecided
	}
	return p.readWord(e, categoryNames()...)
}

func (p *policyReader) readStrategy(e entry) *anonymise.Spec {
	if implicitNull(e.value) {
		p.failAt(e.pos, "overwrite is empty: write overwrite: null to set the column NULL, or name a strategy")
		return nil
	}
	places := make(places)
	v, ok := p.readValue(e.value, nil, places)
	if !ok {
		return nil
	}
	spec, err := anonymise.ParseSpec(v)
	if err != nil {
		p.failAt(places.posOf(err, e.posOf()), "overwrite: %v", err)
		return nil
	}
	if when := spec.Modifiers.When; when != "" {
		if why := CheckCondition(when); why != "" {
			p.failAt(places[placeKey([]string{"when"})], "overwrite: the condition %s", why)
		}
	}
	return &spec
}

// places are the positions of a strategy's keys and elements, by their paths.
type places map[string]Pos

func placeKey(path []string) string { return strings.Join(path, "\x00") }

// posOf is the position of the error, or of the nearest known key above it.
func (ps places) posOf(err error, otherwise Pos) Pos {
	var spec *anonymise.SpecError
	if !errors.As(err, &spec) {
		return otherwise
	}
	for n := len(spec.Path); n > 0; n-- {
		if pos, ok := ps[placeKey(spec.Path[:n])]; ok {
			return pos
		}
	}
	return otherwise
}

// readValue gives a node the types ParseSpec accepts.
func (p *policyReader) readValue(n ast.Node, path []string, places places) (any, bool) {
	switch n := n.(type) {
	case *ast.NullNode:
		return nil, true
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.BoolNode:
		return n.Value, true
	case *ast.IntegerNode:
		// YAML 1.1 reads 01067 as an octal number: a postcode would become 567.
		if text := n.GetToken().Value; strings.TrimPrefix(text, "+") != fmt.Sprint(n.Value) && text != "-0" {
			p.failAt(nodePos(n), "overwrite: the number %s reads as %d: put it in quotes, or write that", word.Printable(text), n.Value)
			return nil, false
		}
		return n.Value, true
	case *ast.FloatNode:
		return n.Value, true
	case *ast.SequenceNode:
		return p.valueList(n, path, places)
	case *ast.MappingNode, *ast.MappingValueNode:
		return p.valueMap(n, path, places)
	}
	p.failAt(nodePos(n), "overwrite: a value that JSON does not have: put it in quotes")
	return nil, false
}

func (p *policyReader) valueList(n *ast.SequenceNode, path []string, places places) (any, bool) {
	list := make([]any, 0, len(n.Values))
	for i, in := range n.Values {
		below := append(slices.Clip(path), strconv.Itoa(i))
		places[placeKey(below)] = nodePos(in)
		v, ok := p.readValue(in, below, places)
		if !ok {
			return nil, false
		}
		list = append(list, v)
	}
	return list, true
}

func (p *policyReader) valueMap(n ast.Node, path []string, places places) (any, bool) {
	entries, ok := p.readEntries(entry{key: "overwrite", pos: nodePos(n), value: n}, "a mapping")
	if !ok {
		return nil, false
	}
	m := make(map[string]any, len(entries))
	for _, in := range entries {
		below := append(slices.Clip(path), in.key)
		places[placeKey(below)] = in.pos
		v, ok := p.readValue(in.value, below, places)
		if !ok {
			return nil, false
		}
		m[in.key] = v
	}
	return m, true
}

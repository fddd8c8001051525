package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/expungedb/expunge/plan/internal/word"
)

// policyReader turns YAML nodes into a policy. It continues after a problem, to find all of them;
// its result is then unused.
type policyReader struct {
	problems []Problem
	table    string // the table being read, for the problems
}

func (p *policyReader) failAt(pos Pos, format string, args ...any) {
	p.problems = append(p.problems, Problem{Pos: pos, Table: p.table, Reason: fmt.Sprintf(format, args...)})
}

// entry is a key with its value.
type entry struct {
	key   string
	pos   Pos // of the key
	value ast.Node
}

// posOf is the position of the value.
func (e entry) posOf() Pos {
	if pos := nodePos(e.value); !implicitNull(e.value) && pos != (Pos{}) {
		return pos
	}
	return e.pos
}

// shape lists the keys of a mapping.
type shape struct {
	what     string // the mapping's kind, for people: "a table"
	required []string
	optional []string
}

func (s shape) keyNames() []string { return slices.Concat(s.required, s.optional) }

// mapping holds the entries of a mapping by the shape's keys; absent ones have
// a nil value.
type mapping map[string]entry

// readMapping reads the value of e by its shape. It returns false if it isn't a mapping.
func (p *policyReader) readMapping(e entry, s shape) (mapping, bool) {
	entries, ok := p.readEntries(e, "a mapping of "+strings.Join(s.keyNames(), ", "))
	if !ok {
		return nil, false
	}
	m := make(mapping)
	for _, in := range entries {
		if !slices.Contains(s.keyNames(), in.key) {
			p.failAt(in.pos, "unknown key %s: %s", word.Printable(in.key), insteadOf(in.key, s))
			continue
		}
		m[in.key] = in
	}
	missing := slices.DeleteFunc(slices.Clone(s.required), func(key string) bool { _, ok := m[key]; return ok })
	if len(missing) > 0 {
		p.failAt(e.pos, "%s needs %s", s.what, joinWords(missing, "and"))
	}
	return m, true
}

func insteadOf(key string, s shape) string {
	if near := word.Nearest(key, s.keyNames()); near != "" {
		return "did you mean " + near + "?"
	}
	return s.what + " has " + strings.Join(s.keyNames(), ", ")
}

// readEntries reads a mapping with any keys, each once; want describes it.
func (p *policyReader) readEntries(e entry, want string) ([]entry, bool) {
	var values []*ast.MappingValueNode
	switch n := e.value.(type) {
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	default:
		p.failKind(e, want)
		return nil, false
	}
	seen := make(map[string]Pos, len(values))
	entries := make([]entry, 0, len(values))
	for _, v := range values {
		in := entry{pos: nodePos(v.Key), value: v.Value}
		key, ok := v.Key.(ast.ScalarNode)
		if !ok || implicitNull(v.Key) {
			p.failAt(in.pos, "a key that is not a word")
			continue
		}
		// As written: a column may be called null, true or 1.
		if in.key = key.GetToken().Value; in.key == "" {
			p.failAt(in.pos, "a key that is empty")
			continue
		}
		if first, twice := seen[in.key]; twice {
			p.failAt(in.pos, "%s is listed twice, first at %s: merge the two", word.Printable(in.key), first)
			continue
		}
		seen[in.key] = in.pos
		entries = append(entries, in)
	}
	return entries, true
}

// readList reads a list's elements; want describes it.
func (p *policyReader) readList(e entry, want string) []entry {
	if e.value == nil {
		return nil
	}
	seq, ok := e.value.(*ast.SequenceNode)
	if !ok {
		p.failKind(e, want)
		return nil
	}
	elements := make([]entry, 0, len(seq.Values))
	for _, v := range seq.Values {
		elements = append(elements, entry{key: "an entry of " + e.key, pos: nodePos(v), value: v})
	}
	return elements
}

// readText reads a text that is not empty; "" if it is absent.
func (p *policyReader) readText(e entry) string {
	var s string
	switch n := e.value.(type) {
	case nil:
		return ""
	case *ast.StringNode:
		s = n.Value
	case *ast.LiteralNode:
		s = strings.TrimRight(n.Value.Value, "\n")
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		p.failKind(e, "text: put it in quotes")
		return ""
	default:
		p.failKind(e, "text")
		return ""
	}
	if strings.TrimSpace(s) == "" {
		p.failAt(e.posOf(), "%s is empty", e.key)
	}
	return s
}

// readTexts reads a list of texts, none of them twice.
func (p *policyReader) readTexts(e entry) []string {
	var out []string
	for _, in := range p.readNames(e) {
		out = append(out, in.key)
	}
	return out
}

// readNames is readTexts with the position of each.
func (p *policyReader) readNames(e entry) []entry {
	var out []entry
	seen := map[string]bool{}
	for _, in := range p.readList(e, "a list of names such as [a, b]") {
		in.key = p.readText(in)
		if in.key != "" && seen[in.key] {
			p.failAt(in.pos, "%s names %s twice", e.key, word.Printable(in.key))
			continue
		}
		seen[in.key] = true
		out = append(out, in)
	}
	if seq, ok := e.value.(*ast.SequenceNode); ok && len(seq.Values) == 0 {
		p.failAt(e.posOf(), "%s is an empty list: remove it, or name something", e.key)
	}
	return out
}

// readWord reads one of the words.
func (p *policyReader) readWord(e entry, words ...string) string {
	if _, ok := e.value.(*ast.StringNode); e.value != nil && !ok {
		p.failKind(e, joinWords(words, "or"))
		return ""
	}
	s := p.readText(e)
	if s == "" || slices.Contains(words, s) {
		return s
	}
	hint := "it is " + joinWords(words, "or")
	if near := word.Nearest(s, words); near != "" {
		hint = "did you mean " + near + "?"
	}
	p.failAt(e.posOf(), "%s can't be %s: %s", e.key, word.Printable(s), hint)
	return ""
}

// joinWords joins words for a sentence: "a, b or c".
func joinWords(words []string, joint string) string {
	last := len(words) - 1
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", ") + " " + joint + " " + words[last]
}

// readPeriod reads a period that is not zero.
func (p *policyReader) readPeriod(e entry) Period {
	if n, ok := e.value.(*ast.IntegerNode); ok {
		p.failAt(e.posOf(), "%s is a period with a unit, such as %sd", e.key, n.GetToken().Value)
		return Period{}
	}
	s := p.readText(e)
	if s == "" {
		return Period{}
	}
	period, err := ParsePeriod(s)
	switch {
	case err != nil:
		p.failAt(e.posOf(), "%s: %v", e.key, err)
	case period.IsZero():
		p.failAt(e.posOf(), "%s must be longer than zero", e.key)
	}
	return period
}

// failKind reports a value of the wrong type.
func (p *policyReader) failKind(e entry, want string) {
	if implicitNull(e.value) {
		p.failAt(e.posOf(), "%s says nothing: fill it in, or remove it", e.key)
		return
	}
	p.failAt(e.posOf(), "%s is %s, but must be %s", e.key, kindOf(e.value), want)
}

func kindOf(n ast.Node) string {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.NullNode:
		return "null"
	case *ast.BoolNode:
		return "true or false"
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "a number"
	}
	return "text"
}

// implicitNull reports whether a value is absent where one could be.
func implicitNull(n ast.Node) bool {
	null, ok := n.(*ast.NullNode)
	return ok && null.Token.Type == token.ImplicitNullType
}

// nodePos is the start of a node. A block mapping begins at its first key: the parser's own token
// for it is the colon behind the key.
func nodePos(n ast.Node) Pos {
	switch n := n.(type) {
	case nil:
		return Pos{}
	case *ast.MappingNode:
		if len(n.Values) > 0 && !n.IsFlowStyle {
			return nodePos(n.Values[0])
		}
	case *ast.MappingValueNode:
		return nodePos(n.Key)
	}
	return tokenPos(n.GetToken())
}

package policy

import (
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// Format writes a policy's file in its one form: the short one, with the keys of each entry in the
// order of the documentation, and every comment in its place. Tables, columns and other named
// entries keep their order. The policy stays the same, and Format doesn't change its own output. It
// accepts a draft with undecided entries. The error is a *[Error].
//
// A comment belongs to the entry in its line, or else to the next one. A column with a comment
// keeps its own line, and so does a table.
func Format(data []byte) ([]byte, error) {
	f, err := parseFile(data)
	if err != nil {
		return nil, err
	}
	found := f.findComments()
	w := &policyWriter{keeps: func(place string) bool { return found.within(place) }}
	root := w.policyNode(f.policy)
	found.attach(root)
	return w.finish(root)
}

// fileComments are the comments of a file by the places of their entries.
type fileComments struct {
	by     map[string]*comments
	places []string // in the file's order
}

func (f *fileComments) of(place string) *comments {
	if f.by[place] == nil {
		f.by[place] = &comments{}
		f.places = append(f.places, place)
	}
	return f.by[place]
}

// within reports whether an entry, or one below it, has comments.
func (f *fileComments) within(place string) bool {
	return slices.ContainsFunc(f.places, func(p string) bool {
		return (p == place || strings.HasPrefix(p, place+"\x00")) && f.by[p].exist()
	})
}

// attach attaches the comments to the entries. A comment without an entry in the new form is put
// above the entry around it.
func (f *fileComments) attach(root *yamlNode) {
	nodes := map[string]*yamlNode{"": root}
	root.eachPlace("", func(place string, n *yamlNode) { nodes[place] = n })
	for _, place := range f.places {
		c := f.by[place]
		if n := nodes[place]; n != nil {
			n.above = append(n.above, c.above...)
			n.within = append(n.within, c.within...)
			n.below = append(n.below, c.below...)
			n.beside, n.blank = c.beside, c.blank
			continue
		}
		around := place
		for nodes[around] == nil {
			around = parentPlace(around)
		}
		n := nodes[around]
		lines := slices.Concat(c.above, c.within, c.below)
		if n == root {
			n.below = append(n.below, lines...)
			continue
		}
		if c.beside != "" {
			lines = append(lines, c.beside)
		}
		n.above = append(n.above, lines...)
	}
}

// placed is an entry with its place in the file.
type placed struct {
	place  string
	pos    Pos
	column int // of the key, or of a list's dash; 0 between brackets
}

// entriesOf lists the entries below a node in the file's order.
func entriesOf(n ast.Node, at string, flow bool) []placed {
	var out []placed
	add := func(place string, begin, value ast.Node, column int) {
		if flow {
			column = 0
		}
		out = append(out, placed{place, nodePos(begin), column})
		out = append(out, entriesOf(value, place, flow)...)
	}
	pair := func(v *ast.MappingValueNode) {
		place := v.Key.(ast.ScalarNode).GetToken().Value
		if at != "" {
			place = placeOf(at, place)
		}
		add(place, v.Key, v.Value, nodePos(v.Key).Column)
	}
	switch n := n.(type) {
	case *ast.MappingNode:
		flow = flow || n.IsFlowStyle
		for _, v := range n.Values {
			pair(v)
		}
	case *ast.MappingValueNode:
		pair(n)
	case *ast.SequenceNode:
		flow = flow || n.IsFlowStyle
		for i, v := range n.Values {
			name := ""
			if s, ok := v.(*ast.StringNode); ok && isNameList(at) {
				name = s.Value
			}
			add(entryPlace(at, name, i), v, v, tokenPos(n.Start).Column)
		}
	}
	return out
}

// isNameList reports whether the list at the place finds its entries by name.
func isNameList(place string) bool {
	key := place[strings.LastIndex(place, "\x00")+1:]
	return slices.Contains([]string{"none", nothingPersonal, "identifiers", "key", "keep"}, key)
}

// findComments finds the entry of each comment in the file.
func (f *sourceFile) findComments() *fileComments {
	s := &commentScan{
		out: &fileComments{by: map[string]*comments{}}, entries: entriesOf(f.root, "", false), lines: strings.Split(f.text, "\n"),
	}
	for _, tk := range f.tokens {
		switch tk.Type {
		case token.SequenceStartType, token.MappingStartType:
			s.flow++
		case token.SequenceEndType, token.MappingEndType:
			s.flow--
		case token.CommentType:
			s.addComment(tokenPos(tk), strings.TrimRight("#"+tk.Value, " \t"))
		}
	}
	s.finish()
	return s.out
}

// waitingLine is a comment in a line of its own, or a blank line.
type waitingLine struct {
	text   string
	column int // 0: between brackets, or blank
}

// commentScan reads a file from its beginning.
type commentScan struct {
	out     *fileComments
	entries []placed
	passed  int // entries before the current line or comment
	lines   []string
	flow    int // brackets open

	waiting []waitingLine // comments in lines of their own, for the next entry
}

// addComment adds the file's next comment.
func (s *commentScan) addComment(pos Pos, text string) {
	s.passEntries(pos)
	if strings.TrimSpace(string([]rune(s.lines[pos.Line-1])[:pos.Column-1])) != "" {
		s.addBeside(pos, text)
		return
	}
	if s.blankBefore(pos.Line) {
		s.waiting = append(s.waiting, waitingLine{})
	}
	line := waitingLine{text: text, column: pos.Column}
	if s.flow > 0 {
		line.column = 0
	}
	s.waiting = append(s.waiting, line)
}

// passEntries passes the entries before a position. The first of them gets the waiting comments.
func (s *commentScan) passEntries(pos Pos) {
	for s.passed < len(s.entries) && before(s.entries[s.passed].pos, pos) {
		e := s.entries[s.passed]
		s.giveWaiting(&e)
		s.passed++
	}
}

// blankBefore reports whether the line before is blank.
func (s *commentScan) blankBefore(line int) bool {
	return line >= 2 && strings.TrimSpace(s.lines[line-2]) == ""
}

func before(a, b Pos) bool { return a.Line < b.Line || a.Line == b.Line && a.Column < b.Column }

// addBeside gives a comment to the outermost entry beginning in its line; within brackets to the
// innermost.
func (s *commentScan) addBeside(pos Pos, text string) {
	if s.passed == 0 { // behind the mark at the start of a document
		s.waiting = append(s.waiting, waitingLine{text: text})
		return
	}
	at := s.entries[s.passed-1]
	for i := s.passed - 1; s.flow == 0 && i >= 0 && s.entries[i].pos.Line == pos.Line; i-- {
		at = s.entries[i]
	}
	c := s.out.of(at.place)
	if at.pos.Line != pos.Line || c.beside != "" { // behind the end of a longer entry
		c.below = append(c.below, text)
		return
	}
	c.beside = text
}

// giveWaiting gives the waiting comments to the next entry, and those at the end of an earlier
// entry to the earlier one.
func (s *commentScan) giveWaiting(next *placed) {
	if next != nil && s.passed == 0 {
		s.giveHead(next)
		return
	}
	s.giveBelow(next)
	lines := textsOf(s.waiting)
	s.waiting = nil
	if next == nil {
		s.out.of("").below = lines
		return
	}
	blank := s.blankBefore(next.pos.Line) && s.entries[s.passed-1].pos.Line < next.pos.Line
	c := s.out.of(next.place)
	switch {
	case len(lines) == 0:
		c.blank = blank
		return
	case lines[0] == "":
		c.blank, lines = true, lines[1:]
	}
	if blank {
		lines = append(lines, "")
	}
	c.above = append(c.above, lines...)
}

// giveHead gives the first comments to the file.
func (s *commentScan) giveHead(next *placed) {
	lines := textsOf(s.waiting)
	s.waiting = nil
	if len(lines) > 0 && s.blankBefore(next.pos.Line) {
		lines = append(lines, "")
	}
	s.out.of("").within = lines
}

// giveBelow gives away the waiting comments further right than the next entry: each belongs to the
// end of an entry beginning in its column.
func (s *commentScan) giveBelow(next *placed) {
	for len(s.waiting) > 0 {
		n := 1
		if s.waiting[0].text == "" && len(s.waiting) > 1 {
			n = 2
		}
		at := s.openEntry(s.waiting[n-1].column, next)
		if at == "" {
			return
		}
		c := s.out.of(at)
		c.below = append(c.below, textsOf(s.waiting[:n])...)
		s.waiting = s.waiting[n:]
	}
}

func textsOf(lines []waitingLine) []string {
	var out []string
	for _, l := range lines {
		out = append(out, l.text)
	}
	return out
}

// openEntry is the innermost entry around the last one that a comment in that column is below of: the
// entry begins there or further left, and ends before the next one. It is "" for none.
func (s *commentScan) openEntry(column int, next *placed) string {
	if column == 0 || next != nil && column <= next.pos.Column {
		return ""
	}
	for place := s.entries[s.passed-1].place; place != ""; place = parentPlace(place) {
		i := slices.IndexFunc(s.entries, func(e placed) bool { return e.place == place })
		if i < 0 || s.entries[i].column == 0 || s.entries[i].column > column {
			continue
		}
		if next != nil && s.entries[i].column <= next.pos.Column {
			return ""
		}
		return place
	}
	return ""
}

// finish gives away the waiting comments at the end of the file.
func (s *commentScan) finish() {
	s.passEntries(Pos{Line: len(s.lines) + 1})
	s.giveWaiting(nil)
}

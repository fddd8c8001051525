package policy

import (
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// Format writes a policy's file in its one form: the short one, the keys of each entry in the order of the
// documentation, every comment where it was. Tables, columns and other entries that have names keep
// their order. The policy stays the same, and what Format wrote it writes again. It takes a draft, of which something is undecided.
// The error is a *[Error].
//
// A comment belongs to the entry in its line, or else to the next one. A column with a comment keeps
// its line, and so does a table.
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

// fileComments are the comments of a file by the places of the entries that they belong to.
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

// within reports whether there are comments on an entry or on what is below it.
func (f *fileComments) within(place string) bool {
	return slices.ContainsFunc(f.places, func(p string) bool {
		return (p == place || strings.HasPrefix(p, place+"\x00")) && f.by[p].exist()
	})
}

// attach hangs the comments on the entries. What has no entry of its own any more hangs above the one around it.
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

// placed is an entry and where it stands in the file.
type placed struct {
	place string
	pos   Pos
}

// entriesOf lists the entries below a node in the file's order.
func entriesOf(n ast.Node, at string) []placed {
	var out []placed
	pair := func(v *ast.MappingValueNode) {
		place := v.Key.(ast.ScalarNode).GetToken().Value
		if at != "" {
			place = placeOf(at, place)
		}
		out = append(out, placed{place, nodePos(v.Key)})
		out = append(out, entriesOf(v.Value, place)...)
	}
	switch n := n.(type) {
	case *ast.MappingNode:
		for _, v := range n.Values {
			pair(v)
		}
	case *ast.MappingValueNode:
		pair(n)
	case *ast.SequenceNode:
		for i, v := range n.Values {
			name := ""
			if s, ok := v.(*ast.StringNode); ok && isNameList(at) {
				name = s.Value
			}
			place := entryPlace(at, name, i)
			out = append(out, placed{place, nodePos(v)})
			out = append(out, entriesOf(v, place)...)
		}
	}
	return out
}

// isNameList reports whether the list of that place has names, by which its entries are found.
func isNameList(place string) bool {
	key := place[strings.LastIndex(place, "\x00")+1:]
	return slices.Contains([]string{"none", nothingPersonal, "identifiers", "key", "keep"}, key)
}

// findComments finds which entry each comment of the file belongs to.
func (f *sourceFile) findComments() *fileComments {
	s := &commentScan{
		out: &fileComments{by: map[string]*comments{}}, entries: entriesOf(f.root, ""), lines: strings.Split(f.text, "\n"),
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

// commentScan goes through a file from its beginning.
type commentScan struct {
	out     *fileComments
	entries []placed
	passed  int // entries before the current line or comment
	lines   []string
	flow    int // brackets open

	waiting []waitingLine // comments in lines of their own, for the next entry
}

// addComment takes the file's next comment.
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

// passEntries passes the entries before a place. The first of them gets the comments that wait.
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

// addBeside gives a comment to the outermost entry that begins in its line; within brackets to the innermost.
func (s *commentScan) addBeside(pos Pos, text string) {
	if s.passed == 0 { // behind the mark that a document begins with
		s.waiting = append(s.waiting, waitingLine{text: text})
		return
	}
	at := s.entries[s.passed-1]
	for i := s.passed - 1; s.flow == 0 && i >= 0 && s.entries[i].pos.Line == pos.Line; i-- {
		at = s.entries[i]
	}
	c := s.out.of(at.place)
	if at.pos.Line != pos.Line || c.beside != "" { // behind the end of something longer
		c.below = append(c.below, text)
		return
	}
	c.beside = text
}

// giveWaiting gives the comments that wait to the next entry; those at the end of an entry before it, to
// that one.
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

// giveBelow gives away the comments that begin further right than the next entry: they stand at the end of one
// that begins in their column.
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

// openEntry is the entry, around the last one before, that begins in the column and ends before the next; "" for none.
func (s *commentScan) openEntry(column int, next *placed) string {
	if next != nil && column <= next.pos.Column {
		return ""
	}
	for place := s.entries[s.passed-1].place; place != ""; place = parentPlace(place) {
		i := slices.IndexFunc(s.entries, func(e placed) bool { return e.place == place })
		if i >= 0 && s.entries[i].pos.Column == column {
			return place
		}
	}
	return ""
}

// finish gives away what waits at the end of the file.
func (s *commentScan) finish() {
	s.passEntries(Pos{Line: len(s.lines) + 1})
	s.giveWaiting(nil)
}

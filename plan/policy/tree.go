package policy

import (
	"slices"
	"strconv"
	"strings"

	"github.com/expungedb/expunge/anonymise"
)

// lineWidth is the maximum length of a line before a list continues in the next one.
const lineWidth = 110

// yamlNode is an entry of a YAML file to write, with its comments.
type yamlNode struct {
	key      string // as text; in a list of names the name
	text     string // the value, as YAML has it; "" if it has children
	children []*yamlNode
	list     bool // the children are a list's
	inline   bool // it stands in one line, unless there are comments in it
	comments
}

// comments are those of one entry, each a line with its #.
type comments struct {
	above  []string // "" is a blank line
	beside string
	within []string // the first lines below the key
	below  []string // behind everything in the entry, as far to the right as itself
	blank  bool     // a blank line comes first
}

func (c *comments) exist() bool { return len(c.above)+len(c.within)+len(c.below) > 0 || c.beside != "" }

// placeOf joins the keys of an entry's path: its comments find it by them.
func placeOf(keys ...string) string { return strings.Join(keys, "\x00") }

// parentPlace is the place of the entry around; "" is the file's.
func parentPlace(place string) string {
	i := strings.LastIndex(place, "\x00")
	if i < 0 {
		return ""
	}
	return place[:i]
}

// entryPlace is the place of an entry of a list: by its name, or else by its number.
func entryPlace(list, name string, number int) string {
	if name != "" {
		return placeOf(list, "="+name)
	}
	return placeOf(list, "#"+strconv.Itoa(number))
}

// eachPlace calls f for all below the node, parents first, with their places.
func (n *yamlNode) eachPlace(at string, f func(place string, n *yamlNode)) {
	for i, c := range n.children {
		place := c.key
		switch {
		case n.list:
			place = entryPlace(at, c.key, i)
		case at != "":
			place = placeOf(at, c.key)
		}
		f(place, c)
		c.eachPlace(place, f)
	}
}

// add appends an entry and returns it.
func (n *yamlNode) add(child *yamlNode) *yamlNode {
	n.children = append(n.children, child)
	return child
}

// addText adds a text, unless it is empty.
func (n *yamlNode) addText(key, text string) {
	if text != "" {
		n.add(&yamlNode{key: key, text: scalarText(text)})
	}
}

// addTexts adds a list of texts in one line, unless it is empty.
func (n *yamlNode) addTexts(key string, texts []string) {
	if len(texts) == 0 {
		return
	}
	list := n.add(&yamlNode{key: key, list: true, inline: true})
	for _, s := range texts {
		list.add(&yamlNode{key: s, text: scalarText(s)})
	}
}

// addStrategy adds a strategy under a key.
func (n *yamlNode) addStrategy(key string, s anonymise.Spec) error {
	v, err := strategyValue(s)
	if err != nil {
		return err
	}
	n.addValue(key, v)
	return nil
}

// commented reports whether there are comments below the node.
func (n *yamlNode) commented() bool {
	return slices.ContainsFunc(n.children, func(c *yamlNode) bool { return c.exist() || c.commented() })
}

// oneLine reports whether the node's value is in the line of its key.
func (n *yamlNode) oneLine() bool {
	return len(n.children) == 0 || n.inline && len(n.within) == 0 && !n.commented()
}

// flow is the value in one line.
func (n *yamlNode) flow() string {
	if len(n.children) == 0 {
		return n.text
	}
	parts := make([]string, len(n.children))
	for i, c := range n.children {
		if parts[i] = c.flow(); !n.list {
			parts[i] = scalarText(c.key) + ": " + parts[i]
		}
	}
	if n.list {
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// yamlPrinter prints nodes.
type yamlPrinter struct{ strings.Builder }

func (w *yamlPrinter) printLines(depth int, lines []string) {
	for _, l := range lines {
		if l != "" {
			l = strings.Repeat("  ", depth) + l
		}
		w.WriteString(l + "\n")
	}
}

// print prints an entry at a depth. Within a list it begins with a dash, and its children are one
// step further in.
func (w *yamlPrinter) print(n *yamlNode, depth int, inList bool) {
	if n.blank && w.Len() > 0 {
		w.WriteByte('\n')
	}
	w.printLines(depth, n.above)
	head := scalarText(n.key) + ":"
	if inList {
		head = "-"
	}
	switch {
	case n.oneLine():
		w.printOneLine(n, depth, head)
	case inList && !n.list:
		w.printOpened(n, depth)
	default:
		w.WriteString(strings.Repeat("  ", depth) + head + besideText(n.beside) + "\n")
		w.printLines(depth+1, n.within)
		for _, c := range n.children {
			w.print(c, depth+1, n.list)
		}
	}
	w.printLines(depth, n.below)
}

// printOpened prints a mapping after a dash: its first key is behind the dash.
func (w *yamlPrinter) printOpened(n *yamlNode, depth int) {
	first := *n.children[0]
	w.printLines(depth, slices.Concat(n.within, first.above))
	first.above, first.blank = nil, false
	if first.beside == "" {
		first.beside = n.beside
	} else if n.beside != "" {
		w.printLines(depth, []string{n.beside})
	}
	opened := &yamlPrinter{}
	for _, c := range append([]*yamlNode{&first}, n.children[1:]...) {
		opened.print(c, depth+1, false)
	}
	indent := strings.Repeat("  ", depth)
	w.WriteString(indent + "- " + strings.TrimPrefix(opened.String(), indent+"  "))
}

func (w *yamlPrinter) printOneLine(n *yamlNode, depth int, head string) {
	indent := strings.Repeat("  ", depth)
	line := indent + head
	if value := n.flow(); value != "" {
		line += " " + value
	}
	if len([]rune(line)) <= lineWidth || !n.list {
		w.WriteString(line + besideText(n.beside) + "\n")
		return
	}
	if n.beside != "" {
		w.printLines(depth, []string{n.beside})
	}
	line = indent + head + " ["
	for i, c := range n.children {
		part := c.flow() + ", "
		if i == len(n.children)-1 {
			part = c.flow() + "]"
		}
		if i > 0 && len([]rune(line+strings.TrimRight(part, " "))) > lineWidth {
			w.WriteString(strings.TrimRight(line, " ") + "\n")
			line = indent + "  "
		}
		line += part
	}
	w.WriteString(line + "\n")
}

func besideText(comment string) string {
	if comment == "" {
		return ""
	}
	return " " + comment
}

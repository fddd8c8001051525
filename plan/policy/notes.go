package policy

import (
	"strings"
	"unicode"
)

// Notes are comments for a policy's file, beside or above its entries. A note may have several
// lines, except for a column, a link or an owned table.
type Notes map[Place]string

// Place is the place of a note. The zero Place is the head of the file.
type Place struct {
	Section string // subject, tables, links or owns
	Table   string // under tables, as the policy names it
	Column  string // of that table; "" for the table itself
	Index   int    // under links and owns
}

// Annotated is YAML with notes. Parse reads the same policy with and without them.
func (p *Policy) Annotated(notes Notes) ([]byte, error) {
	besides := map[string]string{}
	above := map[string][]string{}
	for at, note := range notes {
		switch {
		case at.Column != "":
			besides[placeOf("tables", at.Table, "columns", at.Column)] = "# " + oneLine(note)
		case at.Table != "":
			above[placeOf("tables", at.Table)] = noteLines(note)
		case at.Section == "links" || at.Section == "owns":
			besides[entryPlace(at.Section, "", at.Index)] = "# " + oneLine(note)
		default:
			above[at.Section] = noteLines(note)
		}
	}
	w := &policyWriter{keeps: func(place string) bool { return besides[place] != "" || above[place] != nil }}
	root := w.policyNode(p)
	root.within = above[""]
	root.eachPlace("", func(place string, n *yamlNode) { n.beside, n.within = besides[place], above[place] })
	return w.finish(root)
}

// noteLines are a note's lines as comments.
func noteLines(note string) []string {
	var out []string
	for line := range strings.SplitSeq(note, "\n") {
		out = append(out, strings.TrimRight("# "+oneLine(line), " "))
	}
	return out
}

// oneLine removes characters able to end a comment's line: names of tables and columns may contain
// anything.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
}

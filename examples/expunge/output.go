package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"
)

// printJSON prints a value as indented JSON.
func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// grid is a table for people. A column whose head begins with > is aligned to the right.
type grid struct {
	head []string
	rows [][]string
}

func (g *grid) add(cells ...any) {
	row := make([]string, len(cells))
	for i, c := range cells {
		row[i] = printable(fmt.Sprint(c))
	}
	g.rows = append(g.rows, row)
}

// print writes the grid, indented.
func (g *grid) print(w io.Writer, indent string) {
	widths := make([]int, len(g.head))
	right := make([]bool, len(g.head))
	head := make([]string, len(g.head))
	for i, h := range g.head {
		head[i], right[i] = strings.CutPrefix(h, ">")
	}
	all := append([][]string{head}, g.rows...)
	for _, row := range all {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range all {
		var b strings.Builder
		for i, cell := range row {
			space := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if right[i] {
				b.WriteString(space + cell)
			} else {
				b.WriteString(cell + space)
			}
			b.WriteString("  ")
		}
		fmt.Fprintln(w, indent+strings.TrimRight(b.String(), " "))
	}
}

// printable replaces runes that could control a terminal: names come from the database. It keeps
// tabs, as statements to paste have them.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\t' && !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// wrapText breaks a text at spaces into lines that fit the terminal, of at most textWidth characters.
func wrapText(s, indent string) string {
	width := textWidth
	if w := terminalWidth(os.Stdout); w > 0 {
		width = min(width, w)
	}
	var b strings.Builder
	length := 0
	for i, word := range strings.Fields(s) {
		switch n := utf8.RuneCountInString(word); {
		case i == 0:
			b.WriteString(indent)
			length = len(indent) + n
		case length+1+n > width:
			b.WriteString("\n" + indent)
			length = len(indent) + n
		default:
			b.WriteByte(' ')
			length += 1 + n
		}
		b.WriteString(word)
	}
	return b.String()
}

// clipText is a line of at most n characters.
func clipText(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// thousands writes 12345 as 12,345.
func thousands(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// count is a number with its noun: 1 row, 2 rows.
func count(n int64, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return thousands(n) + " " + one + "s"
}

// isTerminal reports whether w is a terminal that accepts control sequences.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
}

// style writes bold and coloured text on terminals, unless the environment forbids it
// (https://no-color.org).
type style bool

func styleFor(w io.Writer) style { return style(isTerminal(w) && os.Getenv("NO_COLOR") == "") }

func (s style) of(code, text string) string {
	if !s {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (s style) bold(text string) string  { return s.of("1", text) }
func (s style) green(text string) string { return s.of("32", text) }
func (s style) red(text string) string   { return s.of("31", text) }

package main

import (
	"bytes"
	"io"
	"os"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// textWidth is the most characters of a line of running text where no terminal is narrower.
const textWidth = 96

// terminalWidth is how many characters fit a line of w, 0 where it isn't a terminal.
func terminalWidth(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}

// folder breaks lines that a terminal would break within a word. It writes whole lines.
type folder struct {
	w     io.Writer
	width int
	rest  []byte // of a line without its end
}

// folding returns a writer to w for texts that people read. What isn't written to a terminal
// keeps its lines.
func folding(w io.Writer) io.Writer {
	if width := terminalWidth(w); width > 0 {
		return &folder{w: w, width: width}
	}
	return w
}

func (f *folder) Write(p []byte) (int, error) {
	f.rest = append(f.rest, p...)
	end := bytes.LastIndexByte(f.rest, '\n') + 1
	whole := string(f.rest[:end])
	f.rest = append([]byte(nil), f.rest[end:]...)
	var out bytes.Buffer
	for line := range strings.Lines(whole) {
		out.WriteString(foldLine(line, f.width))
	}
	if _, err := f.w.Write(out.Bytes()); err != nil {
		return 0, err
	}
	return len(p), nil
}

// flushText writes the line that w has begun.
func flushText(w io.Writer) {
	if f, ok := w.(*folder); ok {
		_, _ = io.WriteString(f.w, foldLine(string(f.rest), f.width))
		f.rest = nil
	}
}

// unseen are the control sequences of style, which take no room.
var unseen = regexp.MustCompile("\x1b\\[[0-9;]*m")

// columnGap ends with the first character of a second column.
var columnGap = regexp.MustCompile(`\S {2,}\S`)

func lineLength(s string) int { return utf8.RuneCountInString(unseen.ReplaceAllString(s, "")) }

// foldLine breaks a line at single blanks. What follows begins below the line's second column, where
// it has one, else two characters further than its beginning.
// A longer word stays whole, and several blanks, as between the cells of a grid, stay together.
func foldLine(line string, width int) string {
	text := strings.TrimRight(line, "\n")
	if lineLength(text) <= width {
		return line
	}
	first := len(text) - len(strings.TrimLeft(text, " "))
	indent := strings.Repeat(" ", min(first+2, width/2))
	if gap := columnGap.FindStringIndex(text[first:]); gap != nil {
		if second := lineLength(text[:first+gap[1]]) - 1; second <= width*2/3 {
			indent = strings.Repeat(" ", second)
		}
	}
	var b strings.Builder
	length := 0
	for i, word := range strings.Split(text[first:], " ") {
		n := lineLength(word)
		switch {
		case i == 0:
			b.WriteString(text[:first])
			length = first
		case length+1+n > width && word != "":
			b.WriteString("\n" + indent)
			length = len(indent)
		default:
			b.WriteByte(' ')
			length++
		}
		b.WriteString(word)
		length += n
	}
	return b.String() + line[len(text):]
}

package main

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v3"
)

func TestFoldedLinesKeepTheirWords(t *testing.T) {
	const text = "step orders-1 deletes rows of orders\n" +
		"  DELETES_EVERYTHING  session: every row is deleted, whatever refers to it; allow it by --allow DELETES_EVERYTHING:session\n" +
		"\n   a-word-that-is-longer-than-any-line-of-this-terminal then others\n\x1b[1mbold and plain\x1b[0m text"
	for _, width := range []int{12, 20, 40, 80, 200} {
		var out bytes.Buffer
		f := &folder{w: &out, width: width}
		for part := range slices.Chunk([]byte(text), 7) {
			if n, err := f.Write(part); n != len(part) || err != nil {
				t.Fatalf("width %d: Write returned %d, %v", width, n, err)
			}
		}
		flushText(f)
		if got, want := strings.Fields(out.String()), strings.Fields(text); strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("width %d: the words are %q", width, got)
		}
		for line := range strings.Lines(out.String()) {
			if line = strings.TrimRight(line, "\n"); lineLength(line) > width && len(strings.Fields(line)) > 1 {
				t.Errorf("width %d: a line has %d characters: %q", width, lineLength(line), line)
			}
		}
		if width == 200 && out.String() != text {
			t.Errorf("lines that fit were changed:\n%s", out.String())
		}
	}
}

func TestWhatIsNoTerminalKeepsItsLines(t *testing.T) {
	var w bytes.Buffer
	if folding(&w) != io.Writer(&w) {
		t.Error("a buffer is folded")
	}
}

// The manual page has every verb and every flag.
func TestManualPageIsComplete(t *testing.T) {
	var page bytes.Buffer
	if code := start(t.Context(), []string{"expunge", "man"}, &page, io.Discard); code != 0 {
		t.Fatalf("exit %d", code)
	}
	text := strings.ReplaceAll(page.String(), `\-`, "-")
	var walk func(c *cli.Command)
	walk = func(c *cli.Command) {
		for _, f := range c.Flags {
			if !strings.Contains(text, "--"+f.Names()[0]) {
				t.Errorf("%s: the manual page lacks --%s", c.Name, f.Names()[0])
			}
		}
		for _, below := range c.Commands {
			if !strings.Contains(text, below.Name) || !strings.Contains(text, below.Usage) {
				t.Errorf("the manual page lacks %s", below.Name)
			}
			walk(below)
		}
	}
	walk((&app{stdout: io.Discard, stderr: io.Discard, text: io.Discard}).command())
}

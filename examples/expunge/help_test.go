package main

import (
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/urfave/cli/v3"
)

// A line of help fits beside its flag on a terminal, and says whether the flag is repeatable.
func TestHelpIsBrief(t *testing.T) {
	const most = 60
	brief := func(of, usage string) {
		if n := utf8.RuneCountInString(strings.ReplaceAll(usage, "`", "")); n == 0 || n > most || strings.HasSuffix(usage, ".") {
			t.Errorf("%s: its help has %d characters, want 1 to %d and no full stop: %s", of, n, most, usage)
		}
	}
	var walk func(c *cli.Command, path string)
	walk = func(c *cli.Command, path string) {
		path = strings.TrimSpace(path + " " + c.Name)
		brief(path, c.Usage)
		for _, f := range c.Flags {
			of := path + " --" + f.Names()[0]
			usage := f.(cli.DocGenerationFlag).GetUsage()
			brief(of, usage)
			if _, many := f.(*cli.StringSliceFlag); many != strings.HasSuffix(usage, "(repeatable)") {
				t.Errorf("%s: repeatable is %t, which its help must say: %s", of, many, usage)
			}
		}
		for _, below := range c.Commands {
			walk(below, path)
		}
	}
	walk((&app{stdout: io.Discard, stderr: io.Discard, text: io.Discard}).command(), "")
}

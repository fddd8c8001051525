package main

import (
	"context"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/urfave/cli/v3"
)

// Every repeatable flag, of every verb, takes an argument as one value.
func TestAnArgumentIsOneValue(t *testing.T) {
	given := []string{"Example, Ada", "Ada", " Ada ", "a,b,", ",", "", "-x", "--", "=x,y"}
	tested := 0
	var walk func(path []string, c *cli.Command)
	walk = func(path []string, c *cli.Command) {
		for _, below := range c.Commands {
			walk(append(path[:len(path):len(path)], below.Name), below)
		}
		for _, f := range c.Flags {
			if _, ok := f.(*cli.StringSliceFlag); !ok {
				continue
			}
			name := f.Names()[0]
			args := path
			for i, v := range given {
				if i%2 == 0 && v != "" {
					args = append(args, "--"+name, v)
				} else {
					args = append(args, "--"+name+"="+v)
				}
			}
			root := (&app{stdout: io.Discard, stderr: io.Discard, text: io.Discard}).command()
			last := root
			for _, verb := range path[1:] {
				last = last.Command(verb)
			}
			var got []string
			last.Action = func(_ context.Context, cmd *cli.Command) error {
				got = cmd.StringSlice(name)
				return nil
			}
			if err := root.Run(t.Context(), args); err != nil {
				t.Errorf("%v --%s: %v", path, name, err)
			}
			if d := cmp.Diff(given, got); d != "" {
				t.Errorf("%v --%s (-given +taken):\n%s", path, name, d)
			}
			tested++
		}
	}
	walk([]string{"expunge"}, (&app{stdout: io.Discard, stderr: io.Discard, text: io.Discard}).command())
	if tested < 20 {
		t.Errorf("%d flags were tested, want at least 20", tested)
	}
}

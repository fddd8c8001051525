package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/expungedb/expunge/erase/receipt"
)

// besideOutput is the name of a file that belongs to the receipt of -o.
func besideOutput(cmd *cli.Command, ending string) string {
	return strings.TrimSuffix(cmd.String("output"), ".json") + ending
}

// interruptedRun is the run that the same command has begun before and that gave no receipt
// yet, by what it left beside -o: the key of its commitments, else its mark. "" where there is none.
func interruptedRun(cmd *cli.Command) string {
	if _, err := os.Stat(cmd.String("output")); !errors.Is(err, os.ErrNotExist) {
		return ""
	}
	if !cmd.Bool("no-commitments") {
		data, err := os.ReadFile(cmp.Or(cmd.String("receipt-key-file"), besideOutput(cmd, ".key")))
		if err == nil {
			k, err := receipt.ParseCommitmentKey(data)
			if err != nil {
				return "" // key says what is wrong with it
			}
			return k.RunID
		}
	}
	run, _ := readMark(besideOutput(cmd, runMarkEnding))
	return run
}

// runMark is the file beside -o by which the same command finds a run without commitments
// again, whose ID nobody gave. It is there until the run's receipt is.
type runMark struct {
	path string // "": none
	made bool   // it wasn't there before
}

const (
	runMarkEnding = ".run"
	runMarkPrefix = "expunge run " // tells a mark from a file of somebody else
)

// readMark reads a mark's run. there reports whether there is a file of that name, mark or not.
func readMark(path string) (run string, there bool) {
	data, err := os.ReadFile(path)
	run, ok := strings.CutPrefix(strings.TrimSpace(string(data)), runMarkPrefix)
	if !ok {
		run = ""
	}
	return run, !errors.Is(err, os.ErrNotExist)
}

// markRun has the mark on the disk before the run begins.
func markRun(cmd *cli.Command, run string, rows *commitments) (runMark, error) {
	if rows != nil || cmd.String("run") != "" {
		return runMark{}, nil
	}
	m := runMark{path: besideOutput(cmd, runMarkEnding)}
	if m.path == cmd.String("output") {
		return runMark{}, nil // give it another name to have the run found again
	}
	switch marked, there := readMark(m.path); {
	case there && marked == "":
		return runMark{}, badUsage("-o: %s is not a file of this program, and the run's mark would replace it: give -o another name", m.path)
	case marked == run:
		return m, nil
	}
	if err := writeAtomically(m.path, []byte(runMarkPrefix+run+"\n"), 0o600); err != nil {
		return runMark{}, fmt.Errorf("-o: %w", err)
	}
	m.made = true
	return m, syncFolder(m.path)
}

// remove takes the mark away, once the receipt is there.
func (m runMark) remove() {
	if m.path != "" {
		os.Remove(m.path) // what is left of it is of no consequence beside a receipt
	}
}

// undo takes a mark away that was made for a run which did nothing.
func (m runMark) undo() {
	if m.made {
		m.remove()
	}
}

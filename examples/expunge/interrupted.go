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

// besideOutput is the name of a file beside the receipt of -o.
func besideOutput(cmd *cli.Command, ending string) string {
	return strings.TrimSuffix(cmd.String("output"), ".json") + ending
}

// interruptedRun is the run that the same command began earlier, without a receipt so far. It finds
// the run by files beside -o: the key of its commitments, else its mark. It returns "" without
// these.
func interruptedRun(cmd *cli.Command) string {
	if _, err := os.Stat(cmd.String("output")); !errors.Is(err, os.ErrNotExist) {
		return ""
	}
	if !cmd.Bool("no-commitments") {
		data, err := os.ReadFile(cmp.Or(cmd.String("receipt-key-file"), besideOutput(cmd, ".key")))
		if err == nil {
			k, err := receipt.ParseCommitmentKey(data)
			if err != nil {
				return "" // key reports the error
			}
			return k.RunID
		}
	}
	run, _ := readMark(besideOutput(cmd, runMarkEnding))
	return run
}

// runMark is the file beside -o that identifies a run without commitments and without a given ID,
// so that the same command resumes it. It is removed once the run's receipt exists.
type runMark struct {
	path string // "": no mark
	made bool   // it didn't exist before
}

const (
	runMarkEnding = ".run"
	runMarkPrefix = "expunge run " // distinguishes a mark from another program's file
)

// readMark reads a mark's run. there reports whether a file of that name exists, mark or not.
func readMark(path string) (run string, there bool) {
	data, err := os.ReadFile(path)
	run, ok := strings.CutPrefix(strings.TrimSpace(string(data)), runMarkPrefix)
	if !ok {
		run = ""
	}
	return run, !errors.Is(err, os.ErrNotExist)
}

// markRun writes the mark and syncs it before the run begins.
func markRun(cmd *cli.Command, run string, rows *commitments) (runMark, error) {
	if rows != nil || cmd.String("run") != "" {
		return runMark{}, nil
	}
	m := runMark{path: besideOutput(cmd, runMarkEnding)}
	if m.path == cmd.String("output") {
		return runMark{}, nil // give the receipt another name to make the run resumable
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

// remove removes the mark, once the receipt exists.
func (m runMark) remove() {
	if m.path != "" {
		os.Remove(m.path) // beside a receipt a remaining mark does no harm
	}
}

// undo removes a mark made for a run without effect.
func (m runMark) undo() {
	if m.made {
		m.remove()
	}
}

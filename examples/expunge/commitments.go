package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/urfave/cli/v3"

	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/plan"
)

// commitments are a run's row commitments: the files of its key and leaves.
type commitments struct {
	KeyFile    string `json:"keyFile"`
	LeavesFile string `json:"leavesFile"`
	file       *receipt.LeafFile
	made       []string // new files of this run
}

func commitmentFlags() []cli.Flag {
	return inGroup("Row commitments",
		&cli.StringFlag{Name: "receipt-key-file", Usage: "key `FILE` for row commitments, made if missing"},
		&cli.StringFlag{Name: "leaves", Usage: "`FILE` for later disclosures, made if missing"},
		&cli.BoolFlag{Name: "no-commitments", Usage: "make no row commitments: no row can be disclosed later"},
	)
}

// aboutCommitments is part of the help of run.
const aboutCommitments = `In scopes subjects and expired a run makes row commitments. Their key and their leaves go
beside -o, ending .key and .leaves, unless other files are given.`

// openCommitments opens the files of row commitments, and syncs the key to the disk before the run
// begins; nil without commitments.
func openCommitments(cmd *cli.Command, scope plan.Scope, o *erase.Options) (*commitments, error) {
	c := &commitments{KeyFile: cmd.String("receipt-key-file"), LeavesFile: cmd.String("leaves")}
	given := c.KeyFile != "" || c.LeavesFile != ""
	switch {
	case cmd.Bool("no-commitments") && given:
		return nil, badUsage("give --no-commitments or the files of --receipt-key-file and --leaves, not both")
	case cmd.Bool("no-commitments"), scope == plan.ScopeEverything && !given:
		return nil, nil
	}
	if c.KeyFile == "" {
		c.KeyFile = besideOutput(cmd, ".key")
	}
	if c.LeavesFile == "" {
		c.LeavesFile = besideOutput(cmd, ".leaves")
	}
	// The receipt is written last, and would replace the other.
	for flag, path := range map[string]string{"--receipt-key-file": c.KeyFile, "--leaves": c.LeavesFile} {
		if filepath.Clean(path) == filepath.Clean(cmd.String("output")) {
			return nil, badUsage("%s and -o are one file: give each its own", flag)
		}
	}
	if _, err := os.Stat(c.KeyFile); cmd.Bool("close") && errors.Is(err, os.ErrNotExist) {
		return nil, nil // the run's receipt has its commitments without the key
	}
	var err error
	o.Commitments, err = c.openRun(o.RunID)
	return c, err
}

// openRun opens the files for a run.
func (c *commitments) openRun(run string) (*erase.Commitments, error) {
	key, err := c.key(run)
	if err != nil {
		return nil, err
	}
	if err := c.openLeaves(); err != nil {
		c.close(false)
		return nil, err
	}
	return &erase.Commitments{Key: key, Leaves: c.file}, nil
}

// key reads the run's key, or makes it. It refuses a key of another run: the commitments of two
// receipts must not be comparable.
func (c *commitments) key(run string) ([]byte, error) {
	data, err := os.ReadFile(c.KeyFile)
	if err == nil {
		k, err := receipt.ParseCommitmentKey(data)
		if err != nil {
			return nil, &usageError{fmt.Errorf("--receipt-key-file: %s: %w", c.KeyFile, err)}
		}
		if k.RunID != run {
			return nil, badUsage("--receipt-key-file: %s is the key of another run, and each has its own: give another file, or continue that run by --run", c.KeyFile)
		}
		return k.Key, nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return nil, &usageError{fmt.Errorf("--receipt-key-file: %w", err)}
	}
	if _, err := os.Stat(c.LeavesFile); err == nil {
		return nil, badUsage("--leaves: %s is there already, and the key that belongs to it, %s, is not: put it back, or give another file", c.LeavesFile, c.KeyFile)
	}
	k, err := receipt.NewCommitmentKey(run, nil)
	if err != nil {
		return nil, err
	}
	if data, err = k.Marshal(); err != nil {
		return nil, err
	}
	if err := writeNew(c.KeyFile, data, 0o600); err != nil {
		return nil, fmt.Errorf("--receipt-key-file: %w", err)
	}
	c.made = append(c.made, c.KeyFile)
	return k.Key, nil
}

func (c *commitments) openLeaves() error {
	_, err := os.Stat(c.LeavesFile)
	fresh := errors.Is(err, os.ErrNotExist)
	if c.file, err = receipt.OpenLeafFile(c.LeavesFile); err != nil {
		return &usageError{fmt.Errorf("--leaves: %s: %w", c.LeavesFile, err)}
	}
	if fresh {
		c.made = append(c.made, c.LeavesFile)
		return syncFolder(c.LeavesFile)
	}
	return nil
}

// close closes the files. With keep false, after a run without effect, it removes the files made
// for the run.
func (c *commitments) close(keep bool) {
	if c == nil {
		return
	}
	if c.file != nil {
		c.file.Close() // each record was synced when it was written
	}
	if !keep {
		for _, path := range c.made {
			os.Remove(path) // it is empty, or a key of nothing
		}
	}
}

// lost is a warning that the leaves of a resumed run are missing; "" if they exist.
func (c *commitments) lost() string {
	if c == nil || !slices.Contains(c.made, c.LeavesFile) {
		return ""
	}
	return fmt.Sprintf("%s wasn't there: rows that the run erased before it was continued can't be disclosed", c.LeavesFile)
}

// say describes the files and how to protect them.
func (c *commitments) say() string {
	return wrapText(fmt.Sprintf("%s and %s are for disclosures: with both of them you can prove to a person that a row was erased "+
		"(expunge disclose). While the key exists, a holder of both can find out by trying which rows were erased. "+
		"So keep them apart from each other and from the receipt, or destroy the key: the receipt stays good.",
		c.KeyFile, c.LeavesFile), "")
}

// syncFolder syncs a file's name to the disk. Not every file system can do that.
func syncFolder(path string) error {
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	err = dir.Sync()
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, os.ErrInvalid) || errors.Is(err, os.ErrPermission) {
		err = nil
	}
	return errors.Join(err, dir.Close())
}

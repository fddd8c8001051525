package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/expungedb/expunge/erase/receipt"
)

// receiptArgument is how a verb's help shows that its argument is a receipt's file.
const receiptArgument = "receipt.json"

func pubFlag() cli.Flag {
	return &cli.StringSliceFlag{Name: "pub", Usage: "public key `FILE` of a signer (repeatable)"}
}

func thresholdFlag() cli.Flag {
	return &cli.IntFlag{Name: "threshold", Value: 1, Usage: "number of signatures required on each document"}
}

func amendmentFlag() cli.Flag {
	return &cli.StringSliceFlag{Name: "amendment", Usage: "amendment `FILE` (repeatable)"}
}

// openReceipt reads and verifies a receipt with the keys of --pub and other known ones.
func openReceipt(cmd *cli.Command, path string, known ...receipt.Verifier) (*receipt.Opened, []byte, error) {
	envelope, err := readFile("the receipt's file", path)
	if err != nil {
		return nil, nil, err
	}
	accepted, err := acceptedBy(cmd, known)
	if err != nil {
		return nil, nil, err
	}
	opened, err := receipt.OpenWith(envelope, *accepted)
	if err != nil {
		return nil, envelope, fmt.Errorf("%s: %w", path, err)
	}
	return opened, envelope, nil
}

// failedChecks is the error of a genuine receipt that states failures itself.
func failedChecks(p *receipt.Predicate) error {
	list := p.Failures()
	if list == nil {
		return nil
	}
	return fmt.Errorf("%w: %s", errFailures, strings.Join(list, "; "))
}

// acceptedBy says which signatures count: those by the keys of --pub and other known ones, as many
// as --threshold requires.
func acceptedBy(cmd *cli.Command, known []receipt.Verifier) (*receipt.OpenOptions, error) {
	o := &receipt.OpenOptions{Verifiers: known, Threshold: cmd.Int("threshold")}
	if len(known) == 0 || len(cmd.StringSlice("pub")) > 0 {
		verifiers, err := readVerifiers(cmd.StringSlice("pub"))
		if err != nil {
			return nil, err
		}
		o.Verifiers = slices.Concat(verifiers, known)
	}
	if o.Threshold < 1 || o.Threshold > len(o.Verifiers) {
		return nil, badUsage("--threshold is from 1 to the number of keys, which is %d", len(o.Verifiers))
	}
	return o, nil
}

// foldAmendments reads the files of --amendment, under the receipt's conditions for signatures, and
// applies them to the receipt.
func foldAmendments(cmd *cli.Command, opened *receipt.Opened, known ...receipt.Verifier) (*receipt.State, []*receipt.OpenedAmendment, error) {
	accepted, err := acceptedBy(cmd, known)
	if err != nil {
		return nil, nil, err
	}
	var list []*receipt.OpenedAmendment
	for _, path := range cmd.StringSlice("amendment") {
		data, err := readFile("--amendment", path)
		if err != nil {
			return nil, nil, err
		}
		amendment, err := receipt.OpenAmendment(data, *accepted)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", path, err)
		}
		if amendment.Amendment.Receipt() != opened.Digest {
			return nil, nil, fmt.Errorf("%s: %w", path, receipt.ErrOtherReceipt)
		}
		list = append(list, amendment)
	}
	state, err := receipt.Apply(opened, list...)
	return state, list, err
}

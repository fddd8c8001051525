package main

import (
	"fmt"

	"github.com/urfave/cli/v3"

	"github.com/expungedb/expunge/erase/receipt"
)

// receiptFlags are those of verbs that read a receipt and make something of it.
func receiptFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "receipt", Usage: "the receipt's `FILE`"},
		pubFlag(),
	}
}

func pubFlag() cli.Flag {
	return &cli.StringSliceFlag{Name: "pub", Usage: "a public key's `FILE`, of those that sign; again for each"}
}

func amendmentFlag() cli.Flag {
	return &cli.StringSliceFlag{Name: "amendment", Usage: "an amendment's `FILE`; again for each"}
}

// openReceipt reads and verifies a receipt with the keys of --pub and others
// that are known.
func openReceipt(cmd *cli.Command, path string, known ...receipt.Verifier) (*receipt.Opened, []byte, error) {
	envelope, err := readFile("the receipt's file", path)
	if err != nil {
		return nil, nil, err
	}
	verifiers, err := verifiersOf(cmd, known)
	if err != nil {
		return nil, nil, err
	}
	opened, err := receipt.OpenWith(envelope, receipt.OpenOptions{Verifiers: verifiers})
	if err != nil {
		return nil, envelope, fmt.Errorf("%s: %w", path, err)
	}
	return opened, envelope, nil
}

func verifiersOf(cmd *cli.Command, known []receipt.Verifier) ([]receipt.Verifier, error) {
	if len(known) > 0 && len(cmd.StringSlice("pub")) == 0 {
		return known, nil
	}
	verifiers, err := readVerifiers(cmd.StringSlice("pub"))
	return append(verifiers, known...), err
}

// fold reads the files of --amendment, signed by one of the keys, and works
// them into the receipt.
func fold(cmd *cli.Command, opened *receipt.Opened, known ...receipt.Verifier) (*receipt.State, []*receipt.OpenedAmendment, error) {
	verifiers, err := verifiersOf(cmd, known)
	if err != nil {
		return nil, nil, err
	}
	var list []*receipt.OpenedAmendment
	for _, path := range cmd.StringSlice("amendment") {
		data, err := readFile("--amendment", path)
		if err != nil {
			return nil, nil, err
		}
		amendment, err := receipt.OpenAmendment(data, receipt.OpenOptions{Verifiers: verifiers})
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", path, err)
		}
		if amendment.Amendment.Receipt() != opened.Digest {
			return nil, nil, fmt.Errorf("%s: %w", path, receipt.ErrOtherReceipt)
		}
		list = append(list, amendment)
	}
	state, err := receipt.Fold(opened, list...)
	return state, list, err
}

package main

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/urfave/cli/v3"
	"golang.org/x/mod/sumdb/note"

	"github.com/expungedb/expunge/erase/receipt"
)

func readLogSigner(cmd *cli.Command) (note.Signer, error) {
	path := cmd.String("log-key")
	data, err := readFile("--log-key, the log's private key", path)
	if err != nil {
		return nil, err
	}
	s, err := receipt.ParseLogSigner(data)
	if err != nil {
		return nil, &usageError{fmt.Errorf("%s: %w", path, err)}
	}
	return s, nil
}

func readLogVerifier(cmd *cli.Command) (note.Verifier, error) {
	path := cmd.String("log-pub")
	data, err := readFile("--log-pub, the log's public key", path)
	if err != nil {
		return nil, err
	}
	v, err := receipt.ParseLogVerifier(data)
	if err != nil {
		return nil, &usageError{fmt.Errorf("%s: %w", path, err)}
	}
	return v, nil
}

// openLogToAppend opens the log of --log and returns its name too.
func openLogToAppend(cmd *cli.Command) (*receipt.Log, string, error) {
	s, err := readLogSigner(cmd)
	if err != nil {
		return nil, "", err
	}
	l, err := openLog(cmd, receipt.LogOptions{Signer: s})
	return l, s.Name(), err
}

func openLogToRead(cmd *cli.Command) (*receipt.Log, string, error) {
	v, err := readLogVerifier(cmd)
	if err != nil {
		return nil, "", err
	}
	l, err := openLog(cmd, receipt.LogOptions{Verifier: v})
	return l, v.Name(), err
}

func openLog(cmd *cli.Command, o receipt.LogOptions) (*receipt.Log, error) {
	dir := cmd.String("log")
	if dir == "" {
		return nil, usage("give --log, the log's folder")
	}
	if path := cmd.String("published"); path != "" {
		var err error
		if o.Published, err = readFile("--published", path); err != nil {
			return nil, err
		}
	}
	l, err := receipt.OpenLog(dir, o)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usage("--log: there is no log in %s: make one by expunge log init", dir)
	}
	return l, err
}

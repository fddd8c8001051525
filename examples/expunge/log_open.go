package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/urfave/cli/v3"
	"golang.org/x/mod/sumdb/note"

	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/erase/receipt/log"
)

func readLogSigner(cmd *cli.Command) (note.Signer, error) {
	path := cmd.String("log-key")
	data, err := readFile("--log-key", path)
	if err != nil {
		return nil, err
	}
	s, err := log.ParseSigner(data)
	if err != nil {
		return nil, &usageError{fmt.Errorf("%s: %w", path, err)}
	}
	return s, nil
}

func readLogVerifier(cmd *cli.Command) (note.Verifier, error) {
	path := cmd.String("log-pub")
	data, err := readFile("--log-pub", path)
	if err != nil {
		return nil, err
	}
	v, err := log.ParseVerifier(data)
	if err != nil {
		return nil, &usageError{fmt.Errorf("%s: %w", path, err)}
	}
	return v, nil
}

// openLogToAppend opens the log of --log and returns its name too.
func openLogToAppend(cmd *cli.Command) (*log.Log, string, error) {
	s, err := readLogSigner(cmd)
	if err != nil {
		return nil, "", err
	}
	l, err := openLog(cmd, log.Options{Signer: s})
	return l, s.Name(), err
}

func openLogToRead(cmd *cli.Command) (*log.Log, string, error) {
	v, err := readLogVerifier(cmd)
	if err != nil {
		return nil, "", err
	}
	l, err := openLog(cmd, log.Options{Verifier: v})
	return l, v.Name(), err
}

func openLog(cmd *cli.Command, o log.Options) (*log.Log, error) {
	dir := cmd.String("log")
	if dir == "" {
		return nil, badUsage("give --log, the log's folder")
	}
	if path := cmd.String("published"); path != "" {
		var err error
		if o.Published, err = readFile("--published", path); err != nil {
			return nil, err
		}
	}
	l, err := log.Open(dir, o)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, badUsage("--log: there is no log in %s: make one by expunge log init", dir)
	}
	return l, err
}

// publishToLog makes runs append their receipts to the log of --log before they are closed. It
// opens the log now, before anything is erased. It returns the places, by the receipts' digests;
// nil without a log.
func publishToLog(cmd *cli.Command, o *erase.Options) (map[string]int64, error) {
	if cmd.String("log") == "" {
		if cmd.String("log-key") != "" || cmd.String("published") != "" {
			return nil, badUsage("give --log, the log's folder")
		}
		return nil, nil
	}
	l, _, err := openLogToAppend(cmd)
	if err != nil {
		return nil, err
	}
	places := map[string]int64{}
	o.Publish = func(_ context.Context, envelope []byte) error {
		indexes, err := l.Append(envelope)
		if err != nil {
			return fmt.Errorf("--log: %w", err)
		}
		places[receipt.EnvelopeDigest(envelope)] = indexes[0]
		return nil
	}
	return places, nil
}

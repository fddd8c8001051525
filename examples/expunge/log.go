package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/urfave/cli/v3"

	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/erase/receipt/log"
)

// logFlag and the next three are the flags of logs.
func logFlag() cli.Flag {
	return &cli.StringFlag{Name: "log", Usage: "log `FOLDER`"}
}

func logKeyFlag() cli.Flag {
	return &cli.StringFlag{Name: "log-key", Usage: "private key `FILE` of the log, from keygen --log"}
}

func logPubFlag() cli.Flag {
	return &cli.StringFlag{Name: "log-pub", Usage: "public key `FILE` of the log"}
}

func publishedFlag() cli.Flag {
	return &cli.StringFlag{Name: "published", Usage: "`FILE` of an earlier checkpoint to be consistent with"}
}

// logFlags are those of verbs that append receipts to a log.
func logFlags() []cli.Flag { return inGroup("Log", logFlag(), logKeyFlag(), publishedFlag()) }

func (a *app) log() *cli.Command {
	output := func(what string) cli.Flag {
		return &cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: what}
	}
	c := &cli.Command{
		Name: "log", Usage: "maintain an append-only log of receipts",
		HideHelpCommand: true,
		Commands: []*cli.Command{
			{Name: "init", Usage: "create an empty log", Flags: []cli.Flag{logFlag(), logKeyFlag()}, Action: a.verb(0, a.logInit)},
			{Name: "append", Usage: "append receipts that the log lacks", ArgsUsage: "receipt.json…",
				Flags: []cli.Flag{logFlag(), logKeyFlag(), publishedFlag()}, Action: a.verb(1<<20, a.logAppend)},
			{Name: "checkpoint", Usage: "print the newest signed checkpoint, to publish it",
				Flags:  []cli.Flag{logFlag(), logPubFlag(), publishedFlag(), output("write it to `FILE` (default: standard output)")},
				Action: a.verb(0, a.logCheckpoint)},
			{Name: "verify", Usage: "verify the whole log", Flags: []cli.Flag{logFlag(), logPubFlag(), publishedFlag()}, Action: a.verb(0, a.logVerify)},
			{Name: "prove", Usage: "prove that a receipt is in the log", ArgsUsage: receiptArgument,
				Flags:  []cli.Flag{logFlag(), logPubFlag(), publishedFlag(), output("write the proof to `FILE`")},
				Action: a.verb(1, a.logProve)},
		},
	}
	c.Action = func(_ context.Context, cmd *cli.Command) error {
		if cmd.Args().Present() {
			return noVerb("expunge log", cmd.Args().First())
		}
		return cli.ShowSubcommandHelp(cmd)
	}
	return c
}

func (a *app) logInit(_ context.Context, cmd *cli.Command) error {
	if cmd.String("log") == "" {
		return badUsage("give --log, the folder to make the log in")
	}
	s, err := readLogSigner(cmd)
	if err != nil {
		return err
	}
	if err := log.Create(cmd.String("log"), s); err != nil {
		return &usageError{fmt.Errorf("--log: %w", err)}
	}
	if cmd.Bool("json") {
		return printJSON(a.stdout, logState{Log: s.Name()})
	}
	fmt.Fprintf(a.text, "log %s is made in %s, empty\n", s.Name(), cmd.String("log"))
	return nil
}

// appended is the JSON of log append.
type appended struct {
	Log     string  `json:"log"`
	Entries []entry `json:"entries"`
}

type entry struct {
	Receipt string `json:"receipt"` // the file
	Digest  string `json:"digest"`  // SHA-256 of the file, the log's only data about it
	Index   int64  `json:"index"`   // counted from 0
}

func (a *app) logAppend(_ context.Context, cmd *cli.Command) error {
	if !cmd.Args().Present() {
		return badUsage("give the receipts' files")
	}
	var envelopes [][]byte
	out := appended{}
	for _, path := range cmd.Args().Slice() {
		data, err := readFile("a receipt's file", path)
		if err != nil {
			return err
		}
		envelopes = append(envelopes, data)
		out.Entries = append(out.Entries, entry{Receipt: path, Digest: receipt.EnvelopeDigest(data)})
	}
	l, name, err := openLogToAppend(cmd)
	if err != nil {
		return err
	}
	indexes, err := l.Append(envelopes...)
	if err != nil {
		return err
	}
	out.Log = name
	for i, index := range indexes {
		out.Entries[i].Index = index
	}
	if cmd.Bool("json") {
		return printJSON(a.stdout, out)
	}
	for _, e := range out.Entries {
		fmt.Fprintf(a.text, "%s is entry %d of log %s\n", e.Receipt, e.Index, name)
	}
	return nil
}

func (a *app) logCheckpoint(_ context.Context, cmd *cli.Command) error {
	l, _, err := openLogToRead(cmd)
	if err != nil {
		return err
	}
	data, err := l.Checkpoint()
	if err != nil {
		return err
	}
	if path := cmd.String("output"); path != "" {
		return writeAtomically(path, data, 0o644)
	}
	if cmd.Bool("json") {
		return printJSON(a.stdout, map[string]string{"checkpoint": string(data)})
	}
	_, err = a.stdout.Write(data)
	return err
}

// logState is the JSON of log verify.
type logState struct {
	Log   string `json:"log"`
	Size  int64  `json:"size"`
	Root  string `json:"root,omitempty"` // in base64, as in the checkpoint
	State string `json:"state,omitempty"`
	Error string `json:"error,omitempty"`
}

func (a *app) logVerify(_ context.Context, cmd *cli.Command) error {
	l, name, err := openLogToRead(cmd)
	var c *log.Checkpoint
	if err == nil {
		c, err = l.Verify()
	}
	word := logWord(err)
	switch {
	case err != nil && (word == "" || !cmd.Bool("json")):
		return err
	case err != nil:
		return errors.Join(err, printJSON(a.stdout, logState{Log: name, State: word, Error: err.Error()}))
	case cmd.Bool("json"):
		return printJSON(a.stdout, logState{Log: c.Origin, Size: c.Size, Root: rootText(c), State: "whole"})
	}
	fmt.Fprintf(a.text, "log %s is whole: %s, root %s\n", c.Origin, entryCount(c.Size), rootText(c))
	return nil
}

// logWord names a log's defect in a word; "" for other errors.
func logWord(err error) string {
	switch {
	case errors.Is(err, log.ErrFork):
		return "forked"
	case errors.Is(err, log.ErrRolledBack):
		return "rolled back"
	case errors.Is(err, log.ErrDamaged):
		return "damaged"
	}
	return ""
}

func rootText(c *log.Checkpoint) string { return base64.StdEncoding.EncodeToString(c.Root[:]) }

func entryCount(n int64) string {
	if n == 1 {
		return "1 entry"
	}
	return thousands(n) + " entries"
}

func (a *app) logProve(_ context.Context, cmd *cli.Command) error {
	path := cmd.Args().First()
	envelope, err := readFile("the receipt's file", path)
	if err != nil {
		return err
	}
	output := cmd.String("output")
	if output == "" {
		return badUsage("give -o, the file to write the proof to")
	}
	l, name, err := openLogToRead(cmd)
	if err != nil {
		return err
	}
	proof, err := l.Prove(envelope)
	if errors.Is(err, log.ErrNotLogged) {
		return fmt.Errorf("%s: %w: add it by expunge log append", path, err)
	}
	if err != nil {
		return err
	}
	// A newer proof, under a newer checkpoint, is as good as the old one.
	if err := writeAtomically(output, proof, 0o644); err != nil {
		return fmt.Errorf("writing the proof: %w", err)
	}
	if cmd.Bool("json") {
		return printJSON(a.stdout, map[string]string{"proof": output, "log": name})
	}
	fmt.Fprintf(a.text, "%s proves that %s is in log %s\n", output, path, name)
	return nil
}

// logged is a receipt's place in a log, in the JSON of verify.
type logged struct {
	Log   string `json:"log"`
	Index int64  `json:"index"`
	Size  int64  `json:"size"`
}

// verifyProof checks the proof of --proof.
func verifyProof(cmd *cli.Command, envelope []byte) (*logged, error) {
	path := cmd.String("proof")
	proof, err := readFile("--proof", path)
	if err != nil {
		return nil, err
	}
	v, err := readLogVerifier(cmd)
	if err != nil {
		return nil, err
	}
	in, err := log.VerifyProof(proof, envelope, v)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &logged{in.Origin, in.Index, in.Size}, nil
}

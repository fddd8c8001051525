package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"filippo.io/age"
	"github.com/urfave/cli/v3"

	"github.com/expungedb/expunge/erase/ledger"
)

func ledgerFlags() []cli.Flag {
	return inGroup("Ledger",
		&cli.StringFlag{Name: "ledger", Usage: "ledger `FOLDER`, kept apart from the database's backups"},
		&cli.StringSliceFlag{Name: "ledger-pub", Usage: "age recipients `FILE` to encrypt the ledger to (repeatable)"},
	)
}

// ledgerOf opens the ledger of --ledger, for writing; nil without the flag.
func ledgerOf(cmd *cli.Command) (*ledger.Ledger, error) {
	dir := cmd.String("ledger")
	if dir == "" {
		if len(cmd.StringSlice("ledger-pub")) > 0 {
			return nil, badUsage("give --ledger, the ledger's folder")
		}
		return nil, nil
	}
	recipients, err := readRecipients(cmd)
	if err != nil {
		return nil, err
	}
	if len(recipients) == 0 {
		return nil, badUsage("give --ledger-pub, the public keys of those who will replay after a restore")
	}
	return openLedger(dir, recipients...)
}

func openLedger(dir string, recipients ...age.Recipient) (*ledger.Ledger, error) {
	l, err := ledger.Open(dir, recipients...)
	if err != nil {
		return nil, &usageError{fmt.Errorf("--ledger: %w", err)}
	}
	return l, nil
}

func readRecipients(cmd *cli.Command) ([]age.Recipient, error) {
	var out []age.Recipient
	for _, path := range cmd.StringSlice("ledger-pub") {
		data, err := readFile("--ledger-pub", path)
		if err != nil {
			return nil, err
		}
		list, err := age.ParseRecipients(bytes.NewReader(data))
		if err != nil {
			return nil, badUsage("--ledger-pub: %s has no age recipients in it, one a line", path)
		}
		out = append(out, list...)
	}
	return out, nil
}

func readIdentities(cmd *cli.Command) ([]age.Identity, error) {
	path := cmd.String("ledger-key")
	data, err := readFile("--ledger-key", path)
	if err != nil {
		return nil, err
	}
	list, err := age.ParseIdentities(bytes.NewReader(data))
	if err != nil {
		return nil, badUsage("--ledger-key: %s has no age identities in it, one a line", path) // the error may quote one
	}
	return list, nil
}

// ledgerKeygen makes the key pair of a ledger: an age identity and its recipient.
func (a *app) ledgerKeygen(cmd *cli.Command) error {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return err
	}
	prefix := cmd.String("output") + ".ledger"
	made := &madeKey{PrivateKey: prefix + ".key", PublicKey: prefix + ".pub"}
	if err := writePair(made, []byte(identity.String()+"\n"), []byte(identity.Recipient().String()+"\n")); err != nil {
		return err
	}
	if cmd.Bool("json") {
		return printJSON(a.stdout, made)
	}
	fmt.Fprintf(a.text, "private key  %s (away from the machine that erases: it is needed after a restore, and tells who was erased)\npublic key   %s (for run --ledger-pub)\n",
		made.PrivateKey, made.PublicKey)
	return nil
}

// ledger maintains a ledger.
func (a *app) ledger() *cli.Command {
	c := &cli.Command{
		Name: "ledger", Usage: "maintain the ledger of erasures", HideHelpCommand: true,
		Commands: []*cli.Command{{
			Name: "expire", Usage: "delete the entries that no backup needs any more",
			Flags:  []cli.Flag{&cli.StringFlag{Name: "ledger", Usage: "ledger `FOLDER`"}},
			Action: a.verb(0, a.ledgerExpire),
		}},
	}
	c.Action = func(_ context.Context, cmd *cli.Command) error {
		if cmd.Args().Present() {
			return noVerb("expunge ledger", cmd.Args().First())
		}
		return cli.ShowSubcommandHelp(cmd)
	}
	return c
}

func (a *app) ledgerExpire(_ context.Context, cmd *cli.Command) error {
	if err := needsLedger(cmd); err != nil {
		return err
	}
	l, err := openLedger(cmd.String("ledger"))
	if err != nil {
		return err
	}
	dropped, err := l.Expire(time.Now())
	if cmd.Bool("json") {
		return errors.Join(err, printJSON(a.stdout, map[string]int{"dropped": dropped}))
	}
	what := "entries"
	if dropped == 1 {
		what = "entry"
	}
	fmt.Fprintf(a.text, "%d %s dropped, which no backup needs any more\n", dropped, what)
	return err
}

// needsLedger refuses a missing folder: opening a ledger for writing would make it.
func needsLedger(cmd *cli.Command) error {
	if cmd.String("ledger") == "" {
		return badUsage("give --ledger, the ledger's folder")
	}
	if !isFolder(cmd.String("ledger")) {
		return badUsage("--ledger: there is no ledger in %s", cmd.String("ledger"))
	}
	return nil
}

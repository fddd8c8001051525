package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/urfave/cli/v3"

	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/erase/receipt/log"
)

// madeKey is the JSON of keygen.
type madeKey struct {
	PrivateKey string `json:"privateKey"` // the file
	PublicKey  string `json:"publicKey"`  // the file
	KeyID      string `json:"keyId,omitempty"`
	Log        string `json:"log,omitempty"` // the name of its log
}

func (a *app) keygen() *cli.Command {
	return &cli.Command{
		Name: "keygen", Usage: "generate an Ed25519 key pair",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Value: "expunge", Usage: "file name `PREFIX`: PREFIX.key.pem, PREFIX.pub.pem"},
			&cli.StringFlag{Name: "log", Usage: "generate the key pair of the log called `NAME` instead"},
			&cli.BoolFlag{Name: "ledger", Usage: "generate the key pair of a ledger of erasures instead"},
		},
		Action: a.verb(0, func(_ context.Context, cmd *cli.Command) error {
			switch name := cmd.String("log"); {
			case name != "" && cmd.Bool("ledger"):
				return badUsage("give --log or --ledger, not both: each has a pair of its own")
			case name != "":
				return a.logKeygen(cmd, name)
			case cmd.Bool("ledger"):
				return a.ledgerKeygen(cmd)
			}
			made, err := makeKey(cmd.String("output"))
			if err != nil {
				return err
			}
			if cmd.Bool("json") {
				return printJSON(a.stdout, made)
			}
			fmt.Fprintf(a.text, "private key  %s (keep it to yourself: it isn't encrypted)\npublic key   %s (give it to those who check receipts)\nkey ID       %s\n",
				made.PrivateKey, made.PublicKey, made.KeyID)
			return nil
		}),
	}
}

// makeKey makes a key pair. It never overwrites files: without the old public key nobody could
// check the old receipts.
func makeKey(prefix string) (*madeKey, error) {
	key, err := receipt.GenerateKey(nil)
	if err != nil {
		return nil, err
	}
	private, err := receipt.MarshalPrivateKey(key)
	if err != nil {
		return nil, err
	}
	public, err := receipt.MarshalPublicKey(key.Public())
	if err != nil {
		return nil, err
	}
	id, err := receipt.KeyID(key.Public())
	if err != nil {
		return nil, err
	}
	made := &madeKey{PrivateKey: prefix + ".key.pem", PublicKey: prefix + ".pub.pem", KeyID: id}
	return made, writePair(made, private, public)
}

func writePair(made *madeKey, private, public []byte) error {
	if err := writeNew(made.PublicKey, public, 0o644); err != nil {
		return err
	}
	if err := writeNew(made.PrivateKey, private, 0o600); err != nil {
		return errors.Join(err, os.Remove(made.PublicKey))
	}
	return nil
}

// logKeygen makes the key pair of a log.
func (a *app) logKeygen(cmd *cli.Command, name string) error {
	private, public, err := log.GenerateKey(name, nil)
	if err != nil {
		return &usageError{fmt.Errorf("--log: %w", err)}
	}
	prefix := cmd.String("output") + ".log"
	made := &madeKey{PrivateKey: prefix + ".key", PublicKey: prefix + ".pub", Log: name}
	if err := writePair(made, []byte(private), []byte(public)); err != nil {
		return err
	}
	if cmd.Bool("json") {
		return printJSON(a.stdout, made)
	}
	fmt.Fprintf(a.text, "private key  %s (keep it to yourself: it isn't encrypted)\npublic key   %s (give it to those who check the log)\n",
		made.PrivateKey, made.PublicKey)
	return nil
}

// signKeys are the private keys of --key, and the verifiers of their signatures.
type signKeys struct {
	signers []receipt.Signer
	known   []receipt.Verifier
}

func keyFlag(what string) cli.Flag {
	return &cli.StringSliceFlag{Name: "key", Usage: "private key `FILE` to sign " + what + " (repeatable)"}
}

func readSignKeys(paths []string) (*signKeys, error) {
	if len(paths) == 0 {
		return nil, badUsage("give --key, the private key to sign with")
	}
	k := &signKeys{}
	for _, path := range paths {
		s, public, err := readSigner(path)
		if err != nil {
			return nil, err
		}
		v, err := receipt.NewVerifier(public)
		if err != nil {
			return nil, err
		}
		id, err := v.KeyID()
		if err != nil {
			return nil, err
		}
		for _, other := range k.known {
			if was, _ := other.KeyID(); was == id {
				return nil, badUsage("--key: %s is given twice, or under two names", path)
			}
		}
		k.signers, k.known = append(k.signers, s), append(k.known, v)
	}
	return k, nil
}

// writeNew makes a new file, and syncs it to the disk.
func writeNew(path string, data []byte, mode os.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, os.ErrExist) {
		return badUsage("%s is there already, and is not overwritten: give another name", path)
	}
	if err != nil {
		return &usageError{err}
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close(), syncFolder(path))
}

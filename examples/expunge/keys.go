package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/urfave/cli/v3"

	"github.com/expungedb/expunge/erase/receipt"
)

// madeKey is what keygen prints as JSON.
type madeKey struct {
	PrivateKey string `json:"privateKey"` // the file
	PublicKey  string `json:"publicKey"`  // the file
	KeyID      string `json:"keyId"`
}

func (a *app) keygen() *cli.Command {
	return &cli.Command{
		Name: "keygen", Usage: "makes an Ed25519 key pair: PREFIX.key.pem and PREFIX.pub.pem",
		Flags: []cli.Flag{&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Value: "expunge", Usage: "the files' `PREFIX`"}},
		Action: a.verb(0, func(_ context.Context, cmd *cli.Command) error {
			made, err := makeKey(cmd.String("output"))
			if err != nil {
				return err
			}
			if cmd.Bool("json") {
				return printJSON(a.stdout, made)
			}
			fmt.Fprintf(a.stdout, "private key  %s (keep it to yourself: it isn't encrypted)\npublic key   %s (give it to whoever checks receipts)\nkey ID       %s\n",
				made.PrivateKey, made.PublicKey, made.KeyID)
			return nil
		}),
	}
}

// makeKey makes a key pair. Files that are there are never overwritten: without
// the old public key nobody could check the old receipts.
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
	if err := writeNew(made.PublicKey, public, 0o644); err != nil {
		return nil, err
	}
	if err := writeNew(made.PrivateKey, private, 0o600); err != nil {
		return nil, errors.Join(err, os.Remove(made.PublicKey))
	}
	return made, nil
}

// writeNew makes a file that isn't there.
func writeNew(path string, data []byte, mode os.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, os.ErrExist) {
		return usage("%s is there already, and keys are not overwritten: give another -o", path)
	}
	if err != nil {
		return &usageError{err}
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

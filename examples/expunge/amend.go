package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/urfave/cli/v3"

	"github.com/expungedb/expunge/erase/receipt"
)

// amended is the JSON of amend and finalize.
type amended struct {
	Receipt    string          `json:"receipt"` // the digest
	Amendments []madeAmendment `json:"amendments"`
}

type madeAmendment struct {
	File string       `json:"file"`
	Fact receipt.Fact `json:"fact"`
}

func amendFlags(more ...cli.Flag) []cli.Flag {
	return append([]cli.Flag{
		pubFlag(), thresholdFlag(), amendmentFlag(),
		keyFlag("the amendment"),
		&cli.StringFlag{Name: "actor", Usage: "operator `ROLE` for the amendment (not a person's name)"},
	}, more...)
}

func (a *app) amend() *cli.Command {
	return &cli.Command{
		Name: "amend", Usage: "sign a later fact about a receipt", ArgsUsage: receiptArgument,
		Flags: amendFlags(
			&cli.StringFlag{Name: "backup-expired", Local: true, Usage: "record that backup `NAME` is gone"},
			&cli.StringFlag{Name: "recipient-told", Local: true, Usage: "record that recipient `NAME` was told of the erasure"},
			&cli.StringFlag{Name: "revoke", Local: true, Usage: "revoke the receipt for this `REASON` (name no person)"},
			atFlag(), outputFlag(),
		),
		Commands: []*cli.Command{a.amendResidue()}, HideHelpCommand: true,
		Action: a.verb(1, func(ctx context.Context, cmd *cli.Command) error {
			fact, err := factOf(cmd)
			if err != nil {
				return err
			}
			m, err := openForAmending(cmd)
			if err != nil {
				return err
			}
			return a.signFacts(ctx, cmd, m, []receipt.Fact{*fact})
		}),
	}
}

func atFlag() cli.Flag {
	return &cli.StringFlag{Name: "at", Usage: "`DATE` on which it happened: 2026-01-31 (default: now)"}
}

func outputFlag() cli.Flag {
	return &cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write the amendment to `FILE`"}
}

// factOf is the one fact stated by the flags.
func factOf(cmd *cli.Command) (*receipt.Fact, error) {
	f := &receipt.Fact{Backup: cmd.String("backup-expired"), Recipient: cmd.String("recipient-told"), Reason: cmd.String("revoke")}
	given := 0
	for kind, value := range map[receipt.Kind]string{receipt.BackupExpired: f.Backup, receipt.RecipientTold: f.Recipient, receipt.Revoked: f.Reason} {
		if value != "" {
			f.Kind = kind
			given++
		}
	}
	if given != 1 {
		return nil, badUsage("say what happened, by one of --backup-expired, --recipient-told and --revoke; of residue, by expunge amend residue")
	}
	var err error
	f.At, err = factAt(cmd)
	return f, err
}

// factAt is the day of --at, or now.
func factAt(cmd *cli.Command) (time.Time, error) {
	now := time.Now().UTC()
	if cmd.String("at") == "" {
		return now.Truncate(time.Second), nil
	}
	day, err := time.Parse(time.DateOnly, cmd.String("at"))
	if err != nil || day.After(now) {
		return day, badUsage("--at is a date that isn't to come, such as 2026-01-31")
	}
	return day, nil
}

func (a *app) finalize() *cli.Command {
	return &cli.Command{
		Name: "finalize", Usage: "sign that all backups have expired", ArgsUsage: receiptArgument,
		Flags: amendFlags(
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write amendments to `FILE`; several are numbered: A-1.json"},
		),
		Action: a.verb(1, func(ctx context.Context, cmd *cli.Command) error {
			m, err := openForAmending(cmd)
			if err != nil {
				return err
			}
			facts, err := receipt.Expired(m.opened, m.state, time.Now())
			if err != nil {
				return fmt.Errorf("%s: %w", cmd.Args().First(), err)
			}
			if len(facts) == 0 && !cmd.Bool("json") {
				what := "every declared backup is stated to be gone already: there is nothing to add"
				if len(m.state.Backups) == 0 {
					what = "the receipt declares no backup: there is nothing to add"
				}
				_, err = fmt.Fprintln(a.text, what)
				return err
			}
			return a.signFacts(ctx, cmd, m, facts)
		}),
	}
}

// amendable is a receipt to amend, with the signing keys.
type amendable struct {
	opened *receipt.Opened
	state  *receipt.State
	before []*receipt.OpenedAmendment
	keys   *signKeys
}

// openForAmending verifies the receipt, with the signing keys' own public halves where --pub isn't
// given.
func openForAmending(cmd *cli.Command) (*amendable, error) {
	keys, err := readSignKeys(cmd.StringSlice("key"))
	if err != nil {
		return nil, err
	}
	if cmd.String("output") == "" {
		return nil, badUsage("give -o, the file to write the amendment to")
	}
	m := &amendable{keys: keys}
	if m.opened, _, err = openReceipt(cmd, cmd.Args().First(), keys.known...); err != nil {
		return nil, err
	}
	m.state, m.before, err = foldAmendments(cmd, m.opened, keys.known...)
	return m, err
}

// signFacts signs each fact and writes it to a file of its own. It refuses facts that don't fit the
// receipt (an unknown backup) before it writes anything.
func (a *app) signFacts(ctx context.Context, cmd *cli.Command, m *amendable, facts []receipt.Fact) error {
	out := amended{Receipt: m.opened.Digest, Amendments: []madeAmendment{}}
	var envelopes [][]byte
	all := m.before
	for i, f := range facts {
		f.AmendmentID, f.Operator = uuid.NewString(), cmd.String("actor")
		envelope, err := receipt.SignAmendment(ctx, receipt.NewAmendment(m.opened.Digest, f), m.keys.signers...)
		if err != nil {
			return err
		}
		opened, err := receipt.OpenAmendment(envelope, receipt.OpenOptions{Verifiers: m.keys.known})
		if err != nil {
			return err
		}
		all, envelopes = append(all, opened), append(envelopes, envelope)
		out.Amendments = append(out.Amendments, madeAmendment{numberedFile(cmd.String("output"), i+1, len(facts)), f})
	}
	if _, err := receipt.Apply(m.opened, all...); err != nil {
		return &usageError{err}
	}
	for i, made := range out.Amendments {
		if err := writeNew(made.File, envelopes[i], 0o644); err != nil {
			return errors.Join(err, printMade(a, cmd, amended{out.Receipt, out.Amendments[:i]}))
		}
	}
	return printMade(a, cmd, out)
}

// numberedFile is the name of file i of n: A.json, or A-1.json, A-2.json.
func numberedFile(path string, i, n int) string {
	if n == 1 {
		return path
	}
	ending := filepath.Ext(path)
	return fmt.Sprintf("%s-%d%s", strings.TrimSuffix(path, ending), i, ending)
}

func printMade(a *app, cmd *cli.Command, out amended) error {
	if cmd.Bool("json") {
		return printJSON(a.stdout, out)
	}
	for _, made := range out.Amendments {
		f, what := made.Fact, "revoked"
		switch f.Kind {
		case receipt.BackupExpired:
			what = "backup " + f.Backup + " gone"
		case receipt.RecipientTold:
			what = "recipient " + f.Recipient + " told"
		case receipt.ResidueUpdate:
			what = "residue " + f.Residue.Level
		}
		fmt.Fprintf(a.text, "%s: %s, %s\n", made.File, printable(what), day(f.At))
	}
	return nil
}

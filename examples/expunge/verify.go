package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/erase/receipt"
)

func (a *app) verify() *cli.Command {
	return &cli.Command{
		Name: "verify", Usage: "verify a receipt, offline or against the database", ArgsUsage: receiptArgument,
		Description: aboutSubjects,
		Flags: []cli.Flag{
			pubFlag(),
			thresholdFlag(),
			amendmentFlag(),
			&cli.StringFlag{Name: "disclosure", Usage: "disclosure `FILE`: verify that the receipt covers its row"},
			&cli.StringFlag{Name: "proof", Usage: "`FILE` of a proof by expunge log prove, with --log-pub"},
			logPubFlag(),
			&cli.StringFlag{Name: "policy", Usage: "policy `FILE`, to verify the live database too"}, asFlag(),
			subjectFlag(), subjectsFileFlag(),
			&cli.StringFlag{Name: "old-values", Usage: "`FILE` of old values: table.column=value on each line"},
		},
		Action: a.verb(1, func(ctx context.Context, cmd *cli.Command) error {
			v, err := a.verification(ctx, cmd)
			if err != nil && v == nil {
				return err
			}
			if cmd.Bool("json") {
				err = errors.Join(err, printJSON(a.stdout, v))
			} else if err == nil {
				a.printVerification(cmd, v)
			}
			if err != nil || v.Outcome == erase.OutcomeHolds {
				return err
			}
			return outcome(v.Outcome)
		}),
	}
}

// verified is the JSON of verify.
type verified struct {
	Outcome    erase.Outcome      `json:"outcome"`
	Reason     string             `json:"reason,omitempty"` // why the receipt itself isn't enough
	Digest     string             `json:"digest,omitempty"` // SHA-256 of the file
	SignedBy   []string           `json:"signedBy,omitempty"`
	Unverified []string           `json:"unverified,omitempty"` // key IDs of the other signatures
	Receipt    *receipt.Predicate `json:"receipt,omitempty"`
	State      *receipt.State     `json:"state,omitempty"` // with the amendments
	Logged     *logged            `json:"logged,omitempty"`
	Disclosed  *receipt.Row       `json:"disclosed,omitempty"`
	Live       *live              `json:"live,omitempty"`
}

type live struct {
	Outcome  erase.Outcome `json:"outcome"`
	Findings []finding     `json:"findings"`
}

type finding struct {
	Table   string        `json:"table,omitempty"`
	Outcome erase.Outcome `json:"outcome"`
	Rows    int64         `json:"rows,omitempty"`
	Reason  string        `json:"reason"`
}

// verification checks the signatures first, and queries the database only with a policy. A receipt
// that can't be trusted is an error and a result.
func (a *app) verification(ctx context.Context, cmd *cli.Command) (*verified, error) {
	path := cmd.Args().First()
	envelope, err := readFile("the receipt's file", path)
	if err != nil {
		return nil, err
	}
	accepted, err := acceptedBy(cmd, nil)
	if err != nil {
		return nil, err
	}
	subjects, err := subjectsOf(cmd)
	if err != nil {
		return nil, err
	}
	if (subjects != nil || cmd.String("old-values") != "") && cmd.String("policy") == "" {
		return nil, badUsage("to look for subjects or old values in the database, give --policy too")
	}
	opened, err := receipt.OpenWith(envelope, *accepted)
	if err != nil {
		v := &verified{Outcome: erase.OutcomeBroken, Reason: err.Error(), Digest: receipt.EnvelopeDigest(envelope)}
		if errors.Is(err, receipt.ErrVersion) {
			v.Outcome = erase.OutcomeCannotTell
		}
		return v, fmt.Errorf("%s: %w", path, err)
	}
	v := &verified{
		Outcome: erase.OutcomeHolds, Digest: opened.Digest, SignedBy: opened.Verified, Unverified: opened.Unverified,
		Receipt: &opened.Statement.Predicate,
	}
	if err := failedChecks(v.Receipt); err != nil {
		v.Outcome, v.Reason = erase.OutcomeBroken, err.Error()
	}
	if err := v.beside(cmd, envelope, opened); err != nil {
		v.Outcome, v.Reason = erase.OutcomeBroken, err.Error()
		switch exitCode(err) {
		case broken:
			return v, err
		case cannotTell:
			v.Outcome = erase.OutcomeCannotTell
			return v, err
		}
		return nil, err
	}
	if cmd.String("policy") == "" {
		return v, nil
	}
	rules, err := readPolicyAs(cmd)
	if err != nil {
		return nil, err
	}
	db, err := openDatabase(ctx, cmd)
	if err != nil {
		return nil, err
	}
	defer db.close()
	old, err := oldValues(ctx, cmd, db)
	if err != nil {
		return nil, err
	}
	found, err := erase.Verify(ctx, db, rules, &opened.Statement, erase.VerifyOptions{Subjects: subjects, OldValues: old})
	if err != nil {
		return nil, err
	}
	v.Live = liveOf(found)
	if v.Outcome == erase.OutcomeHolds {
		v.Outcome = found.Outcome
	}
	return v, nil
}

// oldValues reads the values to search for, from a file because other users see a command's line.
func oldValues(ctx context.Context, cmd *cli.Command, db *database) ([]erase.OldValue, error) {
	path := cmd.String("old-values")
	if path == "" {
		return nil, nil
	}
	data, err := readFile("the file of old values", path)
	if err != nil {
		return nil, err
	}
	schema, err := db.Inspect(ctx)
	if err != nil {
		return nil, err
	}
	return erase.ReadOldValues(bytes.NewReader(data), schema)
}

// beside checks, offline, the files beside the receipt: a proof, amendments, a disclosure.
func (v *verified) beside(cmd *cli.Command, envelope []byte, opened *receipt.Opened) (err error) {
	if cmd.String("proof") != "" {
		if v.Logged, err = verifyProof(cmd, envelope); err != nil {
			return err
		}
	} else if cmd.String("log-pub") != "" {
		return badUsage("give --proof, the file that expunge log prove made")
	}
	if v.State, _, err = foldAmendments(cmd, opened); err != nil {
		return err
	}
	if r := v.State.Revoked; r != nil {
		v.Outcome, v.Reason = erase.OutcomeBroken, fmt.Sprintf("the receipt was revoked on %s: %s", day(r.At), printable(r.Reason))
	}
	if path := cmd.String("disclosure"); path != "" {
		v.Disclosed, err = readDisclosure(path, &opened.Statement)
	}
	return err
}

func liveOf(found *erase.Verification) *live {
	out := &live{Outcome: found.Outcome, Findings: []finding{}}
	for _, f := range found.Findings {
		out.Findings = append(out.Findings, finding{found.TableName(f.Table), f.Outcome, f.Rows, f.Reason})
	}
	return out
}

func (a *app) printVerification(cmd *cli.Command, v *verified) {
	w, s := a.text, styleFor(a.stdout)
	fmt.Fprintf(w, "%s\n\n", s.bold(fmt.Sprintf("%s is genuine: signed by key %s, unchanged since",
		cmd.Args().First(), strings.Join(v.SignedBy, " and "))))
	for _, id := range v.Unverified {
		fmt.Fprintf(w, "  not counted: a signature that says it is by key %s\n", printable(id))
	}
	printReceipt(w, v.Receipt, "  ")
	if v.Logged != nil {
		fmt.Fprintf(w, "\nIt is entry %d of log %s, which had %s then\n", v.Logged.Index, printable(v.Logged.Log), entryCount(v.Logged.Size))
	}
	if v.State.Amendments > 0 {
		fmt.Fprintf(w, "\nSince then, by %s\n", count(int64(v.State.Amendments), "amendment"))
		printState(w, v.State, "  ")
	}
	if v.Disclosed != nil {
		fmt.Fprintf(w, "\nThe disclosure holds: among the rows of the receipt is %s\n", rowWords(v.Receipt, v.Disclosed))
	}
	fmt.Fprintf(w, "\nWhat it doesn't prove\n%s\n", wrapText(v.Receipt.DoesNotProve, "  "))
	if v.Reason != "" {
		fmt.Fprintf(w, "\n%s: %s\n", s.outcome(v.Outcome), v.Reason)
	}
	if v.Live == nil {
		return
	}
	fmt.Fprintf(w, "\nThe database now: %s\n", s.outcome(v.Live.Outcome))
	printFindings(w, s, v.Live, "  ")
}

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/plan"
	"github.com/expungedb/expunge/plan/policy"
)

// checked is the JSON of check.
type checked struct {
	OK       bool      `json:"ok"`
	Tables   int       `json:"tables"` // of the schema
	Problems []problem `json:"problems"`
	Changes  []change  `json:"changes,omitempty"` // with --diff
}

type problem struct {
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
	Table  string `json:"table,omitempty"`
	Reason string `json:"reason"`
	Add    string `json:"add,omitempty"` // the lines to add to the policy
}

// change is a difference between policy and schema.
type change struct {
	Kind   policy.ChangeKind `json:"kind"`
	Line   int               `json:"line,omitempty"`
	Table  string            `json:"table"`
	Column string            `json:"column,omitempty"`
	Add    string            `json:"add,omitempty"`   // the lines to add to the policy
	Meant  string            `json:"meant,omitempty"` // the possible new name of a removed table or column
}

// checkFormats are the values of check's --format.
var checkFormats = []string{"text", "json", "github", "sarif"}

// check checks the policy against the schema and prints every problem, or with --diff the schema's
// additions and removals since the policy was written.
func (a *app) check() *cli.Command {
	return &cli.Command{
		Name: "check", Usage: "check the policy against the schema",
		Flags: []cli.Flag{
			policyFlag(),
			&cli.BoolFlag{Name: "diff", Usage: "list what changed since the policy, with lines to add"},
			&cli.StringFlag{Name: "format", Value: "text", Usage: "output format: text, json, github or sarif"},
		},
		Action: a.verb(0, a.checkPolicy),
	}
}

func (a *app) checkPolicy(ctx context.Context, cmd *cli.Command) error {
	format := cmd.String("format")
	if cmd.Bool("json") {
		format = "json"
	}
	if !slices.Contains(checkFormats, format) {
		return badUsage("--format is text, json, github or sarif")
	}
	if cmd.Bool("diff") && (format == "github" || format == "sarif") {
		return badUsage("--diff is printed as text or json")
	}
	rules, s, err := a.covers(ctx, cmd)
	problems, ok := errors.AsType[*policyError](err)
	if err != nil && !ok {
		return err
	}
	var changes []policy.Change
	if cmd.Bool("diff") && s != nil {
		changes = policy.Diff(rules, s)
	}
	if failed := a.printChecked(cmd, format, s, problems, changes); failed != nil {
		return failed
	}
	if err == nil {
		return nil
	}
	return errors.Join(errReported, err)
}

// printChecked prints the outcome. problems is nil for none.
func (a *app) printChecked(cmd *cli.Command, format string, s *dialect.Schema, problems *policyError, changes []policy.Change) error {
	path := cmd.String("policy")
	var found *policy.Error
	if problems != nil {
		found = problems.found
	}
	switch {
	case format == "json":
		return printJSON(a.stdout, checkedOf(s, problems, changes))
	case format == "sarif":
		text, err := found.SARIF(path, erase.Version)
		if err != nil {
			return err
		}
		_, err = a.stdout.Write(text)
		return err
	case found == nil:
		fmt.Fprintf(a.text, "%s covers the schema: %s, every column of them decided\n", path, count(int64(len(s.Tables)), "table"))
	case format == "github":
		fmt.Fprint(a.stdout, found.GitHub(path))
	case len(changes) > 0:
		for _, c := range changes {
			fmt.Fprintln(a.text, c)
		}
		fmt.Fprintf(a.stderr, "expunge: the schema has %s that the policy doesn't know of, and %s in all\n",
			count(int64(len(changes)), "change"), count(int64(len(found.Problems)), "problem"))
		return nil
	default:
		for _, p := range found.Problems {
			fmt.Fprintln(a.text, problems.line(p))
			if p.Lines != "" {
				fmt.Fprintln(a.stdout, strings.TrimRight(p.Lines, "\n"))
			}
		}
	}
	if found != nil {
		fmt.Fprintf(a.stderr, "expunge: the policy has %s\n", count(int64(len(found.Problems)), "problem"))
	}
	return nil
}

// checkedOf is the JSON of check. The schema is nil if the policy couldn't be read.
func checkedOf(s *dialect.Schema, problems *policyError, changes []policy.Change) checked {
	out := checked{OK: problems == nil, Problems: []problem{}}
	if s != nil {
		out.Tables = len(s.Tables)
	}
	if problems != nil {
		for _, p := range problems.found.Problems {
			out.Problems = append(out.Problems, problem{p.Pos.Line, p.Pos.Column, p.Table, p.Reason, p.Lines})
		}
	}
	for _, c := range changes {
		out.Changes = append(out.Changes, change{c.Kind, c.Pos.Line, c.Table.String(), c.Column, c.Lines, c.Meant})
	}
	return out
}

// covers checks the policy of --policy, in which something may be undecided. The returned schema is nil if
// the policy couldn't be read.
func (a *app) covers(ctx context.Context, cmd *cli.Command) (*policy.Policy, *dialect.Schema, error) {
	rules, err := readPolicyBy(cmd, policy.ParseDraft)
	if err != nil {
		return nil, nil, err
	}
	db, err := openDatabase(ctx, cmd)
	if err != nil {
		return nil, nil, err
	}
	defer db.close()
	s, err := db.Inspect(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the catalogue: %w", err)
	}
	return rules, s, inPolicy(cmd, plan.CheckDatabase(ctx, db, rules, s))
}

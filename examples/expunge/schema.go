package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan"
	"github.com/expungedb/expunge/plan/policy"
)

func policyFlag() cli.Flag {
	return &cli.StringFlag{Name: "policy", Usage: "policy `FILE`"}
}

// inspect prints the schema as the library sees it. Its JSON is dialect.Schema.
func (a *app) inspect() *cli.Command {
	return &cli.Command{
		Name: "inspect", Usage: "show the schema as the library sees it",
		Action: a.verb(0, func(ctx context.Context, cmd *cli.Command) error {
			db, err := openDatabase(ctx, cmd)
			if err != nil {
				return err
			}
			defer db.close()
			s, err := db.Inspect(ctx)
			if err != nil {
				return fmt.Errorf("reading the catalogue: %w", err)
			}
			if cmd.Bool("json") {
				return printJSON(a.stdout, s)
			}
			a.printSchema(s)
			return nil
		}),
	}
}

// nameIn is a table's name without the default schema.
func nameIn(s *dialect.Schema, n dialect.Name) string {
	if n.Schema == s.Default {
		return n.Table
	}
	return n.String()
}

func (a *app) printSchema(s *dialect.Schema) {
	fmt.Fprintf(a.stdout, "%s %s, %s\n", s.Engine, printable(s.Version), count(int64(len(s.Tables)), "table"))
	for _, t := range s.Tables {
		fmt.Fprintf(a.stdout, "\n%s\n", styleFor(a.stdout).bold(printable(nameIn(s, t.Name))))
		g := &grid{head: []string{"column", "type", "", ""}}
		for _, c := range t.Columns {
			g.add(c.Name, c.Type, nullText(c), columnNotes(t, c))
		}
		g.print(a.stdout, "  ")
		for _, fk := range t.ForeignKeys {
			fmt.Fprintf(a.stdout, "  %s\n", printable(fmt.Sprintf("(%s) -> %s(%s) on delete %s",
				strings.Join(fk.Columns, ", "), nameIn(s, fk.RefTable), strings.Join(fk.RefColumns, ", "), fk.OnDelete)))
		}
		for _, tr := range t.Triggers {
			fmt.Fprintf(a.stdout, "  %s\n", printable("trigger "+tr.Name+" "+tr.Timing))
		}
	}
}

func nullText(c *dialect.Column) string {
	if c.Nullable {
		return ""
	}
	return "not null"
}

// columnNotes are a column's relevant properties besides its type.
func columnNotes(t *dialect.Table, c *dialect.Column) string {
	var out []string
	for _, k := range t.Key() {
		if k == c.Name {
			out = append(out, "key")
		}
	}
	if len(out) == 0 && len(t.UniqueIndexes(c.Name)) > 0 {
		out = append(out, "unique")
	}
	if c.Generated {
		out = append(out, "generated")
	}
	if c.Identity {
		out = append(out, "numbered by the engine")
	}
	if c.Unsupported != "" {
		out = append(out, c.Unsupported)
	}
	return strings.Join(out, ", ")
}

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

// check checks the policy against the schema and prints every problem, or with --diff the schema's
// additions and removals since the policy was written.
func (a *app) check() *cli.Command {
	return &cli.Command{
		Name: "check", Usage: "check the policy against the schema",
		Flags: []cli.Flag{policyFlag(), &cli.BoolFlag{Name: "diff", Usage: "list what changed since the policy, with lines to add"}},
		Action: a.verb(0, func(ctx context.Context, cmd *cli.Command) error {
			rules, s, err := a.covers(ctx, cmd)
			problems, ok := errors.AsType[*policyError](err)
			if err != nil && !ok {
				return err
			}
			var changes []policy.Change
			if cmd.Bool("diff") && s != nil {
				changes = policy.Diff(rules, s)
			}
			switch {
			case cmd.Bool("json"):
				err = errors.Join(printJSON(a.stdout, checkedOf(s, problems, changes)), err)
			case !ok:
				fmt.Fprintf(a.stdout, "%s covers the schema: %s, every column of them decided\n",
					cmd.String("policy"), count(int64(len(s.Tables)), "table"))
			case len(changes) > 0:
				for _, c := range changes {
					fmt.Fprintln(a.stdout, c)
				}
				fmt.Fprintf(a.stderr, "expunge: the schema has %s that the policy doesn't know of, and %s in all\n",
					count(int64(len(changes)), "change"), count(int64(len(problems.found.Problems)), "problem"))
			default:
				for _, p := range problems.found.Problems {
					fmt.Fprintln(a.stdout, problems.line(p))
				}
				fmt.Fprintf(a.stderr, "expunge: the policy has %s\n", count(int64(len(problems.found.Problems)), "problem"))
			}
			if err == nil {
				return nil
			}
			return errors.Join(errReported, err)
		}),
	}
}

// checkedOf is the JSON of check. The schema is nil if the policy couldn't be read.
func checkedOf(s *dialect.Schema, problems *policyError, changes []policy.Change) checked {
	out := checked{OK: problems == nil, Problems: []problem{}}
	if s != nil {
		out.Tables = len(s.Tables)
	}
	if problems != nil {
		for _, p := range problems.found.Problems {
			out.Problems = append(out.Problems, problem{p.Pos.Line, p.Pos.Column, p.Table, p.Reason})
		}
	}
	for _, c := range changes {
		out.Changes = append(out.Changes, change{c.Kind, c.Pos.Line, c.Table.String(), c.Column, c.Lines, c.Meant})
	}
	return out
}

// covers checks the policy of --policy. The returned schema is nil if the policy couldn't be read.
func (a *app) covers(ctx context.Context, cmd *cli.Command) (*policy.Policy, *dialect.Schema, error) {
	rules, err := readPolicy(cmd)
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
	err = plan.Check(rules, s, db)
	if err == nil {
		err = plan.CheckRows(ctx, db, rules, s)
	}
	return rules, s, inPolicy(cmd, err)
}

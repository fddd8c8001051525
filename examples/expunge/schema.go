package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan"
)

func policyFlag() cli.Flag {
	return &cli.StringFlag{Name: "policy", Usage: "the policy's `FILE`"}
}

// inspect prints the schema as the library sees it. Its JSON is dialect.Schema.
func (a *app) inspect() *cli.Command {
	return &cli.Command{
		Name: "inspect", Usage: "the schema as the library sees it",
		Action: a.verb(0, func(ctx context.Context, cmd *cli.Command) error {
			db, err := open(ctx, cmd)
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

func (a *app) printSchema(s *dialect.Schema) {
	fmt.Fprintf(a.stdout, "%s %s, %s\n", s.Engine, printable(s.Version), count(int64(len(s.Tables)), "table"))
	for _, t := range s.Tables {
		fmt.Fprintf(a.stdout, "\n%s\n", styleFor(a.stdout).bold(printable(t.Name.String())))
		g := &grid{head: []string{"column", "type", "", ""}}
		for _, c := range t.Columns {
			g.add(c.Name, c.Type, null(c), notes(t, c))
		}
		g.print(a.stdout, "  ")
		for _, fk := range t.ForeignKeys {
			fmt.Fprintf(a.stdout, "  %s\n", printable(fmt.Sprintf("(%s) -> %s(%s) on delete %s",
				strings.Join(fk.Columns, ", "), fk.RefTable, strings.Join(fk.RefColumns, ", "), fk.OnDelete)))
		}
		for _, tr := range t.Triggers {
			fmt.Fprintf(a.stdout, "  %s\n", printable("trigger "+tr.Name+" "+tr.Timing))
		}
	}
}

func null(c *dialect.Column) string {
	if c.Nullable {
		return ""
	}
	return "not null"
}

// notes are what matters of a column besides its type.
func notes(t *dialect.Table, c *dialect.Column) string {
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

// draft prints a first policy. Its JSON is plan.Policy.
func (a *app) draft() *cli.Command {
	return &cli.Command{
		Name: "draft", Usage: "a first policy to standard output, with every column to decide on",
		Action: a.verb(0, func(ctx context.Context, cmd *cli.Command) error {
			db, err := open(ctx, cmd)
			if err != nil {
				return err
			}
			defer db.close()
			s, err := db.Inspect(ctx)
			if err != nil {
				return fmt.Errorf("reading the catalogue: %w", err)
			}
			p := plan.Draft(s)
			if cmd.Bool("json") {
				return printJSON(a.stdout, p)
			}
			text, err := p.YAML()
			if err != nil {
				return err
			}
			_, err = a.stdout.Write(text)
			return err
		}),
	}
}

// checked is what check prints as JSON.
type checked struct {
	OK       bool      `json:"ok"`
	Tables   int       `json:"tables"` // of the schema
	Problems []problem `json:"problems"`
}

type problem struct {
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
	Table  string `json:"table,omitempty"`
	Reason string `json:"reason"`
}

// check holds the policy against the schema and prints every problem.
func (a *app) check() *cli.Command {
	return &cli.Command{
		Name: "check", Usage: "the policy against the schema: every problem at once",
		Flags: []cli.Flag{policyFlag()},
		Action: a.verb(0, func(ctx context.Context, cmd *cli.Command) error {
			tables, err := a.covers(ctx, cmd)
			problems, ok := errors.AsType[*policyError](err)
			switch {
			case err != nil && !ok:
				return err
			case cmd.Bool("json"):
				out := checked{OK: !ok, Tables: tables, Problems: []problem{}}
				if ok {
					for _, p := range problems.Problems {
						out.Problems = append(out.Problems, problem{p.Pos.Line, p.Pos.Column, p.Table, p.Reason})
					}
				}
				if err := printJSON(a.stdout, out); err != nil || !ok {
					return err
				}
			case !ok:
				fmt.Fprintf(a.stdout, "%s covers the schema: %s, every column of them decided\n",
					cmd.String("policy"), count(int64(tables), "table"))
				return nil
			default:
				for _, p := range problems.Problems {
					fmt.Fprintln(a.stdout, problems.line(p))
				}
				fmt.Fprintf(a.stderr, "expunge: the policy has %s\n", count(int64(len(problems.Problems)), "problem"))
			}
			return errors.Join(errReported, err)
		}),
	}
}

// covers checks the policy of --policy and returns how many tables it is for.
func (a *app) covers(ctx context.Context, cmd *cli.Command) (int, error) {
	policy, err := readPolicy(cmd)
	if err != nil {
		return 0, err
	}
	db, err := open(ctx, cmd)
	if err != nil {
		return 0, err
	}
	defer db.close()
	s, err := db.Inspect(ctx)
	if err != nil {
		return 0, fmt.Errorf("reading the catalogue: %w", err)
	}
	return len(s.Tables), inPolicy(cmd, plan.Check(policy, s, db))
}

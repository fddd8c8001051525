package main

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v3"

	"github.com/expungedb/expunge/plan/discover"
	"github.com/expungedb/expunge/plan/policy"
)

// draft prints a first policy. Its JSON is discover.Draft, or with --plain policy.Policy.
func (a *app) draft() *cli.Command {
	return &cli.Command{
		Name: "draft", Usage: "draft a first policy from the schema and sampled rows",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "plain", Usage: "leave every column undecided"},
			&cli.BoolFlag{Name: "names-only", Usage: "read no rows: use names and types only"},
			&cli.IntFlag{Name: "sample", Usage: "number of rows to sample from each table", Value: 200},
			&cli.StringFlag{Name: "subject", Usage: "use `TABLE` as the subject's table"},
			&cli.StringFlag{Name: "database", Usage: "database `NAME` for receipts"},
		},
		Action: a.verb(0, func(ctx context.Context, cmd *cli.Command) error {
			rows := cmd.Int("sample")
			if rows < 1 {
				return badUsage("--sample is 1 or more: to read none, give --names-only")
			}
			db, err := openDatabase(ctx, cmd)
			if err != nil {
				return err
			}
			defer db.close()
			s, err := db.Inspect(ctx)
			if err != nil {
				return fmt.Errorf("reading the catalogue: %w", err)
			}
			if name := cmd.String("subject"); name != "" {
				if t, why := policy.FindTable(s, name); t == nil {
					return badUsage("--subject: %s", why)
				}
			}
			if cmd.Bool("plain") {
				p := policy.Draft(s)
				if name := cmd.String("database"); name != "" {
					p.Database = name
				}
				return a.printPolicy(cmd, p, p.YAML)
			}
			d, err := discover.Policy(ctx, db, discover.Options{NamesOnly: cmd.Bool("names-only"), Rows: rows, Database: cmd.String("database"), Subject: cmd.String("subject"), Schema: s})
			if err != nil {
				return err
			}
			return a.printPolicy(cmd, d, d.YAML)
		}),
	}
}

func (a *app) printPolicy(cmd *cli.Command, v any, text func() ([]byte, error)) error {
	if cmd.Bool("json") {
		return printJSON(a.stdout, v)
	}
	data, err := text()
	if err != nil {
		return err
	}
	_, err = a.stdout.Write(data)
	return err
}

package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/urfave/cli/v3"

	"github.com/expungedb/expunge/erase"
)

// journal prints the DDL. As JSON it is {"statements": […]}.
func (a *app) journal() *cli.Command {
	return &cli.Command{
		Name: "journal", Usage: "print the SQL that creates the journal's tables",
		Action: a.verb(0, func(ctx context.Context, cmd *cli.Command) error {
			db, err := openDatabase(ctx, cmd)
			if err != nil {
				return err
			}
			defer db.close()
			ddl := erase.JournalDDL(db)
			if cmd.Bool("json") {
				return printJSON(a.stdout, map[string][]string{"statements": ddl})
			}
			for _, s := range ddl {
				fmt.Fprintf(a.stdout, "%s;\n", s)
			}
			return nil
		}),
	}
}

// grants prints the statements. As JSON it is {"statements": […]}.
func (a *app) grants() *cli.Command {
	return &cli.Command{
		Name: "grants", Usage: "print the SQL that lets a role run a plan",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "plan", Usage: "plan `FILE` written by expunge plan -o"},
			&cli.StringFlag{Name: "role", Usage: "database `ROLE`; on MySQL and MariaDB user@host"},
		},
		Action: a.verb(0, func(ctx context.Context, cmd *cli.Command) error {
			p, err := readPlan(cmd)
			if err != nil {
				return err
			}
			if cmd.String("role") == "" {
				return badUsage("grants: --role is required")
			}
			db, err := openDatabase(ctx, cmd)
			if err != nil {
				return err
			}
			defer db.close()
			statements, err := erase.Grants(ctx, db, p, cmd.String("role"))
			if err != nil {
				return err
			}
			if cmd.Bool("json") {
				return printJSON(a.stdout, map[string][]string{"statements": statements})
			}
			for _, s := range statements {
				fmt.Fprintf(a.stdout, "%s;\n", s)
			}
			return nil
		}),
	}
}

// repair prints erase.Repaired.
func (a *app) repair() *cli.Command {
	return &cli.Command{
		Name: "repair", Usage: "restore what a killed run left suspended; list open runs",
		Action: a.verb(0, func(ctx context.Context, cmd *cli.Command) error {
			db, err := openDatabase(ctx, cmd)
			if err != nil {
				return err
			}
			defer db.close()
			r, err := erase.Repair(ctx, db)
			if r == nil {
				return err
			}
			if cmd.Bool("json") {
				return errors.Join(err, printJSON(a.stdout, r))
			}
			for _, what := range r.Restored {
				fmt.Fprintf(a.text, "restored: %s\n", printable(what))
			}
			if len(r.Restored) == 0 && err == nil {
				fmt.Fprintln(a.text, "nothing is suspended")
			}
			if len(r.Unfinished) == 0 {
				fmt.Fprintln(a.text, "no run is unfinished")
			}
			for _, u := range r.Unfinished {
				state := fmt.Sprintf("to continue it, run its plan for the same subjects with --run %s", u.RunID)
				if u.Running {
					state = "a process is carrying it out: " + u.Holder
				}
				if u.Paused {
					state += "; it is paused until expunge resume"
				}
				fmt.Fprintf(a.text, "run %s, begun %s, %s committed, plan %s\n  %s\n",
					printable(u.RunID), moment(u.Began), batchCount(u.Batches), u.Plan, printable(state))
			}
			return err
		}),
	}
}

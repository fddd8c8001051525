package main

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v3"

	"github.com/expungedb/expunge/erase"
)

func onlyOnFlag(what string) cli.Flag {
	return &cli.StringFlag{Name: "only-on", Usage: "`NAME` of the only database to " + what + " for"}
}

// protect marks a database. As JSON it is {"protected": true}.
func (a *app) protect() *cli.Command {
	return &cli.Command{
		Name: "protect", Usage: "refuse plans of scope everything on this database",
		Description: "The mark is in the database's journal, and travels with copies of the database.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "unprotect", Usage: "remove the protection; requires --only-on"},
			onlyOnFlag("unprotect"),
		},
		Action: a.verb(0, func(ctx context.Context, cmd *cli.Command) error {
			name, unprotect := cmd.String("only-on"), cmd.Bool("unprotect")
			if unprotect != (name != "") {
				return badUsage("protect: --unprotect and --only-on NAME are given together or not at all")
			}
			db, err := openDatabase(ctx, cmd)
			if err != nil {
				return err
			}
			defer db.close()
			if unprotect {
				err = erase.Unprotect(ctx, db, name)
			} else {
				err = erase.Protect(ctx, db)
			}
			if err != nil {
				return err
			}
			if cmd.Bool("json") {
				return printJSON(a.stdout, map[string]bool{"protected": !unprotect})
			}
			if unprotect {
				fmt.Fprintln(a.text, "not protected any more: plans of scope everything may run on this database")
			} else {
				fmt.Fprintln(a.text, "protected: plans of scope everything are refused on this database and its copies")
			}
			return nil
		}),
	}
}

// adopt states that a database was moved. As JSON it is {"adopted": true}.
func (a *app) adopt() *cli.Command {
	return &cli.Command{
		Name: "adopt", Usage: "state that this database was moved, and isn't a copy",
		Description: `A run notices by the engine's own identity that its database is another one than that
in which the journal was made, and takes it for a copy. Where it was moved to another
server, or restored, and the old one isn't used any more, adopt gives it its identity back.`,
		Action: a.verb(0, func(ctx context.Context, cmd *cli.Command) error {
			db, err := openDatabase(ctx, cmd)
			if err != nil {
				return err
			}
			defer db.close()
			if err := erase.Adopt(ctx, db); err != nil {
				return err
			}
			if cmd.Bool("json") {
				return printJSON(a.stdout, map[string]bool{"adopted": true})
			}
			fmt.Fprintln(a.text, "adopted: the database is the one that its journal names")
			return nil
		}),
	}
}

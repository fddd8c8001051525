package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v3"

	"github.com/expungedb/expunge/plan/policy"
)

// policy has what is done to a policy's file alone, without a database.
func (a *app) policy() *cli.Command {
	c := &cli.Command{
		Name: "policy", Usage: "work on a policy's file", HideHelpCommand: true,
		Commands: []*cli.Command{{
			Name: "fmt", Usage: "write policies in their short form, with comments", ArgsUsage: "policy.yaml…",
			Flags: []cli.Flag{
				&cli.BoolFlag{Name: "write", Aliases: []string{"w"}, Usage: "write to the files (default: standard output)"},
				&cli.BoolFlag{Name: "check", Usage: "write nothing: list files that aren't in form, exit 1"},
			},
			Action: a.verb(1<<20, a.policyFmt),
		}},
	}
	c.Action = func(_ context.Context, cmd *cli.Command) error {
		if cmd.Args().Present() {
			return noVerb("expunge policy", cmd.Args().First())
		}
		return cli.ShowSubcommandHelp(cmd)
	}
	return c
}

func (a *app) policyFmt(_ context.Context, cmd *cli.Command) error {
	write, check := cmd.Bool("write"), cmd.Bool("check")
	if !cmd.Args().Present() {
		return badUsage("expunge policy fmt: a policy's file is required")
	}
	if write && check {
		return badUsage("give --write or --check, not both")
	}
	var errs []error
	unformatted := 0
	for _, path := range cmd.Args().Slice() {
		data, formatted, err := formatPolicy(path)
		switch same := bytes.Equal(data, formatted); {
		case err != nil:
			errs = append(errs, err)
		case check && !same:
			unformatted++
			fmt.Fprintln(a.stdout, path)
		case check || write && same:
		case write:
			errs = append(errs, rewriteFile(path, formatted))
		default:
			_, err := a.stdout.Write(formatted)
			errs = append(errs, err)
		}
	}
	if unformatted > 0 {
		errs = append(errs, fmt.Errorf("%s not in form: run expunge policy fmt -w", count(int64(unformatted), "policy file")))
	}
	return errors.Join(errs...)
}

// formatPolicy returns a policy's file as it is, and in its form.
func formatPolicy(path string) (data, formatted []byte, err error) {
	if data, err = readFile("a policy's file", path); err != nil {
		return nil, nil, err
	}
	formatted, err = policy.Format(data)
	if problems, ok := errors.AsType[*policy.Error](err); ok {
		return nil, nil, &policyError{path, problems}
	}
	return data, formatted, err
}

// rewriteFile replaces a file's content, keeping its mode.
func rewriteFile(path string, data []byte) error {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	return writeAtomically(path, data, info.Mode().Perm())
}

// schema prints the policy's JSON Schema.
func (a *app) schema() *cli.Command {
	return &cli.Command{
		Name: "schema", Usage: "print the policy's JSON Schema, for editors",
		Action: a.verb(0, func(context.Context, *cli.Command) error {
			_, err := a.stdout.Write(policy.Schema())
			return err
		}),
	}
}

package main

import (
	"context"
	"fmt"

	docs "github.com/urfave/cli-docs/v3"
	"github.com/urfave/cli/v3"
)

// man prints the manual page, made of what --help shows.
func (a *app) man() *cli.Command {
	return &cli.Command{
		Name: "man", Usage: "print the manual page: expunge man >expunge.1",
		Action: a.verb(0, func(_ context.Context, cmd *cli.Command) error {
			page, err := docs.ToManWithSection(cmd.Root(), 1)
			if err != nil {
				return fmt.Errorf("writing the manual page: %w", err)
			}
			_, err = fmt.Fprint(a.stdout, page)
			return err
		}),
	}
}

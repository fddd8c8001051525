package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/urfave/cli/v3"

	"github.com/expungedb/expunge/erase/receipt"
)

// certificate puts a receipt into words. As JSON it is receipt.Certificate.
func (a *app) certificate() *cli.Command {
	return &cli.Command{
		Name: "certificate", Usage: "explain a receipt to the person whose data it was", ArgsUsage: receiptArgument,
		Flags: []cli.Flag{
			pubFlag(), thresholdFlag(), amendmentFlag(),
			&cli.StringFlag{Name: "format", Value: "html", Usage: "output format: html or text"},
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write to `FILE` (default: standard output)"},
		},
		Action: a.verb(1, func(_ context.Context, cmd *cli.Command) error {
			format := cmd.String("format")
			if format != "html" && format != "text" {
				return badUsage("--format is html or text")
			}
			opened, _, err := openReceipt(cmd, cmd.Args().First())
			if err != nil {
				return err
			}
			state, _, err := foldAmendments(cmd, opened)
			if err != nil {
				return err
			}
			c := receipt.NewCertificate(opened, state)
			wrong := failedChecks(&opened.Statement.Predicate)
			if cmd.Bool("json") {
				return errors.Join(printJSON(a.stdout, c), wrong)
			}
			var page bytes.Buffer
			write := c.HTML
			if format == "text" {
				write = c.Text
			}
			if err := write(&page); err != nil {
				return err
			}
			if path := cmd.String("output"); path != "" {
				if err := writeAtomically(path, page.Bytes(), 0o644); err != nil {
					return fmt.Errorf("writing the certificate: %w", err)
				}
				return wrong
			}
			_, err = a.stdout.Write(page.Bytes())
			return errors.Join(err, wrong)
		}),
	}
}

package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/expungedb/expunge/erase/receipt"
)

// disclose makes the proof that one row is in a receipt's set.
func (a *app) disclose() *cli.Command {
	return &cli.Command{
		Name: "disclose", Usage: "prove to a person that a receipt covers their row", ArgsUsage: receiptArgument,
		Flags: []cli.Flag{
			pubFlag(), thresholdFlag(),
			&cli.StringFlag{Name: "receipt-key-file", Usage: "key `FILE` written by expunge run"},
			&cli.StringFlag{Name: "leaves", Usage: "leaves `FILE` written by expunge run"},
			&cli.StringFlag{Name: "row", Usage: "`ROW` to disclose: order:order_id=17:delete, or JSON"},
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write the disclosure to `FILE`"},
		},
		Action: a.verb(1, a.makeDisclosure),
	}
}

func (a *app) makeDisclosure(_ context.Context, cmd *cli.Command) error {
	opened, _, err := openReceipt(cmd, cmd.Args().First())
	if err != nil {
		return err
	}
	data, err := readFile("--receipt-key-file", cmd.String("receipt-key-file"))
	if err != nil {
		return err
	}
	key, err := receipt.ParseCommitmentKey(data)
	if err != nil {
		return &usageError{fmt.Errorf("%s: %w", cmd.String("receipt-key-file"), err)}
	}
	path := cmd.String("output")
	switch {
	case cmd.String("leaves") == "":
		return badUsage("give --leaves, the file that run made beside the receipt")
	case cmd.String("row") == "":
		return badUsage("give --row, as table:column=value:operation")
	case path == "":
		return badUsage("give -o, the file to write the disclosure to")
	}
	row, err := receipt.ParseRow(&opened.Statement, cmd.String("row"))
	if err != nil {
		return &usageError{fmt.Errorf("--row: %w", err)}
	}
	leaves, err := os.Open(cmd.String("leaves"))
	if err != nil {
		return &usageError{fmt.Errorf("--leaves: %w", err)}
	}
	defer leaves.Close()
	d, err := receipt.Disclose(&opened.Statement, leaves, key.Key, row)
	if err != nil {
		return &usageError{fmt.Errorf("%s: %w", cmd.Args().First(), err)}
	}
	out, err := d.Marshal()
	if err != nil {
		return err
	}
	if err := writeNew(path, append(out, '\n'), 0o600); err != nil {
		return err
	}
	if cmd.Bool("json") {
		return printJSON(a.stdout, map[string]string{"disclosure": path})
	}
	_, err = fmt.Fprintf(a.text, "%s proves that the row was among those of the receipt, and tells nothing of any other row.\n"+
		"It is for the person whose row it was; to check it: expunge verify RECEIPT --pub F --disclosure %s\n", path, path)
	return err
}

// readDisclosure reads the file of --disclosure and checks it against the receipt.
func readDisclosure(path string, s *receipt.Statement) (*receipt.Row, error) {
	data, err := readFile("--disclosure", path)
	if err != nil {
		return nil, err
	}
	d, err := receipt.ParseDisclosure(data)
	if err == nil {
		err = d.Verify(s)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &d.Row, nil
}

// rowWords names a row: order, order_id=17, delete.
func rowWords(p *receipt.Predicate, r *receipt.Row) string {
	name := p.TableName(r.Schema, r.Table)
	var key []string
	for _, column := range slices.Sorted(maps.Keys(r.Key)) {
		key = append(key, column+"="+r.Key[column])
	}
	return printable(fmt.Sprintf("%s with %s (%s)", name, strings.Join(key, ", "), r.Operation))
}

package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/expungedb/expunge/dialect"
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
	fmt.Fprintf(a.text, "%s %s, %s\n", s.Engine, printable(s.Version), count(int64(len(s.Tables)), "table"))
	for _, t := range s.Tables {
		fmt.Fprintf(a.text, "\n%s\n", styleFor(a.stdout).bold(printable(nameIn(s, t.Name))))
		g := &grid{head: []string{"column", "type", "", ""}}
		for _, c := range t.Columns {
			g.add(c.Name, c.Type, nullText(c), columnNotes(t, c))
		}
		g.print(a.text, "  ")
		for _, fk := range t.ForeignKeys {
			fmt.Fprintf(a.text, "  %s\n", printable(fmt.Sprintf("(%s) -> %s(%s) on delete %s",
				strings.Join(fk.Columns, ", "), nameIn(s, fk.RefTable), strings.Join(fk.RefColumns, ", "), fk.OnDelete)))
		}
		for _, tr := range t.Triggers {
			fmt.Fprintf(a.text, "  %s\n", printable("trigger "+tr.Name+" "+tr.Timing))
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

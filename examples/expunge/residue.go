package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/expungedb/expunge/erase/receipt"
)

// amendResidue states the remaining data in the database's files, store by store.
func (a *app) amendResidue() *cli.Command {
	return &cli.Command{
		Name: "residue", Usage: "record what is left on disk below what queries see", ArgsUsage: receiptArgument,
		Description: levelList(),
		Flags: amendFlags(
			&cli.StringSliceFlag{Name: "store", Usage: "`STORE=LEVEL`: 'data files=L3' (repeatable)"},
			&cli.StringSliceFlag{Name: "evidence", Usage: "evidence for a store's level: `STORE=TEXT` (repeatable)"},
			&cli.StringSliceFlag{Name: "remains", Usage: "what a store keeps: `STORE=TEXT until DATE` (repeatable)"},
			atFlag(),
			outputFlag(),
		),
		Action: a.verb(1, func(ctx context.Context, cmd *cli.Command) error {
			stores, err := storesOf(cmd)
			if err != nil {
				return err
			}
			at, err := factAt(cmd)
			if err != nil {
				return err
			}
			m, err := openForAmending(cmd)
			if err != nil {
				return err
			}
			residue := receipt.NewResidue(stores...)
			return a.signFacts(ctx, cmd, m, []receipt.Fact{{Kind: receipt.ResidueUpdate, At: at, Residue: &residue}})
		}),
	}
}

// levelList lists the levels of residue with their words.
func levelList() string {
	var b strings.Builder
	b.WriteString("The levels, each of which includes those before it:\n")
	for _, l := range []string{
		receipt.LevelLogical, receipt.LevelDerived, receipt.LevelVersions, receipt.LevelFiles,
		receipt.LevelLogs, receipt.LevelReplicas, receipt.LevelBackups, receipt.LevelMedia,
	} {
		fmt.Fprintf(&b, "\n   %s  %s", l, receipt.LevelWords(l))
	}
	return b.String()
}

// storesOf reads the stores of --store with their evidence and remains. Names of stores and texts
// are the operator's own words.
func storesOf(cmd *cli.Command) ([]receipt.Store, error) {
	var stores []receipt.Store
	at := map[string]int{}
	for _, given := range cmd.StringSlice("store") {
		name, level, ok := strings.Cut(given, "=")
		level = strings.ToUpper(level)
		if !ok || name == "" || receipt.LevelWords(level) == "" {
			return nil, badUsage("--store is a name and a level from L0 to L7, such as 'data files=L3'")
		}
		if _, twice := at[name]; twice {
			return nil, badUsage("--store: %s is given twice", name)
		}
		at[name] = len(stores)
		stores = append(stores, receipt.Store{Name: name, Level: level})
	}
	if len(stores) == 0 {
		return nil, badUsage("give --store, a name and a level from L0 to L7, such as 'data files=L3'")
	}
	each := func(flag string, do func(s *receipt.Store, text string) error) error {
		for _, given := range cmd.StringSlice(flag) {
			name, text, ok := strings.Cut(given, "=")
			i, known := at[name]
			if !ok || !known || text == "" {
				return badUsage("--%s is the name of a --store and a text, such as 'data files=pages of table customer'", flag)
			}
			if err := do(&stores[i], text); err != nil {
				return err
			}
		}
		return nil
	}
	if err := each("evidence", func(s *receipt.Store, text string) error {
		if s.Evidence != "" {
			return badUsage("--evidence: %s has it twice: write it as one text", s.Name)
		}
		s.Evidence = text
		return nil
	}); err != nil {
		return nil, err
	}
	return stores, each("remains", func(s *receipt.Store, text string) error {
		r := receipt.Leftover{What: text}
		if i := strings.LastIndex(text, " until "); i > 0 {
			until := text[i+len(" until "):]
			if _, err := time.Parse(time.DateOnly, until); err == nil {
				r = receipt.Leftover{What: strings.TrimRight(text[:i], " ,"), Until: until}
			}
		}
		s.Remains = append(s.Remains, r)
		return nil
	})
}

// printResidue prints the stated residue, store by store.
func printResidue(w io.Writer, r receipt.Residue, indent string) {
	line := func(indent, format string, args ...any) {
		fmt.Fprintln(w, wrapText(printable(fmt.Sprintf(format, args...)), indent))
	}
	line(indent, "residue: %s", r.Level)
	for _, s := range r.Stores {
		line(indent+"  ", "%s: %s, %s", s.Name, s.Level, receipt.LevelWords(s.Level))
		if s.Evidence != "" {
			line(indent+"    ", "by: %s", s.Evidence)
		}
		for _, m := range s.Remains {
			text := "remains: " + m.What
			if m.Until != "" {
				text += ", until " + m.Until
			}
			line(indent+"    ", "%s", text)
		}
	}
}

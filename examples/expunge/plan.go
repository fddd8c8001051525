package main

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/urfave/cli/v3"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/plan"
)

// plan builds a plan and shows it. Its JSON is the plan's canonical form.
func (a *app) plan() *cli.Command {
	return &cli.Command{
		Name: "plan", Usage: "build a plan and show it for review",
		Flags: []cli.Flag{
			policyFlag(), asFlag(),
			&cli.BoolFlag{Name: "subjects", Usage: "erase given subjects and what refers to them"},
			&cli.BoolFlag{Name: "everything", Usage: "anonymise every row of every table"},
			&cli.BoolFlag{Name: "expired", Usage: "erase rows older than their retention period"},
			onlyOnFlag("plan"),
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write the plan to `FILE`, for expunge run"},
			&cli.StringFlag{Name: "format", Value: "text", Usage: "output format: text, json or mermaid (a picture)"},
			&cli.StringFlag{Name: "since", Usage: "list first the hazards that the plan in `FILE` lacks"},
		},
		Action: a.verb(0, func(ctx context.Context, cmd *cli.Command) error {
			scope, err := scopeOf(cmd)
			if err != nil {
				return err
			}
			format := cmd.String("format")
			if !slices.Contains([]string{"text", "json", "mermaid"}, format) {
				return badUsage("--format is text, json or mermaid")
			}
			var approved *plan.Plan
			if cmd.String("since") != "" {
				if approved, err = readPlanOf(cmd, "since"); err != nil {
					return err
				}
				if approved.Scope != scope {
					return badUsage("--since: the approved plan's scope is %s, not %s", approved.Scope, scope)
				}
			}
			rules, err := readPolicyAs(cmd)
			if err != nil {
				return err
			}
			db, err := openDatabase(ctx, cmd)
			if err != nil {
				return err
			}
			defer db.close()
			p, err := plan.Build(ctx, db, rules, scope)
			if err != nil {
				return inPolicy(cmd, err)
			}
			p.OnlyOn = cmd.String("only-on")
			data, err := p.Encode()
			if err != nil {
				return err
			}
			if path := cmd.String("output"); path != "" {
				if err := writeAtomically(path, data, 0o644); err != nil {
					return fmt.Errorf("writing the plan: %w", err)
				}
			}
			if format == "json" || cmd.Bool("json") {
				_, err = a.stdout.Write(data)
				return err
			}
			switch {
			case format == "mermaid":
				_, err = fmt.Fprint(a.stdout, p.Mermaid())
			case approved != nil:
				_, err = fmt.Fprint(a.text, p.TextSince(approved))
			default:
				_, err = fmt.Fprint(a.text, p.String())
			}
			return err
		}),
	}
}

// scopeOf is the one scope of the flags.
func scopeOf(cmd *cli.Command) (plan.Scope, error) {
	var found []plan.Scope
	for _, s := range []plan.Scope{plan.ScopeSubjects, plan.ScopeEverything, plan.ScopeExpired} {
		if cmd.Bool(string(s)) {
			found = append(found, s)
		}
	}
	if len(found) != 1 {
		return "", badUsage("choose one of --subjects, --everything, --expired")
	}
	return found[0], nil
}

func subjectFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "plan", Usage: "plan `FILE` written by expunge plan -o"},
		subjectFlag(), subjectsFileFlag(),
		&cli.BoolFlag{Name: "show-keys", Usage: "show the key that each identifier stands for"},
	}
}

func subjectFlag() cli.Flag {
	return &cli.StringSliceFlag{Name: "subject", Usage: "subject `KEY` or identifier: 42, email=… (repeatable)"}
}

func subjectsFileFlag() cli.Flag {
	return &cli.StringFlag{Name: "subjects-file", Usage: "`FILE` with one subject per line"}
}

// aboutSubjects is part of the help of every verb that takes subjects.
const aboutSubjects = `A --subject is one subject, taken as it is: its key (42, 'Example, Ada'), its key with
the column (code=a=b), or an identifier of the policy (email=ada@mail.example).

The values of a key of several columns are joined by commas: 7,42. Within a value write
\, for a comma, \= for =, \# for # and \\ for a backslash: 'club,Example\, Ada', '7,[1\,5)'.
A value of bits is all of its bits: 000000101.

--subjects-file has one subject on each line, in UTF-8; blanks in a line belong to the subject.
A line that is # or begins with # and a blank is a comment.`

// subjectsOf is the source of the given subjects, nil without any.
func subjectsOf(cmd *cli.Command) (erase.Source, error) {
	keys, file := cmd.StringSlice("subject"), cmd.String("subjects-file")
	switch {
	case len(keys) > 0 && file != "":
		return nil, badUsage("give --subject or --subjects-file, not both")
	case file != "":
		// SubjectsFile refuses a pipe; opening it here could wait for ever.
		if info, err := os.Stat(file); err != nil || info.Mode().IsRegular() {
			if err := checkReadable(file); err != nil {
				return nil, &usageError{fmt.Errorf("--subjects-file: %w", err)}
			}
		}
		return erase.SubjectsFile(file), nil
	case len(keys) > 0:
		return erase.SubjectKeys(keys...), nil
	}
	return nil, nil
}

// resolved returns a function that prints the keys of identifiers; nil without --show-keys.
func (a *app) resolved(cmd *cli.Command, p *plan.Plan) func(string, dialect.Key) {
	if !cmd.Bool("show-keys") {
		return nil
	}
	shown := map[string]bool{} // a source is read more than once
	return func(subject string, key dialect.Key) {
		if !shown[subject] {
			shown[subject] = true
			fmt.Fprintf(a.stderr, "%s is %s\n", subject, printable(erase.FormatSubject(key, p.Subject.Key)))
		}
	}
}

// counted is the JSON of preview and rehearse.
type counted struct {
	Subjects int64         `json:"subjects"`
	Absent   int64         `json:"absent"`
	Steps    []countedStep `json:"steps"`
	Kept     []erase.Kept  `json:"kept,omitempty"`
	Ended    []erase.Kept  `json:"ended,omitempty"` // rows of holds that have ended
	Samples  []sampled     `json:"samples,omitempty"`
	Odd      []oddCounted  `json:"odd,omitempty"` // values for which a run would be refused
}

// oddCounted is the number of a column's rows with a value that its strategy can't replace.
type oddCounted struct {
	Table  string         `json:"table"`
	Column string         `json:"column"`
	Kind   dialect.Oddity `json:"kind"`
	Rows   int64          `json:"rows"`
}

type countedStep struct {
	Step      string  `json:"step"`
	Operation plan.Op `json:"operation"`
	Table     string  `json:"table"`
	Rows      int64   `json:"rows"`
	Held      int64   `json:"held"`
}

// absentFlag allows subjects whose own rows are already deleted.
func absentFlag() cli.Flag {
	return &cli.BoolFlag{Name: "absent-ok", Usage: "erase what links to subjects already deleted"}
}

func (a *app) preview() *cli.Command {
	flags := append(subjectFlags(), absentFlag(),
		&cli.IntFlag{Name: "samples", Usage: "show `N` sample replacements per column"},
		&cli.StringFlag{Name: "secret-file", Usage: "`FILE` with the secret of consistent strategies"})
	return &cli.Command{
		Name: "preview", Usage: "count the rows of each step without writing", Flags: flags, Description: aboutSubjects,
		Action: a.verb(0, a.counts(erase.Preview)),
	}
}

func (a *app) rehearse() *cli.Command {
	flags := append(subjectFlags(),
		&cli.IntFlag{Name: "sample", Value: 20, Usage: "number of rows per table where no subject is given"},
		&cli.StringFlag{Name: "secret-file", Usage: "`FILE` with the secret of consistent strategies"})
	return &cli.Command{
		Name: "rehearse", Usage: "run the plan on some rows and roll back", Flags: flags, Description: aboutSubjects,
		Action: a.verb(0, func(ctx context.Context, cmd *cli.Command) error {
			return a.counts(func(ctx context.Context, db dialect.DB, p *plan.Plan, o erase.Options) (*erase.Result, error) {
				o.Sample = cmd.Int("sample")
				return erase.Rehearse(ctx, db, p, o)
			})(ctx, cmd)
		}),
	}
}

type counter func(context.Context, dialect.DB, *plan.Plan, erase.Options) (*erase.Result, error)

// counts makes the action of a verb that counts rows.
func (a *app) counts(do counter) cli.ActionFunc {
	return func(ctx context.Context, cmd *cli.Command) error {
		p, err := readPlan(cmd)
		if err != nil {
			return err
		}
		o := erase.Options{Resolved: a.resolved(cmd, p), AbsentOK: cmd.Bool("absent-ok")}
		if o.Subjects, err = subjectsOf(cmd); err != nil {
			return err
		}
		if o.Secret, err = readSecret(cmd); err != nil {
			return err
		}
		db, err := openDatabase(ctx, cmd)
		if err != nil {
			return err
		}
		defer db.close()
		n := cmd.Int("samples")
		r := &erase.Result{}
		if n <= 0 || o.Subjects != nil || p.Scope != plan.ScopeSubjects { // replacements alone need no subject
			if r, err = do(ctx, db, p, o); err != nil {
				return err
			}
		}
		var samples []erase.Sample
		if n > 0 {
			o.Sample = n
			if samples, err = erase.Samples(ctx, db, p, o); err != nil {
				return err
			}
		}
		if cmd.Bool("json") {
			return printJSON(a.stdout, countedOf(p, r, samples))
		}
		if p.Scope == plan.ScopeSubjects && o.Subjects != nil {
			fmt.Fprintf(a.text, "%s given, %s of them not in the database\n\n", count(r.Subjects, "subject"), thousands(r.Absent))
		}
		if len(r.Counts) > 0 {
			printCounts(a.text, r, "")
			a.printUncounted(p, r)
			if len(samples) > 0 {
				fmt.Fprintln(a.text)
			}
		}
		printSamples(a.text, p, samples)
		return nil
	}
}

// printUncounted names a run's further effects beside the counted rows, and its refusal.
func (a *app) printUncounted(p *plan.Plan, r *erase.Result) {
	if slices.ContainsFunc(p.Hazards, func(h plan.Hazard) bool { return h.Name == plan.TriggersFire }) {
		fmt.Fprintln(a.text, "\nNot counted: rows that triggers write (see the plan's hazards)")
	}
	if refusal := r.Refusal(); refusal != nil {
		fmt.Fprintf(a.text, "\nA run would be refused: %s\n", refusal)
	}
}

func countedOf(p *plan.Plan, r *erase.Result, samples []erase.Sample) counted {
	out := counted{Subjects: r.Subjects, Absent: r.Absent, Steps: []countedStep{}, Kept: r.Kept, Ended: r.Ended}
	for _, c := range r.Counts {
		out.Steps = append(out.Steps, countedStep{c.Step.ID, c.Step.Op, p.TableName(c.Step.Table), c.Rows, c.Held})
	}
	for _, s := range samples {
		out.Samples = append(out.Samples, sampledOf(p, s))
	}
	for _, v := range r.Odd {
		out.Odd = append(out.Odd, oddCounted{p.TableName(v.Table), v.Column, v.Oddity, v.Rows})
	}
	return out
}

// Command expunge is the command line of the library: thin, so that all of its logic is in the
// packages it calls.
//
//	expunge demo                                   a made-up shop, from the plan to the proof
//	expunge draft --db URL                         a first policy
//	expunge check --db URL --policy F              the policy against the schema
//	expunge plan --db URL --policy F --subjects    what would be done, for review
//	expunge run --db URL --plan F --subject K …    does it, and writes the receipt
//	expunge verify receipt.json --pub F            checks a receipt
//	expunge disclose, amend, finalize, certificate what comes after an erasure
//	expunge log, ledger, replay                    what is kept of all of them
//
// It writes results to standard output, all else to standard error. The exit codes are those of
// [exitCode].
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"strconv"
	"strings"
	"syscall"

	"github.com/urfave/cli/v3"

	"github.com/expungedb/expunge/erase"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The second signal ends the process at once: the database then rolls back the current batch.
	context.AfterFunc(ctx, stop)
	os.Exit(start(ctx, os.Args, os.Stdout, os.Stderr))
}

// start runs the command line and returns the process's exit code.
func start(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	a := &app{stdout: stdout, stderr: stderr, text: folding(stdout)}
	err := a.command().Run(ctx, args)
	flushText(a.text)
	if err != nil && !a.acting {
		err = &usageError{err} // of the parser: no verb has begun
	}
	if err != nil && !errors.Is(err, errReported) {
		for i, line := range strings.Split(err.Error(), "\n") {
			if i == 0 {
				line = "expunge: " + line
			}
			fmt.Fprintln(folding(stderr), printable(line))
		}
	}
	return exitCode(err)
}

// app is one call of the command line.
type app struct {
	stdout, stderr io.Writer
	text           io.Writer // stdout, for what people read
	acting         bool      // a verb has begun: later errors are not about the flags' syntax
}

const description = `The database is given as a URL by --db or EXPUNGE_DB:

    sqlite:shop.db   sqlite:///var/lib/shop.db   postgres://user:password@host:5432/shop
    mysql://user:password@host:3306/shop   mariadb://…   sqlserver://…

The secret of consistent strategies comes from EXPUNGE_SECRET or --secret-file.

Exit codes:

    0  done
    1  failed
    2  invalid policy, plan, subject or argument
    3  refused: the schema has changed, the plan isn't the approved one or is for another
       database, the database is protected, a hazard isn't allowed, a privilege is missing,
       or backups haven't expired yet
    4  a verification is broken, a log was forked, rolled back or damaged, or rows are left
    5  a verification can't tell`

// command builds the tree of verbs.
func (a *app) command() *cli.Command {
	root := &cli.Command{
		Name:        "expunge",
		Usage:       "anonymise and erase personal data in SQL databases",
		Description: description,
		Writer:      a.text, ErrWriter: a.stderr,
		HideHelpCommand: true,
		Version:         erase.Version, EnableShellCompletion: true,
		ExitErrHandler: func(context.Context, *cli.Command, error) {}, // start prints it
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "db", Usage: "database `URL`", Sources: cli.EnvVars("EXPUNGE_DB")},
			&cli.BoolFlag{Name: "json", Usage: "print JSON instead of text"},
		},
		Commands: []*cli.Command{
			a.demo(), a.inspect(), a.draft(), a.check(), a.policy(), a.schema(), a.plan(), a.preview(), a.rehearse(),
			a.run(), a.verify(), a.disclose(), a.amend(), a.finalize(), a.certificate(), a.log(),
			a.replay(), a.ledger(), a.keygen(), a.journal(), a.grants(), a.protect(), a.adopt(), a.pause(), a.resume(), a.repair(), a.man(),
		},
	}
	root.Action = func(_ context.Context, cmd *cli.Command) error {
		if cmd.Args().Present() {
			return noVerb("expunge", cmd.Args().First())
		}
		return cli.ShowRootCommandHelp(cmd)
	}
	setParsing(root)
	return root
}

// setParsing makes a verb and its subverbs return errors of the parser, and take each argument as
// one value: a subject's name may contain a comma. Verbs inherit neither.
func setParsing(c *cli.Command) {
	c.OnUsageError = func(_ context.Context, _ *cli.Command, err error, _ bool) error { return err }
	c.DisableSliceFlagSeparator = true
	for _, below := range c.Commands {
		setParsing(below)
	}
}

// inGroup lists the flags under a heading of their own in a verb's help.
func inGroup(heading string, flags ...cli.Flag) []cli.Flag {
	for _, f := range flags {
		f.(cli.CategorizableFlag).SetCategory(heading)
	}
	return flags
}

// noVerb quotes only a single word: a database's URL given without --db contains a password.
func noVerb(after, given string) error {
	if !word.MatchString(given) {
		given = "of that form"
	} else {
		given = strconv.Quote(given)
	}
	return fmt.Errorf("there is no verb %s: %s --help lists them, and a database's URL is given by --db", given, after)
}

var word = regexp.MustCompile(`^[a-z-]{1,20}$`)

// tooManyArguments doesn't quote the arguments: they may be URLs or subjects.
func tooManyArguments(cmd *cli.Command, args int) error {
	return fmt.Errorf("%s: %s too many: a database's URL is given by --db, a subject by --subject, again for each",
		cmd.Name, count(int64(cmd.NArg()-args), "argument"))
}

// verb makes an action with at most args positional arguments.
func (a *app) verb(args int, do cli.ActionFunc) cli.ActionFunc {
	return func(ctx context.Context, cmd *cli.Command) error {
		if n := cmd.NArg(); n > args {
			return tooManyArguments(cmd, args)
		}
		a.acting = true
		return do(ctx, cmd)
	}
}

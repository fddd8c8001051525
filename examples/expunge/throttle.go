package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase"
)

// throttleFlags are the flags that throttle a run.
func throttleFlags() []cli.Flag {
	return inGroup("Throttling",
		&cli.DurationFlag{Name: "max-lag", Usage: "wait while replication lags more than `TIME`: 5s", DefaultText: "no limit"},
		&cli.StringSliceFlag{Name: "replica", Usage: "replica `URL` for --max-lag (repeatable)"},
		&cli.IntFlag{Name: "max-sessions", Usage: "wait while more than `N` sessions are active", DefaultText: "no limit"},
		&cli.DurationFlag{Name: "max-commit-latency", Usage: "wait after a commit slower than `TIME`: 50ms", DefaultText: "no limit"},
		&cli.IntFlag{Name: "max-rate", Usage: "change at most `N` rows per second", DefaultText: "no limit"},
		&cli.StringFlag{Name: "pause-file", Usage: "wait while `FILE` exists (see also: expunge pause)"},
	)
}

// aboutThrottles is part of the help of run.
const aboutThrottles = `--max-lag asks the replicas given by --replica, or else the primary, where its engine knows.
--max-sessions counts the run's own sessions too.`

// openThrottles makes the throttles of the flags. Call done to close the replicas, also after an
// error.
func openThrottles(ctx context.Context, cmd *cli.Command, db *database) (list []erase.Throttle, done func(), err error) {
	var replicas []*database
	done = func() {
		for _, r := range replicas {
			r.close()
		}
	}
	for _, name := range []string{"max-lag", "max-sessions", "max-commit-latency", "max-rate"} {
		if cmd.IsSet(name) && cmd.Duration(name) <= 0 && cmd.Int(name) <= 0 {
			return nil, done, badUsage("--%s has to be more than 0", name)
		}
	}
	if cmd.IsSet("replica") && !cmd.IsSet("max-lag") {
		return nil, done, badUsage("--replica needs --max-lag")
	}
	monitor, monitored := dialect.AsMonitor(db)
	if cmd.IsSet("max-sessions") {
		if !monitored {
			return nil, done, badUsage("--max-sessions: this engine has no server that could tell")
		}
		list = append(list, erase.MaxSessions(cmd.Int("max-sessions"), monitor))
	}
	if cmd.IsSet("max-lag") {
		var of []dialect.Monitor
		for i, raw := range cmd.StringSlice("replica") {
			r, err := openReplica(ctx, raw)
			if err != nil {
				return nil, done, fmt.Errorf("--replica, number %d: %w", i+1, err)
			}
			replicas = append(replicas, r)
			m, ok := dialect.AsMonitor(r)
			if !ok {
				return nil, done, badUsage("--replica, number %d: this engine has no replicas", i+1)
			}
			of = append(of, m)
		}
		switch {
		case len(of) > 0:
		case !monitored:
			return nil, done, badUsage("--max-lag: this engine has no replicas")
		case db.Engine().Name == "mysql":
			return nil, done, badUsage("--max-lag: give the replicas by --replica: here the primary doesn't know how far they are")
		default:
			of = append(of, monitor)
		}
		list = append(list, erase.MaxLag(cmd.Duration("max-lag"), of...))
	}
	if cmd.IsSet("max-commit-latency") {
		list = append(list, erase.MaxCommitLatency(cmd.Duration("max-commit-latency")))
	}
	if cmd.IsSet("max-rate") {
		list = append(list, erase.MaxRate(cmd.Int("max-rate")))
	}
	if cmd.IsSet("pause-file") {
		list = append(list, erase.PauseFile(cmd.String("pause-file")))
	}
	return list, done, nil
}

// openReplica connects to a replica. Like openDatabase's, its errors don't hold the URL.
func openReplica(ctx context.Context, raw string) (*database, error) {
	db, err := openURL(ctx, raw, 1)
	if argument, ok := errors.AsType[*usageError](err); ok {
		return nil, badUsage("%s", strings.TrimPrefix(argument.Error(), "--db: "))
	}
	return db, err
}

// pause pauses runs. As JSON it is {"run": …, "paused": true}; run is "" for all.
func (a *app) pause() *cli.Command {
	return &cli.Command{
		Name: "pause", Usage: "pause a run, also one in another process",
		Flags: pauseFlags("pause"),
		Action: a.verb(0, func(ctx context.Context, cmd *cli.Command) error {
			return a.switched(ctx, cmd, func(db *database, run string) (string, error) {
				return "is paused: batches under way are finished, and none begins until expunge resume", erase.Pause(ctx, db, run)
			})
		}),
	}
}

// resume resumes them. As JSON it is {"run": …, "paused": false}.
func (a *app) resume() *cli.Command {
	return &cli.Command{
		Name: "resume", Usage: "resume a paused run",
		Flags: pauseFlags("resume"),
		Action: a.verb(0, func(ctx context.Context, cmd *cli.Command) error {
			return a.switched(ctx, cmd, func(db *database, run string) (string, error) {
				was, err := erase.Resume(ctx, db, run)
				if !was {
					return "wasn't paused", err
				}
				return "goes on", err
			})
		}),
	}
}

func pauseFlags(verb string) []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "run", Usage: "`ID` of the run to " + verb},
		&cli.BoolFlag{Name: "all", Usage: verb + " all runs on this database"},
	}
}

// switched pauses or resumes the runs of the flags, and prints the result.
func (a *app) switched(ctx context.Context, cmd *cli.Command, do func(db *database, run string) (string, error)) error {
	run := cmd.String("run")
	if (run == "") == !cmd.Bool("all") {
		return badUsage("give --run ID, or --all")
	}
	db, err := openDatabase(ctx, cmd)
	if err != nil {
		return err
	}
	defer db.close()
	said, err := do(db, run)
	if err != nil {
		return err
	}
	if cmd.Bool("json") {
		return printJSON(a.stdout, map[string]any{"run": run, "paused": cmd.Name == "pause"})
	}
	what := "run " + printable(run)
	if run == erase.AllRuns {
		what = "every run on this database"
	}
	fmt.Fprintf(a.text, "%s %s\n", what, said)
	return nil
}

// waitingText is why batches wait, for the progress.
func waitingText(why string, since time.Duration) string {
	if since < time.Second {
		return "waiting: " + why
	}
	return fmt.Sprintf("waiting for %s: %s", since.Round(time.Second), why)
}

package main

import (
	"fmt"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/plan"
)

func requestFlags() []cli.Flag {
	return inGroup("Request",
		&cli.StringFlag{Name: "case", Usage: "`REFERENCE` of the request (not a person's name)"},
		&cli.StringFlag{Name: "received", Usage: "`DATE` when the request was received: 2026-01-31"},
		&cli.StringFlag{Name: "extension-until", Usage: "`DATE` to which the time to answer was extended"},
		&cli.StringFlag{Name: "extension-reason", Usage: "`REASON` for the extension (not a person's name)"},
	)
}

// requestOf is the receipt's data about the request, nil without flags.
func requestOf(cmd *cli.Command, p *plan.Plan) (*receipt.Request, error) {
	r := &receipt.Request{Case: cmd.String("case")}
	received, err := dateOf(cmd, "received")
	if err != nil {
		return nil, err
	}
	until, err := dateOf(cmd, "extension-until")
	if err != nil {
		return nil, err
	}
	reason := cmd.String("extension-reason")
	switch {
	case received.After(time.Now().Add(14 * time.Hour)): // where the day begins first
		return nil, badUsage("--received: that day is to come")
	case until.IsZero() != (reason == ""):
		return nil, badUsage("--extension-until and --extension-reason belong together: an extension needs a reason")
	case !until.IsZero() && received.IsZero():
		return nil, badUsage("--extension-until needs --received, the day from which the time counts")
	case received.IsZero() && r.Case == "":
		return nil, nil
	case received.IsZero():
		return r, nil
	}
	r.ReceivedAt, r.DueAt = received, erase.Due(p, received)
	if until.IsZero() {
		return r, nil
	}
	r.Extension = &receipt.Extension{Until: lastMoment(until), Reason: reason}
	if due := p.Due; due != nil {
		longest := due.Extension.After(due.Within.After(received))
		switch {
		case due.Extension.IsZero():
			return nil, badUsage("--extension-until: the policy knows no extension: write one under due")
		case until.After(longest):
			return nil, badUsage("--extension-until: the policy's extension ends on %s at the latest", day(longest))
		}
	}
	if r.Extension.Until.After(r.DueAt) {
		r.DueAt = r.Extension.Until
	}
	return r, nil
}

// dateOf is the date of a flag, the zero time without it.
func dateOf(cmd *cli.Command, flag string) (time.Time, error) {
	if cmd.String(flag) == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.DateOnly, cmd.String(flag))
	if err != nil {
		return t, badUsage("--%s is a date such as 2026-01-31", flag)
	}
	return t, nil
}

// lastMoment is the end of a day: a time that counts in months ends with the last hour of its last
// day (Regulation 1182/71, Art. 3). The zero time remains zero.
func lastMoment(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.AddDate(0, 0, 1).Add(-time.Second)
}

// soon is the time before the due date at which run begins to warn.
const soon = 3 * 24 * time.Hour

// dueWarning says that a request's time is over or nearly so; "" otherwise.
func dueWarning(r *receipt.Request, now time.Time) string {
	switch {
	case r == nil || r.DueAt.IsZero():
		return ""
	case now.After(r.DueAt):
		return fmt.Sprintf("the request was due on %s: it is answered late, and the receipt says so", day(r.DueAt))
	case r.DueAt.Sub(now) < soon:
		return fmt.Sprintf("the request is due on %s", day(r.DueAt))
	}
	return ""
}

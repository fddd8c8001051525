package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/plan"
)

// printCounts prints each step's effect. It sums up steps that match no rows.
func printCounts(w io.Writer, r *erase.Result, indent string) {
	g := &grid{head: []string{"step", "does", "to", ">rows", ">held"}}
	idle := 0
	for _, c := range r.Counts {
		if c.Rows == 0 && c.Held == 0 {
			idle++
			continue
		}
		g.add(c.Step.ID, c.Step.Op, stepTarget(r, c.Step), thousands(c.Rows), someOrBlank(c.Held))
	}
	g.print(w, indent)
	if idle > 0 {
		fmt.Fprintf(w, "%s%s matched no rows\n", indent, count(int64(idle), "step"))
	}
	for _, k := range r.Kept {
		fmt.Fprintf(w, "%skept: %s of %s, %s\n", indent, count(k.Rows, "row"), printable(r.TableName(k.Table)), reasonText(k.Reason))
	}
	for _, k := range r.Ended {
		fmt.Fprintf(w, "%sa hold has ended: of %s of %s\n", indent, count(k.Rows, "row"), printable(r.TableName(k.Table)))
	}
}

func stepTarget(r *erase.Result, s *plan.Step) string {
	if s.Detach != nil {
		return r.TableName(s.Table) + "(" + strings.Join(s.Detach.Columns, ", ") + ")"
	}
	return r.TableName(s.Table)
}

func reasonText(r erase.Reason) string {
	switch r {
	case erase.ByHold:
		return "under a hold"
	case erase.WithHeld:
		return "as a part of what is under a hold"
	case erase.ByReference:
		return "since a row that stays refers to it: overwritten instead"
	case erase.ByOthers:
		return "since rows of others refer to it"
	case erase.ByPolicy:
		return "as the policy says"
	}
	return string(r)
}

// someOrBlank is a count, "" for 0.
func someOrBlank(n int64) string {
	if n == 0 {
		return ""
	}
	return thousands(n)
}

// printReceipt prints a receipt in words.
func printReceipt(w io.Writer, p *receipt.Predicate, indent string) {
	printFacts(w, p, indent)
	fmt.Fprintln(w)
	printActions(w, p, indent)
	printRetained(w, p, indent)
	fmt.Fprintln(w)
	for _, c := range p.Checks {
		line := fmt.Sprintf("check %s: %s (%s)", c.ID, c.Result, c.Method)
		if c.Rows > 0 {
			line = fmt.Sprintf("check %s: %s (%s, %s)", c.ID, c.Result, c.Method, count(c.Rows, "row"))
		}
		fmt.Fprintln(w, indent+printable(line))
	}
	printResidue(w, p.Residue, indent)
	if p.Final != "" {
		fmt.Fprintf(w, "%sgone from the last declared backup after %s\n", indent, printable(p.Final))
	}
}

// printState prints the receipt's present state, after its amendments.
func printState(w io.Writer, s *receipt.State, indent string) {
	line := func(format string, args ...any) {
		fmt.Fprintln(w, wrapText(printable(fmt.Sprintf(format, args...)), indent))
	}
	if s.Revoked != nil {
		line("revoked on %s: %s", day(s.Revoked.At), s.Revoked.Reason)
	}
	for _, b := range s.Backups {
		switch {
		case !b.Expired.IsZero():
			line("backup %s: gone since %s", b.Name, day(b.Expired))
		case b.Until != "":
			line("backup %s: holds the data until %s at the latest", b.Name, b.Until)
		default:
			line("backup %s: no date is known", b.Name)
		}
	}
	for _, r := range s.Recipients {
		if r.Told.IsZero() {
			line("recipient %s: not stated to have been told", r.Name)
		} else {
			line("recipient %s: told on %s", r.Name, day(r.Told))
		}
	}
	for _, r := range s.Replays {
		line("restored from a backup of %s, and erased again by run %s", day(r.Backup), r.RunID)
	}
	printResidue(w, s.Residue, indent)
	if len(s.Backups) > 0 && s.BackupsGone() {
		line("every declared backup is gone")
	}
}

// printRetained lists the rows kept on purpose, those of ended holds, and the followed receipts.
func printRetained(w io.Writer, p *receipt.Predicate, indent string) {
	printKept(w, p, "kept", p.Retained, indent)
	printKept(w, p, "a hold has ended", p.Ended, indent)
	for _, f := range p.Follows {
		state := "something of what it had to leave is still kept"
		if f.Complete {
			state = "nothing is left of what it had to leave"
		}
		fmt.Fprintln(w, wrapText(printable("follows receipt "+f.ReceiptID+": "+state), indent))
	}
}

func printKept(w io.Writer, p *receipt.Predicate, verb string, rows []receipt.Retained, indent string) {
	for _, r := range rows {
		what := "whole rows"
		if len(r.Columns) > 0 {
			what = strings.Join(r.Columns, ", ")
		}
		line := fmt.Sprintf("%s: %s of %s (%s): %s", verb, count(r.Rows, "row"), p.TableName(r.Schema, r.Table), what, r.Reason)
		if r.Basis != "" {
			line += ", " + r.Basis
		}
		if r.Until != "" {
			line += ", until " + r.Until
		}
		if r.Last != "" {
			line += ", the last to " + r.Last
		}
		fmt.Fprintln(w, wrapText(printable(line), indent))
	}
}

func printFacts(w io.Writer, p *receipt.Predicate, indent string) {
	fact := func(name, format string, args ...any) {
		fmt.Fprintf(w, "%s%-10s %s\n", indent, name, printable(fmt.Sprintf(format, args...)))
	}
	fact("receipt", "%s", p.ReceiptID)
	fact("run", "%s, scope %s", p.RunID, p.Scope)
	system := p.System.Engine
	if p.System.Version != "" {
		system += " " + p.System.Version
	}
	fact("database", "%s (%s), journal %s", p.System.Name, system, p.System.Journal)
	if p.System.CopyOf != "" {
		fact("copy of", "%s", p.System.CopyOf)
	}
	if p.Controller != "" {
		fact("controller", "%s", p.Controller)
	}
	if p.Operator != "" {
		fact("operator", "%s", p.Operator)
	}
	if p.Request != nil {
		fact("request", "%s", requestWords(p.Request))
	}
	fact("plan", "%s", p.PlanDigest)
	if s := p.Subjects; s != nil {
		missed := ""
		if s.NotReached > 0 {
			missed = ", " + thousands(s.NotReached) + " not reached"
		}
		fact("subjects", "%s given, %s done, %s absent%s", thousands(s.Given), thousands(s.Done), thousands(s.Absent), missed)
	}
	when := "nothing was committed"
	if !p.Commits.Last.IsZero() {
		when = fmt.Sprintf("%s to %s, in %s", moment(p.Commits.First), moment(p.Commits.Last), batchCount(p.Commits.Batches))
	}
	fact("committed", "%s", when)
	if p.Incomplete != nil {
		fact("incomplete", "%s", p.Incomplete.Reason)
	}
}

// requestWords is a request in a line: ref-7, received 2026-01-05, due 2026-02-05.
func requestWords(r *receipt.Request) string {
	var words []string
	if r.Case != "" {
		words = append(words, r.Case)
	}
	if !r.ReceivedAt.IsZero() {
		words = append(words, "received "+day(r.ReceivedAt))
	}
	if !r.DueAt.IsZero() {
		words = append(words, "due "+day(r.DueAt))
	}
	if r.Extension != nil {
		words = append(words, "extended: "+r.Extension.Reason)
	}
	if r.Late {
		words = append(words, "answered late")
	}
	return strings.Join(words, ", ")
}

func batchCount(n int64) string {
	if n == 1 {
		return "1 batch"
	}
	return thousands(n) + " batches"
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }

// printActions prints the table of actions. It sums up steps that found no row.
func printActions(w io.Writer, p *receipt.Predicate, indent string) {
	g := &grid{head: []string{"done", "to", ">rows", ">held", ">left", ">already gone", ">new"}}
	idle := 0
	for _, a := range p.Actions {
		r := a.Rows
		if r.Matched == 0 && r.Arrived == 0 {
			idle++
			continue
		}
		what := p.TableName(a.Schema, a.Table)
		if len(a.Columns) > 0 {
			var names []string
			for _, c := range a.Columns {
				names = append(names, c.Name)
			}
			what += "(" + strings.Join(names, ", ") + ")"
		}
		g.add(a.Operation, clipText(what, 48), thousands(r.Affected), someOrBlank(r.Held), someOrBlank(r.Left), someOrBlank(r.AlreadyGone), someOrBlank(r.Arrived))
	}
	g.print(w, indent)
	if idle > 0 {
		fmt.Fprintf(w, "%s%s matched no rows\n", indent, count(int64(idle), "step"))
	}
	for _, a := range p.Actions {
		if a.Unchanged > 0 {
			fmt.Fprintf(w, "%sin %s, %s came out as before\n", indent, printable(a.Table), count(a.Unchanged, "value"))
		}
		if a.Otherwise > 0 {
			fmt.Fprintf(w, "%sin %s, %s replaced as `otherwise` says\n", indent, printable(a.Table), count(a.Otherwise, "odd value"))
		}
	}
}

// outcome is an outcome in its colour.
func (s style) outcome(o erase.Outcome) string {
	switch o {
	case erase.OutcomeHolds:
		return s.green(string(o))
	case erase.OutcomeBroken, erase.OutcomeHoldEnded:
		return s.red(string(o))
	}
	return string(o)
}

// printFindings lists the findings in the live database, once for all tables with the same finding.
func printFindings(w io.Writer, s style, l *live, indent string) {
	type group struct {
		outcome erase.Outcome
		reason  string
	}
	var order []group
	tables := map[group][]string{}
	for _, f := range l.Findings {
		g := group{f.Outcome, f.Reason}
		if tables[g] == nil {
			order = append(order, g)
		}
		tables[g] = append(tables[g], f.Table)
	}
	for _, g := range order {
		text := g.reason
		if names := strings.Join(tables[g], ", "); names != "" {
			text = names + ": " + text
		}
		space := strings.Repeat(" ", len(erase.OutcomeCannotTell)-len(g.outcome))
		lines := wrapText(printable(text), indent+strings.Repeat(" ", len(erase.OutcomeCannotTell)+2))
		fmt.Fprintf(w, "%s%s%s  %s\n", indent, s.outcome(g.outcome), space, strings.TrimLeft(lines, " "))
	}
}

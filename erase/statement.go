package erase

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/expungedb/expunge/erase/internal/closure"
	"github.com/expungedb/expunge/erase/internal/journal"
	"github.com/expungedb/expunge/erase/internal/tally"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/plan"
	"github.com/google/uuid"
)

// Version is this release, as receipts name it.
const Version = "0.1.0"

// buildStatement assembles the receipt's statement from the summary.
func (o *order) buildStatement(row *journal.Run, roots []*closure.Root, s *summary) receipt.Statement {
	p := o.plan
	pr := receipt.Predicate{
		ReceiptID: row.ReceiptID, RunID: row.ID,
		Tool:  receipt.Tool{Name: "expunge", Version: Version},
		Scope: string(p.Scope), AsOf: row.AsOf,
		PlanDigest: p.Digest(), PolicyDigest: p.Policy, SchemaFingerprint: p.Schema,
		Controller: p.Controller, Processor: p.Processor, Operator: row.Actor,
		System: receipt.System{
			Journal: s.database.ID, CopyOf: s.database.Origin(), OnlyOn: p.OnlyOn, Name: p.Database, Engine: s.identity.Engine, Version: s.identity.Version, Evidence: s.identity.Facts,
		},
		Commits: receipt.Commits{First: s.first, Last: s.last, Batches: s.batches, Retries: s.retries, Position: s.position},
	}
	if o.Request != nil {
		request := *o.Request
		if request.DueAt.IsZero() && !request.ReceivedAt.IsZero() {
			request.DueAt = Due(p, request.ReceivedAt)
		}
		if x := request.Extension; x != nil && x.Until.After(request.DueAt) {
			request.DueAt = x.Until
		}
		request.Late = !request.DueAt.IsZero() && s.last.After(request.DueAt)
		pr.Request = &request
	}
	if s.incomplete != "" {
		pr.Incomplete = &receipt.Incomplete{Reason: s.incomplete}
	}
	if p.Scope == plan.ScopeSubjects {
		pr.Subjects = &receipt.Subjects{Given: row.Subjects, Done: row.Subjects - s.notFound, Absent: s.absent, NotReached: s.notFound - s.absent}
	}
	for i := range p.Roots {
		for j := range p.Roots[i].Steps {
			pr.Actions = append(pr.Actions, stepAction(&p.Roots[i].Steps[j], s))
		}
	}
	pr.Retained = retainedRows(roots, s.Kept)
	pr.Ended, pr.Follows = retainedRows(roots, s.Ended), s.followed
	pr.Commitments = s.commitments
	pr.Checks = receiptChecks(s)
	if n := arrivedRows(s); n > 0 && p.Scope == plan.ScopeSubjects {
		pr.Checks = append(pr.Checks, receipt.Check{ID: receipt.RowsArrived, Method: receipt.Full, Result: receipt.Failed, Rows: n, At: s.scanned})
	}
	pr.Copies, pr.Final = copiesAndFinal(p, s.last)
	return receipt.NewStatement(pr)
}

// rehearseReceipt checks that the receipt of a run can be made and signed: its statement without a row
// is valid, and each signer signs.
func (s *session) rehearseReceipt(ctx context.Context, roots []*closure.Root) error {
	identity, err := s.serverIdentity(ctx)
	if err != nil {
		return err
	}
	now := s.Now().UTC()
	st := s.buildStatement(
		&journal.Run{ID: s.RunID, ReceiptID: uuid.NewString(), Actor: s.Actor, AsOf: now}, roots,
		&summary{scanned: now, database: &journal.Database{ID: uuid.NewString()}, identity: identity},
	)
	if err := st.Validate(); err != nil {
		return fmt.Errorf("not started: the run's receipt couldn't be signed: %w", err)
	}
	if err := receipt.CheckSigners(ctx, s.Signers...); err != nil {
		return fmt.Errorf("not started: the run's receipt couldn't be signed: %w", err)
	}
	return nil
}

func stepAction(st *plan.Step, s *summary) receipt.Action {
	c := s.Step(st.ID)
	a := receipt.Action{
		Step: st.ID, Schema: st.Table.Schema, Table: st.Table.Table, Operation: receipt.Operation(st.Op), Path: st.Path,
		Rows: receipt.Rows{
			Matched: c.Matched, Affected: c.Affected, AlreadyGone: c.AlreadyGone, Left: c.Left, Held: c.Held, Arrived: c.Arrived,
			Unchecked: min(c.Unchecked, c.Affected),
		},
	}
	switch st.Op {
	case plan.Delete:
		a.Technique = "record suppression" // ISO/IEC 20889, 8.4.3
	case plan.Detach:
		for _, col := range st.Detach.Columns {
			a.Columns = append(a.Columns, receipt.Column{Name: col, Strategy: "null", Technique: "local suppression"})
		}
	case plan.Overwrite:
		for _, as := range st.Set {
			a.Columns = append(a.Columns, receipt.Column{Name: as.Column, Strategy: as.Strategy.Name, Technique: as.Technique})
		}
		if a.Rows.Affected > 0 {
			a.Unchanged, a.Otherwise = c.Unchanged, c.Otherwise
		}
	}
	return a
}

// retainedRows lists rows kept on purpose, now or until their hold's end.
func retainedRows(roots []*closure.Root, kept []tally.Kept) []receipt.Retained {
	var out []receipt.Retained
	for _, k := range tally.Sorted(kept) {
		r := receipt.Retained{Schema: k.Table.Schema, Table: k.Table.Table, Rows: k.Rows}
		i := slices.IndexFunc(roots, func(p *closure.Root) bool { return p.Table(k.Table) != nil })
		if i < 0 { // the plan doesn't fit the schema any more
			r.Reason = "the policy kept it"
			out = append(out, r)
			continue
		}
		table := roots[i].Table(k.Table)
		switch k.Reason {
		case tally.ByHold:
			h := table.Hold
			r.Reason, r.Basis, r.Columns = h.Because, h.Basis, h.Keep
			if h.Until != nil {
				r.Until = h.Until.Date
				if r.Until == "" {
					r.Until = h.Until.Column + " + " + h.Until.Period.String()
				}
			}
		case tally.WithHeld:
			r.Reason = "it is part of something that is held"
		case tally.ByReference:
			r.Reason = "something that stays refers to it; its personal data was overwritten"
		case tally.ByOthers:
			r.Reason = "entries of others refer to it"
		case tally.ByPolicy:
			r.Reason = "the policy keeps it as it is"
		}
		out = append(out, r)
	}
	return out
}

// receiptChecks lists the verifications before signing.
func receiptChecks(s *summary) []receipt.Check {
	result := func(failed bool) receipt.Result {
		if failed {
			return receipt.Failed
		}
		return receipt.Passed
	}
	var looked, left int64
	for _, c := range s.Steps {
		looked += c.Affected + c.Left - c.Unchecked
		left += c.Left
	}
	scanned := receipt.Check{ID: "roots-scanned-again", Method: receipt.Full, Result: result(left > 0), At: s.scanned}
	if s.unscanned {
		scanned.Result = receipt.Unchecked
	}
	if s.batches == 0 {
		return []receipt.Check{scanned} // there was nothing to verify
	}
	out := []receipt.Check{{
		ID: "rows-after-commit", Method: receipt.Full, Result: result(left > 0), Rows: max(looked, 0), At: s.last,
	}}
	if s.unknown > 0 {
		// The process died between a commit and the verification of its rows, and only the process knew
		// their keys.
		out[0].Method = receipt.Sample
		out[0].Rows = 0
		if s.verified == 0 && left == 0 {
			out[0].Result = receipt.Unchecked
		}
	}
	return append(out, scanned)
}

// arrivedRows is the number of the given subjects' rows inserted since the batches read: the subjects
// are in the database again.
func arrivedRows(s *summary) (rows int64) {
	for _, c := range s.Steps {
		rows += c.Arrived
	}
	return rows
}

// copiesAndFinal lists the declared copies, and the day on which the last backup with the data expires.
func copiesAndFinal(p *plan.Plan, last time.Time) (*receipt.Copies, string) {
	var c receipt.Copies
	for _, r := range p.Replicas {
		c.Replicas = append(c.Replicas, receipt.Replica{Name: r.Name})
	}
	final := ""
	for _, b := range p.Backups {
		// A backup that began on the day of the last commit may hold the data.
		until := ""
		if !last.IsZero() {
			until = b.Kept.After(last).UTC().Format(time.DateOnly)
		}
		final = max(final, until)
		c.Backups = append(c.Backups, receipt.Backup{Name: b.Name, Kept: b.Kept.String(), Until: until})
	}
	for _, r := range p.Recipients {
		c.Recipients = append(c.Recipients, receipt.Recipient{Name: r.Name, Category: r.Category})
	}
	for _, h := range p.Hazards {
		if h.Name == plan.CopiesElsewhere {
			c.Publications = append(c.Publications, h.Table.String()+": "+h.Reason)
		}
	}
	if c.Replicas == nil && c.Backups == nil && c.Recipients == nil && c.Publications == nil {
		return nil, final
	}
	return &c, final
}

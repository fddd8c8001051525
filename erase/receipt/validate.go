package receipt

import (
	"encoding/hex"
	"errors"
	"fmt"
	"time"
)

// maxCount is the largest integer that every JSON reader keeps exact (2^53−1).
const maxCount = 1<<53 - 1

// Validate reports all errors in the statement: missing fields, counts that don't add up, a subject
// other than the predicate's. The errors name fields, never their values. Sign and Open call it.
func (s *Statement) Validate() error {
	var p problems
	p.check(s.Type == StatementType, "_type is not %s", StatementType)
	p.check(s.PredicateType == PredicateType, "predicateType is not %s", PredicateType)
	p.check(len(s.Subject) == 1 && s.Subject[0].Name == SubjectName && len(s.Subject[0].Digest) == 1,
		"subject must be one %q with a sha256 digest", SubjectName)
	p.check(s.Digest() == s.Predicate.setDigest(),
		"subject's digest is neither the commitments' root nor the digest of the totals: use NewStatement")
	s.Predicate.validate(&p)
	return errors.Join(p...)
}

// problems collects errors; a method a field kind.
type problems []error

func (p *problems) check(ok bool, format string, args ...any) {
	if !ok {
		*p = append(*p, fmt.Errorf(format, args...))
	}
}

func (p *problems) required(field, value string) {
	p.check(value != "", "%s is missing", field)
}

func (p *problems) digest(field, value string) {
	b, err := hex.DecodeString(value)
	p.check(err == nil && len(b) == 32 && hex.EncodeToString(b) == value, "%s is not a SHA-256 in lower-case hex", field)
}

func (p *problems) count(field string, values ...int64) {
	for _, v := range values {
		p.check(v >= 0 && v <= maxCount, "%s has a count below zero or above 2^53-1", field)
	}
}

// day checks an optional day.
func (p *problems) day(field, value string) {
	if value != "" {
		_, err := time.Parse(time.DateOnly, value)
		p.check(err == nil, "%s is not a day such as 2006-01-02", field)
	}
}

func (d *Predicate) validate(p *problems) {
	p.required("receiptId", d.ReceiptID)
	p.required("tool.name", d.Tool.Name)
	p.check(d.Scope == "subjects" || d.Scope == "everything" || d.Scope == "expired",
		"scope is not subjects, everything or expired")
	p.digest("planDigest", d.PlanDigest)
	p.digest("policyDigest", d.PolicyDigest)
	p.digest("schemaFingerprint", d.SchemaFingerprint)
	p.required("system.journal", d.System.Journal)
	p.required("system.engine", d.System.Engine)
	d.Residue.validate(p)
	p.check(d.DoesNotProve == DoesNotProve, "doesNotProve is not the fixed text")
	p.day("final", d.Final)
	if d.Incomplete != nil {
		p.required("incomplete.reason", d.Incomplete.Reason)
	}
	if e := d.extension(); e != nil {
		p.check(!e.Until.IsZero(), "request.extension.until is missing")
		p.required("request.extension.reason", e.Reason)
	}
	if n := d.Subjects; n != nil {
		p.count("subjects", n.Given, n.Done, n.Absent, n.NotReached)
		p.check(n.Given == n.Done+n.Absent+n.NotReached, "subjects: given is not done + absent + notReached")
		p.check(n.NotReached == 0 || d.Incomplete != nil, "subjects: some were not reached, and the receipt isn't incomplete")
	}
	d.validateActions(p)
	d.validateEvidence(p)
}

func (d *Predicate) extension() *Extension {
	if d.Request == nil {
		return nil
	}
	return d.Request.Extension
}

func (d *Predicate) validateActions(p *problems) {
	p.check(d.Actions != nil, "actions is missing")
	steps := make(map[string]bool, len(d.Actions))
	for i, a := range d.Actions {
		at := fmt.Sprintf("actions[%d]", i)
		p.required(at+".step", a.Step)
		p.check(!steps[a.Step], "%s.step is there twice", at)
		steps[a.Step] = true
		p.required(at+".table", a.Table)
		switch a.Operation {
		case Delete, Overwrite, Detach, Keep:
		default:
			p.check(false, "%s.operation is not delete, overwrite, detach or keep", at)
		}
		for j, c := range a.Columns {
			p.required(fmt.Sprintf("%s.columns[%d].name", at, j), c.Name)
		}
		r := a.Rows
		p.count(at+".rows", r.Matched, r.Affected, r.AlreadyGone, r.Left, r.Held, r.Arrived, r.Unchecked)
		p.count(at+".unchanged", a.Unchanged)
		p.count(at+".otherwise", a.Otherwise)
		p.check(a.Otherwise == 0 || a.Operation == Overwrite && r.Affected > 0, "%s.otherwise: nothing was overwritten", at)
		p.check(a.Unchanged == 0 || a.Operation == Overwrite && r.Affected > 0, "%s.unchanged: nothing was overwritten", at)
		p.check(r.Matched == r.Affected+r.AlreadyGone+r.Left+r.Held,
			"%s.rows: matched is not affected + alreadyGone + left + held", at)
	}
	p.retained("retained", d.Retained)
	p.retained("ended", d.Ended)
	for i, f := range d.Follows {
		p.required(fmt.Sprintf("follows[%d].receiptId", i), f.ReceiptID)
	}
}

func (p *problems) retained(what string, list []Retained) {
	for i, r := range list {
		at := fmt.Sprintf("%s[%d]", what, i)
		p.required(at+".table", r.Table)
		p.required(at+".reason", r.Reason)
		p.count(at+".rows", r.Rows)
		p.day(at+".last", r.Last)
	}
}

func (d *Predicate) validateEvidence(p *problems) {
	c := d.Commits
	p.count("commits", c.Batches, c.Retries)
	p.check(c.First.IsZero() == c.Last.IsZero(), "commits has only one of first and last")
	p.check(!c.Last.Before(c.First), "commits.last is before commits.first")
	if m := d.Commitments; m != nil {
		p.check(m.Algorithm == CommitmentAlgorithm, "commitments.algorithm is not %s", CommitmentAlgorithm)
		p.count("commitments", m.Leaves, m.Batches)
		p.digest("commitments.root", m.Root)
	}
	if c := d.Copies; c != nil {
		for i, r := range c.Replicas {
			p.required(fmt.Sprintf("copies.replicas[%d].name", i), r.Name)
		}
		for i, b := range c.Backups {
			p.required(fmt.Sprintf("copies.backups[%d].name", i), b.Name)
			p.day(fmt.Sprintf("copies.backups[%d].until", i), b.Until)
		}
		for i, r := range c.Recipients {
			p.required(fmt.Sprintf("copies.recipients[%d].name", i), r.Name)
		}
	}
	for i, k := range d.Checks {
		at := fmt.Sprintf("checks[%d]", i)
		p.required(at+".id", k.ID)
		p.check(k.Method == Full || k.Method == Sample, "%s.method is not full or sample", at)
		p.check(k.Result == Passed || k.Result == Failed || k.Result == Unchecked,
			"%s.result is not passed, failed or unchecked", at)
		p.count(at+".rows", k.Rows)
		p.check(!k.At.IsZero(), "%s.at is missing", at)
	}
}

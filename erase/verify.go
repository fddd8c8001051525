package erase

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/closure"
	"github.com/expungedb/expunge/erase/internal/journal"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/plan"
	"github.com/expungedb/expunge/plan/policy"
)

// Outcome is the outcome of a verification against the live database.
type Outcome string

// The outcomes.
const (
	OutcomeHolds      Outcome = "holds"       // no erased data is reachable now
	OutcomeBroken     Outcome = "broken"      // erased data exists
	OutcomeHoldEnded  Outcome = "hold ended"  // a hold has ended, and the data kept by it exists: scope expired erases it
	OutcomeCannotTell Outcome = "cannot tell" // the current database can't answer
)

// Verification is the result of Verify.
type Verification struct {
	// Outcome is the worst of the findings': OutcomeBroken, then OutcomeHoldEnded, then
	// OutcomeCannotTell, else OutcomeHolds.
	Outcome  Outcome
	Findings []Finding // one or more a table, in the plan's order
	usual    string    // the default schema
}

// TableName is a table's name as in the plan's text.
func (v *Verification) TableName(n dialect.Name) string { return shortName(n, v.usual) }

// Finding is a finding about one table.
type Finding struct {
	Table   dialect.Name // zero for the whole database
	Outcome Outcome
	Reason  string
	Rows    int64 // counted in Reason; 0: none
}

// OldValue is a column's value from before an overwrite, for Verify to search. It leaves the process
// only as a bound parameter.
type OldValue struct {
	Table  dialect.Name
	Column string
	Value  dialect.Value // or a value of another type accepted by Typed
}

// VerifyOptions are what a caller of Verify knows beside the receipt.
type VerifyOptions struct {
	// Subjects are the receipt's subjects: neither plan nor receipt contains them. Defaults to none, as
	// for the scopes without any.
	Subjects Source
	// OldValues are searched among overwritten values. Defaults to none: no overwritten value is searched.
	OldValues []OldValue
}

// Verify searches the live database for data erased according to a receipt. It rebuilds the plan from
// the policy and the current schema. Of several kinds of subject it takes the receipt's, unless one is
// chosen. It writes nothing.
//
// It knows its limits. For a deleted row, an enforced foreign key implies that nothing refers to it,
// and links are searched. An overwritten value is searched for only if the caller gives the old one. A
// table changed since, another policy than the receipt's and another database are OutcomeCannotTell.
//
// Data kept by a hold is OutcomeHoldEnded once the hold has ended: the receipt remains true, and
// something is left to erase.
func Verify(ctx context.Context, db dialect.DB, rules *policy.Policy, st *receipt.Statement, o VerifyOptions) (*Verification, error) {
	v := &receiptVerifier{db: db, now: time.Now(), rules: ofKind(rules, st), statement: st, old: newOldValues(o.OldValues), findings: newFindings("")}
	return v.verify(ctx, o.Subjects)
}

func (v *receiptVerifier) verify(ctx context.Context, subjects Source) (*Verification, error) {
	planned, err := v.verifyScope(ctx, subjects)
	if err != nil {
		if planned == nil { // the verification stopped early: the plan still tells which tables it reads
			planned, _ = plan.Build(ctx, v.db, v.rules, plan.Scope(v.statement.Predicate.Scope))
		}
		denial{db: v.db, plan: planned, reading: true}.explain(ctx, &err)
		return nil, err
	}
	return v.verification(), nil
}

// findings collects the findings of a verification.
type findings struct{ result Verification }

func newFindings(usual string) *findings { return &findings{Verification{usual: usual}} }

func (f *findings) addFinding(t dialect.Name, o Outcome, rows int64, format string, args ...any) {
	f.result.Findings = append(f.result.Findings, Finding{Table: t, Outcome: o, Rows: rows, Reason: fmt.Sprintf(format, args...)})
}

// hasOutcome reports whether the table has a finding with that outcome.
func (f *findings) hasOutcome(t dialect.Name, o Outcome) bool {
	return slices.ContainsFunc(f.result.Findings, func(f Finding) bool { return f.Table == t && f.Outcome == o })
}

// isReported reports whether the table has a finding.
func (f *findings) isReported(t dialect.Name) bool {
	return slices.ContainsFunc(f.result.Findings, func(f Finding) bool { return f.Table == t })
}

// tableName is a table's name as in a policy: without the default schema.
func (f *findings) tableName(n dialect.Name) string { return f.result.TableName(n) }

// verification is the result, with the worst of the findings as its outcome.
func (f *findings) verification() *Verification {
	f.result.Outcome = OutcomeHolds
	for _, o := range []Outcome{OutcomeCannotTell, OutcomeHoldEnded, OutcomeBroken} {
		if slices.ContainsFunc(f.result.Findings, func(f Finding) bool { return f.Outcome == o }) {
			f.result.Outcome = o
		}
	}
	return &f.result
}

// receiptVerifier compares a receipt with the live database. It finds the plan to verify by.
type receiptVerifier struct {
	*findings
	db        dialect.DB
	now       time.Time
	rules     *policy.Policy
	statement *receipt.Statement
	old       *oldValues
}

// verifier searches the live database for data that a plan deletes and overwrites.
type verifier struct {
	*reader
	*findings
	old      *oldValues
	rowsOnly bool // overwritten values are not verified
	noted    bool // the journal has notes of the erasure's held rows
}

// verifyScope verifies the receipt. It returns the plan used, nil without one.
func (v *receiptVerifier) verifyScope(ctx context.Context, subjects Source) (*plan.Plan, error) {
	if goesOn, err := v.checkReceipt(ctx); err != nil || !goesOn {
		return nil, err
	}
	schema, err := v.db.Inspect(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the catalogue: %w", err)
	}
	v.result.usual = schema.Default
	if schema.Partial {
		return nil, &AccessError{Problems: []dialect.Problem{{Reason: "the user may not see every table of the database", Denied: true}}}
	}
	if err := v.old.setTypes(schema); err != nil {
		return nil, err
	}
	known := v.pruneSchema(schema)
	noted, err := v.findOverdue(ctx, known, schema)
	if err != nil {
		return nil, err
	}
	p := v.buildPlan(known)
	if p == nil {
		return nil, nil
	}
	if noted {
		p = unconditional(p)
	}
	search := &verifier{reader: newReader(newOrder(v.db, p, Options{Subjects: subjects}), schema), findings: v.findings, old: v.old, noted: noted}
	if err := search.refuseHiddenRows(ctx); err != nil {
		return p, err
	}
	search.checkVersions()
	return p, search.verifyPlan(ctx, v.statement.Predicate.AsOf)
}

// checkReceipt reports whether the receipt is of this database and policy.
func (v *receiptVerifier) checkReceipt(ctx context.Context) (bool, error) {
	same, err := v.sameDatabase(ctx)
	if err != nil {
		return false, err
	}
	if !same {
		v.addFinding(dialect.Name{}, OutcomeCannotTell, 0, "this is not the database of the receipt: its journal has another identity, or none")
		return false, nil
	}
	if v.rules.Digest() != v.statement.Predicate.PolicyDigest {
		v.addFinding(dialect.Name{}, OutcomeCannotTell, 0, "the policy is not the one that the receipt names")
		return false, nil
	}
	return true, nil
}

// buildPlan builds the plan again, nil if impossible.
func (v *receiptVerifier) buildPlan(known *dialect.Schema) *plan.Plan {
	pr := &v.statement.Predicate
	p, err := plan.FromSchema(known, v.db, v.rules, plan.Scope(pr.Scope))
	if err != nil {
		v.addFinding(dialect.Name{}, OutcomeCannotTell, 0, "the plan can't be built again on the schema as it is: %s", err)
		return nil
	}
	p.OnlyOn = pr.System.OnlyOn
	if p.Digest() != pr.PlanDigest {
		v.findDrift(p)
	}
	return p
}

// verifyPlan verifies each root of the plan as of a moment.
func (v *verifier) verifyPlan(ctx context.Context, asOf time.Time) error {
	for i := range v.plan.Roots {
		if err := v.verifyRoot(ctx, i, asOf); err != nil {
			return err
		}
	}
	return v.lookForOtherValues(ctx)
}

func (v *verifier) verifyRoot(ctx context.Context, index int, asOf time.Time) error {
	root, err := closure.Compile(v.plan, index, v.schema, asOf, closure.Untracked)
	if err != nil {
		return err
	}
	if err := v.loadRetentionPeriods(ctx, []*closure.Root{root}); errors.Is(err, ErrBadPeriod) {
		v.addFinding(root.RootTable().Name, OutcomeCannotTell, 0, "%s", err)
		return nil
	} else if err != nil {
		return err
	}
	switch {
	case root.Plan.Ended:
		return v.verifyEnded(ctx, root)
	case v.plan.Scope == plan.ScopeSubjects:
		return v.verifySubjects(ctx, root)
	case v.plan.Scope == plan.ScopeExpired:
		return v.verifyExpired(ctx, root)
	}
	return v.verifyEverything(ctx, root)
}

// checkVersions reports tables for which the engine keeps old versions of rows: Verify doesn't search
// these.
func (v *verifier) checkVersions() {
	seen := map[dialect.Name]bool{}
	for _, r := range v.plan.Roots {
		for _, st := range r.Steps {
			t := v.schema.Table(st.Table)
			if st.Op == plan.Keep || t == nil || t.History == nil || seen[t.Name] {
				continue
			}
			seen[t.Name] = true
			v.addFinding(t.Name, OutcomeCannotTell, 0, "the engine keeps old versions of its rows in %s, with the values that they had: verification doesn't look there", v.tableName(*t.History))
		}
	}
}

// sameDatabase compares the journal's identity with the receipt's. It also accepts a copy: rows found
// there exist. A copy proves nothing about the original.
func (v *receiptVerifier) sameDatabase(ctx context.Context) (bool, error) {
	row, err := journal.Read(v.db).FindDatabase(ctx)
	if err != nil || row == nil {
		return false, err
	}
	id, err := v.db.Identity(ctx)
	if err != nil {
		return false, err
	}
	of := v.statement.Predicate.System.Journal
	copied := row.ID != of && slices.Contains(row.Origins, of) || row.ID == of && row.IsCopy(id.Marks)
	if copied {
		v.addFinding(dialect.Name{}, OutcomeCannotTell, 0, "this is a copy of the receipt's database, or that one was moved or restored: `expunge adopt` states that it is the same")
	}
	return copied || row.ID == of, nil
}

// pruneSchema removes tables and columns unknown to the policy, so that only these are OutcomeCannotTell.
func (v *receiptVerifier) pruneSchema(s *dialect.Schema) *dialect.Schema {
	known := func(n dialect.Name) *policy.Table {
		for i := range v.rules.Tables {
			t := &v.rules.Tables[i]
			if t.Name == n.String() || t.Name == n.Table && (n.Schema == s.Default || n.Schema == "") {
				return t
			}
		}
		return nil
	}
	out := *s
	out.Tables = nil
	for _, t := range s.Tables {
		rule := known(t.Name)
		if rule == nil {
			v.addFinding(t.Name, OutcomeCannotTell, 0, "the table is not in the policy: it was not there, or not visible, when the plan was made")
			continue
		}
		slim := *t
		if rule.PII != "none" {
			slim.Columns = slices.DeleteFunc(slices.Clone(t.Columns), func(c *dialect.Column) bool {
				fresh := rule.Column(c.Name) == nil
				if fresh {
					v.addFinding(t.Name, OutcomeCannotTell, 0, "column %s is not in the policy: it was not there when the plan was made", c.Name)
				}
				return fresh
			})
			slim.ForeignKeys = slices.DeleteFunc(slices.Clone(t.ForeignKeys), func(fk *dialect.ForeignKey) bool {
				return slices.ContainsFunc(fk.Columns, func(c string) bool { return slim.Column(c) == nil })
			})
		}
		out.Tables = append(out.Tables, &slim)
	}
	return &out
}

// findDrift reports the tables in the receipt and not in today's plan, and the reverse. If the same
// tables have the same steps, only details of their columns changed, and the search uses the current
// ones.
func (v *receiptVerifier) findDrift(p *plan.Plan) {
	type step struct{ table, op, path string }
	then, now := map[step]bool{}, map[step]bool{}
	for _, a := range v.statement.Predicate.Actions {
		then[step{dialect.Name{Schema: a.Schema, Table: a.Table}.String(), string(a.Operation), a.Path}] = true
	}
	for _, r := range p.Roots {
		for _, s := range r.Steps {
			now[step{s.Table.String(), string(s.Op), s.Path}] = true
			if !then[step{s.Table.String(), string(s.Op), s.Path}] {
				v.addFinding(s.Table, OutcomeCannotTell, 0, "the receipt has no such step (%s, %s): the schema, or this program, has changed", s.Op, s.Path)
			}
		}
	}
	for _, a := range v.statement.Predicate.Actions {
		n := dialect.Name{Schema: a.Schema, Table: a.Table}
		if !now[step{n.String(), string(a.Operation), a.Path}] {
			v.addFinding(n, OutcomeCannotTell, 0, "the plan of today has no such step (%s, %s): the schema, or this program, has changed", a.Operation, a.Path)
		}
	}
}

// verifyExpired searches for rows expired at the receipt's moment.
func (v *verifier) verifyExpired(ctx context.Context, p *closure.Root) error {
	t := p.RootTable()
	if err := v.inReadTx(ctx, func(tx dialect.Reader) error {
		n, err := tx.Count(ctx, t.Name, p.Where())
		switch {
		case err != nil:
			return err
		case n == 0:
			v.addFinding(t.Name, OutcomeHolds, 0, "no row is there that had expired at the receipt's moment")
		case p.Plan.Older.Lookup != nil:
			v.addFinding(t.Name, OutcomeCannotTell, n, "%s that had expired by the periods of today: whether those were the same then can't be told", rowsOf(n))
		case p.KeepsBounds() || t.Hold != nil || t.Writes != "":
			v.addFinding(t.Name, OutcomeCannotTell, n, "%s that had expired: what was held or overwritten can't be told from the rest", rowsOf(n))
		default:
			v.addFinding(t.Name, OutcomeBroken, n, "%s that had expired", rowsOf(n))
		}
		return nil
	}); err != nil {
		return err
	}
	return (&subjectSearch{verifier: v, Root: p, nameless: true}).findOrphans(ctx)
}

// verifyEverything can verify emptied tables and references set NULL. It doesn't know old values,
// unless the caller gives them.
func (v *verifier) verifyEverything(ctx context.Context, p *closure.Root) error {
	return v.inReadTx(ctx, func(tx dialect.Reader) error {
		for i := range p.Plan.Steps {
			st := &p.Plan.Steps[i]
			n, err := tx.Count(ctx, st.Table, st.Conditions())
			if err != nil {
				return err
			}
			switch {
			case st.Op == plan.Detach && n == 0:
				v.addFinding(st.Table, OutcomeHolds, 0, "no row refers to %s by (%s)%s", v.tableName(st.Detach.RefTable), strings.Join(st.Detach.Columns, ", "), conditionOf(st.Detach))
			case st.Op == plan.Detach:
				v.addFinding(st.Table, OutcomeCannotTell, n, "%s with a reference to %s by (%s)%s: whether they are new can't be told", rowsOf(n), v.tableName(st.Detach.RefTable), strings.Join(st.Detach.Columns, ", "), conditionOf(st.Detach))
			case n == 0 && st.Rows == plan.Following:
				v.addFinding(st.Table, OutcomeHolds, 0, "no row refers to %s by (%s)", v.tableName(st.Follow.RefTable), strings.Join(st.Follow.Columns, ", "))
			case n == 0:
				v.addFinding(st.Table, OutcomeHolds, 0, "the table is empty")
			case st.Op == plan.Delete:
				v.addFinding(st.Table, OutcomeCannotTell, n, "%s in the table: whether they are new can't be told", rowsOf(n))
			default:
				columns := map[string]bool{}
				for _, a := range st.Set {
					columns[a.Column] = true
				}
				if err := v.compareValues(ctx, tx, st.Table, columns, n); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// conditionOf is a link's condition as the end of a sentence.
func conditionOf(ref *plan.Reference) string {
	if ref.Where == "" {
		return ""
	}
	return " where " + ref.Where
}

// rowsOf is a number of rows in words.
func rowsOf(n int64) string { return countOf(n, "row") }

// countOf is a number of things in words.
func countOf(n int64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

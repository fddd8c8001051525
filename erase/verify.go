package erase

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/plan"
)

// Outcome is what a verification against the live database came to.
type Outcome string

// The outcomes.
const (
	Holds      Outcome = "holds"       // nothing of it is reachable now
	Broken     Outcome = "broken"      // something that was erased is there
	CannotTell Outcome = "cannot tell" // the database as it is can't answer
)

// Verification is the answer of Verify.
type Verification struct {
	// Outcome is Broken when a finding is, else CannotTell when one is, else Holds.
	Outcome  Outcome
	Findings []Finding // one or more a table, in the plan's order
}

// Finding is what was found about one table.
type Finding struct {
	Table   dialect.Name // zero where it is about the whole database
	Outcome Outcome
	Reason  string
	Rows    int64 // that break it
}

// OldValue is a value that a column held before it was overwritten, for Verify
// to look for. It leaves the process only as a bound parameter.
type OldValue struct {
	Table  dialect.Name
	Column string
	Value  dialect.Value
}

// Verify looks in the live database for what a receipt says is erased. It
// rebuilds the plan from the policy and the schema as it is now, and takes the subjects again from
// the caller, since neither plan nor receipt holds them. It writes nothing.
//
// It knows its limits: where a row was deleted, an enforced foreign key implies
// that nothing refers to it, and a link is searched; a value that was overwritten is looked for
// only where the caller gives the old one. A table that has changed since, a policy that isn't
// the receipt's and another database can't tell. Subjects may be nil for the scopes that take none.
func Verify(ctx context.Context, db dialect.DB, policy *plan.Policy, st *receipt.Statement, subjects Source, old ...OldValue) (*Verification, error) {
	v := &verifier{db: db, statement: st, old: old, result: &Verification{}}
	if err := v.verify(ctx, policy, subjects); err != nil {
		return nil, err
	}
	return v.conclude(), nil
}

// conclude is the worst of the findings.
func (v *verifier) conclude() *Verification {
	v.result.Outcome = Holds
	for _, f := range v.result.Findings {
		if f.Outcome == Broken || f.Outcome == CannotTell && v.result.Outcome == Holds {
			v.result.Outcome = f.Outcome
		}
	}
	return v.result
}

type verifier struct {
	db        dialect.DB
	statement *receipt.Statement
	old       []OldValue
	rowsOnly  bool // values that were overwritten are not asked about
	result    *Verification
	executor  *executor
}

func (v *verifier) find(t dialect.Name, o Outcome, rows int64, format string, args ...any) {
	v.result.Findings = append(v.result.Findings, Finding{Table: t, Outcome: o, Rows: rows, Reason: fmt.Sprintf(format, args...)})
}

func (v *verifier) verify(ctx context.Context, policy *plan.Policy, subjects Source) error {
	pr := &v.statement.Predicate
	same, err := v.sameDatabase(ctx)
	if err != nil {
		return err
	}
	if !same {
		v.find(dialect.Name{}, CannotTell, 0, "this is not the database of the receipt: its journal has another identity, or none")
		return nil
	}
	if policy.Digest() != pr.PolicyDigest {
		v.find(dialect.Name{}, CannotTell, 0, "the policy is not the one that the receipt names")
		return nil
	}
	schema, err := v.db.Inspect(ctx)
	if err != nil {
		return fmt.Errorf("reading the catalogue: %w", err)
	}
	p, err := plan.FromSchema(v.prune(schema, policy), v.db, policy, plan.Scope(pr.Scope))
	if err != nil {
		v.find(dialect.Name{}, CannotTell, 0, "the plan can't be built again on the schema as it is: %s", err)
		return nil
	}
	if p.Digest() != pr.PlanDigest {
		v.drift(p)
	}
	o := Options{Subjects: subjects}.withDefaults(v.db.Engine())
	v.executor = &executor{Options: o, db: v.db, plan: p, schema: schema}
	for i := range p.Roots {
		prog, err := compile(p, i, schema, pr.AsOf, false)
		if err != nil {
			return err
		}
		switch p.Scope {
		case plan.ScopeSubjects:
			err = v.subjects(ctx, prog)
		case plan.ScopeExpired:
			err = v.expired(ctx, prog)
		default:
			err = v.everything(ctx, prog)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// sameDatabase compares the journal's identity with the receipt's.
func (v *verifier) sameDatabase(ctx context.Context) (bool, error) {
	id := ""
	err := within(ctx, v.db, dialect.TxOptions{ReadOnly: true}, func(tx dialect.Tx) error {
		for r, err := range tx.Query(ctx, dialect.Select{Table: v.db.JournalTable(databaseTable), Columns: []string{"id"}}) {
			if err != nil {
				return err
			}
			id = text(r[0])
		}
		return nil
	})
	if err != nil && (ctx.Err() != nil || dialect.ClassOf(err) == dialect.LostConnection) {
		return false, err
	}
	return id != "" && id == v.statement.Predicate.System.Journal, nil
}

// prune leaves out what the policy doesn't know, so that a new table or column
// is the only thing that can't tell.
func (v *verifier) prune(s *dialect.Schema, p *plan.Policy) *dialect.Schema {
	known := func(n dialect.Name) *plan.PolicyTable {
		for i := range p.Tables {
			t := &p.Tables[i]
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
			v.find(t.Name, CannotTell, 0, "the table is not in the policy: it is newer than the receipt")
			continue
		}
		slim := *t
		if rule.PII != "none" {
			slim.Columns = slices.DeleteFunc(slices.Clone(t.Columns), func(c *dialect.Column) bool {
				fresh := rule.Column(c.Name) == nil
				if fresh {
					v.find(t.Name, CannotTell, 0, "column %s is not in the policy: it is newer than the receipt", c.Name)
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

// drift reports the tables that the receipt has and the plan of today hasn't,
// and the other way round. Where the same tables have the same steps only details of
// their columns changed, which the search below takes as they are now.
func (v *verifier) drift(p *plan.Plan) {
	type step struct{ table, op, path string }
	then, now := map[step]bool{}, map[step]bool{}
	for _, a := range v.statement.Predicate.Actions {
		then[step{dialect.Name{Schema: a.Schema, Table: a.Table}.String(), string(a.Operation), a.Path}] = true
	}
	for _, r := range p.Roots {
		for _, s := range r.Steps {
			now[step{s.Table.String(), string(s.Op), s.Path}] = true
			if !then[step{s.Table.String(), string(s.Op), s.Path}] {
				v.find(s.Table, CannotTell, 0, "the receipt has no such step (%s, %s): the schema has changed", s.Op, s.Path)
			}
		}
	}
	for _, a := range v.statement.Predicate.Actions {
		n := dialect.Name{Schema: a.Schema, Table: a.Table}
		if !now[step{n.String(), string(a.Operation), a.Path}] {
			v.find(n, CannotTell, 0, "the plan of today has no such step (%s, %s): the schema has changed", a.Operation, a.Path)
		}
	}
}

// subjects looks for the given subjects and for what refers to them.
func (v *verifier) subjects(ctx context.Context, p *program) error {
	if v.executor.Subjects == nil {
		v.find(p.first().Name, CannotTell, 0, "no subject was given to look for")
		return nil
	}
	var unnamed int64
	for keys, err := range v.executor.chunks(ctx, true, &unnamed) {
		if err != nil {
			return err
		}
		if err := v.present(ctx, p, keys); err != nil {
			return err
		}
		if err := v.links(ctx, p, keys); err != nil {
			return err
		}
	}
	if unnamed > 0 {
		v.find(p.first().Name, CannotTell, 0, "%d subjects were named by an identifier that no row has: name them by their keys to search what is linked to them", unnamed)
	}
	if err := v.orphans(ctx, p); err != nil {
		return err
	}
	for _, t := range p.tables {
		if !slices.ContainsFunc(v.result.Findings, func(f Finding) bool { return f.Table == t.Name }) {
			v.find(t.Name, Holds, 0, "%s", v.why(t))
		}
	}
	return nil
}

// why says in words why nothing was found.
func (v *verifier) why(t *table) string {
	switch {
	case len(t.Reach) == 0:
		return "no row of a given subject is there"
	case slices.ContainsFunc(t.Reach, func(w plan.Reach) bool { return w.Link }):
		return "no row is linked to a given subject, and none is linked to nothing"
	}
	return "no row that is there refers to a given subject, and the foreign key is enforced"
}

// present looks at what is reached from subjects that are there: nothing of it
// may be a row that was to be deleted.
func (v *verifier) present(ctx context.Context, p *program, keys []dialect.Key) error {
	return v.executor.read(ctx, func(tx dialect.Tx) error {
		g := newGathering(p, tx, dialect.NoLock)
		if err := g.collect(ctx, []dialect.Cond{dialect.In{Columns: p.first().Key, Keys: keys}}); err != nil {
			return err
		}
		for _, s := range g.sets {
			if n := len(s.going()); n > 0 {
				v.find(s.Name, Broken, int64(n), "%d rows that were to be deleted are there", n)
			}
			if n := len(s.with(written)) + len(s.with(partly)); n > 0 && !v.rowsOnly {
				if err := v.compare(ctx, tx, s, n); err != nil {
					return err
				}
			}
		}
		return v.unseen(ctx, tx, g)
	})
}

// unseen looks for leaves that are deleted without their keys being known.
func (v *verifier) unseen(ctx context.Context, tx dialect.Tx, g *gathering) error {
	for _, s := range g.sets {
		for i := range s.Reach {
			w := &s.Reach[i]
			from := g.set(w.From())
			if !s.Unseen {
				continue
			}
			where := g.through(w, from, from.filter(func(r *row) bool { return !g.passes(from, r, w) }))
			if where == nil {
				continue
			}
			n, err := tx.Count(ctx, s.Name, where)
			if err != nil {
				return err
			}
			if n > 0 {
				v.find(s.Name, Broken, n, "%d rows that were to be deleted are there", n)
			}
		}
	}
	return nil
}

// compare looks for the old values of rows that were overwritten and are
// there, as far as the caller gave them.
func (v *verifier) compare(ctx context.Context, tx dialect.Tx, s *set, rows int) error {
	open := map[string]bool{}
	for _, w := range s.writers {
		for _, a := range w.step.Set {
			open[a.Column] = true
		}
	}
	for _, o := range v.old {
		if o.Table != s.Name || !open[o.Column] {
			continue
		}
		n, err := tx.Count(ctx, s.Name, []dialect.Cond{dialect.In{Columns: []string{o.Column}, Keys: []dialect.Key{{o.Value}}}})
		if err != nil {
			return err
		}
		delete(open, o.Column)
		if n > 0 {
			v.find(s.Name, Broken, n, "%d rows hold the old value of %s", n, o.Column)
		}
	}
	if len(open) > 0 {
		v.find(s.Name, CannotTell, 0, "%d rows were overwritten and stay; give the old values of %s to look for them", rows, sortedNames(open))
	}
	return nil
}

func sortedNames(m map[string]bool) string {
	var out []string
	for n := range m {
		out = append(out, n)
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// links searches what names a subject by a link, whether the subject is there
// or not.
func (v *verifier) links(ctx context.Context, p *program, keys []dialect.Key) error {
	return v.executor.read(ctx, func(tx dialect.Tx) error {
		for _, t := range p.tables[1:] {
			for i := range t.Reach {
				w := &t.Reach[i]
				if !w.Link || w.Forwards || w.Erase != plan.EraseDelete || w.RefTable != p.first().Name || !slices.Equal(w.RefColumns, p.first().Key) {
					continue
				}
				n, err := tx.Count(ctx, t.Name, linked(&w.Reference, keys, t.schema))
				if err != nil {
					return err
				}
				if n > 0 && !slices.ContainsFunc(v.result.Findings, func(f Finding) bool { return f.Table == t.Name && f.Outcome == Broken }) {
					v.find(t.Name, Broken, n, "%d rows are linked to a given subject", n)
				}
			}
		}
		return nil
	})
}

// orphans searches the links whose subject's values can't be known any more:
// rows that are linked to nothing may be somebody's whom the receipt is about.
func (v *verifier) orphans(ctx context.Context, p *program) error {
	return v.executor.read(ctx, func(tx dialect.Tx) error {
		for _, t := range p.tables[1:] {
			for i := range t.Reach {
				w := &t.Reach[i]
				if !w.Link || w.Forwards || w.Erase != plan.EraseDelete {
					continue
				}
				where := []dialect.Cond{dialect.Orphan{Columns: w.Columns, RefTable: w.RefTable, RefColumns: w.RefColumns}}
				if w.Where != "" {
					where = append(where, dialect.Match{SQL: w.Where})
				}
				n, err := tx.Count(ctx, t.Name, where)
				if err != nil {
					return err
				}
				if n > 0 && !slices.ContainsFunc(v.result.Findings, func(f Finding) bool { return f.Table == t.Name && f.Outcome == Broken }) {
					v.find(t.Name, CannotTell, n, "%d rows are linked by (%s) to a row of %s that isn't there: whose they were can't be told",
						n, strings.Join(w.Columns, ", "), w.RefTable)
				}
			}
		}
		return nil
	})
}

// expired looks for rows that had expired at the receipt's moment.
func (v *verifier) expired(ctx context.Context, p *program) error {
	return v.executor.read(ctx, func(tx dialect.Tx) error {
		n, err := tx.Count(ctx, p.first().Name, p.where())
		switch {
		case err != nil:
			return err
		case n == 0:
			v.find(p.first().Name, Holds, 0, "no row is older than its period")
		case p.bounded() || p.first().Hold != nil || p.first().writes != "":
			v.find(p.first().Name, CannotTell, n, "%d rows are older than their period: rows that are held or were overwritten can't be told from others", n)
		default:
			v.find(p.first().Name, Broken, n, "%d rows that had expired are there", n)
		}
		return nil
	})
}

// everything can tell emptied tables only: what values were is not known.
func (v *verifier) everything(ctx context.Context, p *program) error {
	t, st := p.first(), &p.root.Steps[0]
	if st.Op == plan.Overwrite {
		v.find(t.Name, CannotTell, 0, "every row was overwritten: what the values were is not known any more")
		return nil
	}
	return v.executor.read(ctx, func(tx dialect.Tx) error {
		var where []dialect.Cond
		if st.Op == plan.Detach {
			for _, c := range st.Detach.Columns {
				where = append(where, dialect.Not{Cond: dialect.IsNull{Column: c}})
			}
		}
		n, err := tx.Count(ctx, t.Name, where)
		switch {
		case err != nil:
			return err
		case n == 0:
			v.find(t.Name, Holds, 0, "there is nothing")
		default:
			v.find(t.Name, CannotTell, n, "%d rows are there: whether they are new can't be told", n)
		}
		return nil
	})
}

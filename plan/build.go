package plan

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/policy"
)

// Capabilities is what Build asks of an engine: a dialect.DB has them. Build also asks for the
// ability of a dialect.Rekeyer.
type Capabilities interface {
	Engine() dialect.Engine
	Renders(e dialect.Expr, c *dialect.Column) bool
	CheckCondition(sql string) error
}

// Build makes the plan of a policy on the database's schema for a scope. It reads the catalogue
// once. It tries up to 200 values of each followed link (LinkNeverMatches), and some replacements
// on each check constraint of overwritten columns (CheckMayFail). It writes nothing.
//
// If the policy doesn't cover the schema, or a check refuses everything a strategy makes, it
// returns a *policy.Error with every problem. Errors of the database are *dialect.Error.
func Build(ctx context.Context, db dialect.DB, p *policy.Policy, scope Scope) (*Plan, error) {
	schema, err := db.Inspect(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the catalogue: %w", err)
	}
	var out *Plan
	err = sampleRows(ctx, db, func(rows *sampling) error {
		b := newBuilder(p, schema, db)
		b.sampleLink = linkSampler(ctx, rows, schema)
		if out, err = b.buildPlan(scope); err != nil {
			return err
		}
		found, err := out.tryRows(ctx, rows, schema, b.rules)
		if err != nil {
			return err
		}
		return found.err(schema.Default)
	})
	if err != nil {
		return nil, dialect.OmitSchema(err, schema.Default)
	}
	return out, nil
}

// tryRows tries the plan's links, and the checks of overwritten columns, on sampled rows.
func (p *Plan) tryRows(ctx context.Context, rows *sampling, s *dialect.Schema, rules map[dialect.Name]*policy.Table) (problems, error) {
	if err := p.addUnmatchedLinks(ctx, rows, s); err != nil {
		return nil, err
	}
	return p.tryChecks(ctx, rows, s, rules)
}

// FromSchema is Build for a known schema. It reads no rows: the plan never has the hazards
// LinkNeverMatches and CheckMayFail.
func FromSchema(s *dialect.Schema, e Capabilities, p *policy.Policy, scope Scope) (*Plan, error) {
	return newBuilder(p, s, e).buildPlan(scope)
}

func (b *builder) buildPlan(scope Scope) (*Plan, error) {
	s := b.schema
	b.checkCoverage()
	b.checkConditions()
	roots := b.scopeRoots(scope)
	numberSteps(roots)
	b.markAgain(roots)
	if err := b.found.err(s.Default); err != nil {
		return nil, err
	}
	b.markOnce(roots)
	p := b.policy
	plan := &Plan{
		Version:    Version,
		Engine:     s.Engine,
		Database:   p.Database,
		Default:    s.Default,
		Controller: p.Controller,
		Processor:  p.Processor,
		Scope:      scope,
		Policy:     p.Digest(),
		Roots:      roots,
		Hazards:    b.findHazards(roots),
		Backups:    p.Backups,
		Replicas:   p.Replicas,
		Recipients: p.Recipients,
		Due:        p.Due,
	}
	if scope == ScopeSubjects {
		plan.Unlinked = b.outside
		plan.Subject = &Subject{Table: b.subject.Name, Key: b.subjectKey(), Identifiers: p.Subject.Identifiers, Kind: p.Subject.Kind}
	}
	plan.Made = usedGenerators(roots)
	plan.Covers = coveredTables(roots)
	plan.Schema = s.Fingerprint(plan.Covers)
	if err := plan.CheckSchema(s); err != nil {
		return nil, fmt.Errorf("plan: the policy can't be planned: %w", err)
	}
	return plan, nil
}

// numberSteps gives the steps unique IDs, in the plan's order.
func numberSteps(roots []Root) {
	n := 0
	for i := range roots {
		for j := range roots[i].Steps {
			n++
			roots[i].Steps[j].ID = "s" + strconv.Itoa(n)
		}
	}
}

// usedGenerators are what the values of the steps depend on besides the policy; nil for nothing.
func usedGenerators(roots []Root) map[string]string {
	made := map[string]string{}
	for _, r := range roots {
		for _, s := range r.Steps {
			for _, a := range s.Set {
				maps.Copy(made, anonymise.Generators(a.Strategy))
			}
		}
	}
	if len(made) == 0 {
		return nil
	}
	return made
}

// builder makes plans of one policy on one schema.
type builder struct {
	*resolved
	engine Capabilities
	now    Scope       // the scope being built
	unsure []uncertain // unique indexes in danger of equal values
	// outside are the tables outside of scope subjects, with the reasons.
	outside []Unlinked
	all     bool // all scopes are being checked, even those the policy doesn't use
	// absent reports whether the rows of a reference are deleted, or their reference set NULL,
	// before the row they refer to is overwritten.
	absent func(*relation) bool
	// beyond are the tables reached through rows without a decision.
	beyond  map[dialect.Name]bool
	stopped bool // some table isn't reached because of a reported problem
	// sampleLink tells what values say about a possible link; nil: no rows are read.
	sampleLink func(Reference) linkSample
}

func newBuilder(p *policy.Policy, s *dialect.Schema, e Capabilities) *builder {
	return &builder{resolved: resolvePolicy(p, s), engine: e, beyond: map[dialect.Name]bool{}}
}

// scopeRoots builds the roots of one scope.
func (b *builder) scopeRoots(s Scope) []Root {
	roots := b.rootsOf(s)
	b.refusedSteps(roots)
	return roots
}

func (b *builder) rootsOf(s Scope) []Root {
	b.now = s
	switch s {
	case ScopeSubjects:
		return b.subjectRoots()
	case ScopeEverything:
		return b.everythingRoots()
	case ScopeExpired:
		return b.expiredRoots()
	}
	b.found.add(policy.Pos{}, dialect.Name{}, "unknown scope %q: use subjects, everything or expired", string(s))
	return nil
}

func (b *builder) subjectKey() []string {
	if len(b.policy.Subject.Key) > 0 {
		return b.policy.Subject.Key
	}
	return b.subject.Key()
}

// subjectRoots builds the one root of the scope: the subject's rows and their closure.
func (b *builder) subjectRoots() []Root {
	if b.subject == nil {
		if kinds := b.policy.Kinds(); len(kinds) > 0 && b.policy.Subject.Table == "" {
			b.found.add(policy.Pos{}, dialect.Name{}, "the policy has several kinds of subject: choose one with As (--as): %s", strings.Join(kinds, ", "))
			return nil
		}
		if b.policy.Subject.Table == "" && !b.all {
			b.found.addLines(policy.Pos{}, dialect.Name{}, "subject: {table: …}", "the policy names no subject: add `subject: {table: …}`")
		}
		return nil
	}
	erase, ok := b.subjectErase()
	if !ok {
		b.reportBeyond(b.subject)
		b.checkReach(b.beyond)
		return nil
	}
	root := b.buildRoot(b.subject, erase, nil)
	reached := reachedBy(&root)
	maps.Copy(reached, b.beyond)
	b.outside = b.checkReach(reached)
	return []Root{root}
}

// subjectErase is the decision for a subject's own row.
func (b *builder) subjectErase() (policy.Erase, bool) {
	keys := b.subject.Keys()
	if !slices.ContainsFunc(keys, func(key []string) bool { return sameSet(b.subjectKey(), key) }) {
		first := []string{}
		if len(keys) > 0 {
			first = keys[0]
		}
		b.found.add(b.policy.Subject.Pos, b.subject.Name, "subject.key must be the primary key or a unique NOT NULL key of the subject table, whose first is (%s)", joinColumns(first))
		return "", false
	}
	rule := b.ruleOf(b.subject.Name)
	switch rule.Erase {
	case policy.EraseDelete, policy.EraseOverwrite:
		return rule.Erase, true
	}
	b.found.addLines(rule.Pos, b.subject.Name, "    erase: delete", "the subject's own row has no decision: add `erase: delete` or `erase: overwrite` under tables.%s", rule.Name)
	return "", false
}

// expiredRoots builds a root for each retention period, and the roots for ended holds.
func (b *builder) expiredRoots() []Root {
	var out []Root
	chosen := b.fence
	b.fence = b.kinds // a row that has expired is nobody's root
	for _, p := range b.policy.Retention {
		t := b.resolveTable(p.Table, p.Pos)
		if t == nil || !b.checkColumns(t, []string{p.By}, p.Pos, "retention.by") {
			continue
		}
		b.checkMomentColumn(t, p.By, p.Pos, "retention.by")
		if len(t.Keys()) == 0 {
			b.found.add(p.Pos, t.Name, "retention: the table has no primary key and no unique NOT NULL key: add a key")
			continue
		}
		older := &Older{Column: p.By, Period: p.OlderThan}
		if p.Lookup != nil {
			if older.Lookup = b.resolveLookup(t, p); older.Lookup == nil {
				continue
			}
		}
		out = append(out, b.buildRoot(t, p.Erase, older))
	}
	b.fence = chosen
	ended := b.endedRoots()
	if len(b.policy.Retention) == 0 && len(ended) == 0 && len(b.found) == 0 && !b.all {
		b.found.add(policy.Pos{}, dialect.Name{}, "the policy has no retention period and no hold with an end: add a period under retention")
	}
	return append(out, ended...)
}

// buildRoot builds a root with its closure.
func (b *builder) buildRoot(t *dialect.Table, erase policy.Erase, older *Older) Root {
	c := b.gatherClosure(&node{table: t, rule: b.ruleOf(t.Name), erase: erase})
	c.orderNodes()
	c.markRemaining()
	r := Root{Table: t.Name, Older: older, Tables: c.plannedTables(), Steps: c.buildSteps(), Defer: c.later}
	b.movedTwice(&r)
	return r
}

// movedTwice reports tables whose rows are addressed physically and updated twice: the first change
// may change their addresses.
func (b *builder) movedTwice(r *Root) {
	for i := range r.Steps {
		s := &r.Steps[i]
		if t := r.tableOf(s.Table); s.Op == Detach && t != nil && t.Address && (r.hasStep(Delete, s.Table) || r.hasStep(Overwrite, s.Table)) {
			b.found.add(b.ruleOf(s.Table).Pos, s.Table, "the table has no primary key and no unique NOT NULL key, but its rows are changed twice (%s is detached first): add a key", joinColumns(s.Detach.Columns))
		}
	}
}

// coveredTables lists the tables whose rows a plan touches, or whose references it follows.
func coveredTables(roots []Root) []dialect.Name {
	var out []dialect.Name
	for _, r := range roots {
		if r.Older != nil && r.Older.Lookup != nil {
			out = append(out, r.Older.Lookup.Table)
		}
		for _, t := range r.Tables {
			out = append(out, t.Name)
			for _, ref := range slices.Concat(t.AnchoredBy, t.SharedBy) {
				out = append(out, ref.Table)
			}
		}
		for _, s := range r.Steps {
			out = append(out, s.Table)
			for _, a := range s.Set {
				for _, j := range a.Joined {
					out = append(out, j.Table)
				}
			}
		}
	}
	slices.SortFunc(out, dialect.Name.Compare)
	return slices.Compact(out)
}

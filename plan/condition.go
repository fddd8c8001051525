package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/expungedb/expunge/plan/policy"
)

// Condition is SQL by the author of a policy: it selects the rows of a link, a hold or an
// overwrite.
type Condition struct {
	Of  string // "link audit(ref) -> customer(id)", "hold on invoice", "overwrite of customer.email"
	SQL string

	inStep bool // of an overwrite: the step's strategy contains it
}

// Conditions are all conditions of the plan, each once, in the plan's order.
func (p *Plan) Conditions() []Condition {
	var out []Condition
	for i := range p.Roots {
		for _, c := range p.Roots[i].conditionsOf(p.Default) {
			if !slices.Contains(out, c) {
				out = append(out, c)
			}
		}
	}
	return out
}

// conditionsOf are the conditions of one root.
func (r *Root) conditionsOf(usual string) []Condition {
	var out []Condition
	add := func(c Condition) {
		if c.SQL != "" && !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	reference := func(ref *Reference) {
		if ref != nil {
			add(ref.condition(usual))
		}
	}
	for i := range r.Tables {
		t := &r.Tables[i]
		for j := range t.Reach {
			reference(&t.Reach[j].Reference)
		}
		if t.Hold != nil {
			add(Condition{Of: "hold on " + policy.TableName(t.Name, usual), SQL: t.Hold.Where})
		}
		for j := range t.Keeps {
			reference(&t.Keeps[j].Reference)
		}
		for j := range t.AnchoredBy {
			reference(&t.AnchoredBy[j])
		}
		for j := range t.SharedBy {
			reference(&t.SharedBy[j])
		}
	}
	for i := range r.Steps {
		s := &r.Steps[i]
		reference(s.Detach)
		reference(s.Follow)
		for j := range s.Set {
			a := &s.Set[j]
			add(Condition{Of: "overwrite of " + policy.TableName(s.Table, usual) + "." + a.Column, SQL: a.Strategy.Modifiers.When, inStep: true})
		}
	}
	return out
}

func (r *Reference) condition(usual string) Condition {
	return Condition{
		Of:  fmt.Sprintf("link %s(%s) -> %s(%s)", policy.TableName(r.Table, usual), joinColumns(r.Columns), policy.TableName(r.RefTable, usual), joinColumns(r.RefColumns)),
		SQL: r.Where,
	}
}

// CheckConditions refuses a plan with a condition that the engine's lexer refuses. Build calls it
// for every plan it makes; a plan from a file may hold others.
func (p *Plan) CheckConditions(e Capabilities) error {
	for _, c := range p.Conditions() {
		if err := e.CheckCondition(c.SQL); err != nil {
			return fmt.Errorf("invalid plan: the condition of the %s %w: build the plan again", c.Of, err)
		}
	}
	return nil
}

// checkConditions reports the policy's conditions that the engine's lexer refuses.
func (b *builder) checkConditions() {
	check := func(pos policy.Pos, table, what, sql string) {
		if strings.TrimSpace(sql) == "" {
			return
		}
		if err := b.engine.CheckCondition(sql); err != nil {
			b.found = append(b.found, policy.Problem{Pos: pos, Table: table, Reason: what + " " + err.Error()})
		}
	}
	for i := range b.policy.Tables {
		t := &b.policy.Tables[i]
		if t.Hold != nil {
			check(t.Hold.Pos, t.Name, "the hold's condition", t.Hold.Where)
		}
		for j := range t.Columns {
			if c := &t.Columns[j]; c.Overwrite != nil {
				check(c.Pos, t.Name, "column "+c.Name+": the condition", c.Overwrite.Modifiers.When)
			}
		}
	}
	for i := range b.policy.Links {
		l := &b.policy.Links[i]
		check(l.Pos, l.Table, "the link's condition", l.Where)
	}
}

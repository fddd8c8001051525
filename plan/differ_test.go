package plan_test

import (
	"strings"
	"testing"

	"github.com/expungedb/expunge/plan"
)

func TestDifferencesNameThePart(t *testing.T) {
	db, policy := openShop(t)
	build := func() *plan.Plan {
		p, err := plan.Build(t.Context(), db, policy, plan.ScopeSubjects)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	p := build()
	if d := plan.Differences(p, build()); len(d) != 0 {
		t.Errorf("a plan differs from itself in %v", d)
	}
	for _, c := range []struct {
		change func(p *plan.Plan)
		want   string
	}{
		{func(p *plan.Plan) { p.OnlyOn = "staging" }, "onlyOn"},
		{func(p *plan.Plan) { p.Policy = strings.Repeat("0", 64) }, "policy (the plan's policy file)"},
		{func(p *plan.Plan) { p.Schema = strings.Repeat("0", 64) }, "schema (a covered table, or a reference to one)"},
		{func(p *plan.Plan) { p.Made = map[string]string{"fake: email": "0"} }, "made (the generator makes other values of consistent fakes)"},
		{func(p *plan.Plan) { p.Hazards = append(p.Hazards, plan.Hazard{Name: plan.TriggersFire}) }, "hazards"},
		{func(p *plan.Plan) { p.Roots[0].Steps[0].Op = plan.Keep }, "step s1 (keep of "},
		{func(p *plan.Plan) { p.Roots[0].Steps = p.Roots[0].Steps[1:] }, ", removed"},
		{func(p *plan.Plan) { p.Roots[0].Tables[0].Key = nil }, "how rows of "},
		{func(p *plan.Plan) { p.Roots = nil }, "roots (1 approved, 0 now)"},
	} {
		q := build()
		c.change(q)
		d := plan.Differences(p, q)
		if len(d) != 1 || !strings.Contains(d[0], c.want) {
			t.Errorf("differences %q, want one: %q", d, c.want)
		}
		if q.Digest() == p.Digest() {
			t.Error("the change isn't part of the digest")
		}
	}
}

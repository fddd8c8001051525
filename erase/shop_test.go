package erase_test

import (
	"testing"

	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/plan"
)

func TestSmoke(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		policy := db.shop(t, sample.Shop{Customers: 300})
		signer, _ := keys(t)
		p, err := plan.Build(t.Context(), db.DB, policy, plan.Subjects())
		if err != nil {
			t.Fatal(err)
		}
		t.Log("\n" + p.String())
		var allow []plan.HazardName
		for _, h := range p.Hazards {
			allow = append(allow, h.Name)
		}
		o := erase.Options{RunID: "r1", Subjects: erase.SubjectKeys("42", "43", "44"), Signer: signer, Now: clock, Allow: allow}
		pre, err := erase.Preview(t.Context(), db.DB, p, o)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range pre.Counts {
			t.Log("preview", c.Step.ID, c.Step.Op, c.Step.Table, c.Rows, c.Held)
		}
		env, err := erase.Run(t.Context(), db.DB, p, o)
		if err != nil {
			t.Fatal(err)
		}
		st := opened(t, env)
		for _, a := range st.Predicate.Actions {
			t.Logf("%s %s %s %+v", a.Step, a.Operation, a.Table, a.Rows)
		}
		t.Logf("%+v", st.Predicate.Retained)
		db.intact(t)
		v, err := erase.Verify(t.Context(), db.DB, policy, st, erase.SubjectKeys("42", "43", "44"))
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%+v", v)
	})
}

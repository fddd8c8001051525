package erase_test

import (
	"context"
	"testing"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/plan"
	"github.com/expungedb/expunge/plan/discover"
)

// outside is an engine unknown to this module: it has a name of its own, and implements only the
// required part of the contract.
type outside struct{ dialect.DB }

const outsideName = "elsewhere"

func (o outside) Engine() dialect.Engine {
	e := o.DB.Engine()
	e.Name = outsideName
	return e
}

func (o outside) Inspect(ctx context.Context) (*dialect.Schema, error) {
	s, err := o.DB.Inspect(ctx)
	if err == nil {
		s.Engine = outsideName
	}
	return s, err
}

func (o outside) Identity(ctx context.Context) (dialect.Identity, error) {
	id, err := o.DB.Identity(ctx)
	id.Engine = outsideName
	return id, err
}

func TestAnEngineFromOutsidePlansRunsAndVerifies(t *testing.T) {
	for _, policy := range []string{deletes, overwrites} {
		db := openTarget(t, "sqlite:"+t.TempDir()+"/club.db").club(t)
		db.DB = outside{db.DB}
		for _, able := range []func() bool{
			func() bool { _, ok := dialect.AsMonitor(db.DB); return ok },
			func() bool { _, ok := dialect.AsRekeyer(db.DB); return ok },
			func() bool { _, ok := dialect.AsReturner(db.DB); return ok },
		} {
			if able() {
				t.Fatal("it is able to do more than an engine has to")
			}
		}
		p := db.plan(t, policy, plan.ScopeSubjects)
		if p.Engine != outsideName {
			t.Errorf("the plan is for %s", p.Engine)
		}
		if _, err := discover.Policy(t.Context(), db.DB, discover.Options{}); err != nil {
			t.Errorf("a draft: %v", err)
		}
		if _, err := erase.Preview(t.Context(), db.DB, p, options(p, "outside", "1")); err != nil {
			t.Errorf("a preview: %v", err)
		}
		s := db.run(t, p, options(p, "outside", "1"))
		if s.Predicate.System.Engine != outsideName {
			t.Errorf("the receipt says that it was %s", s.Predicate.System.Engine)
		}
		v, err := erase.Verify(t.Context(), db.DB, mustParse([]byte(policy)), s, erase.VerifyOptions{Subjects: erase.SubjectKeys("1")})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range v.Findings {
			if f.Outcome == erase.OutcomeBroken {
				t.Errorf("%s is %s: %s", f.Table, f.Outcome, f.Reason)
			}
		}
		if visits, letters := db.count(t, "SELECT count(*) FROM visit"), db.count(t, "SELECT count(*) FROM letter WHERE about = 1"); visits != 2 || letters != 0 {
			t.Errorf("%d visits and %d letters about her are left", visits, letters)
		}

		everything := db.plan(t, policy, plan.ScopeEverything)
		db.run(t, everything, options(everything, "outside everything"))
		if n := db.count(t, "SELECT count(*) FROM member WHERE email LIKE '%club.example'"); n != 0 {
			t.Errorf("%d members have their old addresses", n)
		}
	}
}

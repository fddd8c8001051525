package receipt

import (
	"strings"
	"testing"
	"time"
)

func TestValidateNamesEveryProblem(t *testing.T) {
	tests := map[string]struct {
		change func(*Statement)
		want   string
	}{
		"type":             {func(s *Statement) { s.Type = "" }, "_type is not"},
		"predicate type":   {func(s *Statement) { s.PredicateType = "" }, "predicateType is not"},
		"subject":          {func(s *Statement) { s.Subject = append(s.Subject, s.Subject[0]) }, "subject must be one"},
		"subject's digest": {func(s *Statement) { s.Subject[0].Digest["sha256"] = testDigest }, "subject's digest"},
		"actions":          {func(s *Statement) { s.Predicate.Actions = nil }, "actions is missing"},
		"a step twice":     {func(s *Statement) { s.Predicate.Actions[1].Step = "1" }, "actions[1].step is there twice"},
		"a column":         {func(s *Statement) { s.Predicate.Actions[1].Columns[0].Name = "" }, "actions[1].columns[0].name is missing"},
		"a hold's reason":  {func(s *Statement) { s.Predicate.Retained[0].Reason = "" }, "retained[0].reason is missing"},
		"first commit":     {func(s *Statement) { s.Predicate.Commits.First = time.Time{} }, "only one of first and last"},
		"commits' order":   {func(s *Statement) { s.Predicate.Commits.First = s.Predicate.Commits.Last.Add(1) }, "before commits.first"},
		"extension":        {func(s *Statement) { s.Predicate.Request.Extension.Reason = "" }, "request.extension.reason is missing"},
		"subjects":         {func(s *Statement) { s.Predicate.Subjects.Given = 2 }, "given is not done + absent"},
		"commitments":      {func(s *Statement) { s.Predicate.Commitments = &Commitments{Root: "x"} }, "commitments.algorithm"},
		"a store":          {func(s *Statement) { s.Predicate.Residue.Stores[0].Name = "" }, "residue.stores[0].name is missing"},
		"a remain":         {func(s *Statement) { s.Predicate.Residue.Stores[0].Remains[0].Until = "x" }, "remains[0].until is not a day"},
		"a backup":         {func(s *Statement) { s.Predicate.Copies.Backups[1].Until = "x" }, "copies.backups[1].until is not a day"},
		"a recipient":      {func(s *Statement) { s.Predicate.Copies.Recipients[0].Name = "" }, "copies.recipients[0].name is missing"},
		"a replica":        {func(s *Statement) { s.Predicate.Copies.Replicas[0].Name = "" }, "copies.replicas[0].name is missing"},
		"a check's time":   {func(s *Statement) { s.Predicate.Checks[0].At = time.Time{} }, "checks[0].at is missing"},
		"unchanged values": {func(s *Statement) { s.Predicate.Actions[0].Unchanged = 1 }, "actions[0].unchanged: nothing was overwritten"},
		"a digest in upper case": {func(s *Statement) { s.Predicate.PlanDigest = strings.ToUpper(testDigest) },
			"planDigest is not a SHA-256 in lower-case hex"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := testStatement()
			tt.change(&s)
			if err := s.Validate(); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Validate: %v, want it to say %q", err, tt.want)
			}
		})
	}
	t.Run("all at once", func(t *testing.T) {
		var s Statement
		if n := strings.Count(s.Validate().Error(), "\n"); n < 10 {
			t.Errorf("only %d problems are named", n+1)
		}
	})
}

// Zero rows are a count like any other, and every outcome of a row is in the sum.
func TestRowsAddUp(t *testing.T) {
	for name, tt := range map[string]struct {
		rows Rows
		ok   bool
	}{
		"none":                 {Rows{}, true},
		"each kind":            {Rows{Matched: 10, Affected: 1, AlreadyGone: 2, Left: 3, Held: 4, Arrived: 9, Unchecked: 1}, true},
		"one is lost":          {Rows{Matched: 11, Affected: 1, AlreadyGone: 2, Left: 3, Held: 4}, false},
		"one too many":         {Rows{Matched: 9, Affected: 1, AlreadyGone: 2, Left: 3, Held: 4}, false},
		"below zero adding up": {Rows{Matched: 0, Affected: 1, Left: -1}, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := testPredicate()
			p.Actions[0].Rows = tt.rows
			s := NewStatement(p)
			if err := s.Validate(); (err == nil) != tt.ok {
				t.Errorf("Validate: %v", err)
			}
		})
	}
}

func TestTotalsDigestDependsOnTheCounts(t *testing.T) {
	p := testPredicate()
	want := totalsDigest(p.Actions, p.Retained)
	for name, change := range map[string]func(*Predicate){
		"a count":     func(p *Predicate) { p.Actions[0].Rows.Unchecked++ },
		"a value":     func(p *Predicate) { p.Actions[1].Unchanged++ },
		"a step":      func(p *Predicate) { p.Actions[0].Step = "9" },
		"a table":     func(p *Predicate) { p.Actions[0].Table = "x" },
		"an action":   func(p *Predicate) { p.Actions = p.Actions[1:] },
		"kept rows":   func(p *Predicate) { p.Retained[0].Rows++ },
		"a large one": func(p *Predicate) { p.Actions[0].Rows.Arrived = maxCount },
		"the next":    func(p *Predicate) { p.Actions[0].Rows.Arrived = maxCount - 1 },
	} {
		p := testPredicate()
		change(&p)
		if totalsDigest(p.Actions, p.Retained) == want {
			t.Errorf("%s isn't in the digest", name)
		}
	}
	// printf '{"actions":[],"retained":[]}' | sha256sum
	if got := totalsDigest(nil, nil); got != "6f8794f5d6a83017de989d8c5dc7ccaed0edcf60b44d293bbf5c294d8c91ae78" {
		t.Errorf("digest of nothing is %s", got)
	}
}

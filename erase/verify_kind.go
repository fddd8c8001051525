package erase

import (
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/plan"
	"github.com/expungedb/expunge/plan/policy"
)

// ofKind is the policy for the receipt's kind of subject, if the policy has several and none is chosen.
// The path of an action on the subjects' own rows is their table.
func ofKind(rules *policy.Policy, st *receipt.Statement) *policy.Policy {
	if rules.Subject.Table != "" || st.Predicate.Scope != string(plan.ScopeSubjects) {
		return rules
	}
	var found []*policy.Policy
	for _, one := range rules.EachKind() {
		for _, a := range st.Predicate.Actions {
			if a.Path == one.Subject.Table {
				found = append(found, one)
				break
			}
		}
	}
	if len(found) != 1 {
		return rules
	}
	return found[0]
}

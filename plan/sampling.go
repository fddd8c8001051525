package plan

import (
	"context"
	"slices"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/policy"
)

// CheckRows tries a policy without problems for Check on the database's rows, as Build does in
// every scope. It returns a *policy.Error with each check constraint that refuses everything a
// strategy makes, or nil. A possible failure, rather than a certain one, is a hazard of the plan.
func CheckRows(ctx context.Context, db dialect.DB, p *policy.Policy, s *dialect.Schema) error {
	var all problems
	rules := resolvePolicy(p, s).rules
	for _, scope := range []Scope{ScopeSubjects, ScopeExpired, ScopeEverything} {
		made, err := FromSchema(s, db, p, scope)
		if err != nil {
			continue // the policy has nothing for the scope
		}
		found, err := made.sampleRows(ctx, db, s, rules)
		if err != nil {
			return dialect.OmitSchema(err, s.Default)
		}
		for _, problem := range found {
			if !slices.Contains(all, problem) {
				all = append(all, problem)
			}
		}
	}
	return all.err(s.Default)
}

// sampling reads rows while a plan is made, in one read-only transaction until a statement fails.
type sampling struct {
	db dialect.DB
	tx dialect.Tx // nil: none is open
}

// read hands the transaction to do. After an error it ends the transaction.
func (s *sampling) read(ctx context.Context, do func(tx dialect.Reader) error) (err error) {
	if s.tx == nil {
		if s.tx, err = s.db.Begin(ctx, dialect.TxOptions{ReadOnly: true}); err != nil {
			s.tx = nil
			return err
		}
	}
	if err = do(s.tx); err != nil {
		_ = s.end(ctx) // the first error says more
	}
	return err
}

// end ends the transaction.
func (s *sampling) end(ctx context.Context) error {
	if s.tx == nil {
		return nil
	}
	tx := s.tx
	s.tx = nil
	return tx.Rollback(ctx)
}

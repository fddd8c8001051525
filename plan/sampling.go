package plan

import (
	"context"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/policy"
)

// CheckDatabase is Check on the database's rows: values say which link a table may lack, and, where
// Check finds no problem, check constraints are tried as Build does in every scope. One that refuses
// everything a strategy makes is a problem. A possible failure is a hazard of the plan.
func CheckDatabase(ctx context.Context, db dialect.DB, p *policy.Policy, s *dialect.Schema) error {
	return dialect.OmitSchema(sampleRows(ctx, db, func(rows *sampling) error {
		err := checkKinds(p, s, db, func(b *builder) { b.sampleLink = linkSampler(ctx, rows, s) })
		if err != nil {
			return err
		}
		var all problems
		rules := resolvePolicy(p, s).rules
		for _, one := range p.EachKind() {
			for _, scope := range []Scope{ScopeSubjects, ScopeExpired, ScopeEverything} {
				made, err := FromSchema(s, db, one, scope)
				if err != nil {
					continue // the policy has nothing for the scope
				}
				found, err := made.tryRows(ctx, rows, s, rules)
				if err != nil {
					return err
				}
				all.addNew(found)
			}
		}
		return all.err(s.Default)
	}), s.Default)
}

// sampleRows hands a sampling to do, and ends it.
func sampleRows(ctx context.Context, db dialect.DB, do func(*sampling) error) error {
	rows := &sampling{db: db}
	err := do(rows)
	if end := rows.end(ctx); err == nil { // nothing was written: the end matters only if all else succeeded
		err = end
	}
	return err
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

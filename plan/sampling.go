package plan

import (
	"context"

	"github.com/expungedb/expunge/dialect"
)

// sampling reads rows while a plan is made, in one read-only transaction for as long as nothing
// fails in it.
type sampling struct {
	db dialect.DB
	tx dialect.Tx // nil: none is open
}

// read hands the transaction to do. After an error it is of no more use.
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

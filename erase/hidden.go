package erase

import (
	"context"
	"fmt"
	"slices"

	"github.com/expungedb/expunge/dialect"
)

// refuseHiddenRows refuses to read if the database hides rows or values from the user: counts would be
// false. Missing privileges show in the statements themselves.
func (r *reader) refuseHiddenRows(ctx context.Context) error {
	var accesses []dialect.Access
	for _, a := range requiredAccess(r.plan) {
		if r.schema.Table(a.Table) != nil {
			accesses = append(accesses, dialect.Access{Table: a.Table})
		}
	}
	problems, err := r.db.Check(ctx, accesses)
	if err != nil {
		return fmt.Errorf("checking what the user may read: %w", err)
	}
	hiding := slices.DeleteFunc(problems, func(p dialect.Problem) bool { return p.Denied || p.Table == (dialect.Name{}) })
	if len(hiding) > 0 {
		return &AccessError{Problems: hiding, usual: r.plan.Default}
	}
	return nil
}

package erase_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/plan"
)

// generous is a database that takes any key of a member for all of them, after a number of statements
// by key.
type generous struct {
	dialect.DB
	after *atomic.Int64
}

func (g generous) Begin(ctx context.Context, o dialect.TxOptions) (dialect.Tx, error) {
	tx, err := g.DB.Begin(ctx, o)
	return generousTx{tx, g.after}, err
}

type generousTx struct {
	dialect.Tx
	after *atomic.Int64
}

func (tx generousTx) widened(t dialect.Name, where []dialect.Cond) []dialect.Cond {
	byKey := func(c dialect.Cond) bool {
		in, ok := c.(dialect.In)
		return ok && slices.Equal(in.Columns, []string{"member_id"})
	}
	if t.Table != "member" || !slices.ContainsFunc(where, byKey) || tx.after.Add(-1) >= 0 {
		return where
	}
	return slices.DeleteFunc(slices.Clone(where), byKey)
}

func (tx generousTx) Query(ctx context.Context, s dialect.Select) iter.Seq2[dialect.Row, error] {
	s.Where = tx.widened(s.Table, s.Where)
	return tx.Tx.Query(ctx, s)
}

func (tx generousTx) Count(ctx context.Context, t dialect.Name, where []dialect.Cond) (int64, error) {
	return tx.Tx.Count(ctx, t, tx.widened(t, where))
}

func TestRunRefusesMoreRootRowsThanSubjects(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		db.club(t)
		before := db.dump(t)
		for i, policy := range []string{deletes, overwrites} {
			p := db.plan(t, policy, plan.ScopeSubjects)
			refused := 0
			for after := range int64(6) {
				g := generous{db.DB, &atomic.Int64{}}
				g.after.Store(after)
				o := options(p, fmt.Sprintf("run-%d-%d", i, after), "2")
				o.MaxRows = 3
				_, err := erase.Run(t.Context(), g, p, o)
				if after < 2 && !errors.Is(err, erase.ErrTooManyRoots) {
					t.Errorf("statement %d: error %v", after, err)
				}
				if !errors.Is(err, erase.ErrTooManyRoots) {
					break // it was done with subject 2 before
				}
				refused++
				for table, rows := range db.dump(t) {
					if !slices.Equal(rows, before[table]) {
						t.Fatalf("statement %d: rows of %s were changed", after, table)
					}
				}
			}
			if refused == 0 {
				t.Error("nothing was refused")
			}
			if _, err := erase.Preview(t.Context(), generous{db.DB, &atomic.Int64{}}, p, options(p, "", "2")); !errors.Is(err, erase.ErrTooManyRoots) {
				t.Errorf("Preview: error %v", err)
			}
			db.exec(t, "DELETE FROM letter", "DELETE FROM remark", "DELETE FROM visit", "DELETE FROM member")
			db.exec(t, club[7:]...)
			before = db.dump(t)
		}
	})
}

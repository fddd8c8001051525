package erase

import (
	"context"
	"fmt"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/closure"
	"github.com/expungedb/expunge/plan"
	"github.com/expungedb/expunge/plan/policy"
)

// loadRetentionPeriods reads the periods of roots with a look-up table, and fixes them: later changes
// there don't affect the current process. A continued run reads them again. They are no part of the
// plan: a changed period isn't drift.
func (r *reader) loadRetentionPeriods(ctx context.Context, roots []*closure.Root) error {
	for _, p := range roots {
		if o := p.Plan.Older; o != nil && o.Lookup != nil {
			if err := r.loadPeriods(ctx, p, o.Lookup); err != nil {
				return err
			}
		}
	}
	return nil
}

// loadPeriods reads the periods of one root's tenants.
func (r *reader) loadPeriods(ctx context.Context, p *closure.Root, l *plan.Lookup) error {
	keys := map[policy.Period][]dialect.Key{}
	unreadable := int64(0)
	err := r.inReadTx(ctx, func(tx dialect.Reader) error {
		for row, err := range tx.Query(ctx, dialect.Select{
			Table: l.Table, Columns: []string{l.RefKey, l.Column},
			Where: []dialect.Cond{dialect.Not{Cond: dialect.IsNull{Column: l.Column}}, dialect.Not{Cond: dialect.IsNull{Column: l.RefKey}}},
		}) {
			if err != nil {
				return err
			}
			period, ok := periodOf(row[1])
			if !ok {
				unreadable++
				continue
			}
			keys[period] = append(keys[period], dialect.Key{row[0]})
		}
		return nil
	})
	switch {
	case err != nil:
		return fmt.Errorf("reading the periods of %s: %w", l.Table, err)
	case unreadable > 0:
		return fmt.Errorf("%w: %s of %s, in column %s: write days as a number of at least 1, or a period such as 90d or 6y; NULL means never",
			ErrBadPeriod, rowsOf(unreadable), l.Table, l.Column)
	}
	p.SetPeriods(keys)
	return nil
}

// periodOf parses a period from a tenant's row.
func periodOf(v dialect.Value) (policy.Period, bool) {
	text, ok := dialect.TextOf(v)
	if !ok {
		return policy.Period{}, false
	}
	if n, isNumber := v.(int64); isNumber {
		if n < 1 {
			return policy.Period{}, false
		}
		text += "d"
	}
	p, err := policy.ParsePeriod(text)
	return p, err == nil && !p.IsZero()
}

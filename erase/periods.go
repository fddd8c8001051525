package erase

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan"
	"github.com/expungedb/expunge/plan/policy"
)

// loadRetentionPeriods reads the periods of roots whose rows have them in another table, and
// fixes them: what is changed there while the run goes on has no effect on it.
// They are read again when a run is continued, and are no part of the plan: a
// period that has changed since it was made isn't drift.
func (e *reader) loadRetentionPeriods(ctx context.Context, programs []*compiledRoot) error {
	for _, p := range programs {
		if o := p.root.Older; o != nil && o.Lookup != nil {
			older, err := e.olderThan(ctx, p, o)
			if err != nil {
				return err
			}
			p.older = older
		}
	}
	return nil
}

// olderThan is the condition for the rows that have outlived the periods: those
// of the tenants with the same period are compared with the same moment. Rows
// without a tenant, and of tenants without a period, are kept.
func (e *reader) olderThan(ctx context.Context, p *compiledRoot, o *plan.Older) (dialect.Any, error) {
	l := o.Lookup
	keys := map[policy.Period][]dialect.Key{}
	unreadable := int64(0)
	err := e.inReadTx(ctx, func(tx dialect.Tx) error {
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
		return nil, fmt.Errorf("reading the periods of %s: %w", l.Table, err)
	case unreadable > 0:
		return nil, fmt.Errorf("%w: %s of %s, in column %s: a whole number is of days and at least 1, a text is such as 90d or 6y, and NULL keeps rows for good",
			ErrBadPeriod, rowsOf(unreadable), l.Table, l.Column)
	}
	by := p.rootTable().schema.Column(o.Column)
	any := dialect.Any{}
	for _, period := range slices.SortedFunc(maps.Keys(keys), func(a, b policy.Period) int { return strings.Compare(a.String(), b.String()) }) {
		any = append(any, dialect.All{
			dialect.In{Columns: []string{l.Key}, Keys: keys[period]},
			dialect.Compare{Column: o.Column, Op: "<", Value: columnTime(period.Before(p.asOf), by)},
		})
	}
	return any, nil
}

// periodOf reads a period as a tenant's row has it.
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

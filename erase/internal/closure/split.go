package closure

import (
	"context"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/tally"
	"github.com/expungedb/expunge/plan"
	"github.com/expungedb/expunge/plan/policy"
)

// IsEmpty reports whether no step found a row.
func (d *Result) IsEmpty() bool {
	for _, c := range d.Steps {
		if c.Matched > 0 {
			return false
		}
	}
	return true
}

// splittableTables finds the tables with rows to delete before the root's last
// transaction: all of their rows are deleted in any case, and so is
// everything reached from them.
func (p *Root) splittableTables() map[*Table]bool {
	off := map[*Table]bool{}
	for _, t := range p.Tables[1:] {
		off[t] = p.Plan.AlwaysDeletes(t.Table)
	}
	for changed := true; changed; {
		changed = false
		for _, t := range p.Tables[1:] {
			if !off[t] {
				continue
			}
			ok := true
			for _, w := range t.Reach {
				from := p.Table(w.From())
				ok = ok && (from == p.RootTable() || off[from])
			}
			for _, o := range p.Tables {
				for _, w := range o.Reach {
					ok = ok && (w.From() != t.Name || off[o])
				}
			}
			if !ok {
				off[t], changed = false, true
			}
		}
	}
	return off
}

// Split splits deletes off closures larger than a transaction may be.
type Split struct {
	root   *Root
	tables map[*Table]bool // with rows to delete before the root's last transaction
}

// NewSplit finds the tables to split off.
func (p *Root) NewSplit() Split { return Split{p, p.splittableTables()} }

// DeleteSome deletes up to most rows from these tables, from the leaves upwards.
func (s Split) DeleteSome(ctx context.Context, tx dialect.Tx, roots []dialect.Cond, most int, skip map[string]bool) (*Result, error) {
	g := New(s.root, tx, dialect.Exclusive)
	g.Skip, g.write = skip, tx
	first := g.sets[0]
	if err := g.collectRoots(ctx, roots); err != nil {
		return nil, err
	}
	b := &leafDeleter{Closure: g, off: s.tables, left: most, deed: &Result{}}
	if _, err := b.deleteBelow(ctx, first, first.rows); err != nil {
		return nil, err
	}
	return b.deed, nil
}

type leafDeleter struct {
	*Closure
	off  map[*Table]bool
	left int // rows left for this transaction to delete
	deed *Result
}

// deleteBelow deletes what is reached from the given rows, and reports whether all of it
// is gone.
func (b *leafDeleter) deleteBelow(ctx context.Context, from *tableRows, rows []*row) (bool, error) {
	for _, s := range b.sets[1:] {
		if !b.off[s.Table] {
			continue
		}
		for i := range s.Reach {
			w := &s.Reach[i]
			if w.From() != from.Name {
				continue
			}
			where := b.referenceCond(w, from, rows)
			if where == nil {
				continue
			}
			if all, err := b.deleteWithinBudget(ctx, s, where); err != nil || !all {
				return false, err
			}
		}
	}
	return true, nil
}

// deleteWithinBudget deletes the rows of one table under the conditions, up to the transaction's
// budget, after the rows reached from them.
func (b *leafDeleter) deleteWithinBudget(ctx context.Context, s *tableRows, where []dialect.Cond) (all bool, err error) {
	if b.left <= 0 {
		return false, nil
	}
	room := b.left
	if s.DeleteByReference {
		n, err := b.deleteReturningKeys(ctx, b.write, s.Table, dialect.Delete{Table: s.Name, Where: where, Limit: room}, 0, b.deed)
		b.addDeleted(s, int(n))
		return int(n) < room, err
	}
	var rows []*row
	for values, err := range b.tx.Query(ctx, dialect.Select{
		Table: s.Name, Columns: s.columns, Where: where, Order: s.Key, Limit: room, Lock: dialect.Exclusive,
	}) {
		if err != nil {
			return false, err
		}
		rows = append(rows, &row{values: values, decision: policy.EraseDelete})
	}
	if len(rows) == 0 {
		return true, nil
	}
	if all, err := b.deleteBelow(ctx, s, rows); err != nil || !all {
		return false, err
	}
	if len(rows) > b.left {
		return false, nil
	}
	keys := dialect.In{Columns: s.Key, Keys: keysOf(s, rows)}
	n, err := b.write.Delete(ctx, dialect.Delete{Table: s.Name, Where: []dialect.Cond{keys}})
	if err != nil {
		return false, err
	}
	if int(n) != len(rows) {
		return false, ErrMoved
	}
	b.addDeleted(s, len(rows))
	b.deed.addErased(s.Table, keys.Keys, plan.Delete)
	b.deed.Checks = append(b.deed.Checks, Check{step: s.Deletes, table: s.Name, absent: []dialect.Cond{keys}})
	b.checkNewLinkedRows(s, rows, true, b.deed)
	return len(rows) < room, nil
}

func (b *leafDeleter) addDeleted(s *tableRows, n int) {
	b.left -= n
	b.deed.Step(s.Deletes).Add(tally.Counts{Matched: int64(n), Affected: int64(n)})
}

package erase

import (
	"context"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/tally"
	"github.com/expungedb/expunge/plan"
	"github.com/expungedb/expunge/plan/policy"
)

// splitOversized carries out one root whose closure is larger than a transaction
// may be. Deletes that nothing else depends on are split off, leaf first, over as many
// transactions as it takes; the root stays until the last one, so that what is
// left can always be found from it. Then the rest is done at once.
func (e *run) splitOversized(ctx context.Context, it *workItem, skip map[string]bool) error {
	off := it.prog.splittableTables()
	it.size = drainedSize
	for {
		d, err := e.runTransaction(ctx, it, func(ctx context.Context, tx dialect.Tx, _ *anonymise.Source) (*batchResult, error) {
			return e.executor.deleteLeaves(ctx, tx, it, off, skip)
		})
		if err != nil {
			return err
		}
		if d.isEmpty() {
			break
		}
	}
	it.size = wholeSize
	_, err := e.runTransaction(ctx, it, func(ctx context.Context, tx dialect.Tx, source *anonymise.Source) (*batchResult, error) {
		return e.executor.executeBatch(ctx, tx, it, source, skip)
	})
	return err
}

func (d *batchResult) isEmpty() bool {
	for _, c := range d.Steps {
		if c.Matched > 0 {
			return false
		}
	}
	return true
}

// splittableTables finds the tables of which rows may go before the root's last
// transaction: all of their rows are deleted whatever else is found, and so is
// everything that is reached from them.
func (p *compiledRoot) splittableTables() map[*table]bool {
	off := map[*table]bool{}
	for _, t := range p.tables[1:] {
		off[t] = p.root.Goes(t.Table)
	}
	for changed := true; changed; {
		changed = false
		for _, t := range p.tables[1:] {
			if !off[t] {
				continue
			}
			ok := true
			for _, w := range t.Reach {
				from := p.table(w.From())
				ok = ok && (from == p.rootTable() || off[from])
			}
			for _, o := range p.tables {
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

// deleteLeaves deletes up to a batch's worth of rows from the tables that may be
// split off, from the leaves upwards.
func (e *batchExecutor) deleteLeaves(ctx context.Context, tx dialect.Tx, it *workItem, off map[*table]bool, skip map[string]bool) (*batchResult, error) {
	g := newClosure(it.prog, tx, dialect.Exclusive)
	g.skip = skip
	first := g.sets[0]
	if err := g.collectRoots(ctx, it.rangeCond(it.prog)); err != nil {
		return nil, err
	}
	b := &leafDeleter{closure: g, off: off, left: e.MaxRows, deed: &batchResult{}}
	if _, err := b.deleteBelow(ctx, first, first.rows); err != nil {
		return nil, err
	}
	return b.deed, nil
}

type leafDeleter struct {
	*closure
	off  map[*table]bool
	left int // rows that this transaction may still delete
	deed *batchResult
}

// deleteBelow deletes what is reached from the given rows, and reports whether that
// is all gone.
func (b *leafDeleter) deleteBelow(ctx context.Context, from *tableRows, rows []*row) (bool, error) {
	for _, s := range b.sets[1:] {
		if !b.off[s.table] {
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

// deleteWithinBudget deletes the rows of one table that meet the conditions, as far as the
// transaction's room goes, after what is reached from them.
func (b *leafDeleter) deleteWithinBudget(ctx context.Context, s *tableRows, where []dialect.Cond) (all bool, err error) {
	if b.left <= 0 {
		return false, nil
	}
	room := b.left
	if s.Unseen {
		n, err := b.deleteReturningKeys(ctx, b.tx, s.table, dialect.Delete{Table: s.Name, Where: where, Limit: room}, 0, b.deed)
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
	n, err := b.tx.Delete(ctx, dialect.Delete{Table: s.Name, Where: []dialect.Cond{keys}})
	if err != nil {
		return false, err
	}
	if int(n) != len(rows) {
		return false, errMoved
	}
	b.addDeleted(s, len(rows))
	b.deed.addErased(s.table, keys.Keys, plan.Delete)
	b.deed.proofs = append(b.deed.proofs, check{step: s.deletes, table: s.Name, absent: []dialect.Cond{keys}})
	b.checkNewLinkedRows(s, rows, true, b.deed)
	return len(rows) < room, nil
}

func (b *leafDeleter) addDeleted(s *tableRows, n int) {
	b.left -= n
	b.deed.Step(s.deletes).Add(tally.Counts{Matched: int64(n), Affected: int64(n)})
}

package erase

import (
	"context"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan"
)

// oversized carries out one root whose closure is larger than a transaction
// may be. Deletes that nothing else depends on are split off, leaf first, over as many
// transactions as it takes; the root stays until the last one, so that what is
// left can always be found from it. Then the rest is done at once.
func (e *executor) oversized(ctx context.Context, it *item, skip map[string]bool) error {
	off := it.prog.splittable()
	it.draining = true
	for {
		d, err := e.transact(ctx, it, func(ctx context.Context, tx dialect.Tx, _ *anonymise.Source) (*deed, error) {
			return e.drain(ctx, tx, it, off, skip)
		})
		if err != nil {
			return err
		}
		if d.empty() {
			break
		}
	}
	it.draining = false
	_, err := e.transact(ctx, it, func(ctx context.Context, tx dialect.Tx, source *anonymise.Source) (*deed, error) {
		all := *it
		all.atOnce = true // however many rows there are
		return e.do(ctx, tx, &all, source, skip)
	})
	return err
}

func (d *deed) empty() bool {
	for _, c := range d.Steps {
		if c.Matched > 0 {
			return false
		}
	}
	return true
}

// splittable finds the tables of which rows may go before the root's last
// transaction: all of their rows are deleted whatever else is found, and so is
// everything that is reached from them.
func (p *program) splittable() map[*table]bool {
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
				ok = ok && (from == p.first() || off[from])
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

// drain deletes up to a batch's worth of rows from the tables that may be
// split off, from the leaves upwards.
func (e *executor) drain(ctx context.Context, tx dialect.Tx, it *item, off map[*table]bool, skip map[string]bool) (*deed, error) {
	g := newGathering(it.prog, tx, dialect.Exclusive)
	g.skip = skip
	first := g.sets[0]
	if err := g.collectRoots(ctx, it.where(it.prog)); err != nil {
		return nil, err
	}
	b := &draining{gathering: g, off: off, left: e.MaxRows, deed: &deed{}}
	if _, err := b.below(ctx, first, first.rows); err != nil {
		return nil, err
	}
	return b.deed, nil
}

type draining struct {
	*gathering
	off  map[*table]bool
	left int // rows that this transaction may still delete
	deed *deed
}

// below deletes what is reached from the given rows, and reports whether that
// is all gone.
func (b *draining) below(ctx context.Context, from *set, rows []*row) (bool, error) {
	for _, s := range b.sets[1:] {
		if !b.off[s.table] {
			continue
		}
		for i := range s.Reach {
			w := &s.Reach[i]
			if w.From() != from.Name {
				continue
			}
			where := b.through(w, from, rows)
			if where == nil {
				continue
			}
			if all, err := b.take(ctx, s, where); err != nil || !all {
				return false, err
			}
		}
	}
	return true, nil
}

// take deletes the rows of one table that meet the conditions, as far as the
// transaction's room goes, after what is reached from them.
func (b *draining) take(ctx context.Context, s *set, where []dialect.Cond) (all bool, err error) {
	if b.left <= 0 {
		return false, nil
	}
	room := b.left
	if s.Unseen {
		n, err := b.removeNoting(ctx, b.tx, s.table, dialect.Delete{Table: s.Name, Where: where, Limit: room}, 0, b.deed)
		b.count(s, int(n))
		return int(n) < room, err
	}
	var rows []*row
	for values, err := range b.tx.Query(ctx, dialect.Select{
		Table: s.Name, Columns: s.columns, Where: where, Order: s.Key, Limit: room, Lock: dialect.Exclusive,
	}) {
		if err != nil {
			return false, err
		}
		rows = append(rows, &row{values: values, fate: plan.EraseDelete})
	}
	if len(rows) == 0 {
		return true, nil
	}
	if all, err := b.below(ctx, s, rows); err != nil || !all {
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
	b.count(s, len(rows))
	b.deed.erase(s.table, keys.Keys, plan.Delete)
	b.deed.proofs = append(b.deed.proofs, proof{step: s.deletes, table: s.Name, absent: []dialect.Cond{keys}})
	b.latecomers(s, rows, true, b.deed)
	return len(rows) < room, nil
}

func (b *draining) count(s *set, n int) {
	b.left -= n
	b.deed.step(s.deletes).add(Counts{Matched: int64(n), Affected: int64(n)})
}

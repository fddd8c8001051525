package erase

import (
	"context"
	"slices"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/tally"
	"github.com/expungedb/expunge/plan"
)

// isRangeStep reports whether the root's step is carried out by a statement on a
// range: nothing has to be looked at before. So it is in scope everything, and with rows that have
// expired where nothing hangs on them, none can be held, and no trigger
// can keep one as it is.
func (p *compiledRoot) isRangeStep(scope plan.Scope) bool {
	if scope == plan.ScopeEverything {
		return true
	}
	t, steps := p.rootTable(), p.root.Steps
	if p.root.Older == nil || p.root.Whole || p.fetchesKeys() || len(p.tables) > 1 || len(steps) != 1 || len(t.schema.Triggers) > 0 ||
		t.Hold != nil || len(t.Reach)+len(t.Keeps)+len(t.AnchoredBy)+len(t.SharedBy) > 0 {
		return false
	}
	st := &steps[0]
	return st.Op == plan.Delete || st.Op == plan.Overwrite && st.Follow == nil && t.writers[st.ID].notYetNull() == nil
}

// fetchesKeys reports whether a sweep fetches the keys of its rows beforehand,
// for the sake of row commitments.
func (p *compiledRoot) fetchesKeys() bool {
	return p.tracking == fetched || p.tracking == returned && p.root.Steps[0].Op != plan.Delete
}

// isCheap reports whether a sweep's rows cost little beside its transactions:
// they are deleted, and nothing of them comes to the client.
func (p *compiledRoot) isCheap() bool {
	return p.tracking == untracked && p.root.Steps[0].Op == plan.Delete
}

// runRangeStep carries out the one step of a root on a range of its table: there is no
// closure, and nothing is fetched that the step doesn't need.
func (p *compiledRoot) runRangeStep(ctx context.Context, tx dialect.Tx, it *workItem, source *anonymise.Source, chunk int) (*batchResult, error) {
	d := &batchResult{}
	st, t := &p.root.Steps[0], p.rootTable()
	c := d.Step(st.ID)
	where := slices.Concat(p.where(), it.rangeCond(p), st.Conditions())
	if p.fetchesKeys() {
		if err := p.noteKeys(ctx, tx, where, st.Op, d); err != nil {
			return nil, err
		}
	}
	met := int64(-1) // not counted
	if it.contended || st.Op != plan.Delete && t.hasSuppressingTrigger() {
		var err error
		if met, err = t.lockRows(ctx, tx, where); err != nil {
			return nil, err
		}
	}
	switch st.Op {
	case plan.Delete:
		n, err := p.deleteReturningKeys(ctx, tx, t, dialect.Delete{Table: t.Name, Where: where}, 0, d)
		if err != nil {
			return nil, err
		}
		c.Add(tally.Counts{Matched: n, Affected: n})
		if p.root.Older != nil { // else the last scan counts the table
			d.proofs = append(d.proofs, check{step: st.ID, table: t.Name, absent: where, kind: goneRange})
		}
	case plan.Detach:
		u := dialect.Update{Table: t.Name, Where: where}
		for _, name := range st.Detach.Columns {
			u.Set = append(u.Set, dialect.Assign{Column: t.schema.Column(name), Expr: dialect.Null{}})
		}
		n, err := tx.Update(ctx, u)
		if err != nil {
			return nil, err
		}
		c.Add(tally.Counts{Matched: n.Rows, Affected: n.Rows})
	case plan.Overwrite:
		w := t.writers[st.ID]
		if err := p.overwriteRange(ctx, tx, it, w, where, source, chunk, c, d); err != nil {
			return nil, err
		}
	}
	if met >= 0 && met != c.Matched {
		return nil, errMoved
	}
	d.roots = c.Matched
	return d, nil
}

// hasSuppressingTrigger reports whether a trigger could keep rows from being updated, which no
// count of updated rows would tell.
func (t *table) hasSuppressingTrigger() bool {
	return slices.ContainsFunc(t.schema.Triggers, func(tr *dialect.Trigger) bool {
		return tr.OnUpdate && !tr.Disabled && tr.Timing != "after"
	})
}

// lockRows locks the rows that meet the conditions, where they have keys, and counts them.
func (t *table) lockRows(ctx context.Context, tx dialect.Tx, where []dialect.Cond) (n int64, err error) {
	if len(t.Key) == 0 {
		return tx.Count(ctx, t.Name, where)
	}
	for _, err := range tx.Query(ctx, dialect.Select{Table: t.Name, Columns: t.Key, Where: where, Lock: dialect.Exclusive}) {
		if err != nil {
			return 0, err
		}
		n++
	}
	return n, nil
}

// overwriteRange overwrites a range. Where that goes through the client and it is
// the whole table, the rows are addressed first and taken in chunks.
func (p *compiledRoot) overwriteRange(ctx context.Context, tx dialect.Tx, it *workItem, w *writer, where []dialect.Cond, source *anonymise.Source, chunk int, c *tally.Counts, d *batchResult) error {
	t := p.rootTable()
	ranges := [][]dialect.Cond{where}
	if len(w.set) == 0 && it.roots == tableRoots {
		ranges = nil
		var keys []dialect.Key
		for key, err := range tx.Query(ctx, dialect.Select{Table: w.Name, Columns: w.Key, Where: where, Lock: dialect.Exclusive}) {
			if err != nil {
				return err
			}
			keys = append(keys, key)
			if len(keys) == chunk {
				ranges, keys = append(ranges, w.keyCond(keys)), nil
			}
		}
		if len(keys) > 0 {
			ranges = append(ranges, w.keyCond(keys))
		}
	}
	var version []string
	if p.version != "" && t.schema.Address != "" && !t.Address && !it.contended && it.roots != tableRoots && len(w.following) == 0 {
		version = []string{p.version, t.schema.Address}
	}
	for _, r := range ranges {
		bulk, err := w.overwriteRows(ctx, tx, r, version, source, d)
		if err != nil {
			return err
		}
		if bulk != nil && !w.Address { // an address changes with its row
			d.proofs = append(d.proofs, check{step: w.step.ID, table: w.Name, kind: storedValues, found: r, equal: bulk, schema: t.schema})
		} else if bulk != nil {
			c.Unchecked += int64(len(bulk.Rows))
		}
	}
	return nil
}

func (w *writer) keyCond(keys []dialect.Key) []dialect.Cond {
	return []dialect.Cond{dialect.In{Columns: w.Key, Keys: keys}}
}

// noteKeys fetches the keys of a range's rows, for the sake of row commitments.
func (p *compiledRoot) noteKeys(ctx context.Context, tx dialect.Tx, where []dialect.Cond, op plan.Op, d *batchResult) error {
	t := p.rootTable()
	if len(t.Key) == 0 || t.Address {
		return nil // nothing names a row for good
	}
	var keys []dialect.Key
	for key, err := range tx.Query(ctx, dialect.Select{Table: t.Name, Columns: t.Key, Where: where, Order: t.Key, Lock: dialect.Exclusive}) {
		if err != nil {
			return err
		}
		keys = append(keys, key)
	}
	d.addErased(t, keys, op)
	return nil
}

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

// rangeStep is the one step of a root, carried out on a range of its table: there is no
// closure, and nothing is fetched that the step doesn't need.
type rangeStep struct {
	*compiledRoot
	tx        dialect.Tx
	roots     []dialect.Cond // of the range
	whole     bool           // the range is the table, in one transaction
	lockFirst bool           // another transaction changed rows of the range meanwhile
	source    *anonymise.Source
	chunk     int // how many rows of a whole table go through the client at a time
}

func (s *rangeStep) carryOut(ctx context.Context) (*batchResult, error) {
	d := &batchResult{}
	st, t := &s.root.Steps[0], s.rootTable()
	where := slices.Concat(s.where(), s.roots, st.Conditions())
	if s.fetchesKeys() {
		if err := s.noteKeys(ctx, where, d); err != nil {
			return nil, err
		}
	}
	met := int64(-1) // not counted
	if s.lockFirst || st.Op != plan.Delete && t.hasSuppressingTrigger() {
		var err error
		if met, err = t.lockRows(ctx, s.tx, where); err != nil {
			return nil, err
		}
	}
	if err := s.changeRows(ctx, where, d); err != nil {
		return nil, err
	}
	d.roots = d.Step(st.ID).Matched
	if met >= 0 && met != d.roots {
		return nil, errMoved
	}
	return d, nil
}

// changeRows deletes, detaches or overwrites the rows that meet the conditions.
func (s *rangeStep) changeRows(ctx context.Context, where []dialect.Cond, d *batchResult) error {
	st, t := &s.root.Steps[0], s.rootTable()
	switch st.Op {
	case plan.Delete:
		n, err := s.deleteReturningKeys(ctx, s.tx, t, dialect.Delete{Table: t.Name, Where: where}, 0, d)
		if err != nil {
			return err
		}
		d.Step(st.ID).Add(tally.Counts{Matched: n, Affected: n})
		if s.root.Older != nil { // else the last scan counts the table
			d.proofs = append(d.proofs, check{step: st.ID, table: t.Name, absent: where, kind: goneRange})
		}
	case plan.Detach:
		u := dialect.Update{Table: t.Name, Where: where}
		for _, name := range st.Detach.Columns {
			u.Set = append(u.Set, dialect.Assign{Column: t.schema.Column(name), Expr: dialect.Null{}})
		}
		n, err := s.tx.Update(ctx, u)
		if err != nil {
			return err
		}
		d.Step(st.ID).Add(tally.Counts{Matched: n.Rows, Affected: n.Rows})
	case plan.Overwrite:
		return s.overwriteRange(ctx, t.writers[st.ID], where, d)
	}
	return nil
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
func (s *rangeStep) overwriteRange(ctx context.Context, w *writer, where []dialect.Cond, d *batchResult) error {
	ranges := [][]dialect.Cond{where}
	if len(w.set) == 0 && s.whole {
		var err error
		if ranges, err = s.lockChunks(ctx, w, where); err != nil {
			return err
		}
	}
	version := s.rowVersion(w)
	for _, r := range ranges {
		bulk, err := w.overwriteRows(ctx, s.tx, r, version, s.source, d)
		if err != nil {
			return err
		}
		if bulk != nil && !w.Address { // an address changes with its row
			d.proofs = append(d.proofs, check{step: w.step.ID, table: w.Name, kind: storedValues, found: r, equal: bulk, schema: w.schema})
		} else if bulk != nil {
			d.Step(w.step.ID).Unchecked += int64(len(bulk.Rows))
		}
	}
	return nil
}

// rowVersion are the columns by which a row is known not to have changed since it was read; nil
// where rows are locked instead.
func (s *rangeStep) rowVersion(w *writer) []string {
	if s.version == "" || w.schema.Address == "" || w.Address || s.lockFirst || s.whole || len(w.following) > 0 {
		return nil
	}
	return []string{s.version, w.schema.Address}
}

// lockChunks locks the rows, and returns the conditions for a chunk of them each.
func (s *rangeStep) lockChunks(ctx context.Context, w *writer, where []dialect.Cond) (chunks [][]dialect.Cond, err error) {
	var keys []dialect.Key
	for key, err := range s.tx.Query(ctx, dialect.Select{Table: w.Name, Columns: w.Key, Where: where, Lock: dialect.Exclusive}) {
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
		if len(keys) == s.chunk {
			chunks, keys = append(chunks, w.keyCond(keys)), nil
		}
	}
	if len(keys) > 0 {
		chunks = append(chunks, w.keyCond(keys))
	}
	return chunks, nil
}

func (w *writer) keyCond(keys []dialect.Key) []dialect.Cond {
	return []dialect.Cond{dialect.In{Columns: w.Key, Keys: keys}}
}

// noteKeys fetches the keys of a range's rows, for the sake of row commitments.
func (s *rangeStep) noteKeys(ctx context.Context, where []dialect.Cond, d *batchResult) error {
	t := s.rootTable()
	if len(t.Key) == 0 || t.Address {
		return nil // nothing names a row for good
	}
	var keys []dialect.Key
	for key, err := range s.tx.Query(ctx, dialect.Select{Table: t.Name, Columns: t.Key, Where: where, Order: t.Key, Lock: dialect.Exclusive}) {
		if err != nil {
			return err
		}
		keys = append(keys, key)
	}
	d.addErased(t, keys, s.root.Steps[0].Op)
	return nil
}

package closure

import (
	"context"
	"slices"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/tally"
	"github.com/expungedb/expunge/plan"
)

// IsRangeStep reports whether the root's step is carried out by a statement on a
// range: nothing has to be read before. So it is in scope everything, and with expired rows
// if nothing refers to them, none can be held, and no trigger
// can keep one as it is.
func (p *Root) IsRangeStep(scope plan.Scope) bool {
	if scope == plan.ScopeEverything {
		return true
	}
	t, steps := p.RootTable(), p.Plan.Steps
	if p.Plan.Older == nil || p.Plan.Whole || p.fetchesKeys() || len(p.Tables) > 1 || len(steps) != 1 || len(t.Schema.Triggers) > 0 ||
		t.Hold != nil || len(t.Reach)+len(t.Keeps)+len(t.AnchoredBy)+len(t.SharedBy) > 0 {
		return false
	}
	st := &steps[0]
	return st.Op == plan.Delete || st.Op == plan.Overwrite && st.Follow == nil && t.writers[st.ID].notYetNull() == nil
}

// fetchesKeys reports whether a sweep fetches the keys of its rows beforehand,
// for the sake of row commitments.
func (p *Root) fetchesKeys() bool {
	return p.Tracking == Fetched || p.Tracking == Returned && p.Plan.Steps[0].Op != plan.Delete
}

// IsCheap reports whether a sweep's rows cost little beside its transactions:
// they are deleted, and nothing of them comes to the client.
func (p *Root) IsCheap() bool {
	return p.Tracking == Untracked && p.Plan.Steps[0].Op == plan.Delete
}

// RangeStep is the one step of a root, carried out on a range of its table: there is no
// closure, and only what the step needs is fetched.
type RangeStep struct {
	*Root
	Tx        dialect.Tx
	Roots     []dialect.Cond // of the range
	Whole     bool           // the range is the table, in one transaction
	LockFirst bool           // another transaction changed rows of the range meanwhile
	Source    *anonymise.Source
	Chunk     int // how many rows of a whole table go through the client at a time
}

// CarryOut carries the step out.
func (s *RangeStep) CarryOut(ctx context.Context) (*Result, error) {
	d := &Result{}
	st, t := &s.Plan.Steps[0], s.RootTable()
	where := slices.Concat(s.Where(), s.Roots, st.Conditions())
	if s.fetchesKeys() {
		if err := s.noteKeys(ctx, where, d); err != nil {
			return nil, err
		}
	}
	met := int64(-1) // not counted
	if s.LockFirst || st.Op != plan.Delete && t.hasSuppressingTrigger() {
		var err error
		if met, err = t.lockRows(ctx, s.Tx, where); err != nil {
			return nil, err
		}
	}
	if err := s.changeRows(ctx, where, d); err != nil {
		return nil, err
	}
	d.Roots = d.Step(st.ID).Matched
	if met >= 0 && met != d.Roots {
		return nil, ErrMoved
	}
	return d, nil
}

// changeRows deletes, detaches or overwrites the rows under the conditions.
func (s *RangeStep) changeRows(ctx context.Context, where []dialect.Cond, d *Result) error {
	st, t := &s.Plan.Steps[0], s.RootTable()
	switch st.Op {
	case plan.Delete:
		n, err := s.deleteReturningKeys(ctx, s.Tx, t, dialect.Delete{Table: t.Name, Where: where}, 0, d)
		if err != nil {
			return err
		}
		d.Step(st.ID).Add(tally.Counts{Matched: n, Affected: n})
		if s.Plan.Older != nil { // else the last scan counts the table
			d.Checks = append(d.Checks, Check{step: st.ID, table: t.Name, absent: where, kind: goneRange})
		}
	case plan.Detach:
		u := dialect.Update{Table: t.Name, Where: where}
		for _, name := range st.Detach.Columns {
			u.Set = append(u.Set, dialect.Assign{Column: t.Schema.Column(name), Expr: dialect.Null{}})
		}
		n, err := s.Tx.Update(ctx, u)
		if err != nil {
			return err
		}
		d.Step(st.ID).Add(tally.Counts{Matched: n.Rows, Affected: n.Rows})
	case plan.Overwrite:
		return s.overwriteRange(ctx, t.writers[st.ID], where, d)
	}
	return nil
}

// hasSuppressingTrigger reports whether a trigger could suppress updates: no
// count of updated rows would tell.
func (t *Table) hasSuppressingTrigger() bool {
	return slices.ContainsFunc(t.Schema.Triggers, func(tr *dialect.Trigger) bool {
		return tr.OnUpdate && !tr.Disabled && tr.Timing != "after"
	})
}

// lockRows locks the rows under the conditions, if they have keys, and counts them.
func (t *Table) lockRows(ctx context.Context, tx dialect.Reader, where []dialect.Cond) (n int64, err error) {
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

// overwriteRange overwrites a range. If the values are made by the client and the range is
// the whole table, the rows are addressed first and taken in chunks.
func (s *RangeStep) overwriteRange(ctx context.Context, w *Writer, where []dialect.Cond, d *Result) error {
	ranges := [][]dialect.Cond{where}
	if len(w.set) == 0 && s.Whole {
		var err error
		if ranges, err = s.lockChunks(ctx, w, where); err != nil {
			return err
		}
	}
	version := s.rowVersion(w)
	for _, r := range ranges {
		bulk, err := w.overwriteRows(ctx, s.Tx, r, version, s.Source, d)
		if err != nil {
			return err
		}
		if bulk != nil && !w.Address { // an address changes with its row
			d.Checks = append(d.Checks, Check{step: w.step.ID, table: w.Name, kind: storedValues, found: r, equal: bulk, schema: w.Schema})
		} else if bulk != nil {
			d.Step(w.step.ID).Unchecked += int64(len(bulk.Rows))
		}
	}
	return nil
}

// rowVersion are the columns to compare for an unchanged row; nil
// if rows are locked instead.
func (s *RangeStep) rowVersion(w *Writer) []string {
	if s.version == "" || w.Schema.Address == "" || w.Address || s.LockFirst || s.Whole || len(w.following) > 0 {
		return nil
	}
	return []string{s.version, w.Schema.Address}
}

// lockChunks locks the rows, and returns the conditions for a chunk of them each.
func (s *RangeStep) lockChunks(ctx context.Context, w *Writer, where []dialect.Cond) (chunks [][]dialect.Cond, err error) {
	var keys []dialect.Key
	for key, err := range s.Tx.Query(ctx, dialect.Select{Table: w.Name, Columns: w.Key, Where: where, Lock: dialect.Exclusive}) {
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
		if len(keys) == s.Chunk {
			chunks, keys = append(chunks, w.keyCond(keys)), nil
		}
	}
	if len(keys) > 0 {
		chunks = append(chunks, w.keyCond(keys))
	}
	return chunks, nil
}

func (w *Writer) keyCond(keys []dialect.Key) []dialect.Cond {
	return []dialect.Cond{dialect.In{Columns: w.Key, Keys: keys}}
}

// noteKeys fetches the keys of a range's rows, for the sake of row commitments.
func (s *RangeStep) noteKeys(ctx context.Context, where []dialect.Cond, d *Result) error {
	t := s.RootTable()
	if len(t.Key) == 0 || t.Address {
		return nil // no key names the rows
	}
	var keys []dialect.Key
	for key, err := range s.Tx.Query(ctx, dialect.Select{Table: t.Name, Columns: t.Key, Where: where, Order: t.Key, Lock: dialect.Exclusive}) {
		if err != nil {
			return err
		}
		keys = append(keys, key)
	}
	d.addErased(t, keys, s.Plan.Steps[0].Op)
	return nil
}

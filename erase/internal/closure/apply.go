package closure

import (
	"context"
	"slices"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/tally"
	"github.com/expungedb/expunge/plan"
	"github.com/expungedb/expunge/plan/policy"
)

// RunSteps carries out the plan's steps on what was gathered, in their order.
func (g *Closure) RunSteps(ctx context.Context, tx dialect.Tx, source *anonymise.Source, chunk int) (*Result, error) {
	g.steps = steps{write: tx}
	return g.carryOutSteps(ctx, source, chunk)
}

// CountSteps counts what RunSteps would do, and writes nothing. It has the scan look for odd
// values among the rows to overwrite.
func (g *Closure) CountSteps(ctx context.Context, scan *OddScan, chunk int) (*Result, error) {
	g.steps = steps{dry: true, scan: scan}
	return g.carryOutSteps(ctx, nil, chunk)
}

func (g *Closure) carryOutSteps(ctx context.Context, source *anonymise.Source, chunk int) (*Result, error) {
	d := &Result{Roots: int64(len(g.sets[0].rows))}
	for i := range g.Plan.Steps {
		if err := g.carryOutStep(ctx, &g.Plan.Steps[i], d, source, chunk); err != nil {
			return nil, err
		}
	}
	if err := g.eraseWrittenByTriggers(ctx, d, source, chunk); err != nil {
		return nil, err
	}
	for _, s := range g.sets {
		g.countKept(s, d)
		g.checkNewLinkedRows(s, s.deletedRows(), false, d)
	}
	if err := g.countWritten(ctx, d); err != nil {
		return nil, err
	}
	first := g.sets[0]
	d.Stayed = keysOf(first, first.rowsWhere(func(r *row) bool { return !r.isDeleted() }))
	d.Gone = keysOf(first, first.deletedRows())
	return d, nil
}

// countWritten counts deleted leaves still in the table at the end of the transaction: a trigger of
// another step has written them. Any found later are new.
func (g *Closure) countWritten(ctx context.Context, d *Result) error {
	if g.dry || !slices.ContainsFunc(g.Schema.Tables, func(t *dialect.Table) bool { return len(t.Triggers) > 0 }) {
		return nil
	}
	for i := range d.Checks {
		p := &d.Checks[i]
		if p.kind != goneLeaves {
			continue
		}
		var err error
		if p.inside, err = g.tx.Count(ctx, p.table, p.absent); err != nil {
			return err
		}
	}
	return nil
}

// carryOutStep carries one step out on the rows of the sets.
func (g *Closure) carryOutStep(ctx context.Context, st *plan.Step, d *Result, source *anonymise.Source, chunk int) error {
	switch st.Op {
	case plan.Detach:
		return g.detachRows(ctx, st, d, chunk)
	case plan.Overwrite:
		if st.Rows == plan.Following {
			return nil // it was carried out with the one before
		}
		return g.overwriteRows(ctx, st, d, source, chunk)
	case plan.Delete:
		return g.deleteRows(ctx, st, d, chunk)
	case plan.Keep:
		n := int64(len(g.rowsOf(st.Table).rowsWith(kept)))
		d.Step(st.ID).Add(tally.Counts{Matched: n, Held: n})
	}
	return nil
}

// countKept notes why rows were kept.
func (g *Closure) countKept(s *tableRows, d *Result) {
	for _, r := range s.rows {
		if r.earlier != nil && r.earlier.holdEnded {
			d.AddEnded(s.Name, 1)
		}
		if why := r.keptFor(); why != "" {
			d.AddKept(s.Name, why, 1)
		}
	}
}

// keptFor is why the row is kept on purpose; "" where it isn't.
func (r *row) keptFor() tally.Reason {
	switch {
	case r.isHeldSelf():
		return tally.ByHold
	case r.kept == keptShared:
		return tally.ByOthers
	case r.decision == policy.EraseKeep:
		return tally.ByPolicy
	case r.decision == policy.EraseDelete && r.isHeld():
		return tally.WithHeld
	case r.decision == policy.EraseDelete && r.kept == keptByReference:
		return tally.ByReference
	}
	return ""
}

func (g *Closure) detachRows(ctx context.Context, st *plan.Step, d *Result, chunk int) error {
	ref := st.Detach
	s, to := g.rowsOf(st.Table), g.rowsOf(ref.RefTable)
	c := d.Step(st.ID)
	switch st.Rows {
	case plan.Going:
		return g.byKeys(s, s.deletedRows(), chunk, func(keys dialect.Cond) error {
			return g.setNull(ctx, st, append([]dialect.Cond{keys}, st.Conditions()...), c)
		})
	case plan.Staying:
		gone := g.referringTo(ref, to.deletedRows())
		if gone == nil {
			return nil
		}
		loose := s.rowsWhere(func(r *row) bool { return !r.isDeleted() && !g.anchorsByReference(s, r, ref) })
		return g.byKeys(s, loose, chunk, func(keys dialect.Cond) error {
			return g.setNull(ctx, st, append([]dialect.Cond{keys}, gone...), c)
		})
	}
	where := g.referringTo(ref, g.referencedRows(to, to.rows))
	if where == nil {
		return nil
	}
	d.Checks = append(d.Checks, Check{step: st.ID, table: st.Table, absent: where})
	return g.setNull(ctx, st, where, c)
}

// referringTo is the condition for rows with a reference to one of the rows; nil if there
// can be none.
func (g *Closure) referringTo(ref *plan.Reference, rows []*row) []dialect.Cond {
	keys := g.referenceValues(g.rowsOf(ref.RefTable), rows, ref.RefColumns, ref.Table, ref.Columns)
	if len(keys) == 0 {
		return nil
	}
	return refersTo(ref, keys)
}

// anchorsByReference reports whether the row holds on to what the reference refers to.
func (g *Closure) anchorsByReference(s *tableRows, r *row, ref *plan.Reference) bool {
	return r.isHeld() && slices.ContainsFunc(s.Keeps, func(a plan.Anchor) bool {
		return a.RefTable == ref.RefTable && slices.Equal(a.Columns, ref.Columns)
	})
}

func (g *Closure) setNull(ctx context.Context, st *plan.Step, where []dialect.Cond, c *tally.Counts) error {
	t := g.Schema.Table(st.Table)
	u := dialect.Update{Table: st.Table, Where: where}
	for _, col := range st.Detach.Columns {
		u.Set = append(u.Set, dialect.Assign{Column: t.Column(col), Expr: dialect.Null{}})
	}
	n, err := g.updateCounted(ctx, u)
	if err != nil {
		return err
	}
	c.Add(tally.Counts{Matched: n, Affected: n})
	return nil
}

func (g *Closure) overwriteRows(ctx context.Context, st *plan.Step, d *Result, source *anonymise.Source, chunk int) error {
	s := g.rowsOf(st.Table)
	var rows []*row
	switch st.Rows {
	case plan.Held:
		rows = s.rowsWith(partly)
	case plan.Freed:
		rows = s.rowsWith(rest)
	default:
		rows = s.rowsWith(written)
		n := int64(len(s.rowsWhere(func(r *row) bool {
			return r.decision == policy.EraseOverwrite && s.outcomeOf(r) != written && (r.earlier == nil || s.isWithheld(r) || r.kept == keptShared)
		})))
		d.Step(st.ID).Add(tally.Counts{Matched: n, Held: n})
	}
	w := s.writers[st.ID]
	if g.dry {
		n := int64(len(rows))
		d.Step(st.ID).Add(tally.Counts{Matched: n, Affected: n})
		return g.byKeys(s, rows, chunk, func(keys dialect.Cond) error {
			if err := g.scan.Count(ctx, g.tx, w, []dialect.Cond{keys}); err != nil {
				return err
			}
			return w.countFollowing(ctx, g.tx, []dialect.Cond{keys}, &d.Tally)
		})
	}
	return g.byKeys(s, rows, chunk, func(keys dialect.Cond) error {
		c := d.Step(st.ID)
		before := c.Affected
		bulk, err := w.overwriteRows(ctx, g.write, []dialect.Cond{keys}, nil, source, d)
		if err != nil {
			return err
		}
		if c.Affected-before != int64(len(keys.(dialect.In).Keys)) {
			return ErrMoved
		}
		switch {
		case bulk != nil && s.Address: // an address changes with its row
			c.Unchecked += int64(len(bulk.Rows))
		case bulk != nil:
			d.Checks = append(d.Checks, Check{step: st.ID, table: st.Table, kind: storedValues, found: []dialect.Cond{keys}, equal: bulk, schema: s.Schema})
		case len(w.set) > 0 && w.notYetNull() != nil:
			d.Checks = append(d.Checks, Check{step: st.ID, table: st.Table, absent: []dialect.Cond{keys, w.notYetNull()}})
		}
		d.addErased(s.Table, keys.(dialect.In).Keys, plan.Overwrite)
		return nil
	})
}

func (g *Closure) deleteRows(ctx context.Context, st *plan.Step, d *Result, chunk int) error {
	s := g.rowsOf(st.Table)
	if s.DeleteByReference {
		return g.deleteUnseen(ctx, st, s, d)
	}
	c := d.Step(st.ID)
	doomed := s.rowsWhere(func(r *row) bool { return r.decision == policy.EraseDelete })
	going := s.deletedRows()
	c.Matched += int64(len(doomed))
	c.Held += int64(len(doomed) - len(going))
	if s.Cycle > 0 {
		// Rows may refer to each other: only one statement can delete them.
		chunk = max(len(going), 1)
	}
	return g.byKeys(s, going, chunk, func(keys dialect.Cond) error {
		n, err := g.deleteWhere(ctx, s.Name, []dialect.Cond{keys})
		if err != nil {
			return err
		}
		if n != int64(len(keys.(dialect.In).Keys)) {
			return ErrMoved
		}
		c.Affected += n
		d.addErased(s.Table, keys.(dialect.In).Keys, plan.Delete)
		if !s.Address { // an address may be given to a new row at once
			d.Checks = append(d.Checks, Check{step: st.ID, table: s.Name, absent: []dialect.Cond{keys}})
		}
		return nil
	})
}

// deleteUnseen deletes leaves by their references, and counts
// those kept by held rows.
func (g *Closure) deleteUnseen(ctx context.Context, st *plan.Step, s *tableRows, d *Result) error {
	c := d.Step(st.ID)
	var counted []dialect.Cond
	for i := range s.Reach {
		w := &s.Reach[i]
		from := g.rowsOf(w.From())
		free := g.referencedRows(from, from.rowsWhere(func(r *row) bool { return !g.holdCovers(from, r, w) }))
		if where := g.referenceCond(w, from, free); where != nil {
			if g.dry {
				where = append(where, counted...) // a row may be reached twice
				counted = append(counted, dialect.Not{Cond: dialect.All(where)})
			}
			n, err := g.deleteLeaves(ctx, s, where, d)
			if err != nil {
				return err
			}
			if (len(s.Schema.Triggers) > 0 || g.LimitLeaves) && !g.dry {
				// What a trigger keeps from going is in no count, nor is what somebody
				// changes while a statement with a limit picks its rows.
				kept, err := g.tx.Count(ctx, s.Name, where)
				if err != nil {
					return err
				}
				if kept > 0 {
					return ErrMoved
				}
			}
			c.Matched += n
			c.Affected += n
			d.Checks = append(d.Checks, Check{step: st.ID, table: s.Name, absent: where, kind: goneLeaves})
		}
		holding := from.rowsWhere(func(r *row) bool { return g.holdCovers(from, r, w) })
		if where := g.referenceCond(w, from, holding); where != nil {
			n, err := g.tx.Count(ctx, s.Name, where)
			if err != nil {
				return err
			}
			c.Matched += n
			c.Held += n
			d.AddKept(s.Name, tally.WithHeld, n)
		}
	}
	return nil
}

// checkNewLinkedRows adds a check for new rows linked to the deleted ones: a link, unlike a
// foreign key, doesn't block an insert between the gathering and the commit. The last scan
// finds those of subjects. Another check finds leaves deleted unseen, unless a part of an oversized
// root deletes the rows.
func (g *Closure) checkNewLinkedRows(from *tableRows, gone []*row, part bool, d *Result) {
	if g.dry || len(gone) == 0 || from == g.sets[0] && g.Plan.Older == nil && !g.Plan.Ended {
		return
	}
	for _, s := range g.sets[1:] {
		known := s.rowsWhere(func(r *row) bool { return !s.Address || !r.isDeleted() })     // remaining, or checked by their keys
		if s.Deletes == "" || s.DeleteByReference && !part || s.Address && len(known) > 0 { // an address changes with its row
			continue
		}
		for i := range s.Reach {
			w := &s.Reach[i]
			if !w.Link || w.Forwards || w.Erase != policy.EraseDelete || w.From() != from.Name {
				continue
			}
			where := g.referenceCond(w, from, gone)
			if where == nil {
				continue
			}
			if len(known) > 0 {
				where = append(where, dialect.Not{Cond: dialect.In{Columns: s.Key, Keys: keysOf(s, known)}})
			}
			d.Checks = append(d.Checks, Check{step: s.Deletes, table: s.Name, absent: where, kind: lateRows})
		}
	}
}

// byKeys calls do with conditions for the rows by their keys, chunk of them
// at a time.
func (g *Closure) byKeys(s *tableRows, rows []*row, chunk int, do func(keys dialect.Cond) error) error {
	for part := range slices.Chunk(rows, chunk) {
		if err := do(dialect.In{Columns: s.Key, Keys: keysOf(s, part)}); err != nil {
			return err
		}
	}
	return nil
}

// updateCounted carries an update out, or only counts its rows.
func (g *Closure) updateCounted(ctx context.Context, u dialect.Update) (int64, error) {
	if g.dry {
		return g.tx.Count(ctx, u.Table, u.Where)
	}
	n, err := g.write.Update(ctx, u)
	return n.Rows, err
}

// deleteLeaves deletes leaves unseen, or only counts them. Their number is known
// only afterwards. Once they were more than one transaction should lock, no
// statement deletes more.
func (g *Closure) deleteLeaves(ctx context.Context, s *tableRows, where []dialect.Cond, d *Result) (int64, error) {
	if g.dry {
		return g.tx.Count(ctx, s.Name, where)
	}
	del := dialect.Delete{Table: s.Name, Where: where}
	if g.Leaves > 0 && g.LimitLeaves {
		del.Limit = g.Leaves
	}
	n, err := g.deleteReturningKeys(ctx, g.write, s.Table, del, g.Leaves, d)
	if g.Leaves > 0 && err == nil {
		if n >= int64(g.Leaves) {
			return 0, ErrTooMany // as far as is known
		}
		g.Leaves -= int(n)
	}
	return n, err
}

// deleteReturningKeys deletes rows, and adds their keys to the batch's commitment where the
// statement returns them. It stops after `most` keys (0: never): the caller then rolls back.
func (p *Root) deleteReturningKeys(ctx context.Context, tx dialect.Tx, t *Table, del dialect.Delete, most int, d *Result) (int64, error) {
	if p.Tracking != Returned || len(t.Key) == 0 || t.Address {
		return tx.Delete(ctx, del)
	}
	var keys []dialect.Key
	for key, err := range p.returner.DeleteReturning(ctx, tx, del, t.Key) {
		if err != nil {
			return 0, err
		}
		if keys = append(keys, key); len(keys) == most {
			break
		}
	}
	d.addErased(t, keys, plan.Delete)
	return int64(len(keys)), nil
}

// deleteWhere deletes rows, or only counts them.
func (g *Closure) deleteWhere(ctx context.Context, t dialect.Name, where []dialect.Cond) (int64, error) {
	if g.dry {
		return g.tx.Count(ctx, t, where)
	}
	return g.write.Delete(ctx, dialect.Delete{Table: t, Where: where})
}

package closure

import (
	"context"
	"fmt"
	"slices"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/tally"
	"github.com/expungedb/expunge/plan"
)

// follower carries the new values of an overwrite to the rows with a reference to the
// overwritten ones. They have no row commitments: their subject isn't
// known, and the overwritten row has one.
type follower struct {
	step  *plan.Step
	table *dialect.Table
	set   []string // the changing columns of the reference,
	of    []string // and whose new values they take
}

// addFollower has the writer carry out a Following step with its own.
func (w *Writer) addFollower(st *plan.Step, s *dialect.Schema) error {
	f := &follower{step: st, table: s.Table(st.Table)}
	if f.table == nil {
		return fmt.Errorf("table %s: %w: build the plan again", st.Table, ErrDrift)
	}
	if len(w.columns) == 0 || st.Follow.RefTable != w.Name {
		return fmt.Errorf("invalid plan (step %s has nothing to follow): build the plan again", st.ID)
	}
	for i, c := range st.Follow.Columns {
		of := st.Follow.RefColumns[i]
		if slices.Contains(w.columns, of) && slices.ContainsFunc(st.Set, func(a plan.Assignment) bool { return a.Column == c }) {
			f.set, f.of = append(f.set, c), append(f.of, of)
		}
		w.needs = append(w.needs, of)
	}
	w.cascades = slices.ContainsFunc(st.Set, func(a plan.Assignment) bool { return a.Way == plan.InDatabase })
	w.following = append(w.following, f)
	return nil
}

// Workers is how many batches of the root may be under way at a time. It is one if following
// rows of a batch may be another's own, or follow those of another as
// well: the two would lock them in turn.
func (p *Root) Workers(most int) int {
	var tables []dialect.Name
	for i := range p.Plan.Steps {
		st := &p.Plan.Steps[i]
		if st.Rows == plan.Following && slices.Contains(tables, st.Table) {
			return 1
		}
		tables = append(tables, st.Table)
	}
	return most
}

// newMoves starts the updates for the followers of a batch, keyed by the old
// values: every row with these takes the new ones.
func (w *Writer) newMoves() []dialect.BulkUpdate {
	out := make([]dialect.BulkUpdate, len(w.following))
	for i, f := range w.following {
		out[i] = dialect.BulkUpdate{Table: f.step.Table, Key: f.step.Follow.Columns, Set: f.set}
	}
	return out
}

// addMove adds the new values of one row, unless they are the old ones or no row can
// refer to it.
func (f *follower) addMove(u *dialect.BulkUpdate, old, fresh func(column string) dialect.Value) {
	var row dialect.Row
	for _, c := range f.step.Follow.RefColumns {
		if old(c) == nil {
			return
		}
		row = append(row, old(c))
	}
	changed := false
	for _, c := range f.of {
		row = append(row, fresh(c))
		changed = changed || !SameValue(old(c), fresh(c))
	}
	if changed {
		u.Rows = append(u.Rows, row)
	}
}

// rekey changes the rows of a batch and all following ones. It locks and counts
// these before, to compare with the number of changed rows.
func (w *Writer) rekey(ctx context.Context, tx dialect.Tx, own dialect.BulkUpdate, moves []dialect.BulkUpdate, d *Result) (int64, error) {
	found := make([]int64, len(moves))
	var updates []dialect.BulkUpdate
	var of []int                                     // each update's follower
	for i, f := range slices.Backward(w.following) { // a reference before the row it is to
		if len(moves[i].Rows) == 0 {
			continue
		}
		var err error
		if found[i], err = f.lockFollowing(ctx, tx, moves[i]); err != nil {
			return 0, err
		}
		if found[i] > 0 {
			updates, of = append(updates, moves[i]), append(of, i)
		}
	}
	var n int64
	var err error
	switch {
	case w.cascades || len(updates) == 0:
		n, err = tx.BulkUpdate(ctx, own)
	case w.rekeyer == nil:
		return 0, fmt.Errorf("table %s: this engine changes what is referred to only by a cascade: build the plan again", own.Table)
	default:
		var counts []int64
		if counts, err = w.rekeyer.Rekey(ctx, tx, append(updates, own)); err == nil {
			n = counts[len(updates)]
			for j, i := range of {
				if counts[j] != found[i] {
					return 0, ErrMoved
				}
			}
		}
	}
	if err != nil {
		return 0, err
	}
	for j, i := range of {
		f := w.following[i]
		look := Check{step: f.step.ID, table: f.step.Table, kind: followingRows, rows: found[i], present: f.refersCond(updates[j])}
		if w.cascades { // nothing but a look tells what a cascade did
			if missing, _, err := look.countFailed(ctx, tx); err != nil || missing > 0 {
				return 0, orMoved(err)
			}
		}
		d.Step(f.step.ID).Add(tally.Counts{Matched: found[i], Affected: found[i]})
		d.Checks = append(d.Checks, look)
	}
	return n, nil
}

func orMoved(err error) error {
	if err == nil {
		return ErrMoved
	}
	return err
}

// lockFollowing locks the rows with the old values, in the order of their key,
// and counts them.
func (f *follower) lockFollowing(ctx context.Context, tx dialect.Reader, u dialect.BulkUpdate) (n int64, err error) {
	s := dialect.Select{Table: u.Table, Columns: u.Key, Where: []dialect.Cond{f.referredCond(u)}, Order: f.table.Key(), Lock: dialect.Exclusive}
	for _, err := range tx.Query(ctx, s) {
		if err != nil {
			return 0, err
		}
		n++
	}
	return n, nil
}

// referredCond is the condition for rows with the old values.
func (f *follower) referredCond(u dialect.BulkUpdate) dialect.Cond {
	in := dialect.In{Columns: u.Key}
	for _, r := range u.Rows {
		in.Keys = append(in.Keys, r[:len(u.Key)])
	}
	return in
}

// refersCond is the condition for rows with the new values.
func (f *follower) refersCond(u dialect.BulkUpdate) []dialect.Cond {
	in := dialect.In{Columns: u.Key}
	for _, r := range u.Rows {
		key := slices.Clone(r[:len(u.Key)])
		for i, c := range f.set {
			key[slices.Index(u.Key, c)] = r[len(u.Key)+i]
		}
		in.Keys = append(in.Keys, key)
	}
	return []dialect.Cond{in}
}

// countFollowing counts what follows the rows under the conditions, and changes nothing.
func (w *Writer) countFollowing(ctx context.Context, tx dialect.Reader, where []dialect.Cond, t *tally.Tally) error {
	moves := w.newMoves()
	for i, f := range w.following {
		u := &moves[i]
		for row, err := range tx.Query(ctx, dialect.Select{Table: w.Name, Columns: f.step.Follow.RefColumns, Where: where}) {
			if err != nil {
				return err
			}
			if !slices.Contains(row, nil) {
				u.Rows = append(u.Rows, row)
			}
		}
		if len(u.Rows) == 0 {
			continue
		}
		n, err := tx.Count(ctx, u.Table, []dialect.Cond{f.referredCond(*u)})
		if err != nil {
			return err
		}
		t.Step(f.step.ID).Add(tally.Counts{Matched: n, Affected: n})
	}
	return nil
}

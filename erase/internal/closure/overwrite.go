package closure

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/tally"
	"github.com/expungedb/expunge/plan"
	"github.com/expungedb/expunge/plan/policy"
)

// Writer carries out one overwrite step.
type Writer struct {
	step *plan.Step
	*Table
	keyed bool // a strategy needs the secret

	set   []dialect.Assign // in the database,
	spare []dialect.Cond   // and conditions for values left as they are on purpose

	columns   []string // through the client: what is assigned,
	replacers []anonymise.Replacer
	needs     []string       // what else the replacers look at,
	when      []dialect.Cond // and their conditions
	flag      []int          // the replacer's place in when, or -1

	odd []oddColumn // columns with values their strategy can't replace

	following []*follower     // what refers to the rows, nearest first
	cascades  bool            // the database carries new values to them by itself,
	rekeyer   dialect.Rekeyer // or this does
	shown     string          // the table's name, as the plan's text has it
}

func newWriter(st *plan.Step, t *Table, s *dialect.Schema) (*Writer, error) {
	w := &Writer{step: st, Table: t, shown: policy.TableName(t.Name, s.Default)}
	for _, a := range st.Set {
		col := t.Schema.Column(a.Column)
		if col == nil {
			return nil, fmt.Errorf("table %s: %w: column %s not found: build the plan again", w.shown, ErrDrift, a.Column)
		}
		strategy, replacer, err := a.Bind(s, t.Schema)
		if err != nil {
			return nil, fmt.Errorf("table %s, column %s: %w", w.shown, a.Column, err)
		}
		w.keyed = w.keyed || strategy.Info().Keyed
		w.odd = appendOdd(w.odd, t.Schema, col, a, replacer)
		if a.Way == plan.InDatabase {
			e, ok := replacer.Expr()
			if !ok {
				return nil, fmt.Errorf("table %s, column %s: the plan overwrites it in the database, which this release can't: build the plan again", w.shown, a.Column)
			}
			w.set = append(w.set, dialect.Assign{Column: col, Expr: e})
			if c, ok := replacer.(anonymise.Conditional); ok && c.When() != "" {
				w.spare = append(w.spare, dialect.All{
					dialect.Not{Cond: dialect.Match{SQL: c.When()}}, dialect.Not{Cond: dialect.IsNull{Column: a.Column}},
				})
			}
			continue
		}
		w.columns = append(w.columns, a.Column)
		w.replacers = append(w.replacers, replacer)
		if r, ok := replacer.(anonymise.RowReplacer); ok {
			w.needs = append(w.needs, r.Needs()...)
		}
		w.flag = append(w.flag, -1)
		if c, ok := replacer.(anonymise.Conditional); ok && c.When() != "" {
			w.flag[len(w.flag)-1] = len(w.when)
			w.when = append(w.when, dialect.Match{SQL: c.When()})
		}
	}
	if len(w.set) > 0 && len(w.columns) > 0 {
		return nil, fmt.Errorf("invalid plan (step %s is carried out in two ways): build the plan again", st.ID)
	}
	return w, nil
}

// overwriteRows overwrites the rows under the conditions and what follows them, and counts both. The
// transaction has locked the rows, or locks them now. With a version, rows read
// by the client aren't locked: they must be as they were read. It returns the values written
// by the client, to look for after the commit.
func (w *Writer) overwriteRows(ctx context.Context, tx dialect.Tx, where []dialect.Cond, version []string, source *anonymise.Source, d *Result) (*dialect.BulkUpdate, error) {
	bulk, err := w.writeRows(ctx, tx, where, version, source, d)
	return bulk, w.nameColumns(err)
}

// nameColumns names the overwritten columns in the error of a refused
// value: the engine doesn't always name one.
func (w *Writer) nameColumns(err error) error {
	e, ok := errors.AsType[*dialect.Error](err)
	if !ok || e.Class != dialect.DoesNotFit && e.Class != dialect.OtherConstraint && e.Class != dialect.Fatal {
		return err
	}
	columns := slices.Clone(w.columns)
	for _, a := range w.set {
		columns = append(columns, a.Column.Name)
	}
	if len(columns) == 0 {
		return err
	}
	return fmt.Errorf("table %s, column %s: %w", w.Name, strings.Join(columns, ", "), err)
}

func (w *Writer) writeRows(ctx context.Context, tx dialect.Tx, where []dialect.Cond, version []string, source *anonymise.Source, d *Result) (*dialect.BulkUpdate, error) {
	c := d.Step(w.step.ID)
	if len(w.set) > 0 {
		spared, err := w.countSpared(ctx, tx, where)
		if err != nil {
			return nil, err
		}
		others, err := w.countOtherwise(ctx, tx, where)
		if err != nil {
			return nil, err
		}
		u, err := tx.Update(ctx, dialect.Update{Table: w.Name, Set: w.set, Where: where, Compare: true})
		if err != nil {
			return nil, err
		}
		if u.Missed > 0 {
			return nil, ErrMoved
		}
		c.Matched += u.Rows
		c.Affected += u.Rows
		c.Otherwise += others
		if u.Unchanged == nil {
			c.Unchecked += u.Rows
		}
		var same int64
		for _, n := range u.Unchanged {
			same += n
		}
		c.Unchanged += max(same-spared, 0)
		return nil, nil
	}
	bulk, moves, err := w.replaceRows(ctx, tx, where, version, source, c)
	if err != nil || len(bulk.Rows) == 0 {
		return nil, err
	}
	var n int64
	if len(w.following) > 0 {
		n, err = w.rekey(ctx, tx, *bulk, moves, d)
	} else {
		n, err = tx.BulkUpdate(ctx, *bulk)
	}
	if dialect.ClassOf(err) == dialect.UniqueViolation {
		return nil, fmt.Errorf("a replacement equals another row's current value: use random or a text pseudonym: %w", err)
	}
	if err != nil {
		return nil, err
	}
	if n != int64(len(bulk.Rows)) {
		return nil, ErrMoved
	}
	c.Matched += n
	c.Affected += n
	if bulk.Key = w.Key; len(version) > 0 {
		for i, r := range bulk.Rows {
			bulk.Rows[i] = r[len(version):]
		}
	}
	return w.withNewKeys(bulk), nil
}

// countSpared counts the values left as they are by conditions of strategies:
// to find them unchanged is no failure.
func (w *Writer) countSpared(ctx context.Context, tx dialect.Reader, where []dialect.Cond) (int64, error) {
	var sum int64
	for _, c := range w.spare {
		n, err := tx.Count(ctx, w.Name, append(slices.Clone(where), c))
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

// withNewKeys finds the rows by their new keys, if the key is overwritten too.
func (w *Writer) withNewKeys(b *dialect.BulkUpdate) *dialect.BulkUpdate {
	if !slices.ContainsFunc(w.Key, func(k string) bool { return slices.Contains(w.columns, k) }) {
		return b
	}
	out := &dialect.BulkUpdate{Table: b.Table, Key: b.Key, Set: b.Set}
	for _, r := range b.Rows {
		r = slices.Clone(r)
		for i, k := range w.Key {
			if at := slices.Index(w.columns, k); at >= 0 {
				r[i] = r[len(w.Key)+at]
			}
		}
		out.Rows = append(out.Rows, r)
	}
	return out
}

// notYetNull is the condition for a row to have a value where the database was to
// set NULL; nil where it was to set something else only.
func (w *Writer) notYetNull() dialect.Cond {
	var some dialect.Any
	for _, a := range w.set {
		if _, null := a.Expr.(dialect.Null); null {
			some = append(some, dialect.Not{Cond: dialect.IsNull{Column: a.Column.Name}})
		}
	}
	if some == nil {
		return nil
	}
	return some
}

// ErrMoved says that the changed rows are not the found ones. The batch is rolled back and tried again.
var ErrMoved = errors.New("rows matched and rows changed differ: does a trigger suppress the change?")

// replaceRows reads the rows and makes their new values, and those of what follows them.
func (w *Writer) replaceRows(ctx context.Context, tx dialect.Tx, where []dialect.Cond, version []string, source *anonymise.Source, c *tally.Counts) (*dialect.BulkUpdate, []dialect.BulkUpdate, error) {
	key := slices.Concat(version, w.Key)
	columns := slices.Concat(key, w.columns)
	for _, n := range w.needs {
		if !slices.Contains(columns, n) {
			columns = append(columns, n)
		}
	}
	bulk := &dialect.BulkUpdate{Table: w.Name, Key: key, Set: w.columns}
	moves := w.newMoves()
	keys := len(key)
	lock := dialect.Exclusive
	if len(version) > 0 {
		lock = dialect.NoLock
	}
	source.Otherwise() // those of a rolled back attempt don't count
	for old, err := range tx.Query(ctx, dialect.Select{
		Table: w.Name, Columns: columns, Flags: w.when, Where: where, Order: w.Key, Lock: lock,
	}) {
		if err != nil {
			return nil, nil, err
		}
		was := func(name string) dialect.Value { return old[slices.Index(columns, name)] }
		fresh := make(dialect.Row, keys+len(w.columns))
		copy(fresh, old[:keys])
		for i, r := range w.replacers {
			value := old[keys+i]
			if f := w.flag[i]; f >= 0 && old[len(columns)+f] != int64(1) {
				fresh[keys+i] = value
				continue
			}
			if fresh[keys+i], err = anonymise.ReplaceValue(r, source, value, was); err != nil {
				return nil, nil, fmt.Errorf("table %s, column %s: %w", w.shown, w.columns[i], err)
			}
			if value != nil && SameValue(value, fresh[keys+i]) {
				c.Unchanged++
			}
		}
		bulk.Rows = append(bulk.Rows, fresh)
		for i, f := range w.following {
			f.addMove(&moves[i], was, func(name string) dialect.Value { return fresh[keys+slices.Index(w.columns, name)] })
		}
	}
	c.Otherwise += source.Otherwise()
	return bulk, moves, nil
}

// SameValue compares values in their canonical form; NULL equals NULL.
func SameValue(a, b dialect.Value) bool {
	x, xok := dialect.TextOf(a)
	y, yok := dialect.TextOf(b)
	return xok == yok && x == y
}

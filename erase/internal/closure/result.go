package closure

import (
	"context"
	"slices"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/tally"
	"github.com/expungedb/expunge/plan"
)

// ErasedRow is one row erased by a batch, for its commitment.
type ErasedRow struct {
	Table *Table
	Key   dialect.Key
	Op    plan.Op
}

// addErased notes rows for the batch's commitment.
func (d *Result) addErased(t *Table, keys []dialect.Key, op plan.Op) {
	for _, k := range keys {
		d.Erased = append(d.Erased, ErasedRow{t, slices.Clone(k), op})
	}
}

// Result is what a batch did and what to check after its commit.
type Result struct {
	tally.Tally
	Stayed []dialect.Key // remaining roots: never to be overwritten again in this run
	Gone   []dialect.Key // deleted roots
	Roots  int64
	Checks []Check
	Erased []ErasedRow // for the batch's commitment
}

// Check is one look at committed rows.
type Check struct {
	step  string
	table dialect.Name
	kind  checkKind

	absent []dialect.Cond      // no row may meet these,
	inside int64               // of goneLeaves: the number of such rows at the transaction's end
	equal  *dialect.BulkUpdate // of storedValues: all of these rows must be there with these values,
	found  []dialect.Cond      // found by these before they were written,
	schema *dialect.Table      // in columns of this table

	present []dialect.Cond // of followingRows: as many rows must meet these
	rows    int64
}

// checkKind says what a check searches for.
type checkKind int

const (
	goneRows      checkKind = iota // rows known by their keys
	goneRange                      // rows of a range, none of them known
	goneLeaves                     // leaves deleted without being known
	lateRows                       // rows inserted after the batch read
	storedValues                   // written values
	followingRows                  // rows to follow an overwritten value
)

// Verify checks the rows after the commit, and corrects the counts.
func (p *Check) Verify(ctx context.Context, tx dialect.Reader, counts *tally.Tally) error {
	left, unchecked, err := p.countFailed(ctx, tx)
	if err != nil {
		return err
	}
	c := counts.Step(p.step)
	c.Unchecked += unchecked
	switch p.kind {
	case goneRange: // the batch knew none of these
		c.Add(tally.Counts{Matched: left, Left: left})
	case lateRows:
		c.Arrived += left
	case goneLeaves: // what was deleted is deleted
		written := min(left, p.inside)
		c.Add(tally.Counts{Matched: written, Left: written, Arrived: left - written})
	default:
		c.Arrived += max(left-c.Affected, 0)
		left = min(left, c.Affected)
		c.Affected -= left
		c.Left += left
	}
	return nil
}

// countFailed counts the rows with a failed check, and the undecided ones.
func (p *Check) countFailed(ctx context.Context, tx dialect.Reader) (left, unchecked int64, err error) {
	switch p.kind {
	case followingRows:
		n, err := tx.Count(ctx, p.table, p.present)
		return max(p.rows-n, 0), 0, err
	case storedValues:
		found, err := dialect.CountStored(ctx, tx, p.schema, *p.equal, p.found)
		return int64(len(p.equal.Rows)) - found.Same - found.Undecided, found.Undecided, err
	}
	n, err := tx.Count(ctx, p.table, p.absent)
	return n, 0, err
}

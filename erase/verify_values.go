package erase

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// oldValues are the values searched by a verification, each once.
type oldValues struct {
	values []OldValue
	looked map[int]bool
}

func newOldValues(old []OldValue) *oldValues {
	return &oldValues{slices.Clone(old), map[int]bool{}}
}

// setTypes gives the values the types of their columns.
func (l *oldValues) setTypes(s *dialect.Schema) (err error) {
	for i, o := range l.values {
		if l.values[i], err = o.Typed(s); err != nil {
			return err
		}
	}
	return nil
}

// compareValues searches for the old values of overwritten columns, as far as the caller gave them.
func (v *verifier) compareValues(ctx context.Context, tx dialect.Reader, t dialect.Name, columns map[string]bool, rows int64) error {
	open := maps.Clone(columns)
	broken := len(v.result.Findings)
	for i, o := range v.old.values {
		if o.Table != t || !columns[o.Column] {
			continue
		}
		delete(open, o.Column) // a column may have several old values
		if err := v.lookForOldValue(ctx, tx, i); err != nil {
			return err
		}
	}
	switch {
	case len(open) > 0:
		v.addFinding(t, OutcomeCannotTell, rows, "%s whose values were to be overwritten: give the old values of %s to look for them", rowsOf(rows), sortedNames(open))
	case len(v.result.Findings) == broken:
		v.addFinding(t, OutcomeHolds, rows, "%s whose values were to be overwritten: none of the given old values is in the table", rowsOf(rows))
	}
	return nil
}

// lookForOldValue searches the whole table for an old value, once.
func (v *verifier) lookForOldValue(ctx context.Context, tx dialect.Reader, i int) error {
	if v.old.looked[i] {
		return nil
	}
	v.old.looked[i] = true
	o := v.old.values[i]
	n, err := tx.Count(ctx, o.Table, []dialect.Cond{dialect.In{Columns: []string{o.Column}, Keys: []dialect.Key{{o.Value}}}})
	if err == nil && n > 0 {
		v.addFinding(o.Table, OutcomeBroken, n, "%s with the old value of %s", rowsOf(n), o.Column)
	}
	return err
}

// lookForOtherValues searches for the remaining old values: their tables have no reachable overwritten
// row.
func (v *verifier) lookForOtherValues(ctx context.Context) error {
	return v.inReadTx(ctx, func(tx dialect.Reader) error {
		for i := range v.old.values {
			if err := v.lookForOldValue(ctx, tx, i); err != nil {
				return err
			}
		}
		return nil
	})
}

func sortedNames(m map[string]bool) string { return strings.Join(slices.Sorted(maps.Keys(m)), ", ") }

package erase

import (
	"context"
	"fmt"
	"strings"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/closure"
	"github.com/expungedb/expunge/plan"
)

// OddValues are rows with a value that a column's strategy can't replace.
type OddValues struct {
	Table  dialect.Name
	Column string
	Oddity dialect.Oddity
	Rows   int64
}

// oddValues are the results of a scan.
func oddValues(s *closure.OddScan) []OddValues {
	var out []OddValues
	for _, o := range s.Sorted() {
		out = append(out, OddValues{o.Table, o.Column, o.Oddity, o.Rows})
	}
	return out
}

// OddValuesError lists the values that the plan's strategies can't replace among the rows to overwrite.
// Nothing was written.
type OddValuesError struct {
	Values []OddValues
	usual  string // the default schema
}

// Error says where the values are and how many, and what to do.
func (e *OddValuesError) Error() string {
	var b strings.Builder
	b.WriteString("values that their column's strategy can't replace:")
	for _, v := range e.Values {
		fmt.Fprintf(&b, "\n  %s.%s: %s with a %s", shortName(v.Table, e.usual), v.Column, rowsOf(v.Rows), v.Oddity)
	}
	b.WriteString("\nset `otherwise: null`, `default` or `random` beside the column's `overwrite:` in the policy, or choose another strategy, and build the plan again")
	return b.String()
}

// countOddRows scans all rows of the writers' tables.
func (r *reader) countOddRows(ctx context.Context, s *closure.OddScan, writers []*closure.Writer) error {
	if len(writers) == 0 {
		return nil
	}
	err := r.inReadTx(ctx, func(tx dialect.Reader) error {
		for _, w := range writers {
			if err := s.Count(ctx, tx, w, nil); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("looking for values that can't be replaced: %w", err)
	}
	return nil
}

// refuseOddValues searches for irreplaceable values before anything is written. It only scans tables
// where a column's type and strategy make one possible. In scope everything this is one pass over the
// table. In the other scopes it gathers the closures of the roots as Preview does: a value of another
// subject stops nobody.
func (r *reader) refuseOddValues(ctx context.Context, how closure.Tracking) error {
	roots, err := r.compileRoots(ctx, r.Now(), how)
	if err != nil {
		return err
	}
	s := closure.NewOddScan(r.db)
	for _, p := range roots {
		writers := s.Writers(p)
		if len(writers) == 0 {
			continue
		}
		if r.plan.Scope == plan.ScopeEverything {
			err = r.countOddRows(ctx, s, writers)
		} else if _, err = r.forEachItem(ctx, p, &Result{}, func(it *workItem) (*closure.Result, error) { return r.gatherDry(ctx, it, s) }); err != nil {
			err = fmt.Errorf("looking for values that can't be replaced: %w", err)
		}
		if err != nil {
			return err
		}
	}
	if len(s.Sorted()) == 0 {
		return nil
	}
	return &OddValuesError{Values: oddValues(s), usual: r.plan.Default}
}

package erase

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan"
)

// OddValues are rows with a value that a column's strategy can't replace.
type OddValues struct {
	Table  dialect.Name
	Column string
	Oddity dialect.Oddity
	Rows   int64
}

// OddValuesError lists the values that the plan's strategies can't replace, among
// the rows that the run would overwrite. Nothing was written.
type OddValuesError struct {
	Values []OddValues
	usual  string // the schema that goes without saying
}

// Error says where the values are and how many, and what to do.
func (e *OddValuesError) Error() string {
	var b strings.Builder
	b.WriteString("values that their column's strategy can't replace:")
	for _, v := range e.Values {
		fmt.Fprintf(&b, "\n  %s.%s: %s with a %s", shortName(v.Table, e.usual), v.Column, rowsOf(v.Rows), v.Oddity)
	}
	b.WriteString("\nsay in the policy what replaces such values, with `otherwise: null`, `default` or `random` beside the column's `overwrite:`, or take another strategy, and build the plan again")
	return b.String()
}

// oddColumn is a column with values that its strategy can't replace.
type oddColumn struct {
	*dialect.Column
	odd       []dialect.Oddity
	when      string // rows for which the strategy's condition doesn't hold keep their values
	otherwise bool   // the policy says what replaces them
}

func appendOdd(list []oddColumn, column *dialect.Column, a plan.Assignment, r anonymise.Replacer) []oddColumn {
	p, ok := r.(anonymise.Particular)
	if !ok {
		return list
	}
	c := oddColumn{Column: column, odd: p.Odd(a.Way == plan.InDatabase), otherwise: p.Otherwise()}
	if len(c.odd) == 0 {
		return list
	}
	if w, ok := r.(anonymise.Conditional); ok {
		c.when = w.When()
	}
	return append(list, c)
}

// has is the condition for the column to have a value with the oddity that is
// to be replaced.
func (c oddColumn) has(o dialect.Oddity) dialect.Cond {
	odd := dialect.Odd{Column: c.Name, Oddity: o}
	if c.when == "" {
		return odd
	}
	return dialect.All{dialect.Match{SQL: c.when}, odd}
}

// countOtherwise counts the values that the database replaces by `otherwise`.
func (w *writer) countOtherwise(ctx context.Context, tx dialect.Tx, where []dialect.Cond) (int64, error) {
	var sum int64
	for _, c := range w.odd {
		if !c.otherwise {
			continue
		}
		for _, o := range c.odd {
			n, err := tx.Count(ctx, w.Name, append(slices.Clone(where), c.has(o)))
			if err != nil {
				return 0, err
			}
			sum += n
		}
	}
	return sum, nil
}

// oddScan counts values that strategies can't replace before anything is written.
type oddScan struct {
	db    dialect.DB
	found []OddValues
}

// wanted are the oddities to look for in the writer's columns: where the policy
// says what replaces them, none.
func (s *oddScan) wanted(w *writer) []oddColumn {
	var out []oddColumn
	for _, c := range w.odd {
		if c.otherwise {
			continue
		}
		possible := s.db.Oddities(c.Column)
		c.odd = slices.DeleteFunc(slices.Clone(c.odd), func(o dialect.Oddity) bool { return o != dialect.NotText && !slices.Contains(possible, o) })
		if len(c.odd) > 0 {
			out = append(out, c)
		}
	}
	return out
}

// count counts them among the rows that meet the conditions. As a rule there are
// none, which one pass over the rows shows.
func (s *oddScan) count(ctx context.Context, tx dialect.Tx, w *writer, where []dialect.Cond) error {
	columns := s.wanted(w)
	var some dialect.Any
	for i, c := range columns {
		if at := slices.Index(c.odd, dialect.NotText); at >= 0 {
			n, err := c.countNotText(ctx, tx, w, where)
			if err != nil {
				return err
			}
			s.addOdd(OddValues{w.Name, c.Name, dialect.NotText, n})
			columns[i].odd = slices.Delete(c.odd, at, at+1)
		}
		for _, o := range columns[i].odd {
			some = append(some, c.has(o))
		}
	}
	if len(some) == 0 {
		return nil
	}
	n, err := tx.Count(ctx, w.Name, append(slices.Clone(where), some))
	if err != nil || n == 0 {
		return err
	}
	for _, c := range columns {
		for _, o := range c.odd {
			n, err := tx.Count(ctx, w.Name, append(slices.Clone(where), c.has(o)))
			if err != nil {
				return err
			}
			s.addOdd(OddValues{w.Name, c.Name, o, n})
		}
	}
	return nil
}

// countNotText reads the values: SQLite has no function that looks at bytes as Go does,
// and MySQL's takes some that Go doesn't.
func (c oddColumn) countNotText(ctx context.Context, tx dialect.Tx, w *writer, where []dialect.Cond) (int64, error) {
	where = append(slices.Clone(where), dialect.Not{Cond: dialect.IsNull{Column: c.Name}})
	if c.when != "" {
		where = append(where, dialect.Match{SQL: c.when})
	}
	var n int64
	for row, err := range tx.Query(ctx, dialect.Select{Table: w.Name, Columns: []string{c.Name}, Where: where}) {
		if err != nil {
			return 0, err
		}
		if text, _ := dialect.TextOf(row[0]); !utf8.ValidString(text) {
			n++
		}
	}
	return n, nil
}

func (s *oddScan) addOdd(v OddValues) {
	i := slices.IndexFunc(s.found, func(o OddValues) bool {
		return o.Table == v.Table && o.Column == v.Column && o.Oddity == v.Oddity
	})
	switch {
	case v.Rows == 0:
	case i < 0:
		s.found = append(s.found, v)
	default:
		s.found[i].Rows += v.Rows
	}
}

// writers are the program's steps of which a column's type and strategy make an odd
// value possible.
func (s *oddScan) writers(p *compiledRoot) []*writer {
	var out []*writer
	for i := range p.root.Steps {
		st := &p.root.Steps[i]
		if t := p.table(st.Table); t != nil && t.writers[st.ID] != nil && len(s.wanted(t.writers[st.ID])) > 0 {
			out = append(out, t.writers[st.ID])
		}
	}
	return out
}

// sorted are the values that were found, by table, column and oddity.
func (s *oddScan) sorted() []OddValues {
	slices.SortFunc(s.found, func(a, b OddValues) int {
		return cmp.Or(a.Table.Compare(b.Table), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Oddity, b.Oddity))
	})
	return s.found
}

// countOddRows looks at all rows of the writers' tables.
func (e *reader) countOddRows(ctx context.Context, s *oddScan, writers []*writer) error {
	if len(writers) == 0 {
		return nil
	}
	err := e.inReadTx(ctx, func(tx dialect.Tx) error {
		for _, w := range writers {
			if err := s.count(ctx, tx, w, nil); err != nil {
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

// refuseOddValues looks for values that strategies can't replace, before
// anything is written. Only tables are looked at of which a column's type and
// strategy make one possible. In scope everything that is one pass over the table. In the
// other scopes the closures of the roots are gathered as Preview does, so that a
// value of somebody else's stops nobody.
func (e *reader) refuseOddValues(ctx context.Context, how tracking) error {
	programs, err := e.compileRoots(ctx, e.Now(), how)
	if err != nil {
		return err
	}
	s := &oddScan{db: e.db}
	for _, p := range programs {
		writers := s.writers(p)
		if len(writers) == 0 {
			continue
		}
		if e.plan.Scope == plan.ScopeEverything {
			err = e.countOddRows(ctx, s, writers)
		} else if _, err = e.forEachItem(ctx, p, &Result{}, func(it *workItem) (*batchResult, error) { return e.gatherDry(ctx, it, s) }); err != nil {
			err = fmt.Errorf("looking for values that can't be replaced: %w", err)
		}
		if err != nil {
			return err
		}
	}
	if len(s.found) == 0 {
		return nil
	}
	return &OddValuesError{Values: s.sorted(), usual: e.plan.Default}
}

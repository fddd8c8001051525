package closure

import (
	"cmp"
	"context"
	"slices"
	"unicode/utf8"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan"
)

// oddColumn is a column with values that its strategy can't replace.
type oddColumn struct {
	*dialect.Column
	odd       []dialect.Oddity
	when      string       // rows for which the strategy's condition doesn't hold keep their values
	otherwise bool         // the policy says what replaces them
	unfit     dialect.Cond // rows for which no value can be made; nil: none
}

func appendOdd(list []oddColumn, t *dialect.Table, column *dialect.Column, a plan.Assignment, r anonymise.Replacer) []oddColumn {
	c := oddColumn{Column: column}
	if p, ok := r.(anonymise.Particular); ok {
		c.odd, c.otherwise = p.Odd(a.Way == plan.InDatabase), p.Otherwise()
	}
	if n, ok := r.(anonymise.Numbering); ok && len(n.Needs()) > 0 {
		if by := t.Column(n.Needs()[0]); by != nil && by.Kind == dialect.Int {
			c.unfit = n.Unfit()
		}
	}
	if len(c.odd) == 0 && c.unfit == nil {
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
	return c.under(dialect.Odd{Column: c.Name, Oddity: o})
}

// under adds the strategy's condition to another one.
func (c oddColumn) under(cond dialect.Cond) dialect.Cond {
	if c.when == "" {
		return cond
	}
	return dialect.All{dialect.Match{SQL: c.when}, cond}
}

// countOtherwise counts the values that the database replaces by `otherwise`.
func (w *Writer) countOtherwise(ctx context.Context, tx dialect.Reader, where []dialect.Cond) (int64, error) {
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

// OddRows are rows with a value that a column's strategy can't replace.
type OddRows struct {
	Table  dialect.Name
	Column string
	Oddity dialect.Oddity
	Rows   int64
}

// OddScan counts values that strategies can't replace before anything is written.
type OddScan struct {
	db    dialect.DB
	found []OddRows
}

// NewOddScan makes a scan that has counted nothing yet.
func NewOddScan(db dialect.DB) *OddScan { return &OddScan{db: db} }

// wanted are the oddities to look for in the writer's columns: where the policy
// says what replaces them, none.
func (s *OddScan) wanted(w *Writer) []oddColumn {
	var out []oddColumn
	for _, c := range w.odd {
		if c.otherwise {
			c.odd = nil
		}
		possible := s.db.Oddities(c.Column)
		c.odd = slices.DeleteFunc(slices.Clone(c.odd), func(o dialect.Oddity) bool { return o != dialect.NotText && !slices.Contains(possible, o) })
		if len(c.odd) > 0 || c.unfit != nil {
			out = append(out, c)
		}
	}
	return out
}

// Count counts them among the rows that meet the conditions. As a rule there are
// none, which one pass over the rows shows.
func (s *OddScan) Count(ctx context.Context, tx dialect.Reader, w *Writer, where []dialect.Cond) error {
	columns := s.wanted(w)
	var some dialect.Any
	for i, c := range columns {
		if c.unfit != nil {
			n, err := tx.Count(ctx, w.Name, append(slices.Clone(where), c.under(c.unfit)))
			if err != nil {
				return err
			}
			s.addOdd(OddRows{w.Name, c.Name, dialect.NoNumber, n})
		}
		if at := slices.Index(c.odd, dialect.NotText); at >= 0 {
			n, err := c.countNotText(ctx, tx, w, where)
			if err != nil {
				return err
			}
			s.addOdd(OddRows{w.Name, c.Name, dialect.NotText, n})
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
			s.addOdd(OddRows{w.Name, c.Name, o, n})
		}
	}
	return nil
}

// countNotText reads the values: SQLite can't check text as Go does, and MySQL's check accepts some
// bytes that Go's doesn't.
func (c oddColumn) countNotText(ctx context.Context, tx dialect.Reader, w *Writer, where []dialect.Cond) (int64, error) {
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

func (s *OddScan) addOdd(v OddRows) {
	i := slices.IndexFunc(s.found, func(o OddRows) bool {
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

// Writers are the program's steps of which a column's type and strategy make an odd
// value possible.
func (s *OddScan) Writers(p *Root) []*Writer {
	var out []*Writer
	for i := range p.Plan.Steps {
		st := &p.Plan.Steps[i]
		if t := p.Table(st.Table); t != nil && t.writers[st.ID] != nil && len(s.wanted(t.writers[st.ID])) > 0 {
			out = append(out, t.writers[st.ID])
		}
	}
	return out
}

// Sorted are the values that were found, by table, column and oddity.
func (s *OddScan) Sorted() []OddRows {
	slices.SortFunc(s.found, func(a, b OddRows) int {
		return cmp.Or(a.Table.Compare(b.Table), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Oddity, b.Oddity))
	})
	return s.found
}

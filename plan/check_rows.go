package plan

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
)

// columns are the columns the check reads. If the database computes one of them itself, the check
// can't be tried: ok is false.
func (c *checkTrial) columns() (out []string, ok bool) {
	for _, col := range c.table.Columns {
		if !readsColumn(c.check, col.Name) {
			continue
		}
		if col.Generated || col.Unsupported != "" {
			return nil, false
		}
		out = append(out, col.Name)
	}
	return out, true
}

// rowMaker makes rows for a check: it replaces overwritten columns in sampled rows.
type rowMaker struct {
	columns   []string // of the rows it makes
	sample    dialect.Select
	replacers []anonymise.Replacer
	at        []int // the replacer's column among those of the sample
	flag      []int // its condition among the sample's flags, or -1
	source    *anonymise.Source
}

// rowMaker makes the same rows of the same sample, so that a plan of the same data has the same
// hazards.
func (c *checkTrial) rowMaker(s *dialect.Schema, columns []string) (*rowMaker, error) {
	secret, err := anonymise.NewSecret([]byte("no secret: what it makes is only tried, and forgotten"))
	if err != nil {
		return nil, err
	}
	m := &rowMaker{
		columns: columns, source: anonymise.NewSource(secret, rand.NewChaCha8([32]byte{})),
		sample: dialect.Select{Table: c.table.Name, Columns: slices.Clone(columns), Order: c.table.Key(), Limit: sampledRows / 2},
	}
	if c.check.Partition != nil {
		m.sample.Table = *c.check.Partition
	}
	for _, a := range c.set {
		_, replacer, err := c.ledBy(a).Bind(s, s.Table(c.lead.Table))
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", a.Column, err)
		}
		m.replacers = append(m.replacers, replacer)
		m.at = append(m.at, slices.Index(columns, a.Column))
		flag := -1
		if r, ok := replacer.(anonymise.Conditional); ok && r.When() != "" {
			flag = len(m.sample.Flags)
			m.sample.Flags = append(m.sample.Flags, dialect.Match{SQL: r.When()})
		}
		m.flag = append(m.flag, flag)
		if r, ok := replacer.(anonymise.RowReplacer); ok {
			for _, n := range r.Needs() {
				if !slices.Contains(m.sample.Columns, n) {
					m.sample.Columns = append(m.sample.Columns, n)
				}
			}
		}
	}
	return m, nil
}

// read reads rows from each end of the table's key.
func (m *rowMaker) read(ctx context.Context, tx dialect.Reader) ([]dialect.Row, error) {
	var out []dialect.Row
	ends := []bool{false}
	if len(m.sample.Order) > 0 {
		ends = append(ends, true)
	}
	for _, m.sample.Descending = range ends {
		for row, err := range tx.Query(ctx, m.sample) {
			if err != nil {
				return nil, err
			}
			out = append(out, row)
		}
	}
	return out, nil
}

// make replaces the overwritten columns until there are enough rows. It skips unchanged rows, and
// rows with a value its strategy can't replace.
func (m *rowMaker) make(olds []dialect.Row) []dialect.Row {
	var out []dialect.Row
	for {
		before := len(out)
		for _, old := range olds {
			if fresh := m.replace(old); fresh != nil {
				out = append(out, fresh)
			}
		}
		if len(out) == before || len(out) >= triedReplacements {
			return out
		}
	}
}

// replace returns nil if the row isn't changed.
func (m *rowMaker) replace(old dialect.Row) dialect.Row {
	value := func(column string) dialect.Value { return old[slices.Index(m.sample.Columns, column)] }
	out := slices.Clone(old[:len(m.columns)])
	changed := false
	for i, r := range m.replacers {
		at := m.at[i]
		if f := m.flag[i]; f >= 0 && old[len(m.sample.Columns)+f] != int64(1) {
			continue
		}
		var err error
		if out[at], err = anonymise.ReplaceValue(r, m.source, old[at], value); err != nil {
			return nil
		}
		was, wasSet := dialect.TextOf(old[at])
		is, isSet := dialect.TextOf(out[at])
		changed = changed || was != is || wasSet != isSet
	}
	if !changed {
		return nil
	}
	return out
}

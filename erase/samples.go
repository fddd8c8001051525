package erase

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/closure"
	"github.com/expungedb/expunge/plan"
)

// Sample shows replacements for the values of one column.
type Sample struct {
	Step *plan.Step
	plan.Assignment
	// Values are replacements in canonical form, nil for NULL. Empty: none of the rows read had a value
	// to replace.
	Values []dialect.Value
	// Withheld counts replacements left out because they are the old value, or contain a word of it.
	Withheld int
}

// Samples makes up to n replacements for each column that the plan overwrites, from the first rows of
// its table, in the plan's order. They contain no old value: of strategies that keep parts of a value,
// it shows only results without a word of it. It writes nothing: it uses read-only transactions, takes
// no lock and creates no journal.
//
// Consistent strategies show what a run with the same secret gives, others what a run might give. Of
// the options it uses Secret, Rand and Now.
func Samples(ctx context.Context, db dialect.DB, p *plan.Plan, o Options) (out []Sample, err error) {
	defer func() { denial{db: db, plan: p, reading: true}.explain(ctx, &err) }()
	o.Subjects = nil
	e, roots, err := prepareReader(ctx, db, p, o)
	if err != nil {
		return nil, err
	}
	if err := e.requireSecret(roots); err != nil {
		return nil, err
	}
	source := newSource(&e.Options)
	for _, root := range roots {
		for i := range root.Plan.Steps {
			st := &root.Plan.Steps[i]
			if st.Op != plan.Overwrite || st.Rows == plan.Following { // followers take the values of another table
				continue
			}
			fresh := func(a plan.Assignment) bool {
				return !slices.ContainsFunc(out, func(s Sample) bool {
					return s.Step.Table == st.Table && s.Column == a.Column && s.Written() == a.Written()
				})
			}
			sampled, err := e.sampleReplacements(ctx, root.Table(st.Table), st, fresh, source, cmp.Or(o.Sample, 3))
			if err != nil {
				return nil, err
			}
			out = append(out, sampled...)
		}
	}
	return out, nil
}

// lookedAt is the number of rows read per requested sample: some have no value, or one not to be shown.
const lookedAt = 20

// sampleReplacements makes the samples of one step, for the wanted assignments.
func (r *reader) sampleReplacements(ctx context.Context, t *closure.Table, st *plan.Step, wanted func(plan.Assignment) bool, source *anonymise.Source, n int) ([]Sample, error) {
	var columns []sampler
	s := dialect.Select{Table: t.Name, Order: t.Key, Limit: n * lookedAt}
	for _, a := range st.Set {
		if !wanted(a) {
			continue
		}
		c, err := newSampler(r.schema, t, st, a)
		if err != nil {
			return nil, err
		}
		c.addTo(&s)
		columns = append(columns, c)
	}
	if len(columns) == 0 || n <= 0 {
		return nil, nil
	}
	err := r.inReadTx(ctx, func(tx dialect.Reader) error {
		for row, err := range tx.Query(ctx, s) {
			if err != nil {
				return err
			}
			if err := sampleRow(columns, source, s.Columns, row, n); err != nil {
				return fmt.Errorf("table %s, %w", r.plan.TableName(t.Name), err)
			}
			if !slices.ContainsFunc(columns, func(c sampler) bool { return len(c.Values) < n }) {
				return nil
			}
		}
		return nil
	})
	out := make([]Sample, len(columns))
	for i, c := range columns {
		out[i] = c.Sample
	}
	return out, err
}

// sampleRow makes the replacements for one row where samples are missing.
func sampleRow(columns []sampler, source *anonymise.Source, names []string, row dialect.Row, n int) error {
	value := func(name string) dialect.Value { return row[slices.Index(names, name)] }
	for i := range columns {
		c := &columns[i]
		if len(c.Values) == n || c.flag >= 0 && row[len(names)+c.flag] != int64(1) {
			continue
		}
		if err := c.addSample(source, value); err != nil {
			return fmt.Errorf("column %s: %w", c.Column, err)
		}
	}
	return nil
}

// addTo adds all columns read by the sampler to the query.
func (c *sampler) addTo(s *dialect.Select) {
	if c.when != "" {
		c.flag = len(s.Flags)
		s.Flags = append(s.Flags, dialect.Match{SQL: c.when})
	}
	for _, name := range append([]string{c.Column}, c.needs...) {
		if !slices.Contains(s.Columns, name) {
			s.Columns = append(s.Columns, name)
		}
	}
}

// sampler makes the samples of one column.
type sampler struct {
	Sample
	replacer anonymise.Replacer
	needs    []string
	when     string
	flag     int // the condition's place, or -1
	// given: the values come from the policy or the catalogue, or are so few that omitting the old one
	// would reveal it.
	given   bool
	partial bool // values may hold parts of old ones
}

func newSampler(s *dialect.Schema, t *closure.Table, st *plan.Step, a plan.Assignment) (sampler, error) {
	col := t.Schema.Column(a.Column)
	_, replacer, err := a.Bind(s, t.Schema)
	if err != nil {
		return sampler{}, fmt.Errorf("table %s, column %s: %w", shortName(t.Name, s.Default), a.Column, err)
	}
	c := sampler{Sample: Sample{Step: st, Assignment: a}, replacer: replacer, flag: -1}
	if r, ok := replacer.(anonymise.RowReplacer); ok {
		c.needs = r.Needs()
	}
	if r, ok := replacer.(anonymise.Conditional); ok {
		c.when = r.When()
	}
	c.given = slices.Contains([]string{"fixed", "default", "pick"}, a.Strategy.Name) ||
		slices.Contains([]dialect.Kind{dialect.Bool, dialect.Enum, dialect.Set, dialect.Bits}, col.Kind)
	textual := slices.Contains([]dialect.Kind{dialect.Text, dialect.JSON, dialect.XML, dialect.Array}, col.Kind)
	c.partial = textual && slices.ContainsFunc(anonymise.Strategies(), func(d anonymise.Description) bool { return d.Name == a.Strategy.Name && d.Partial })
	return c, nil
}

// addSample makes the replacement for one row.
func (c *sampler) addSample(source *anonymise.Source, value func(column string) dialect.Value) error {
	old := value(c.Column)
	fresh, err := anonymise.ReplaceValue(c.replacer, source, old, value)
	switch {
	case err != nil && c.Strategy.Name == "default": // only the database can compute the expression
	case err != nil:
		return err
	case fresh == nil && old == nil:
	case !c.given && closure.SameValue(old, fresh), c.partial && c.sharesWord(old, fresh):
		c.Withheld++
	default:
		c.Values = append(c.Values, fresh)
	}
	return nil
}

// sharesWord reports whether the fresh value contains a word of three or more letters or digits from
// the old one. Words in the policy itself (a document's keys) don't count.
func (c *sampler) sharesWord(old, fresh dialect.Value) bool {
	was, _ := dialect.TextOf(old)
	is, _ := dialect.TextOf(fresh)
	is = strings.ToLower(is)
	known := wordsOf(c.Strategy.String())
	return slices.ContainsFunc(wordsOf(was), func(w string) bool {
		return len([]rune(w)) > 2 && strings.Contains(is, w) && !slices.Contains(known, w)
	})
}

func wordsOf(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

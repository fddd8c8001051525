package plan

import (
	"slices"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
)

// assignments are the columns of a table that its rules overwrite, without
// those in keep. Strategies that don't fit their column are problems.
func (b *builder) assignments(t *dialect.Table, rule *PolicyTable, keep []string) []Assignment {
	var out []Assignment
	for _, col := range t.Columns {
		c := rule.Column(col.Name)
		if c == nil || c.Overwrite == nil || c.Overwrite.Name == "keep" || slices.Contains(keep, col.Name) {
			continue
		}
		if reason := b.unassignable(t, col, c); reason != "" {
			b.found.add(c.Pos, t.Name, "column %s can't be overwritten: %s", col.Name, reason)
			continue
		}
		strategy, replacer, err := Bind(t, *c.Overwrite, col)
		if err != nil {
			b.found.add(c.Pos, t.Name, "column %s: %s", col.Name, err)
			continue
		}
		a := Assignment{Column: col.Name, Strategy: *c.Overwrite, Technique: strategy.Info().Technique, Way: ThroughClient}
		if e, ok := replacer.Expr(); ok && b.engine.Renders(e, col) {
			a.Way = InDatabase
		}
		if b.uniqueness(t, c, replacer.Class()) {
			out = append(out, a)
		}
	}
	// One value that has to come to the client takes its row along.
	if slices.ContainsFunc(out, func(a Assignment) bool { return a.Way == ThroughClient }) {
		for i := range out {
			out[i].Way = ThroughClient
		}
	}
	return out
}

// Bind makes the strategy of an assignment and binds it to its column, in the
// way that Build did. The error says why the strategy can't work there.
func Bind(t *dialect.Table, spec anonymise.Spec, col *dialect.Column) (anonymise.Strategy, anonymise.Replacer, error) {
	strategy, err := anonymise.New(spec)
	if err != nil {
		return nil, nil, err
	}
	unique := t.UniqueIndexes(col.Name)
	replacer, err := strategy.Bind(anonymise.Target{
		Column: col,
		Unique: len(unique) > 0,
		Sole:   slices.ContainsFunc(unique, func(ix *dialect.Index) bool { return sole(ix, col.Name) }),
		Rows:   t.RowEstimate,
		Key:    t.Key(),
	})
	return strategy, replacer, err
}

// sole reports whether two rows with one value in the column are certain to
// conflict in the index: nothing else is in it, and it holds all rows.
func sole(ix *dialect.Index, column string) bool {
	other := func(c string) bool { return c != column }
	return ix.Where == "" && !slices.ContainsFunc(ix.Columns(), other) && !slices.ContainsFunc(ix.Mentions, other)
}

// unassignable returns why a column's values can't be replaced, or "".
func (b *builder) unassignable(t *dialect.Table, col *dialect.Column, rule *PolicyColumn) string {
	if slices.Contains(t.Key(), col.Name) {
		return "rows are addressed by it (it is part of the table's key)"
	}
	if !col.Assignable() {
		if col.Unsupported != "" {
			return col.Unsupported
		}
		return "the engine computes it: overwrite the columns that it is computed from"
	}
	for _, ref := range b.into[t.Name] {
		if slices.Contains(ref.RefColumns, col.Name) && (!ref.Link || b.now == ScopeEverything) {
			return ref.Table.String() + " refers to it by " + ref.name
		}
	}
	for _, ref := range b.from[t.Name] {
		if slices.Contains(ref.Columns, col.Name) && (!ref.Link || b.now == ScopeEverything) && rule.Overwrite.Name != "null" {
			return "it refers to " + ref.RefTable.String() + " by " + ref.name + ": only null is possible"
		}
	}
	return ""
}

// complete reports personal columns for which a row that is overwritten and
// stays has no rule.
func (b *builder) complete(t *dialect.Table, rule *PolicyTable, keep []string, why string) {
	for _, col := range t.Columns {
		c := rule.Column(col.Name)
		if c == nil || c.PII == PIINone || c.PII == PIIUndecided || c.Overwrite != nil || col.Generated || slices.Contains(keep, col.Name) {
			continue
		}
		b.found.add(c.Pos, t.Name, "column %s is personal (%s) and has no `overwrite:`, but %s: say how it is overwritten, or `overwrite: keep`",
			col.Name, c.PII, why)
	}
}

package postgres

import (
	"context"
	"fmt"

	"github.com/expungedb/expunge/dialect"
)

// Refused implements dialect.Reader. The check's names are looked up in pg_catalog
// only, as Inspect has it written.
func (t *tx) Refused(ctx context.Context, trial dialect.Trial) (refused int64, err error) {
	if len(trial.Rows) == 0 {
		return 0, nil
	}
	st, err := t.builder(ctx).refused(trial)
	if err != nil {
		return 0, err
	}
	err = t.inCatalogue(ctx, func() (err error) {
		refused, err = t.number(ctx, st)
		return err
	})
	return refused, err
}

func (b *builder) refused(trial dialect.Trial) (statement, error) {
	r := b.relation(trial.Table)
	columns := make([]*column, len(trial.Columns))
	selected := make([]string, len(columns))
	for i, n := range trial.Columns {
		c := b.column(r, n)
		columns[i], selected[i] = c, c.cast(fmt.Sprintf("v.v%d", i+1))
		if c.collation.name != "" {
			selected[i] = "(" + selected[i] + ") COLLATE " + c.collation.name
		}
		if trial.Check.Column != "" {
			n = "value" // what VALUE is outside of a domain
		}
		selected[i] += " AS " + ident(n)
	}
	for _, row := range trial.Rows {
		if len(row) != len(columns) {
			b.wrong(trial.Table, "a row has %d values for %d columns", len(row), len(columns))
			return b.done(trial.Table)
		}
	}
	b.WriteString("SELECT pg_catalog.count(*) FROM (SELECT " + list(selected, func(s string) string { return s }) +
		" FROM " + b.unnest(columns, trial.Rows) + " AS v(" + names("v", len(columns)) + ")) AS " + ident(trial.Table.Table) +
		" WHERE NOT (" + trial.Check.Condition + "\n)")
	return b.done(trial.Table)
}

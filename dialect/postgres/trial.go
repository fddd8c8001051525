package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// Refused implements dialect.Reader. The check's names resolve in pg_catalog only, as in Inspect's
// text of it.
func (t *tx) Refused(ctx context.Context, trial dialect.Trial) (refused int64, err error) {
	if len(trial.Rows) == 0 {
		return 0, nil
	}
	st, err := t.newBuilder(ctx).refused(trial)
	if err != nil {
		return 0, err
	}
	err = t.inCatalogue(ctx, func() (err error) {
		refused, err = t.oneNumber(ctx, st)
		return err
	})
	return refused, err
}

func (b *builder) refused(trial dialect.Trial) (statement, error) {
	r := b.relationOf(trial.Table)
	columns := make([]*column, len(trial.Columns))
	selected := make([]string, len(columns))
	for i, n := range trial.Columns {
		c := b.columnOf(r, n)
		columns[i], selected[i] = c, c.castElement(fmt.Sprintf("v.v%d", i+1))
		if trial.Check.As != "" {
			selected[i] = fmt.Sprintf("v.v%d::", i+1) + trial.Check.As
		}
		if c.collation.name != "" {
			selected[i] = "(" + selected[i] + ") COLLATE " + c.collation.name
		}
		if trial.Check.Column != "" {
			n = "value" // the name of VALUE outside of a domain
		}
		selected[i] += " AS " + quoteIdent(n)
	}
	for _, row := range trial.Rows {
		if len(row) != len(columns) {
			b.Unsupported(trial.Table, "a row has %d values for %d columns", len(row), len(columns))
			return b.finishStatement(trial.Table)
		}
	}
	condition := "NOT (" + trial.Check.Condition + "\n)"
	if trial.Check.Elements {
		condition = "EXISTS (SELECT FROM pg_catalog.unnest(" + quoteIdent(trial.Table.Table) + `."value") AS e("value") WHERE ` + condition + ")"
	}
	b.WriteString("SELECT pg_catalog.count(*) FROM (SELECT " + strings.Join(selected, ", ") +
		" FROM " + b.renderUnnest(columns, trial.Rows) + " AS v(" + numberedNames("v", len(columns)) + ")) AS " + quoteIdent(trial.Table.Table) +
		" WHERE " + condition)
	return b.finishStatement(trial.Table)
}

package sqlserver

import (
	"context"
	"fmt"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// Refused implements dialect.Reader.
func (t *tx) Refused(ctx context.Context, trial dialect.Trial) (int64, error) {
	return t.runOne(ctx, "try a check of", trial.Table, false, func(b *builder) (statement, error) { return b.refused(trial) })
}

func (b *builder) refused(trial dialect.Trial) (statement, error) {
	r := b.relationOf(trial.Table)
	columns := b.columnsOf(r, trial.Columns)
	rows := make([][]any, len(trial.Rows))
	for i, row := range trial.Rows {
		if len(row) != len(columns) {
			b.Unsupported(trial.Table, "a row has %d values for %d columns", len(row), len(columns))
			return b.finishStatement()
		}
		rows[i] = make([]any, len(columns))
		for n, v := range row {
			s, _, ok := encodeValue(columns[n], v)
			switch {
			case v == nil:
			case !ok:
				b.Unfit(r.name, columns[n].name)
			default:
				rows[i][n] = s
			}
		}
	}
	selected := make([]string, len(columns))
	for i, c := range columns {
		selected[i] = b.renderKey(c, b.renderTravelled(c, fmt.Sprintf("j.c%d", i))) + " AS " + quoteIdent(c.name)
	}
	b.WriteString("SELECT COUNT_BIG(*) AS " + counted + " FROM (SELECT " + strings.Join(selected, ", ") + " FROM " + b.renderJSON(r, columns, rows) +
		" AS j) AS " + quoteIdent(trial.Table.Table) + " WHERE NOT (" + trial.Check.Condition + "\n)")
	return b.finishStatement()
}

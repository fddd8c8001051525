package sqlserver

import (
	"context"
	"fmt"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// Refused implements dialect.Reader.
func (t *tx) Refused(ctx context.Context, trial dialect.Trial) (int64, error) {
	return t.one(ctx, "try a check of", trial.Table, false, func(b *builder) (statement, error) { return b.refused(trial) })
}

func (b *builder) refused(trial dialect.Trial) (statement, error) {
	r := b.relation(trial.Table)
	columns := b.columns(r, trial.Columns)
	rows := make([][]any, len(trial.Rows))
	for i, row := range trial.Rows {
		if len(row) != len(columns) {
			b.wrong(trial.Table, "a row has %d values for %d columns", len(row), len(columns))
			return b.done()
		}
		rows[i] = make([]any, len(columns))
		for n, v := range row {
			s, _, ok := encode(columns[n], v)
			switch {
			case v == nil:
			case !ok:
				b.unlike(r, columns[n])
			default:
				rows[i][n] = s
			}
		}
	}
	selected := make([]string, len(columns))
	for i, c := range columns {
		selected[i] = b.key(c, b.travelled(c, fmt.Sprintf("j.c%d", i))) + " AS " + ident(c.name)
	}
	b.WriteString("SELECT COUNT_BIG(*) AS " + counted + " FROM (SELECT " + strings.Join(selected, ", ") + " FROM " + b.json(r, columns, rows) +
		" AS j) AS " + ident(trial.Table.Table) + " WHERE NOT (" + trial.Check.Condition + "\n)")
	return b.done()
}

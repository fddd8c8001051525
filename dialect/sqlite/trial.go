package sqlite

import (
	"context"
	"strconv"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// Refused implements dialect.Reader.
func (t *tx) Refused(ctx context.Context, trial dialect.Trial) (int64, error) {
	first := t.newBuilder(ctx)
	columns := first.tried(trial)
	if first.Err != nil {
		return 0, first.Err
	}
	kinds := make([]dialect.Kind, len(columns))
	for i, c := range columns {
		kinds[i] = c.Kind
	}
	var sum int64
	err := eachChunk(kinds, trial.Rows, func(doc string, tagged []bool) error {
		b := t.newBuilder(ctx)
		b.refuses(trial, columns, doc, tagged)
		n, err := t.oneNumber(ctx, "try a check of", trial.Table, b)
		sum += n
		return err
	})
	return sum, err
}

// tried are the columns of a trial's rows.
func (b *builder) tried(trial dialect.Trial) []*dialect.Column {
	b.renderFrom(trial.Table)
	columns := make([]*dialect.Column, len(trial.Columns))
	for i, n := range trial.Columns {
		columns[i] = b.columnOf(b.rel, n)
	}
	return columns
}

// refuses renders the rows as a table of the trial's name. Its columns have the affinities and
// collations of the table's, as the check compares by them.
func (b *builder) refuses(trial dialect.Trial, columns []*dialect.Column, doc string, tagged []bool) {
	b.Append("SELECT count(*) FROM (SELECT ")
	for i, c := range columns {
		if i > 0 {
			b.Append(", ")
		}
		value := "v.v" + strconv.Itoa(i)
		if typ := castOf(c, trial.Rows, i); typ != "" {
			value = "CAST(" + value + " AS " + typ + ")"
		}
		b.Append(value)
		if c.Collation != "" {
			b.Append(" COLLATE ", quoteIdent(c.Collation))
		}
		b.Append(" AS ", quoteIdent(c.Name))
	}
	b.renderSource(" FROM ", doc, tagged)
	b.Append(") AS ", quoteIdent(trial.Table.Table), " WHERE NOT (", trial.Check.Condition, "\n)")
}

// castOf is the type for casting values to the column's affinity. It is empty unless the values
// already have a class of that affinity, so that the cast changes none.
// https://sqlite.org/datatype3.html#affinity_of_expressions
func castOf(c *dialect.Column, rows []dialect.Row, at int) string {
	affinity, texts, numbers := affinityOf(c), 0, 0
	for _, r := range rows {
		switch toEngine(c.Kind, r[at]).(type) {
		case nil:
		case string:
			texts++
		case int64, float64:
			numbers++
		default:
			return ""
		}
	}
	if affinity == "TEXT" && numbers > 0 || affinity != "TEXT" && texts > 0 {
		return ""
	}
	return affinity
}

// affinityOf is the column's affinity, empty where it converts nothing. It is NUMERIC for INTEGER
// too: both store and compare values alike.
// https://sqlite.org/datatype3.html#determination_of_column_affinity
func affinityOf(c *dialect.Column) string {
	t := strings.ToUpper(c.Type)
	has := func(s string) bool { return strings.Contains(t, s) }
	switch {
	case isTypeless(c):
		return ""
	case has("INT"):
		return "NUMERIC"
	case has("CHAR"), has("CLOB"), has("TEXT"):
		return "TEXT"
	case has("REAL"), has("FLOA"), has("DOUB"):
		return "REAL"
	}
	return "NUMERIC"
}

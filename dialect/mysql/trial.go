package mysql

import (
	"context"
	"fmt"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// Refused implements dialect.Reader. The rows are sent as one JSON document.
func (t *tx) Refused(ctx context.Context, trial dialect.Trial) (int64, error) {
	table, err := t.readTable(ctx, trial.Table)
	if err != nil {
		return 0, err
	}
	b := t.newBuilder(ctx)
	read := b.columnsOf(table, trial.Columns)
	if b.Err != nil {
		return 0, b.Err
	}
	d := newDocument(table, nil, read)
	var encoded encodedRow
	for _, row := range trial.Rows {
		if !b.SameLength(table.Name, len(row), len(read)) {
			return 0, b.Err
		}
		if _, err := d.encodeRow(row, &encoded); err != nil {
			return 0, err
		}
		d.addRow(row, &encoded)
	}
	if len(d.keys) == 0 {
		return 0, nil
	}
	d.json.WriteByte(']')
	var defined, selected []string
	for i, c := range read {
		raw := fmt.Sprintf("j.c%d", i)
		how := carriedType(c, d.longest[i])
		defined = append(defined, fmt.Sprintf("c%d %s PATH '$[%d]'", i, how.kind, i))
		selected = append(selected, how.key(raw)+" AS "+quoteIdent(c.Name))
	}
	sql := "SELECT COUNT(*) FROM (SELECT " + strings.Join(selected, ", ") + " FROM JSON_TABLE(?, '$[*]' COLUMNS (" + strings.Join(defined, ", ") +
		")) AS j) AS " + quoteIdent(table.Name.Table) + " WHERE NOT (" + trial.Check.Condition + "\n)"
	return t.oneNumber(ctx, sql, []any{d.json.String()}, "try a check of", table.Name)
}

// unescapedCheck decodes a check's condition from MySQL's catalogue: there, each quote and
// backslash of its texts has a backslash before it.
// https://dev.mysql.com/doc/refman/9.7/en/information-schema-check-constraints-table.html
func unescapedCheck(stored string) string {
	var b strings.Builder
	for i := 0; i < len(stored); i++ {
		if stored[i] == '\\' && i+1 < len(stored) {
			i++
			if c, ok := escapes[stored[i]]; ok {
				b.WriteByte(c)
				continue
			}
		}
		b.WriteByte(stored[i])
	}
	return b.String()
}

// escapes are the ones with another meaning than the character itself.
var escapes = map[byte]byte{'n': '\n', 'r': '\r', '0': 0, 'Z': 0x1a}

package discover

import (
	"context"
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// sample reads some rows of every table. A table that the user may not read ends
// the transaction, and the next one begins another.
func (d *database) sample(ctx context.Context, db dialect.DB, o Options) error {
	rest := d.tables
	for len(rest) > 0 {
		refused, err := sampleTables(ctx, db, rest, o)
		if err != nil {
			return err
		}
		rest = rest[refused:]
		if len(rest) > 0 {
			rest[0].unread = "the table may not be read"
			rest = rest[1:]
		}
	}
	return nil
}

// sampleTables reads the tables in one transaction, and returns how many of
// them it could read.
func sampleTables(ctx context.Context, db dialect.DB, tables []*table, o Options) (n int, err error) {
	tx, err := db.Begin(ctx, dialect.TxOptions{ReadOnly: true})
	if err != nil {
		return 0, err
	}
	defer func() { // nothing was written: what Rollback says matters only where all else went well
		if e := tx.Rollback(ctx); err == nil {
			err = e
		}
	}()
	for i, t := range tables {
		err := t.sample(ctx, tx, o)
		switch {
		case err != nil && dialect.ClassOf(err) == dialect.PermissionDenied:
			return i, nil
		case err != nil:
			return 0, err
		}
	}
	return len(tables), nil
}

// longest is how much of a value is looked at; documents are read whole.
const longest = 4 << 10

// sample reads the columns whose values could say something. It ends early where
// the values are large.
func (t *table) sample(ctx context.Context, tx dialect.Reader, o Options) error {
	var columns []*column
	var names []string
	for _, c := range t.columns {
		if isReadable(c.Column) {
			columns = append(columns, c)
			names = append(names, c.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	read := 0
	seen := make([]seenValues, len(columns))
	for row, err := range tx.Query(ctx, dialect.Select{Table: t.Name, Columns: names, Limit: o.Rows}) {
		if err != nil {
			return err
		}
		t.rows++
		for i, c := range columns {
			text, ok := dialect.TextOf(row[i])
			if !ok {
				continue
			}
			read += len(text)
			for _, v := range c.elements(text) {
				if v = strings.TrimSpace(v); v != "" {
					c.values.add(c, v, &seen[i])
				}
			}
			if c.refers() && len(text) <= 64 {
				c.values.keys = append(c.values.keys, row[i])
			}
		}
		if read > o.Bytes {
			break
		}
	}
	for i, c := range columns {
		c.values.distinct = len(seen[i])
	}
	return nil
}

// isReadable reports whether a column's values can say what it is. Bytes can't,
// and can be large.
func isReadable(c *dialect.Column) bool {
	return c.Unsupported == "" && !slices.Contains([]dialect.Kind{dialect.Bytes, dialect.RowAddress, dialect.Unknown, dialect.Bits, dialect.Interval}, c.Kind)
}

// elements are an array's elements as far as an array literal shows them, or
// the value itself.
func (c *column) elements(text string) []string {
	if c.Kind != dialect.Array {
		return []string{text}
	}
	parts := strings.Split(strings.Trim(text, "{}[]"), ",")
	for i := range parts {
		parts[i] = strings.Trim(parts[i], `" `)
	}
	return parts
}

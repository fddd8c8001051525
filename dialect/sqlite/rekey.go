package sqlite

import (
	"context"

	"github.com/expungedb/expunge/dialect"
)

var _ dialect.Rekeyer = (*DB)(nil)

// Rekey carries the updates out one by one, with every foreign key deferred. ON
// UPDATE CASCADE can't be, and finds no row that refers to the old values any more,
// since the rows referred to change last; but for a table that refers to itself, see lateOnes.
// What is still broken when the transaction commits fails that.
//
// The keys stay deferred to the transaction's end, when that is over by itself:
// switching it off forgets what was broken meanwhile.
// https://www.sqlite.org/pragma.html#pragma_defer_foreign_keys
func (db *DB) Rekey(ctx context.Context, in dialect.Tx, updates []dialect.BulkUpdate) ([]int64, error) {
	t := in.(*tx)
	if err := writePragma(ctx, t.conn, "defer_foreign_keys", 1); err != nil {
		return nil, engineError(ctx, "overwrite", dialect.Name{}, err)
	}
	late, err := t.lateOnes(ctx, updates)
	if err != nil {
		return nil, err
	}
	out := make([]int64, len(updates))
	for _, turn := range []bool{false, true} {
		for i, u := range updates {
			if late[i] != turn {
				continue
			}
			if out[i], err = t.BulkUpdate(ctx, u); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// lateOnes marks the updates of rows that refer to rows of their own table, the
// last update's, by NO ACTION. Those rows have to change after the ones that they
// refer to: SQLite counts what is broken, and counts wrongly when a value changes to
// which its own row refers already, along with another. The commit would fail for nothing, or
// not for what is broken. Any other action has it count by a way that is right.
func (t *tx) lateOnes(ctx context.Context, updates []dialect.BulkUpdate) ([]bool, error) {
	out := make([]bool, len(updates))
	last := len(updates) - 1
	for i, u := range updates[:max(last, 0)] {
		if u.Table != updates[last].Table {
			continue
		}
		var others int
		err := t.conn.QueryRowContext(ctx, `SELECT count(*) FROM pragma_foreign_key_list(?, 'main') WHERE lower("table") = lower(?) AND on_update <> 'NO ACTION'`,
			u.Table.Table, u.Table.Table).Scan(&others)
		if err != nil {
			return nil, engineError(ctx, "overwrite", u.Table, err)
		}
		out[i] = others == 0
	}
	return out, nil
}

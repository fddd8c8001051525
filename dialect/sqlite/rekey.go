package sqlite

import (
	"context"

	"github.com/expungedb/expunge/dialect"
)

var _ dialect.Rekeyer = (*DB)(nil)

// Rekey runs the updates one by one, with every foreign key deferred. SQLite can't defer ON UPDATE
// CASCADE. But it finds no row with the old values, since the referenced rows change last; for a
// table that refers to itself see lateOnes. The commit fails for a reference that is still broken.
//
// The foreign keys remain deferred until the transaction ends, and that resets the pragma.
// Switching it off earlier makes SQLite forget the references broken so far.
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

// lateOnes marks the updates of rows that refer by NO ACTION to rows of their own table, the last
// update's table. These rows have to change after the rows they refer to. SQLite counts broken
// references, and miscounts in one case: a value changes to one that its own row and another row
// already refer to. The commit would then fail without reason, or not fail for a broken reference.
// For any other action SQLite counts correctly.
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

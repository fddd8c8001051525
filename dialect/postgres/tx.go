package postgres

import (
	"context"
	"iter"
	"strconv"
	"strings"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/render"
)

var (
	_ dialect.Tx       = (*tx)(nil)
	_ dialect.Returner = (*DB)(nil)
)

// newBuilder starts a statement; the builder looks up tables as needed.
func (t *tx) newBuilder(ctx context.Context) *builder {
	b := &builder{lookup: func(n dialect.Name) (*relation, error) { return t.db.relationOf(ctx, t, n) }}
	if t.conn != nil {
		server := t.conn.Conn().PgConn()
		b.returnsOld = majorVersion(server.ParameterStatus("server_version")) >= 18
		b.anyBytes = server.ParameterStatus("server_encoding") == anyBytes
		b.utf8 = server.ParameterStatus("server_encoding") == "UTF8"
	}
	return b
}

// majorVersion is the first number of a version.
func majorVersion(version string) int {
	digits := strings.IndexFunc(version, func(r rune) bool { return r < '0' || r > '9' })
	if digits < 0 {
		digits = len(version)
	}
	n, _ := strconv.Atoi(version[:digits]) // 0: not known
	return n
}

func (t *tx) Query(ctx context.Context, s dialect.Select) iter.Seq2[dialect.Row, error] {
	st, columns, err := t.newBuilder(ctx).renderSelect(s)
	return t.decodedRows(ctx, "select from", st, columns, err)
}

// decodedRows yields the decoded rows of a statement.
func (t *tx) decodedRows(ctx context.Context, doing string, st statement, columns []*column, err error) iter.Seq2[dialect.Row, error] {
	return func(yield func(dialect.Row, error) bool) {
		if err != nil {
			yield(nil, err)
			return
		}
		for raw, err := range t.streamRows(ctx, doing, st) {
			if err != nil {
				yield(nil, err)
				return
			}
			row := make(dialect.Row, len(columns))
			for i, c := range columns {
				row[i] = decodeValue(c, raw[i])
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

func (t *tx) Count(ctx context.Context, n dialect.Name, where []dialect.Cond) (int64, error) {
	st, err := t.newBuilder(ctx).renderCount(n, where)
	if err != nil {
		return 0, err
	}
	return t.oneNumber(ctx, st)
}

// Position is the position of the write-ahead log: the written one on a primary, the replayed one
// on a standby.
func (t *tx) Position(ctx context.Context) (string, error) {
	row, err := t.oneRow(ctx, statement{sql: "SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn() ELSE pg_catalog.pg_current_wal_insert_lsn() END"})
	if err != nil {
		return "", err
	}
	return textOf(row[0]), nil
}

func (t *tx) Delete(ctx context.Context, d dialect.Delete) (int64, error) {
	st, _, err := t.newBuilder(ctx).renderDelete(d, nil)
	if err != nil {
		return 0, err
	}
	return t.execStatement(ctx, "delete from", st)
}

func (t *tx) Update(ctx context.Context, u dialect.Update) (dialect.Updated, error) {
	if len(u.Set) == 0 {
		n, err := t.Count(ctx, u.Table, u.Where)
		return dialect.Updated{Rows: n}, err
	}
	b := t.newBuilder(ctx)
	if b.relationOf(u.Table).rules {
		u.Compare = false // a rule can't rewrite a statement inside of another
	}
	st, err := b.renderUpdate(u)
	if err != nil {
		return dialect.Updated{}, err
	}
	if !u.Compare {
		n, err := t.execStatement(ctx, "overwrite", st)
		return dialect.Updated{Rows: n}, err
	}
	var out dialect.Updated
	for row, err := range t.streamRows(ctx, "overwrite", st) {
		if err != nil {
			return dialect.Updated{}, err
		}
		out.Rows = numberOf(row[1])
		out.Missed = numberOf(row[0]) - out.Rows
		for _, n := range row[2:] {
			out.Unchanged = append(out.Unchanged, numberOf(n))
		}
	}
	return out, nil
}

func (t *tx) BulkUpdate(ctx context.Context, u dialect.BulkUpdate) (int64, error) {
	return render.Parts(u, maxBytes, func(u dialect.BulkUpdate) (int64, error) {
		st, err := t.newBuilder(ctx).bulkUpdate(u)
		if err != nil {
			return 0, err
		}
		return t.execStatement(ctx, "overwrite", st)
	})
}

func (t *tx) Insert(ctx context.Context, i dialect.Insert) error {
	st, err := t.newBuilder(ctx).renderInsert(i)
	if err != nil {
		return err
	}
	_, err = t.execStatement(ctx, "insert into", st)
	return err
}

// oneNumber runs a statement for one number.
func (t *tx) oneNumber(ctx context.Context, s statement) (n int64, err error) {
	for row, err := range t.streamRows(ctx, "count", s) {
		if err != nil {
			return 0, err
		}
		n = numberOf(row[0])
	}
	return n, nil
}

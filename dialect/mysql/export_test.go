package mysql

import (
	"context"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/sqlconn"
)

// Explain returns the server's plan for a rendered Select: the rows of EXPLAIN, each by the names
// of its columns.
func Explain(ctx context.Context, db *DB, s dialect.Select) ([]map[string]string, error) {
	began, err := db.Begin(ctx, dialect.TxOptions{})
	if err != nil {
		return nil, err
	}
	defer func() { _ = began.Rollback(ctx) }()
	t := began.(*tx)
	query, args, err := t.render(ctx, s)
	if err != nil {
		return nil, err
	}
	explain := "EXPLAIN FORMAT = TRADITIONAL "
	if t.server.mariadb {
		explain = "EXPLAIN "
	}
	rows, err := sqlconn.QueryNamed(ctx, t.conn, explain+query, args...)
	out := make([]map[string]string, len(rows))
	for i, r := range rows {
		out[i] = map[string]string{}
		for name, v := range r {
			out[i][name] = v.String
		}
	}
	return out, err
}

func (t *tx) render(ctx context.Context, s dialect.Select) (string, []any, error) {
	table, err := t.readTable(ctx, s.Table)
	if err != nil {
		return "", nil, err
	}
	b := t.newBuilder(ctx)
	query, _ := b.renderSelect(table, s)
	return query, b.Args, b.Err
}

// WhichServer is the expression that distinguishes servers.
const WhichServer = whichServer

// Kill kills the connection of that number on that server.
func Kill(ctx context.Context, d *DB, id int64, server string) error {
	return (&session{db: d, id: id, at: server}).killSession(ctx)
}

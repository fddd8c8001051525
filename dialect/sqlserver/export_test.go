package sqlserver

import (
	"context"
	"fmt"
	"strings"
	"testing"

	mssql "github.com/microsoft/go-mssqldb"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/sqlconn"
)

// Explain returns the server's plan for a rendered Select, line by line. It declares the
// parameters: the server shows a plan for a batch, not for a call.
func Explain(ctx context.Context, db *DB, s dialect.Select) ([]string, error) {
	t, err := db.beginTx(ctx, dialect.TxOptions{})
	if err != nil {
		return nil, err
	}
	st, _, err := t.newBuilder(ctx).renderSelect(s)
	srv := t.srv
	_ = t.Rollback(ctx)
	if err != nil {
		return nil, err
	}
	sql := st.sql
	for i := len(st.args); i > 0; i-- {
		text := fmt.Sprint(st.args[i-1])
		if doc, ok := st.args[i-1].(mssql.NVarCharMax); ok {
			text = string(doc)
		}
		sql = strings.ReplaceAll(sql, fmt.Sprintf("@p%d", i), "CAST(N'"+strings.ReplaceAll(text, "'", "''")+"' AS nvarchar(max))")
	}
	conn, _, err := db.openSession(ctx, "explain", nil)
	if err != nil {
		return nil, err
	}
	defer sqlconn.Discard(conn)
	option := "SHOWPLAN_TEXT"
	if srv.babelfish {
		option = "BABELFISH_SHOWPLAN_ALL"
	}
	if _, err := conn.ExecContext(ctx, "SET "+option+" ON"); err != nil {
		return nil, err
	}
	rows, err := conn.QueryContext(ctx, sql)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for more := true; more; more = rows.NextResultSet() {
		names, err := rows.Columns()
		if err != nil {
			return nil, err
		}
		values, into := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		for rows.Next() {
			if err := rows.Scan(into...); err != nil {
				return nil, err
			}
			if len(values) > 0 {
				out = append(out, fmt.Sprint(values[0]))
			}
		}
	}
	return out, rows.Err()
}

// Babelfish reports whether the server isn't SQL Server itself.
func Babelfish(ctx context.Context, db *DB) (bool, error) {
	conn, srv, err := db.openSession(ctx, "ask", nil)
	if err != nil {
		return false, err
	}
	return srv.babelfish, conn.Close()
}

// SplitAt splits rows into parts of about that many bytes until the test ends.
func SplitAt(t testing.TB, bytes int) {
	was := maxText
	maxText = bytes
	t.Cleanup(func() { maxText = was })
}

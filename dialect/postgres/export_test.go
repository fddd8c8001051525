package postgres

import (
	"context"
	"strings"
	"testing"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/render"
)

// Explain returns the plan of a select in this dialect's transactions.
func Explain(ctx context.Context, db *DB, s dialect.Select) (string, error) {
	t, err := db.beginTx(ctx, dialect.TxOptions{})
	if err != nil {
		return "", err
	}
	st, _, err := t.newBuilder(ctx).renderSelect(s)
	if err != nil {
		return "", errorOr(err, t.Rollback(ctx))
	}
	plan, err := t.explain(ctx, st)
	return plan, errorOr(err, t.Rollback(ctx))
}

// explain prepares the statement, so that its plan is the generic one.
func (t *tx) explain(ctx context.Context, st statement) (string, error) {
	if err := t.runScript(ctx, "explain", "PREPARE explained AS "+st.sql); err != nil {
		return "", err
	}
	args := make([]string, len(st.args))
	for i, a := range st.args {
		args[i] = "NULL"
		if a != nil {
			args[i] = quoteText(string(a))
		}
	}
	execute := "EXPLAIN (COSTS OFF) EXECUTE explained"
	if len(args) > 0 {
		execute += "(" + strings.Join(args, ", ") + ")"
	}
	results, err := t.conn.Conn().PgConn().Exec(ctx, execute).ReadAll()
	if err != nil {
		return "", err
	}
	var plan strings.Builder
	for _, row := range results[0].Rows {
		plan.Write(row[0])
		plan.WriteByte('\n')
	}
	return plan.String(), t.runScript(ctx, "explain", "DEALLOCATE explained")
}

// SearchIn makes the transactions of a DB resolve names by that path, even with schemas before
// pg_catalog.
func SearchIn(db *DB, path ...string) {
	db.mu.Lock()
	db.path = "SET LOCAL search_path = " + render.List(path, quoteText)
	db.mu.Unlock()
}

// SplitAt splits rows into parts of about that many bytes until the test ends.
func SplitAt(t testing.TB, bytes int) {
	was := maxBytes
	maxBytes = bytes
	t.Cleanup(func() { maxBytes = was })
}

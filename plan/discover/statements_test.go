package discover

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"testing"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/sqlite"
)

// counting counts statements for reading rows.
type counting struct {
	dialect.DB
	statements *int
}

func (c counting) Begin(ctx context.Context, o dialect.TxOptions) (dialect.Tx, error) {
	tx, err := c.DB.Begin(ctx, o)
	return countingTx{tx, c.statements}, err
}

type countingTx struct {
	dialect.Tx
	statements *int
}

func (c countingTx) Query(ctx context.Context, s dialect.Select) iter.Seq2[dialect.Row, error] {
	*c.statements++
	return c.Tx.Query(ctx, s)
}

func (c countingTx) Count(ctx context.Context, t dialect.Name, where []dialect.Cond) (int64, error) {
	*c.statements++
	return c.Tx.Count(ctx, t, where)
}

// TestStatementsGrowWithTheTables checks that a draft's statements grow with the tables and their
// references, not with rows or pairs of tables.
func TestStatementsGrowWithTheTables(t *testing.T) {
	count := func(tables, rows int) int {
		t.Helper()
		var script strings.Builder
		script.WriteString("CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);")
		for i := range tables {
			fmt.Fprintf(&script, "CREATE TABLE t%d (id INTEGER PRIMARY KEY, user_id INTEGER, owner INTEGER, note TEXT, photo BLOB, size INTEGER);", i)
			fmt.Fprintf(&script, "WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < %d) INSERT INTO t%d SELECT i, i, i, 'n', x'00', i FROM s;", rows, i)
		}
		db := open(t)
		if _, err := db.Exec(script.String()); err != nil {
			t.Fatal(err)
		}
		statements := 0
		if _, err := Policy(t.Context(), counting{sqlite.New(db), &statements}, Options{}); err != nil {
			t.Fatal(err)
		}
		return statements
	}
	few, many, full := count(10, 10), count(40, 10), count(40, 3000)
	if limit := 4*few + 4; many > limit {
		t.Errorf("%d statements for 40 tables, and %d for 10", many, few)
	}
	const each = 2*(2+ranges) + 2*2 // two samples, two columns that may refer to something
	if full > 41*each {
		t.Errorf("%d statements for 40 large tables: more than %d for each", full, each)
	}
}

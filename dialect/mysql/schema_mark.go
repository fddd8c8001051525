package mysql

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/sqlconn"
)

// SchemaMark implements dialect.Reader. References from databases without a given table it
// sees where InnoDB's own list is shown, which takes the privilege PROCESS.
func (t *tx) SchemaMark(ctx context.Context, tables []dialect.Name) (string, error) {
	const doing = "read the schema of"
	var schemas, names []any
	for _, n := range tables {
		if n.Schema != "" && !slices.Contains(schemas, any(n.Schema)) {
			schemas = append(schemas, n.Schema)
		}
		if !slices.Contains(names, any(n.Table)) {
			names = append(names, n.Table)
		}
	}
	in := func(values []any, first string) string {
		return " IN (" + strings.TrimPrefix(first+strings.Repeat(", ?", len(values)), ", ") + ")"
	}
	here, these := in(schemas, "DATABASE()"), in(names, "")
	sum := sha256.New()
	for _, query := range []string{
		// The condition on the schema keeps MariaDB from opening every table of the server.
		`SELECT 'f', k.TABLE_SCHEMA, k.TABLE_NAME, k.CONSTRAINT_NAME, k.COLUMN_NAME, k.REFERENCED_TABLE_SCHEMA, k.REFERENCED_TABLE_NAME, k.REFERENCED_COLUMN_NAME
			FROM information_schema.KEY_COLUMN_USAGE k WHERE k.TABLE_SCHEMA` + here + ` AND k.REFERENCED_TABLE_NAME` + these + ` ORDER BY 2, 3, 4, 5`,
		`SELECT 'c', TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, COLUMN_DEFAULT, EXTRA, COLLATION_NAME
			FROM information_schema.COLUMNS WHERE TABLE_SCHEMA` + here + ` AND TABLE_NAME` + these + ` ORDER BY 2, 3, 4`,
		`SELECT 't', EVENT_OBJECT_SCHEMA, EVENT_OBJECT_TABLE, TRIGGER_NAME, ACTION_TIMING, EVENT_MANIPULATION, ACTION_STATEMENT
			FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA` + here + ` AND EVENT_OBJECT_TABLE` + these + ` ORDER BY 2, 3, 4`,
	} {
		rows, err := sqlconn.QueryAll(ctx, t.conn, query, slices.Concat(schemas, names)...)
		if err != nil {
			return "", t.txError(ctx, err, doing, dialect.Name{})
		}
		for _, r := range rows {
			for _, v := range r {
				fmt.Fprintf(sum, "%q %t ", v.String, v.Valid)
			}
		}
	}
	query, args := t.server.foreignKeysTo(tables)
	rows, err := sqlconn.QueryAll(ctx, t.conn, query, args...)
	if err != nil && !isServers(err) {
		return "", t.txError(ctx, err, doing, dialect.Name{})
	}
	referring := make([]string, len(rows))
	for i, r := range rows {
		referring[i] = fmt.Sprintf("%q %q %q", r[0].String, r[1].String, r[2].String)
	}
	slices.Sort(referring)
	fmt.Fprintf(sum, "%q", referring)
	return hex.EncodeToString(sum.Sum(nil)), nil
}

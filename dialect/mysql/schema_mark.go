package mysql

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-sql-driver/mysql"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/sqlconn"
)

// SchemaMark implements dialect.Reader. It covers references from databases without a given table
// only where the user may read InnoDB's own list, with the privilege PROCESS.
func (t *tx) SchemaMark(ctx context.Context, tables []dialect.Name) (string, error) {
	const doing = "read the schema of"
	here, these := []string{"DATABASE()"}, make([]string, len(tables))
	for i, n := range tables {
		these[i] = hexLiteral(n.Table)
		if n.Schema != "" && !slices.Contains(here, hexLiteral(n.Schema)) {
			here = append(here, hexLiteral(n.Schema))
		}
	}
	// Without the condition on the schema, MariaDB opens every table of the server. No statement
	// has a parameter: preparing a view of the catalogue takes longer than reading it.
	of := func(schema, table string) string {
		return " WHERE " + schema + " IN (" + strings.Join(here, ", ") + ") AND " + table + " IN (" + strings.Join(these, ", ") + ")"
	}
	var marks []string
	for _, query := range []string{
		`SELECT 'f', TABLE_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, COLUMN_NAME, REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME
			FROM information_schema.KEY_COLUMN_USAGE` + of("TABLE_SCHEMA", "REFERENCED_TABLE_NAME"),
		`SELECT 'c', TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, COLUMN_DEFAULT, EXTRA, COLLATION_NAME
			FROM information_schema.COLUMNS` + of("TABLE_SCHEMA", "TABLE_NAME"),
		`SELECT 't', EVENT_OBJECT_SCHEMA, EVENT_OBJECT_TABLE, TRIGGER_NAME, ACTION_TIMING, EVENT_MANIPULATION, ACTION_STATEMENT
			FROM information_schema.TRIGGERS` + of("EVENT_OBJECT_SCHEMA", "EVENT_OBJECT_TABLE"),
	} {
		rows, err := sqlconn.QueryAll(ctx, t.conn, query)
		if err != nil {
			return "", t.txError(ctx, err, doing, dialect.Name{})
		}
		for _, r := range rows {
			marks = append(marks, fmt.Sprintf("%#v", r))
		}
	}
	rows, err := sqlconn.QueryAll(ctx, t.conn, t.server.foreignKeysTo(tables))
	if err != nil && !isKept(err) {
		return "", t.txError(ctx, err, doing, dialect.Name{})
	}
	for _, r := range rows {
		marks = append(marks, fmt.Sprintf("%#v", r[:3]))
	}
	slices.Sort(marks)
	sum := sha256.Sum256([]byte(strings.Join(marks, "\n")))
	return hex.EncodeToString(sum[:]), nil
}

// isKept reports whether the server keeps InnoDB's own list to itself: the user hasn't the privilege
// PROCESS, or there is no such list.
func isKept(err error) bool {
	my, ok := errors.AsType[*mysql.MySQLError](err)
	return ok && (classes[my.Number] == dialect.PermissionDenied || my.Number == 1109 || my.Number == 1146)
}

package sqlite

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/sqlconn"
)

// SchemaMark implements dialect.Reader. It covers all tables, views and triggers of the database
// but the journal's: a reference is in the text of the referring table.
func (t *tx) SchemaMark(ctx context.Context, _ []dialect.Name) (string, error) {
	const doing = "read the schema of"
	sum := sha256.New()
	query := `SELECT type, name, coalesce(sql, '') FROM "main".sqlite_master
		WHERE type <> 'index' AND substr(name, 1, ` + strconv.Itoa(len(journalPrefix)) + `) <> '` + journalPrefix + `' ORDER BY type, name`
	err := sqlconn.EachRow(ctx, t.conn, query, func(scan func(...any) error) error {
		var kind, name, text string
		err := scan(&kind, &name, &text)
		fmt.Fprintf(sum, "%s %q %q\n", kind, name, text)
		return err
	})
	return hex.EncodeToString(sum.Sum(nil)), engineError(ctx, doing, dialect.Name{}, err)
}

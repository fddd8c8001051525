package sqlite

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/expungedb/expunge/dialect"
)

// SchemaMark implements dialect.Reader. It is about all tables, views and triggers of the
// database but the journal's: a reference is in the text of the table that refers.
func (t *tx) SchemaMark(ctx context.Context, _ []dialect.Name) (string, error) {
	const doing = "read the schema of"
	rows, err := t.conn.QueryContext(ctx, `SELECT type, name, coalesce(sql, '') FROM "main".sqlite_master
		WHERE type <> 'index' AND substr(name, 1, `+fmt.Sprint(len(journalPrefix))+`) <> '`+journalPrefix+`' ORDER BY type, name`)
	if err != nil {
		return "", engineError(ctx, doing, dialect.Name{}, err)
	}
	defer rows.Close()
	sum := sha256.New()
	for rows.Next() {
		var kind, name, text string
		if err := rows.Scan(&kind, &name, &text); err != nil {
			return "", engineError(ctx, doing, dialect.Name{}, err)
		}
		fmt.Fprintf(sum, "%s %q %q\n", kind, name, text)
	}
	return hex.EncodeToString(sum.Sum(nil)), engineError(ctx, doing, dialect.Name{}, rows.Err())
}

package sqlserver

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/expungedb/expunge/dialect"
)

// schemaMark reads the catalogue's rows about the columns, keys and triggers of the given tables.
const schemaMark = `
WITH t AS (SELECT OBJECT_ID(value) AS id FROM OPENJSON(@p1))
SELECT 'c' AS what, CONVERT(bigint, c.object_id) AS a, c.column_id AS b, CONCAT(c.name, '/', c.user_type_id, '/', c.max_length, '/', c.precision, '/', c.scale, '/',
	c.is_nullable, c.is_identity, c.is_computed, '/', c.default_object_id, '/', c.collation_name) AS m FROM sys.columns c WHERE c.object_id IN (SELECT id FROM t)
UNION ALL
SELECT 'f', f.object_id, f.referenced_object_id, CONCAT(f.parent_object_id, '/', f.delete_referential_action, f.update_referential_action, f.is_disabled, f.is_not_trusted, '/',
	CONVERT(varchar(30), f.modify_date, 126)) FROM sys.foreign_keys f WHERE f.referenced_object_id IN (SELECT id FROM t) OR f.parent_object_id IN (SELECT id FROM t)
UNION ALL
SELECT 't', g.object_id, g.parent_id, CONCAT(g.is_disabled, '/', CONVERT(varchar(30), g.modify_date, 126)) FROM sys.triggers g WHERE g.parent_id IN (SELECT id FROM t)
ORDER BY 1, 2, 3`

// SchemaMark implements dialect.Reader.
func (t *tx) SchemaMark(ctx context.Context, tables []dialect.Name) (string, error) {
	const doing = "read the schema of"
	if err := t.checkUsable(doing, dialect.Name{}, false); err != nil {
		return "", err
	}
	names := make([]string, len(tables))
	for i, n := range tables {
		names[i] = quoteIdent(n.Table)
		if n.Schema != "" {
			names[i] = quoteIdent(n.Schema) + "." + names[i]
		}
	}
	doc, err := json.Marshal(names)
	if err != nil {
		return "", err
	}
	rows, err := queryAll(ctx, t.conn, schemaMark, string(doc))
	if err != nil {
		return "", t.txError(ctx, err, doing, dialect.Name{})
	}
	sum := sha256.New()
	for _, r := range rows {
		fmt.Fprintf(sum, "%q\n", r)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/expungedb/expunge/dialect"
)

// schemaMark reads the versions of the catalogue's rows about the given tables and their
// partitions: altering a row of the catalogue makes a new version of it. concat joins values of
// several types: for || an operator of another schema could fit better.
const schemaMark = `
WITH RECURSIVE given AS (
	SELECT c.oid, c.relrowsecurity, c.relforcerowsecurity FROM pg_catalog.json_array_elements($1::pg_catalog.json) g
	JOIN pg_catalog.pg_namespace n ON n.nspname OPERATOR(pg_catalog.=) CASE WHEN (g OPERATOR(pg_catalog.->>) 0) OPERATOR(pg_catalog.=) '' THEN pg_catalog.current_schema() ELSE g OPERATOR(pg_catalog.->>) 0 END
	JOIN pg_catalog.pg_class c ON c.relnamespace OPERATOR(pg_catalog.=) n.oid AND c.relname OPERATOR(pg_catalog.=) (g OPERATOR(pg_catalog.->>) 1)),
t(id) AS (SELECT oid FROM given UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN t ON i.inhparent OPERATOR(pg_catalog.=) t.id)
SELECT pg_catalog.string_agg(m, ',' ORDER BY m COLLATE pg_catalog."C") FROM (
	SELECT pg_catalog.concat('c', oid, relrowsecurity, relforcerowsecurity) FROM given
	UNION ALL SELECT pg_catalog.concat('f', oid, ':', xmin) FROM pg_catalog.pg_constraint WHERE contype OPERATOR(pg_catalog.=) 'f' AND (confrelid OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT id FROM t)) OR conrelid OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT id FROM t)))
	UNION ALL SELECT pg_catalog.concat('a', attrelid, ':', pg_catalog.string_agg(pg_catalog.concat(attnum, '/', xmin), ' ' ORDER BY attnum)) FROM pg_catalog.pg_attribute
		WHERE attrelid OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT id FROM t)) AND attnum OPERATOR(pg_catalog.>) 0 GROUP BY attrelid
	UNION ALL SELECT pg_catalog.concat('d', oid, ':', xmin) FROM pg_catalog.pg_attrdef WHERE adrelid OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT id FROM t))
	UNION ALL SELECT pg_catalog.concat('t', g.oid, ':', g.xmin, ':', p.xmin) FROM pg_catalog.pg_trigger g JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) g.tgfoid
		WHERE g.tgrelid OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT id FROM t)) AND NOT g.tgisinternal
	UNION ALL SELECT pg_catalog.concat('r', oid, ':', xmin) FROM pg_catalog.pg_rewrite WHERE ev_class OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT id FROM t))) m(m)`

// SchemaMark implements dialect.Reader.
func (t *tx) SchemaMark(ctx context.Context, tables []dialect.Name) (string, error) {
	names := make([][2]string, len(tables))
	for i, n := range tables {
		names[i] = [2]string{n.Schema, n.Table}
	}
	doc, err := json.Marshal(names)
	if err != nil {
		return "", err
	}
	row, err := t.oneRow(ctx, statement{sql: schemaMark, args: [][]byte{doc}})
	if err != nil || len(row) == 0 {
		return "", err
	}
	sum := sha256.Sum256(row[0])
	return hex.EncodeToString(sum[:]), nil
}

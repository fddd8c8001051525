package postgres

import "context"

// readListings finds tables, or partitions of theirs, whose updates and deletes the server refuses
// because of a publication's column list or row filter. The column list lacks a column of the
// replica identity, by which subscribers find the row. Or the row filter reads columns outside of
// the replica identity. Version 15 introduced both.
// https://www.postgresql.org/docs/current/logical-replication-col-lists.html
// https://www.postgresql.org/docs/current/logical-replication-row-filter.html#LOGICAL-REPLICATION-ROW-FILTER-RESTRICTIONS
func (c *catalogue) readListings(ctx context.Context) error {
	const q = `
SELECT c.oid, c.relname, c.relispartition::int, p.pubname, p.pubupdate::int, p.pubdelete::int, coalesce(NOT l.listed @> k.names, false)::int
FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid AND (p.pubupdate OR p.pubdelete)
JOIN pg_class c ON (c.oid = r.prrelid OR c.oid IN (SELECT relid FROM pg_partition_tree(r.prrelid) WHERE isleaf)) AND c.relkind = 'r'
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (SELECT array_agg(a.attname::text) AS names FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
	AND (c.relreplident = 'f' OR EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND a.attnum = ANY (i.indkey)
		AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false END))) AS k
CROSS JOIN LATERAL (SELECT (SELECT array_agg(a.attname::text) FROM pg_attribute a
		WHERE a.attrelid = r.prrelid AND a.attnum::text IN (SELECT m[1] FROM regexp_matches(to_jsonb(r) ->> 'prattrs', '([0-9]+)', 'g') AS m)) AS listed,
	(SELECT array_agg(a.attname::text) FROM pg_attribute a WHERE a.attrelid = r.prrelid
		AND a.attnum::text IN (SELECT m[1] FROM regexp_matches(to_jsonb(r) ->> 'prqual', ':varattno ([0-9]+)', 'g') AS m)) AS filtered) AS l
WHERE k.names IS NOT NULL AND (coalesce(NOT l.listed @> k.names, false) OR coalesce(NOT k.names @> l.filtered, false)) AND ` + own + `
ORDER BY p.pubname COLLATE "C"`
	return c.eachRow(ctx, q, func(row [][]byte) {
		t := c.tables[textOf(row[0])]
		if t == nil {
			return
		}
		where := "its"
		if numberOf(row[2]) == 1 {
			where = "partition " + textOf(row[1]) + "'s"
		}
		reason := func(what string) string {
			if numberOf(row[6]) == 1 {
				return "publication " + textOf(row[3]) + " sends " + what + " with a list of columns that lacks some of " + where + " REPLICA IDENTITY: add them to the list"
			}
			return "publication " + textOf(row[3]) + " sends " + what + " of rows that a condition chooses by columns which aren't in " + where + " REPLICA IDENTITY: change one of the two"
		}
		if numberOf(row[4]) == 1 && t.UpdatesRefused == "" {
			t.UpdatesRefused = reason("updates")
		}
		if numberOf(row[5]) == 1 && t.DeletesRefused == "" {
			t.DeletesRefused = reason("deletes")
		}
	})
}

// readIdentities finds tables, or partitions of theirs, without a replica identity whose updates or
// deletes a publication sends. Subscribers couldn't find the row, and the server refuses these
// statements.
// https://www.postgresql.org/docs/current/logical-replication-publication.html#LOGICAL-REPLICATION-PUBLICATION-REPLICA-IDENTITY
func (c *catalogue) readIdentities(ctx context.Context) error {
	const q = `
SELECT c.oid, c.relname, c.relispartition::int, coalesce(min(p.pubname) FILTER (WHERE p.pubupdate), ''), coalesce(min(p.pubname) FILTER (WHERE p.pubdelete), '')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_publication p ON (p.pubupdate OR p.pubdelete) AND (p.puballtables OR EXISTS (
	SELECT FROM pg_publication_tables t JOIN pg_namespace tn ON tn.nspname = t.schemaname
	JOIN pg_class tc ON tc.relnamespace = tn.oid AND tc.relname = t.tablename
	WHERE t.pubname = p.pubname AND (tc.oid = c.oid OR tc.oid IN (SELECT relid FROM pg_partition_ancestors(c.oid)))))
WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND c.relreplident <> 'f' AND ` + own + `
	AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisvalid AND i.indimmediate
		AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false END)
GROUP BY c.oid, c.relname, c.relispartition
ORDER BY c.relname COLLATE "C"`
	return c.eachRow(ctx, q, func(row [][]byte) {
		t := c.tables[textOf(row[0])]
		if t == nil {
			return
		}
		where := "it"
		if numberOf(row[2]) == 1 {
			where = "its partition " + textOf(row[1])
		}
		reason := func(publication, what string) string {
			if publication == "" {
				return ""
			}
			return "publication " + publication + " sends " + what + ", and nothing says by what its subscribers find the row: set the REPLICA IDENTITY of " + where + ", or give it a primary key"
		}
		if s := reason(textOf(row[3]), "updates"); s != "" {
			t.UpdatesRefused = s
		}
		if s := reason(textOf(row[4]), "deletes"); s != "" {
			t.DeletesRefused = s
		}
	})
}

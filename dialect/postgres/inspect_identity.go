package postgres

import "context"

// readIdentities finds the tables, or partitions of theirs, whose updates or deletes a
// publication sends while nothing says by what subscribers find the row. The server refuses them.
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

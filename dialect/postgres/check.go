package postgres

import (
	"context"
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// Check looks for missing privileges, row security that applies to this role, a
// read-only server, and a journal that can't be made. It asks one question for the
// server and one for each table, all read-only.
func (db *DB) Check(ctx context.Context, accesses []dialect.Access) ([]dialect.Problem, error) {
	var problems []dialect.Problem
	err := db.read(ctx, "check privileges", func(t *tx) error {
		found, err := t.checkServer(ctx)
		if err != nil {
			return err
		}
		problems = found
		for _, a := range accesses {
			found, err := t.checkTable(ctx, a)
			if err != nil {
				return err
			}
			problems = append(problems, found...)
		}
		return nil
	})
	return problems, err
}

func (t *tx) checkServer(ctx context.Context) ([]dialect.Problem, error) {
	const q = `
SELECT pg_is_in_recovery()::int, (current_setting('default_transaction_read_only') = 'on')::int,
	CASE WHEN j.oid IS NULL THEN has_database_privilege(current_database(), 'CREATE')
		WHEN j.tables = 0 THEN has_schema_privilege(j.oid, 'USAGE') AND has_schema_privilege(j.oid, 'CREATE')
		ELSE has_schema_privilege(j.oid, 'USAGE') END::int, (j.oid IS NULL)::int
FROM (SELECT) one LEFT JOIN (SELECT n.oid, (SELECT count(*) FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid AND c.relkind = 'r') AS tables
	FROM pg_catalog.pg_namespace n WHERE n.nspname = '` + journalSchema + `') j ON true`
	row, err := t.one(ctx, statement{sql: q})
	if err != nil {
		return nil, err
	}
	var problems []dialect.Problem
	add := func(reason string) { problems = append(problems, dialect.Problem{Reason: reason}) }
	if number(row[0]) == 1 {
		add("the server is a standby, which can't be written to: connect to the primary")
	} else if number(row[1]) == 1 {
		add("default_transaction_read_only is on: switch it off for this role or connection")
	}
	if number(row[2]) == 0 {
		if number(row[3]) == 1 {
			add("the journal's schema " + journalSchema + " isn't there and this role may not create it: GRANT CREATE on the database, or have an administrator make the journal")
		} else {
			add("this role may not use the journal's schema " + journalSchema + ": GRANT USAGE (and CREATE, while its tables aren't there) on it")
		}
	}
	return problems, nil
}

func (t *tx) checkTable(ctx context.Context, a dialect.Access) ([]dialect.Problem, error) {
	const q = `
SELECT has_schema_privilege(n.oid, 'USAGE')::int, has_table_privilege(c.oid, 'SELECT')::int, has_table_privilege(c.oid, 'DELETE')::int,
	has_any_column_privilege(c.oid, 'UPDATE')::int, pg_catalog.row_security_active(c.oid)::int,
	coalesce((SELECT string_agg(a.attname, ', ' ORDER BY a.attname) FROM pg_catalog.pg_attribute a
		WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attname = ANY ($3::text[])
		AND NOT has_column_privilege(c.oid, a.attnum, 'UPDATE')), ''),
	current_user
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = coalesce(nullif($1::text, ''), current_schema()) AND c.relname = $2::text`
	columns := make([]dialect.Row, len(a.Update))
	for i, c := range a.Update {
		columns[i] = dialect.Row{c}
	}
	args := [][]byte{[]byte(a.Table.Schema), []byte(a.Table.Table), arrayLiteral(dialect.Text, columns, 0)}
	row, err := t.one(ctx, statement{sql: q, args: args, table: a.Table})
	if err != nil {
		return nil, err
	}
	if row == nil {
		return []dialect.Problem{{Table: a.Table, Reason: "no such table: build the plan again"}}, nil
	}
	var problems []dialect.Problem
	add := func(reason string) { problems = append(problems, dialect.Problem{Table: a.Table, Reason: reason}) }
	on := " ON " + table(a.Table) + " TO the role of this connection"
	var missing []string
	if number(row[0]) == 0 {
		add("this role may not use schema " + a.Table.Schema + ": GRANT USAGE on it")
	}
	if number(row[1]) == 0 {
		missing = append(missing, "SELECT")
	}
	if a.Delete && number(row[2]) == 0 {
		missing = append(missing, "DELETE")
	}
	switch {
	case text(row[5]) != "":
		missing = append(missing, "UPDATE ("+text(row[5])+")")
	case a.Delete && number(row[3]) == 0:
		// https://www.postgresql.org/docs/current/sql-select.html#SQL-FOR-UPDATE-SHARE
		missing = append(missing, "UPDATE (of any column, to lock rows)")
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		add("missing privileges: GRANT " + strings.Join(missing, ", ") + on)
	}
	if number(row[4]) == 1 {
		add("row-level security applies to this role and may hide rows: use the table's owner (without FORCE ROW LEVEL SECURITY) or a role with BYPASSRLS")
	}
	return problems, nil
}

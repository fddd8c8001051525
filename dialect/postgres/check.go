package postgres

import (
	"context"
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// Check finds missing privileges, row security for this role, a read-only server, a connection
// without enforced foreign keys, and a journal that can't be created. It makes one query about the
// server and one about all tables, all read-only.
func (db *DB) Check(ctx context.Context, accesses []dialect.Access) ([]dialect.Problem, error) {
	var problems []dialect.Problem
	err := db.inReadTx(ctx, "check privileges", func(t *tx) error {
		found, err := t.checkServer(ctx)
		if err != nil {
			return err
		}
		problems = found
		found, err = t.checkTables(ctx, accesses)
		problems = append(problems, found...)
		return err
	})
	return problems, err
}

func (t *tx) checkServer(ctx context.Context) ([]dialect.Problem, error) {
	const q = `
SELECT pg_is_in_recovery()::int, (current_setting('default_transaction_read_only') = 'on')::int,
	CASE WHEN j.oid IS NULL THEN has_database_privilege(current_database(), 'CREATE')
		WHEN j.tables = 0 THEN has_schema_privilege(j.oid, 'USAGE') AND has_schema_privilege(j.oid, 'CREATE')
		ELSE has_schema_privilege(j.oid, 'USAGE') END::int, (j.oid IS NULL)::int, (current_setting('session_replication_role') = 'replica')::int
FROM (SELECT) one LEFT JOIN (SELECT n.oid, (SELECT count(*) FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid AND c.relkind = 'r') AS tables
	FROM pg_catalog.pg_namespace n WHERE n.nspname = '` + journalSchema + `') j ON true`
	row, err := t.oneRow(ctx, statement{sql: q})
	if err != nil {
		return nil, err
	}
	var problems []dialect.Problem
	add := func(reason string) { problems = append(problems, dialect.Problem{Reason: reason}) }
	denied := func(reason string) { problems = append(problems, dialect.Problem{Reason: reason, Denied: true}) }
	if numberOf(row[0]) == 1 {
		add("the server is a standby, which can't be written to: connect to the primary")
	} else if numberOf(row[1]) == 1 {
		add("default_transaction_read_only is on: switch it off for this role or connection")
	}
	if numberOf(row[4]) == 1 {
		add("session_replication_role is replica, so that foreign keys aren't enforced and triggers don't fire: set it to origin for this role or connection")
	}
	if numberOf(row[2]) == 0 {
		if numberOf(row[3]) == 1 {
			denied("the journal's schema " + journalSchema + " doesn't exist and this role may not create it: GRANT CREATE on the database, or let an administrator create the journal beforehand")
		} else {
			denied("this role may not use the journal's schema " + journalSchema + ": GRANT USAGE (and CREATE, until its tables exist) on it")
		}
	}
	return problems, nil
}

func (t *tx) checkTables(ctx context.Context, accesses []dialect.Access) ([]dialect.Problem, error) {
	const q = `
SELECT c.oid IS NULL, has_schema_privilege(n.oid, 'USAGE')::int, has_table_privilege(c.oid, 'SELECT')::int, has_table_privilege(c.oid, 'DELETE')::int,
	has_any_column_privilege(c.oid, 'UPDATE')::int, pg_catalog.row_security_active(c.oid)::int,
	coalesce((SELECT string_agg(a.attname, ', ' ORDER BY a.attname) FROM unnest($3::int4[], $4::text[]) AS u(nr, name)
		JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attname = u.name
		WHERE u.nr = x.nr AND NOT has_column_privilege(c.oid, a.attnum, 'UPDATE')), ''), has_table_privilege(c.oid, 'INSERT')::int
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS x(schema, name, nr)
LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = x.schema
LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = x.name
ORDER BY x.nr`
	var tables, columns []dialect.Row
	for i, a := range accesses {
		if a.Table.Schema == "" {
			schema, err := t.defaultSchema(ctx)
			if err != nil {
				return nil, err
			}
			a.Table.Schema = schema
		}
		tables = append(tables, dialect.Row{a.Table.Schema, a.Table.Table})
		for _, c := range a.Update {
			columns = append(columns, dialect.Row{int64(i + 1), c})
		}
	}
	args := [][]byte{
		arrayLiteral(dialect.Text, tables, 0), arrayLiteral(dialect.Text, tables, 1),
		arrayLiteral(dialect.Int, columns, 0), arrayLiteral(dialect.Text, columns, 1),
	}
	var problems []dialect.Problem
	i := 0
	err := t.eachRow(ctx, statement{sql: q, args: args}, func(row [][]byte) {
		problems = append(problems, tableProblems(accesses[i], row)...)
		i++
	})
	return problems, err
}

// tableProblems lists the problems of one table.
func tableProblems(a dialect.Access, row [][]byte) []dialect.Problem {
	if textOf(row[0]) == "t" {
		return []dialect.Problem{{Table: a.Table, Reason: "no such table: build the plan again", Absent: true}}
	}
	var problems []dialect.Problem
	denied := func(reason string) {
		problems = append(problems, dialect.Problem{Table: a.Table, Reason: reason, Denied: true})
	}
	var missing []string
	if numberOf(row[1]) == 0 {
		denied("this role may not use schema " + a.Table.Schema + ": GRANT USAGE on it")
	}
	if numberOf(row[2]) == 0 {
		missing = append(missing, "SELECT")
	}
	if a.Insert && numberOf(row[7]) == 0 {
		missing = append(missing, "INSERT")
	}
	if a.Delete && numberOf(row[3]) == 0 {
		missing = append(missing, "DELETE")
	}
	switch {
	case textOf(row[6]) != "":
		missing = append(missing, "UPDATE ("+textOf(row[6])+")")
	case a.Delete && numberOf(row[4]) == 0:
		// https://www.postgresql.org/docs/current/sql-select.html#SQL-FOR-UPDATE-SHARE
		missing = append(missing, "UPDATE (of any column, to lock rows)")
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		denied("missing privileges: " + strings.Join(missing, ", "))
	}
	if numberOf(row[5]) == 1 {
		problems = append(problems, dialect.Problem{Table: a.Table, Reason: "row-level security applies to this role and may hide rows: use the table's owner (without FORCE ROW LEVEL SECURITY) or a role with BYPASSRLS"})
	}
	return problems
}

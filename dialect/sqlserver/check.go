package sqlserver

import (
	"context"
	"fmt"
	"strings"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/sqlconn"
)

// Check finds missing permissions, policies that hide rows, masks, and a read-only database.
func (d *DB) Check(ctx context.Context, accesses []dialect.Access) ([]dialect.Problem, error) {
	const doing = "check permissions"
	conn, srv, err := d.openSession(ctx, doing, nil)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	problems, err := checkServer(ctx, conn, srv)
	if err != nil {
		return nil, engineError(ctx, err, doing, dialect.Name{})
	}
	for _, a := range accesses {
		c := &checking{q: conn, srv: srv, a: a}
		if err := c.checkTable(ctx); err != nil {
			return nil, engineError(ctx, err, doing, a.Table)
		}
		problems = append(problems, c.found...)
	}
	return problems, nil
}

// checkServer checks the database as a whole. Without VIEW DEFINITION the catalogue shows only
// objects on which the user has a permission: it hides references from other tables.
func checkServer(ctx context.Context, q sqlconn.Queryer, srv *server) ([]dialect.Problem, error) {
	const query = `
SELECT CAST(DATABASEPROPERTYEX(DB_NAME(), 'Updateability') AS nvarchar(30)), COALESCE(HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', 'VIEW DEFINITION'), 1),
	CASE WHEN EXISTS (SELECT 1 FROM sys.tables o JOIN sys.schemas s ON s.schema_id = o.schema_id WHERE s.name = N'` + journalSchema + `') THEN 1 ELSE 0 END,
	COALESCE(HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', 'CREATE TABLE'), 1)`
	rows, err := queryAll(ctx, q, query)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	var out []dialect.Problem
	add := func(reason string, denied bool) { out = append(out, dialect.Problem{Reason: reason, Denied: denied}) }
	r := rows[0]
	if r[0] == "READ_ONLY" {
		add("the database is read-only: connect to the primary, or ALTER DATABASE … SET READ_WRITE", false)
	}
	if r[1] == "0" && !srv.babelfish { // it has no such permission, and hides nothing
		add("the user doesn't see the whole catalogue, so references may be missed: GRANT VIEW DEFINITION on the database", true)
	}
	if r[2] == "0" && r[3] == "0" {
		add("the journal doesn't exist and the user may not create it: GRANT CREATE SCHEMA and CREATE TABLE, or let an administrator create it beforehand", true)
	}
	return out, nil
}

// checking collects the problems of one access.
type checking struct {
	q     sqlconn.Queryer
	srv   *server
	a     dialect.Access
	found []dialect.Problem
}

func (c *checking) addProblem(format string, args ...any) {
	c.found = append(c.found, dialect.Problem{Table: c.a.Table, Reason: fmt.Sprintf(format, args...)})
}

// deny adds a problem that the statements of Grants solve.
func (c *checking) deny(reason string) {
	c.found = append(c.found, dialect.Problem{Table: c.a.Table, Reason: reason, Denied: true})
}

func (c *checking) checkTable(ctx context.Context) error {
	name := quoteTable(c.a.Table)
	const query = `
SELECT HAS_PERMS_BY_NAME(@p1, 'OBJECT', 'SELECT'), HAS_PERMS_BY_NAME(@p1, 'OBJECT', 'UPDATE'), HAS_PERMS_BY_NAME(@p1, 'OBJECT', 'DELETE'), HAS_PERMS_BY_NAME(@p1, 'OBJECT', 'INSERT')
FROM sys.tables o JOIN sys.schemas s ON s.schema_id = o.schema_id WHERE s.name = @p2 AND o.name = @p3`
	rows, err := queryAll(ctx, c.q, query, name, c.a.Table.Schema, c.a.Table.Table)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		c.deny("table not found, or hidden from the user: GRANT SELECT on it, or build the plan again")
		c.found[len(c.found)-1].Absent = true
		return nil
	}
	var missing []string
	if c.isDenied(rows[0][0]) {
		missing = append(missing, "SELECT")
	}
	if c.a.Insert && c.isDenied(rows[0][3]) {
		missing = append(missing, "INSERT")
	}
	if c.a.Delete && c.isDenied(rows[0][2]) {
		missing = append(missing, "DELETE")
	}
	if c.isDenied(rows[0][1]) {
		for _, column := range c.a.Update {
			got, err := queryAll(ctx, c.q, "SELECT HAS_PERMS_BY_NAME(@p1, 'OBJECT', 'UPDATE', @p2, 'COLUMN')", name, quoteIdent(column))
			if err != nil {
				return err
			}
			if c.isDenied(got[0][0]) {
				missing = append(missing, "UPDATE ("+quoteIdent(column)+")")
			}
		}
	}
	if len(missing) > 0 {
		c.deny("missing permissions: " + strings.Join(missing, ", "))
	}
	if c.srv.babelfish {
		return nil
	}
	if err := c.checkMasks(ctx, name); err != nil {
		return err
	}
	return c.checkPolicies(ctx, name)
}

// isDenied decodes a result of HAS_PERMS_BY_NAME. It is NULL for an unknown name; Babelfish also
// returns NULL for a name with quotes in it.
func (c *checking) isDenied(answer string) bool {
	return answer == "0" || answer == "" && !c.srv.babelfish
}

// checkMasks finds columns masked for this user: keys and old values would be wrong.
func (c *checking) checkMasks(ctx context.Context, name string) error {
	const query = `
SELECT m.name FROM sys.masked_columns m JOIN sys.tables o ON o.object_id = m.object_id JOIN sys.schemas s ON s.schema_id = o.schema_id
WHERE m.is_masked = 1 AND s.name = @p2 AND o.name = @p3 AND COALESCE(HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', 'UNMASK'), 0) = 0
	AND COALESCE(HAS_PERMS_BY_NAME(@p1, 'OBJECT', 'UNMASK', QUOTENAME(m.name), 'COLUMN'), 0) = 0`
	rows, err := queryAll(ctx, c.q, query, name, c.a.Table.Schema, c.a.Table.Table)
	if err != nil || len(rows) == 0 {
		return err
	}
	columns := make([]string, len(rows))
	for i, r := range rows {
		columns[i] = quoteIdent(r[0])
	}
	c.addProblem("the user reads masked values of %s: GRANT UNMASK to the user of this connection", strings.Join(columns, ", "))
	return nil
}

// checkPolicies finds filters that hide rows from this user. A policy applies to all users, and
// only its function decides about their rows. So the check compares the count of visible rows with
// the count of stored rows.
func (c *checking) checkPolicies(ctx context.Context, name string) error {
	const query = `
SELECT DISTINCT p.name, o.object_id FROM sys.security_policies p JOIN sys.security_predicates r ON r.object_id = p.object_id
JOIN sys.tables o ON o.object_id = r.target_object_id JOIN sys.schemas s ON s.schema_id = o.schema_id
WHERE p.is_enabled = 1 AND r.predicate_type = 0 AND s.name = @p1 AND o.name = @p2`
	rows, err := queryAll(ctx, c.q, query, c.a.Table.Schema, c.a.Table.Table)
	if err != nil || len(rows) == 0 {
		return err
	}
	const hidden = `SELECT CASE WHEN (SELECT COUNT_BIG(*) FROM %s) < (SELECT SUM(p.rows) FROM sys.partitions p WHERE p.object_id = %s AND p.index_id IN (0, 1)) THEN 1 ELSE 0 END`
	got, err := queryAll(ctx, c.q, fmt.Sprintf(hidden, name, rows[0][1]))
	if err != nil || got[0][0] == "0" {
		return err
	}
	for _, r := range rows {
		c.addProblem("the security policy %s hides rows from this user: use a user exempt from its predicate, or switch the policy off for the run", quoteIdent(r[0]))
	}
	return nil
}

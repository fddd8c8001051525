package mysql

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-sql-driver/mysql"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/render"
	"github.com/expungedb/expunge/dialect/internal/sqlconn"
)

// Check implements dialect.DB. It finds the user's privileges by explaining statements. EXPLAIN
// needs the same privileges as running a statement, those of roles, wildcards and columns included,
// and changes nothing.
func (d *DB) Check(ctx context.Context, accesses []dialect.Access) ([]dialect.Problem, error) {
	const doing = "check"
	s, err := d.openSession(ctx, doing)
	if err != nil {
		return nil, err
	}
	defer func() { s.closeSession(ctx.Err() == nil) }()
	problems, err := serverProblems(ctx, s.conn)
	if err != nil {
		return nil, engineError(ctx, err, doing, dialect.Name{})
	}
	sure := s.provenTables(ctx, accesses)
	for _, a := range accesses {
		if sure[a.Table] {
			continue
		}
		t, err := s.readTable(ctx, a.Table)
		if e, ok := errors.AsType[*dialect.Error](err); ok && e.Code == "1146" {
			problems = append(problems, dialect.Problem{Table: a.Table, Reason: e.Detail + ": grant SELECT on it", Denied: true, Absent: true})
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, q := range neededPrivileges(t, a) {
			denied, err := explainDenied(ctx, s.conn, q.sql)
			if err != nil {
				return nil, engineError(ctx, err, doing, a.Table)
			}
			if denied {
				problems = append(problems, dialect.Problem{Table: a.Table, Reason: q.reason, Denied: true})
			}
		}
	}
	return problems, nil
}

// together is the number of tables in one statement: a join permits 61.
const together = 30

// provenTables returns tables to delete from for which statements over many tables at once can be
// explained. These statements need at least the privileges of the single statements, and are far
// fewer. For the other tables, the single statements tell what is missing, if anything.
func (s *session) provenTables(ctx context.Context, accesses []dialect.Access) map[dialect.Name]bool {
	sure := map[dialect.Name]bool{}
	var deleted []dialect.Access
	for _, a := range accesses {
		if a.Delete && len(a.Update) == 0 {
			deleted = append(deleted, a)
		}
	}
	for part := range slices.Chunk(deleted, together) {
		if s.mayDelete(ctx, part) {
			for _, a := range part {
				sure[a.Table] = true
			}
		}
	}
	return sure
}

// mayDelete reports whether the user certainly may read, and delete from, all of the tables.
func (s *session) mayDelete(ctx context.Context, accesses []dialect.Access) bool {
	var all, deleted, list []string
	for i, a := range accesses {
		t, err := s.readTable(ctx, a.Table)
		if err != nil {
			return false
		}
		alias := fmt.Sprintf("t%d", i)
		all = append(all, quoteTable(a.Table)+" AS "+alias)
		deleted = append(deleted, alias)
		for _, c := range t.Columns {
			list = append(list, alias+"."+quoteIdent(c.Name))
		}
	}
	from := " FROM " + strings.Join(all, ", ") + " WHERE FALSE"
	for _, sql := range []string{"SELECT " + strings.Join(list, ", ") + from, "DELETE " + strings.Join(deleted, ", ") + from} {
		if _, err := sqlconn.QueryAll(ctx, s.conn, "EXPLAIN "+sql); err != nil {
			return false
		}
	}
	return true
}

// need is a statement and the reason to report where the user may not run it.
type need struct{ sql, reason string }

func neededPrivileges(t *dialect.Table, a dialect.Access) []need {
	name := quoteTable(a.Table)
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	list := "1"
	if len(names) > 0 {
		list = render.List(names, quoteIdent)
	}
	needs := []need{{"SELECT " + list + " FROM " + name + " WHERE FALSE",
		"the user may not read every column: grant SELECT on the table"}}
	if len(a.Update) > 0 {
		set := make([]string, len(a.Update))
		for i, n := range a.Update {
			set[i] = quoteIdent(n) + " = " + quoteIdent(n)
		}
		needs = append(needs, need{"UPDATE " + name + " SET " + strings.Join(set, ", ") + " WHERE FALSE",
			fmt.Sprintf("the user may not update %s: grant UPDATE on the table", strings.Join(a.Update, ", "))})
	}
	if a.Delete {
		needs = append(needs, need{"DELETE FROM " + name + " WHERE FALSE", "the user may not delete: grant DELETE on the table"})
	}
	if a.Insert {
		needs = append(needs, need{"INSERT INTO " + name + " (" + list + ") SELECT " + list + " FROM " + name + " WHERE FALSE", "the user may not insert: grant INSERT on the table"})
	}
	if len(a.Update) == 0 && !a.Delete {
		needs = append(needs, need{"SELECT 1 FROM " + name + " WHERE FALSE FOR UPDATE",
			"the user may not lock rows, which takes more than SELECT: grant UPDATE, DELETE or LOCK TABLES on the table"})
	}
	return needs
}

func explainDenied(ctx context.Context, q sqlconn.Queryer, sql string) (denied bool, err error) {
	_, err = sqlconn.QueryAll(ctx, q, "EXPLAIN "+sql)
	my, ok := errors.AsType[*mysql.MySQLError](err)
	switch {
	case !ok:
		return false, err
	case my.Number == 1290, my.Number == 1836: // reported by serverProblems
		return false, nil
	case classes[my.Number] == dialect.PermissionDenied:
		return true, nil
	}
	return false, err
}

// serverProblems are settings under which no run can write, or not safely.
func serverProblems(ctx context.Context, q sqlconn.Queryer) ([]dialect.Problem, error) {
	rows, err := sqlconn.QueryAll(ctx, q, `SHOW SESSION VARIABLES WHERE Variable_name IN ('read_only', 'super_read_only', 'innodb_read_only', 'foreign_key_checks')`)
	if err != nil {
		return nil, err
	}
	on := map[string]bool{}
	for _, r := range rows {
		// MariaDB 12 has words in read_only for the users still allowed to write.
		on[r[0].String] = r[1].String != "OFF" && r[1].String != "0"
	}
	var out []dialect.Problem
	add := func(reason string) { out = append(out, dialect.Problem{Reason: reason}) }
	hidden, err := seesPart(ctx, q)
	if err != nil {
		return nil, err
	}
	if hidden {
		out = append(out, dialect.Problem{Reason: "the user may not see every table of the database, so that tables and references may be missed: grant SELECT on the database", Denied: true})
	}
	switch {
	case on["super_read_only"] || on["innodb_read_only"]:
		add("the server is read-only: connect to the primary")
	case on["read_only"]:
		exempt, err := writesAnyway(ctx, q)
		if err != nil {
			return nil, err
		}
		if !exempt {
			add("the server is read_only, as a replica is: connect to the primary")
		}
	}
	if !on["foreign_key_checks"] {
		add(foreignKeysOff)
	}
	return out, nil
}

// seesPart reports whether the catalogue shows the user only those of the database's tables that he
// has a privilege on. Only a user who may read any table gets the error that a table doesn't exist.
func seesPart(ctx context.Context, q sqlconn.Queryer) (bool, error) {
	_, err := sqlconn.QueryAll(ctx, q, "SELECT 1 FROM "+quoteIdent(journalPrefix+"nowhere"))
	my, ok := errors.AsType[*mysql.MySQLError](err)
	if !ok {
		return false, err
	}
	return classes[my.Number] == dialect.PermissionDenied, nil
}

// writesAnyway reports whether the user may write to a read_only server.
func writesAnyway(ctx context.Context, q sqlconn.Queryer) (bool, error) {
	rows, err := sqlconn.QueryAll(ctx, q, "SHOW GRANTS")
	if err != nil {
		return false, err
	}
	for _, r := range rows {
		privileges, object, _ := strings.Cut(r[0].String, " ON ")
		if !strings.HasPrefix(object, "*.*") {
			continue
		}
		for _, p := range []string{"ALL PRIVILEGES", "SUPER", "CONNECTION_ADMIN", "READ ONLY ADMIN", "READ_ONLY ADMIN"} {
			if strings.Contains(privileges, p) {
				return true, nil
			}
		}
	}
	return false, nil
}

// Position implements dialect.Reader: the server's GTIDs, else the file and offset of its binary
// log, else nothing (no log, or no privilege to see it).
func (t *tx) Position(ctx context.Context) (string, error) {
	variable, status := "@@GLOBAL.gtid_executed", "SHOW MASTER STATUS"
	switch {
	case t.server.mariadb:
		variable = "@@GLOBAL.gtid_current_pos"
	case t.server.atLeast(8, 2, 0):
		status = "SHOW BINARY LOG STATUS"
	}
	var gtid string
	if err := sqlconn.QueryOne(ctx, t.conn, "SELECT "+variable, &gtid); err == nil && gtid != "" {
		return strings.ReplaceAll(gtid, "\n", ""), nil
	} else if err != nil && !isServers(err) {
		return "", t.txError(ctx, err, "read the position", dialect.Name{})
	}
	rows, err := sqlconn.QueryAll(ctx, t.conn, status)
	if err != nil && !isServers(err) {
		return "", t.txError(ctx, err, "read the position", dialect.Name{})
	}
	if len(rows) == 0 {
		return "", nil
	}
	return rows[0][0].String + ":" + rows[0][1].String, nil
}

// isServers reports whether the error is the server's: it refused the statement, and the
// transaction continues.
func isServers(err error) bool {
	_, ok := errors.AsType[*mysql.MySQLError](err)
	return ok
}

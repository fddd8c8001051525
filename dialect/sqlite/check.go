package sqlite

import (
	"context"
	"errors"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// Check finds missing tables and columns, views and virtual tables in place of tables, and a
// read-only database. It also finds tables with changes that SQLite can't compile. SQLite has no
// privileges and no row security.
func (db *DB) Check(ctx context.Context, accesses []dialect.Access) ([]dialect.Problem, error) {
	schema, err := db.Inspect(ctx)
	if err != nil {
		return nil, err
	}
	var out []dialect.Problem
	writes := false
	for _, a := range accesses {
		problem := func(reason string) { out = append(out, dialect.Problem{Table: a.Table, Reason: reason}) }
		writes = writes || a.Delete || len(a.Update) > 0
		t := schema.Table(a.Table)
		if t == nil && strings.HasPrefix(a.Table.Table, journalPrefix) { // not inspected
			continue
		}
		if t == nil {
			out = append(out, absentTable(a.Table))
			continue
		}
		if t.Unerasable != "" && (a.Delete || len(a.Update) > 0) {
			problem(t.Unerasable)
		}
		for _, c := range a.Update {
			if col := t.Column(c); col == nil || !col.Assignable() {
				problem("column " + c + " not found or not assignable: build the plan again")
			}
		}
	}
	if !writes {
		return out, nil
	}
	refusals, err := db.tryWriting(ctx, accesses)
	switch out = append(out, refusals...); dialect.ClassOf(err) {
	case "", dialect.LockTimeout, dialect.Retryable: // another writer proves that writing is possible
		return out, nil
	case dialect.PermissionDenied, dialect.ReadOnly:
		return append(out, dialect.Problem{Reason: "the database is read-only: open it for writing, and give the user write access to the file and its directory"}), nil
	default:
		return nil, err
	}
}

// tryWriting sets the user's version number to its current value and rolls back. BEGIN IMMEDIATE
// alone succeeds on a read-only database.
func (db *DB) tryWriting(ctx context.Context, accesses []dialect.Access) ([]dialect.Problem, error) {
	t, err := db.beginTx(ctx, dialect.TxOptions{})
	if err != nil {
		return nil, err
	}
	defer func() { _ = t.Rollback(ctx) }()
	version, err := readPragma(ctx, t.conn, "main.user_version")
	if err == nil {
		err = writePragma(ctx, t.conn, "main.user_version", version)
	}
	if err != nil {
		return nil, engineError(ctx, "check for write access to the database", dialect.Name{}, err)
	}
	var journal string
	if err := t.conn.QueryRowContext(ctx, "PRAGMA main.journal_mode").Scan(&journal); err != nil {
		return nil, engineError(ctx, "check for write access to the database", dialect.Name{}, err)
	}
	out := t.uncompiledProblems(ctx, accesses)
	if journal == "off" {
		out = append(out, dialect.Problem{Reason: "journal_mode is OFF, in which nothing can be rolled back: set it to DELETE or WAL"})
	}
	return out, nil
}

// uncompiledProblems finds tables whose changes don't compile. An application may never see the
// error: its connections may have foreign keys off, or functions of their own.
func (t *tx) uncompiledProblems(ctx context.Context, accesses []dialect.Access) (out []dialect.Problem) {
	for _, a := range accesses {
		var changes []string
		if a.Delete {
			changes = append(changes, "DELETE FROM "+quoteTable(a.Table))
		}
		if len(a.Update) > 0 {
			c := quoteIdent(a.Update[0])
			changes = append(changes, "UPDATE "+quoteTable(a.Table)+" SET "+c+" = "+c)
		}
		for _, sql := range changes {
			if err := t.runDDL(ctx, "check", a.Table, "EXPLAIN "+sql); dialect.ClassOf(err) == dialect.Fatal {
				out = append(out, uncompiledProblem(a.Table, sql, err))
				break
			}
		}
	}
	return out
}

func uncompiledProblem(table dialect.Name, sql string, err error) dialect.Problem {
	missing := ""
	if e, ok := errors.AsType[*dialect.Error](err); ok && e.Object != "" {
		if e.Object == "main."+table.Table {
			return absentTable(table)
		}
		missing = " (" + e.Object + " not found)"
	}
	return dialect.Problem{Table: table, Reason: "SQLite can't compile a change of it" + missing + ": with PRAGMA foreign_keys = 1 try " + sql +
		", which names the missing object (the referenced table of a foreign key, a unique index on its columns, or an object of a trigger or an index)"}
}

func absentTable(table dialect.Name) dialect.Problem {
	return dialect.Problem{Table: table, Reason: "no such table: build the plan again", Absent: true}
}

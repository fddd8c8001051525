package sqlite

import (
	"context"

	"github.com/expungedb/expunge/dialect"
)

// Check looks for tables and columns that aren't there, views and virtual
// tables in place of tables, and a database that can't be written. SQLite has no
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
		if t == nil {
			problem("there is no such table: build the plan again")
			continue
		}
		if t.Unerasable != "" && (a.Delete || len(a.Update) > 0) {
			problem(t.Unerasable)
		}
		for _, c := range a.Update {
			if col := t.Column(c); col == nil || !col.Assignable() {
				problem("column " + c + " is not there or can't be assigned to: build the plan again")
			}
		}
	}
	if !writes {
		return out, nil
	}
	switch err := db.tryWriting(ctx); dialect.ClassOf(err) {
	case "", dialect.LockTimeout, dialect.Retryable: // where somebody writes, one can
		return out, nil
	case dialect.PermissionDenied:
		return append(out, dialect.Problem{Reason: "the database is read-only: open it for writing, and give the user write access to the file and its directory"}), nil
	default:
		return nil, err
	}
}

// tryWriting sets the user's version number to what it is and rolls back.
// BEGIN IMMEDIATE alone succeeds on a read-only database.
func (db *DB) tryWriting(ctx context.Context) error {
	t, err := db.begin(ctx, dialect.TxOptions{})
	if err != nil {
		return err
	}
	defer func() { _ = t.Rollback(ctx) }()
	version, err := readPragma(ctx, t.conn, "main.user_version")
	if err == nil {
		err = writePragma(ctx, t.conn, "main.user_version", version)
	}
	return failed(ctx, "check for write access to the database", dialect.Name{}, err)
}

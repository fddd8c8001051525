package mysql

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/sqlconn"
)

// whyNotSuspendable is Index.Stays. Only trees are certain to be restored unchanged: full-text and
// spatial indexes have parsers, stop words and hidden columns beside them.
func whyNotSuspendable(ix *dialect.Index) string {
	if ix.Primary || ix.Method == "btree" {
		return ""
	}
	return "it is a " + ix.Method + " index"
}

// Definitions implements dialect.Suspender. A definition is the index's clause in SHOW CREATE
// TABLE, which is complete: prefixes, directions, comments, visibility. In ALTER TABLE, dropping an
// index needs the same privileges as adding it.
func (d *DB) Definitions(ctx context.Context, n dialect.Name, indexes []string) (out []dialect.SuspendedIndex, err error) {
	const doing = "read the indexes of"
	s, err := d.openDDL(ctx, doing, 0)
	if err != nil {
		return nil, err
	}
	defer func() { s.closeSession(err == nil) }()
	found, err := s.readDefinitions(ctx, doing, n)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(slices.Values(indexes)) {
		if c, ok := found[name]; ok && c.tree {
			out = append(out, dialect.SuspendedIndex{Name: name, Definition: c.text})
		}
	}
	return out, nil
}

// buildMemory is the sort memory for building indexes. With MySQL's 1 MiB, the two indexes of a
// table of 300,000 rows took a quarter longer.
const buildMemory = "67108864"

// openDDL opens a session for statements about indexes.
func (d *DB) openDDL(ctx context.Context, doing string, wait time.Duration) (*session, error) {
	srv, err := d.askServer(ctx, d.pool)
	if err != nil {
		return nil, err
	}
	more := []variable{{"sql_quote_show_create", "1"}}
	if !srv.mariadb && srv.atLeast(8, 0, 27) {
		more = append(more, variable{"innodb_ddl_buffer_size", buildMemory})
	}
	if wait > 0 {
		more = append(more, variable{"lock_wait_timeout", secondsText(wait)})
	}
	s, err := d.openSession(ctx, doing, more...)
	if err != nil {
		return nil, err
	}
	if !s.checks { // the server would drop even an index needed by a foreign key
		s.closeSession(true)
		e := dialect.NewError(dialect.Fatal, "", doing, dialect.Name{}, nil)
		e.Detail = foreignKeysOff
		return nil, e
	}
	return s, nil
}

// readDefinitions returns the clauses of a table's indexes, by name.
func (s *session) readDefinitions(ctx context.Context, doing string, n dialect.Name) (map[string]clause, error) {
	var name, sql string
	if err := sqlconn.QueryOne(ctx, s.conn, "SHOW CREATE TABLE "+quoteTable(n), &name, &sql); err != nil {
		return nil, engineError(ctx, err, doing, n)
	}
	out := map[string]clause{}
	for _, c := range indexClauses(sql) {
		out[c.index] = c
	}
	return out, nil
}

// Suspend implements dialect.Suspender, by one ALTER TABLE.
func (d *DB) Suspend(ctx context.Context, n dialect.Name, indexes []dialect.SuspendedIndex, wait time.Duration) error {
	return d.alterTable(ctx, "suspend indexes of", n, wait, func(found map[string]clause, doing string) ([]string, error) {
		var drop []string
		for _, ix := range indexes {
			switch c, ok := found[ix.Name]; {
			case !ok:
			case c.text != ix.Definition:
				return nil, dialect.NewIndexDiffersError(doing, n, ix.Name)
			default:
				drop = append(drop, "DROP INDEX "+quoteIdent(ix.Name))
			}
		}
		return drop, nil
	})
}

// Restore implements dialect.Suspender, by one ALTER TABLE: it builds all indexes in one pass over
// the rows, or none of them after an error.
func (d *DB) Restore(ctx context.Context, n dialect.Name, indexes []dialect.SuspendedIndex, wait time.Duration) error {
	return d.alterTable(ctx, "restore indexes of", n, wait, func(found map[string]clause, doing string) ([]string, error) {
		var add []string
		for _, ix := range indexes {
			switch c, ok := found[ix.Name]; {
			case !ok:
				add = append(add, "ADD "+ix.Definition)
			case c.text != ix.Definition:
				return nil, dialect.NewIndexDiffersError(doing, n, ix.Name)
			}
		}
		return add, nil
	})
}

// alterTable makes the changes of a table's indexes returned by change. The statement of a killed
// process may still run on the server. alterTable then reads the indexes again once the table is
// free.
func (d *DB) alterTable(ctx context.Context, doing string, n dialect.Name, wait time.Duration, change func(found map[string]clause, doing string) ([]string, error)) (err error) {
	s, err := d.openDDL(ctx, doing, wait)
	if err != nil {
		return err
	}
	defer func() {
		s.cut = ctx.Err() != nil
		s.closeSession(ctx.Err() == nil && dialect.ClassOf(err) != dialect.LostConnection)
	}()
	for attempt := 1; ; attempt++ {
		found, err := s.readDefinitions(ctx, doing, n)
		if err != nil {
			return err
		}
		parts, err := change(found, doing)
		if err != nil || len(parts) == 0 {
			return err
		}
		alter := "ALTER TABLE " + quoteTable(n) + " " + strings.Join(parts, ", ")
		_, err = s.conn.ExecContext(ctx, alter)
		err = engineError(ctx, err, doing, n)
		e, ok := errors.AsType[*dialect.Error](err)
		if !ok || attempt > 1 || e.Code != duplicateName && e.Code != noSuchIndex {
			return err
		}
	}
}

// Error numbers of an index that another session has made, or dropped, meanwhile.
const (
	duplicateName = "1061"
	noSuchIndex   = "1091"
)

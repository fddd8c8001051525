package mysql

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/render"
	"github.com/expungedb/expunge/dialect/internal/sqlconn"
)

// journalPrefix marks the journal's tables in the connected database.
const journalPrefix = "expunge_"

// JournalTable implements dialect.Journal.
func (d *DB) JournalTable(name string) dialect.Name { return dialect.Name{Table: journalPrefix + name} }

func isJournal(n dialect.Name) bool {
	return n.Schema == "" && strings.HasPrefix(n.Table, journalPrefix)
}

// JournalDDL implements dialect.Journal. Moments have DATETIME(6) columns, in UTC, read as
// TimestampTZ: a TIMESTAMP ends in 2038. Texts compare bytewise.
func (d *DB) JournalDDL(tables []*dialect.Table) []string {
	var out []string
	for _, t := range tables {
		out = append(out, journalSyntax.CreateTable(t))
	}
	return out
}

var journalSyntax = render.TableSyntax{
	Create: "CREATE TABLE IF NOT EXISTS", Ident: quoteIdent, Table: quoteTable, Type: journalType,
	Options: " ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
}

func journalType(c *dialect.Column) string {
	switch c.Kind {
	case dialect.Bool:
		return "TINYINT(1)"
	case dialect.Int:
		return "BIGINT"
	case dialect.Float:
		return "DOUBLE"
	case dialect.Date:
		return "DATE"
	case dialect.Timestamp, dialect.TimestampTZ:
		return "DATETIME(6)"
	case dialect.UUID:
		return "CHAR(36)"
	case dialect.Bytes:
		if c.Length > 0 {
			return fmt.Sprintf("VARBINARY(%d)", c.Length)
		}
		return "LONGBLOB"
	}
	if c.Length > 0 && c.Length <= 768 { // an index's maximum for utf8mb4
		return fmt.Sprintf("VARCHAR(%d)", c.Length)
	}
	return "LONGTEXT" // JSON too: a JSON column would reformat it
}

// EnsureJournal implements dialect.Journal. It creates only the missing tables, so that a user
// without CREATE can use tables made before.
func (d *DB) EnsureJournal(ctx context.Context, tables []*dialect.Table) error {
	s, err := d.openSession(ctx, "create the journal")
	if err != nil {
		return err
	}
	defer func() { s.closeSession(ctx.Err() == nil) }()
	missing, err := s.missing(ctx, tables)
	if err != nil || len(missing) == 0 {
		return err
	}
	release, err := s.lockJournal(ctx)
	if err != nil {
		return err
	}
	defer release()
	if missing, err = s.missing(ctx, tables); err != nil {
		return err
	}
	for _, t := range missing {
		if _, err := s.conn.ExecContext(ctx, journalSyntax.CreateTable(t)); err != nil {
			err = engineError(ctx, err, "create the journal's table", t.Name)
			if e, ok := errors.AsType[*dialect.Error](err); ok && e.Class == dialect.PermissionDenied {
				e.Detail = "grant CREATE on the database, or let an administrator create the journal beforehand"
			}
			return err
		}
	}
	return nil
}

// lockJournal prevents other processes from making the journal. In MariaDB, creating tables with
// foreign keys at the same moment fails, with or without IF NOT EXISTS (error 1005, errno 121).
func (s *session) lockJournal(ctx context.Context) (release func(), err error) {
	const name, doing = "journal", "create the journal"
	got, err := s.getLock(ctx, name, time.Minute)
	if err != nil {
		return nil, engineError(ctx, err, doing, dialect.Name{})
	}
	if !got {
		e := dialect.NewError(dialect.LockTimeout, "", doing, dialect.Name{}, nil)
		e.Detail = "another process has been creating it for a minute: retry when it has finished"
		return nil, e
	}
	return func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		_, _ = s.conn.ExecContext(ctx, "DO RELEASE_LOCK(?)", s.lockName(name)) // a failed connection has lost its locks
	}, nil
}

// missing returns the journal's tables that don't exist.
func (s *session) missing(ctx context.Context, tables []*dialect.Table) ([]*dialect.Table, error) {
	rows, err := sqlconn.QueryAll(ctx, s.conn, "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME LIKE '"+strings.ReplaceAll(journalPrefix, "_", `\_`)+"%'")
	if err != nil {
		return nil, engineError(ctx, err, "find the journal", dialect.Name{})
	}
	var there []string
	for _, r := range rows {
		there = append(there, r[0].String)
	}
	return render.Missing(tables, there), nil
}

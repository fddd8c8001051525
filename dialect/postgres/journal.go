package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/render"
)

// journalSchema is the schema of the journal's tables.
const journalSchema = "expunge"

// JournalTable returns the full name of one of the journal's tables: expunge.<name>.
func (db *DB) JournalTable(name string) dialect.Name {
	return dialect.Name{Schema: journalSchema, Table: name}
}

// JournalDDL renders the journal's schema and tables.
func (db *DB) JournalDDL(tables []*dialect.Table) []string {
	ddl := []string{"CREATE SCHEMA IF NOT EXISTS " + quoteIdent(journalSchema)}
	for _, t := range tables {
		ddl = append(ddl, journalSyntax.CreateTable(t))
	}
	return ddl
}

var journalSyntax = render.TableSyntax{Create: "CREATE TABLE IF NOT EXISTS", Ident: quoteIdent, Table: quoteTable, Type: journalType}

// journalType is a column's type. Texts are ordered bytewise, so that an index doesn't depend on
// the machine's collations.
func journalType(c *dialect.Column) string {
	switch c.Kind {
	case dialect.Bool:
		return "pg_catalog.bool"
	case dialect.Int:
		switch c.Precision {
		case 8, 16:
			return "pg_catalog.int2"
		case 32:
			return "pg_catalog.int4"
		}
		return "pg_catalog.int8"
	case dialect.Decimal:
		if c.Precision > 0 {
			return fmt.Sprintf("pg_catalog.numeric(%d,%d)", c.Precision, c.Scale)
		}
		return "pg_catalog.numeric"
	case dialect.Float:
		return "pg_catalog.float8"
	case dialect.Bytes:
		return "pg_catalog.bytea"
	case dialect.UUID, dialect.Date, dialect.Time, dialect.Timestamp, dialect.JSON, dialect.Interval:
		return "pg_catalog." + string(c.Kind)
	case dialect.TimestampTZ:
		return "pg_catalog.timestamptz"
	}
	if c.Length > 0 {
		return fmt.Sprintf("pg_catalog.varchar(%d)"+bytewise, c.Length)
	}
	return "pg_catalog.text" + bytewise
}

// EnsureJournal creates the missing tables, in one transaction under an advisory lock: CREATE … IF
// NOT EXISTS alone fails when two processes run it at once. Where nothing is missing, it needs no
// privilege to create anything.
func (db *DB) EnsureJournal(ctx context.Context, tables []*dialect.Table) error {
	t, err := db.beginCatalogue(ctx, dialect.TxOptions{})
	if err != nil {
		return err
	}
	t.doing = "create the journal"
	if err := t.ensureJournal(ctx, tables); err != nil {
		return errorOr(err, t.Rollback(ctx))
	}
	return t.Commit(ctx)
}

func (t *tx) ensureJournal(ctx context.Context, tables []*dialect.Table) error {
	missing, err := t.missingOf(ctx, tables)
	if err != nil || len(missing) == 0 {
		return err
	}
	if _, err := t.oneRow(ctx, statement{sql: "SELECT pg_advisory_xact_lock(hashtextextended('expunge journal', 0))"}); err != nil {
		return err
	}
	if missing, err = t.missingOf(ctx, tables); err != nil || len(missing) == 0 {
		return err
	}
	var ddl []string
	for _, table := range missing {
		ddl = append(ddl, journalSyntax.CreateTable(table))
	}
	n, err := t.oneNumber(ctx, statement{sql: "SELECT count(*) FROM pg_catalog.pg_namespace WHERE nspname = '" + journalSchema + "'"})
	if err != nil {
		return err
	}
	if n == 0 {
		ddl = append([]string{"CREATE SCHEMA " + quoteIdent(journalSchema)}, ddl...)
	}
	return t.runScript(ctx, "create the journal", strings.Join(ddl, "; "))
}

// missingOf returns the journal's tables that don't exist. The catalogue shows them to every role.
func (t *tx) missingOf(ctx context.Context, tables []*dialect.Table) ([]*dialect.Table, error) {
	const q = "SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = '" + journalSchema + "'"
	var there []string
	err := t.eachRow(ctx, statement{sql: q}, func(row [][]byte) { there = append(there, textOf(row[0])) })
	return render.Missing(tables, there), err
}

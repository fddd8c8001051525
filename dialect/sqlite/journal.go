package sqlite

import (
	"context"
	"time"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/render"
)

// journalPrefix marks the journal's tables: SQLite has no schemas.
const journalPrefix = "expunge_"

// JournalTable returns the full name of one of the journal's tables.
func (db *DB) JournalTable(name string) dialect.Name {
	return dialect.Name{Table: journalPrefix + name}
}

// journalTypes are declared types with an affinity that leaves values unchanged.
var journalTypes = map[dialect.Kind]string{
	dialect.Bool: "BOOLEAN", dialect.Int: "INTEGER", dialect.Float: "REAL", dialect.Bytes: "BLOB", dialect.Date: "DATE",
	dialect.Time: "TIME", dialect.Timestamp: "TIMESTAMP", dialect.TimestampTZ: "TIMESTAMPTZ", dialect.UUID: "UUID",
	dialect.JSON: "JSON TEXT", // JSON alone would convert the text 1.50 to a number
}

var journalSyntax = render.TableSyntax{
	Create: "CREATE TABLE IF NOT EXISTS", Ident: quoteIdent, Table: quoteTable,
	RefName: func(n dialect.Name) string { return quoteIdent(n.Table) }, // REFERENCES accepts no schema
	Type: func(c *dialect.Column) string {
		if typ := journalTypes[c.Kind]; typ != "" {
			return typ
		}
		return "TEXT"
	},
}

// JournalDDL renders CREATE TABLE IF NOT EXISTS statements.
func (db *DB) JournalDDL(tables []*dialect.Table) []string {
	var out []string
	for _, t := range tables {
		out = append(out, journalSyntax.CreateTable(t))
	}
	return out
}

// EnsureJournal creates the missing tables, in one transaction.
func (db *DB) EnsureJournal(ctx context.Context, tables []*dialect.Table) error {
	// Processes that start together wait for each other, also on a pool without a busy_timeout.
	t, err := db.beginTx(ctx, dialect.TxOptions{LockTimeout: 30 * time.Second})
	if err != nil {
		return err
	}
	defer func() { _ = t.Rollback(ctx) }()
	for _, sql := range db.JournalDDL(tables) {
		if _, err := t.conn.ExecContext(ctx, sql); err != nil {
			return engineError(ctx, "create the journal", dialect.Name{}, err)
		}
	}
	return t.Commit(ctx)
}

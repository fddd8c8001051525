package sqlite

import (
	"context"
	"strings"
	"time"

	"github.com/expungedb/expunge/dialect"
)

// journalPrefix marks the journal's tables: SQLite has no schemas.
const journalPrefix = "expunge_"

// JournalTable gives the full name of one of the journal's tables.
func (db *DB) JournalTable(name string) dialect.Name {
	return dialect.Name{Table: journalPrefix + name}
}

// journalTypes are declared types with the affinity that keeps a value as it is.
var journalTypes = map[dialect.Kind]string{
	dialect.Bool: "BOOLEAN", dialect.Int: "INTEGER", dialect.Float: "REAL", dialect.Bytes: "BLOB", dialect.Date: "DATE",
	dialect.Time: "TIME", dialect.Timestamp: "TIMESTAMP", dialect.TimestampTZ: "TIMESTAMPTZ", dialect.UUID: "UUID",
	dialect.JSON: "JSON TEXT", // JSON alone would make a number of the text 1.50
}

// JournalDDL renders CREATE TABLE IF NOT EXISTS statements.
func (db *DB) JournalDDL(tables []*dialect.Table) []string {
	var out []string
	for _, t := range tables {
		var parts []string
		for _, c := range t.Columns {
			typ, ok := journalTypes[c.Kind]
			if !ok {
				typ = "TEXT"
			}
			def := quoteIdent(c.Name) + " " + typ
			if !c.Nullable {
				def += " NOT NULL"
			}
			parts = append(parts, def)
		}
		if len(t.PrimaryKey) > 0 {
			parts = append(parts, "PRIMARY KEY ("+quoteNames(t.PrimaryKey)+")")
		}
		for _, fk := range t.ForeignKeys {
			parts = append(parts, "FOREIGN KEY ("+quoteNames(fk.Columns)+") REFERENCES "+quoteIdent(fk.RefTable.Table)+" ("+quoteNames(fk.RefColumns)+")"+
				actionSQL(" ON DELETE ", fk.OnDelete)+actionSQL(" ON UPDATE ", fk.OnUpdate))
		}
		out = append(out, "CREATE TABLE IF NOT EXISTS "+quoteTable(t.Name)+" (\n\t"+strings.Join(parts, ",\n\t")+"\n)")
	}
	return out
}

func actionSQL(on string, a dialect.Action) string {
	if a == "" || a == dialect.NoAction {
		return ""
	}
	return on + strings.ToUpper(string(a))
}

func quoteNames(names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = quoteIdent(n)
	}
	return strings.Join(out, ", ")
}

// EnsureJournal makes what is missing, in one transaction.
func (db *DB) EnsureJournal(ctx context.Context, tables []*dialect.Table) error {
	// Processes that start together wait for each other, also on a pool
	// without a busy_timeout.
	t, err := db.beginTx(ctx, dialect.TxOptions{LockTimeout: 30 * time.Second})
	if err != nil {
		return err
	}
	defer func() { _ = t.Rollback(ctx) }()
	for _, sql := range db.JournalDDL(tables) {
		if _, err := t.conn.ExecContext(ctx, sql); err != nil {
			return engineError(ctx, "make the journal", dialect.Name{}, err)
		}
	}
	return t.Commit(ctx)
}

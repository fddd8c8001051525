package sqlserver

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/render"
)

// journalSchema is the schema of the journal's tables.
const journalSchema = "expunge"

// JournalTable returns the full name of one of the journal's tables: expunge.<name>.
func (d *DB) JournalTable(name string) dialect.Name {
	return dialect.Name{Schema: journalSchema, Table: name}
}

// makeSchema is dynamic SQL, as CREATE SCHEMA has to be the first statement of a batch.
const makeSchema = "IF SCHEMA_ID(N'" + journalSchema + "') IS NULL EXEC(N'CREATE SCHEMA [" + journalSchema + "]')"

// JournalDDL renders the journal's schema and tables. Texts are ordered bytewise.
func (d *DB) JournalDDL(tables []*dialect.Table) []string {
	out := []string{makeSchema}
	babelfish := d.isBabelfish()
	for _, t := range tables {
		out = append(out, "IF OBJECT_ID(N'"+strings.ReplaceAll(quoteTable(t.Name), "'", "''")+"', N'U') IS NULL\n"+journalDDL(t, babelfish))
	}
	return out
}

func journalDDL(t *dialect.Table, babelfish bool) string {
	return render.TableSyntax{
		Create: "CREATE TABLE", Ident: quoteIdent, Table: quoteTable, Null: " NULL",
		Type: func(c *dialect.Column) string { return journalType(c, babelfish) },
	}.CreateTable(t)
}

func journalType(c *dialect.Column, babelfish bool) string {
	switch c.Kind {
	case dialect.Bool:
		return "bit"
	case dialect.Int:
		switch c.Precision {
		case 16:
			return "smallint"
		case 32:
			return "int"
		}
		return "bigint"
	case dialect.Decimal:
		if c.Precision > 0 {
			return fmt.Sprintf("decimal(%d,%d)", c.Precision, c.Scale)
		}
		return "decimal(38,10)"
	case dialect.Float:
		return "float"
	case dialect.UUID:
		return "uniqueidentifier"
	case dialect.Date:
		return "date"
	case dialect.Timestamp:
		return "datetime2(6)"
	case dialect.TimestampTZ:
		return "datetimeoffset(6)"
	case dialect.Bytes:
		if c.Length > 0 && c.Length <= 8000 {
			return fmt.Sprintf("varbinary(%d)", c.Length)
		}
		return "varbinary(max)"
	}
	text, collation := "nvarchar(max)", " COLLATE "+bytewise
	if c.Length > 0 && c.Length <= 4000 {
		text = fmt.Sprintf("nvarchar(%d)", c.Length)
	}
	if babelfish { // it can't check a foreign key of columns with an explicit collation
		collation = ""
	}
	return text + collation
}

// EnsureJournal creates the missing tables, in one transaction under an application lock: without
// the lock, two processes creating them at once would fail. Where nothing is missing, it needs no
// permission to create anything.
func (d *DB) EnsureJournal(ctx context.Context, tables []*dialect.Table) error {
	t, err := d.beginTx(ctx, dialect.TxOptions{})
	if err != nil {
		return err
	}
	t.doing = "create the journal"
	if err := t.ensureJournal(ctx, tables); err != nil {
		_ = t.Rollback(ctx)
		return err
	}
	return t.Commit(ctx)
}

func (t *tx) ensureJournal(ctx context.Context, tables []*dialect.Table) error {
	missing := func() (ddl []string, err error) {
		rows, err := queryAll(ctx, t.conn, "SELECT o.name FROM sys.tables o JOIN sys.schemas s ON s.schema_id = o.schema_id WHERE s.name = N'"+journalSchema+"'")
		if err != nil {
			return nil, err
		}
		there := make([]string, len(rows))
		for i, r := range rows {
			there[i] = r[0]
		}
		for _, table := range render.Missing(tables, there) {
			ddl = append(ddl, journalDDL(table, t.srv.babelfish))
		}
		return ddl, nil
	}
	ddl, err := missing()
	if err != nil || len(ddl) == 0 {
		return t.txError(ctx, err, "", dialect.Name{})
	}
	const lock = "EXEC sp_getapplock @Resource = N'expunge journal', @LockMode = 'Exclusive', @LockOwner = 'Transaction', @LockTimeout = -1"
	if _, err := t.conn.ExecContext(ctx, lock); err != nil {
		return t.txError(ctx, err, "", dialect.Name{})
	}
	if ddl, err = missing(); err != nil {
		return t.txError(ctx, err, "", dialect.Name{})
	}
	for _, sql := range append([]string{makeSchema}, ddl...) {
		if _, err := t.conn.ExecContext(ctx, sql); err != nil {
			err = t.txError(ctx, err, "", dialect.Name{Schema: journalSchema})
			if e, ok := errors.AsType[*dialect.Error](err); ok && e.Class == dialect.PermissionDenied {
				e.Detail = "grant CREATE SCHEMA and CREATE TABLE on the database, or let an administrator create the journal beforehand"
			}
			return err
		}
	}
	return nil
}

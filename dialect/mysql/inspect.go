package mysql

import (
	"context"
	"database/sql"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/sqlconn"
)

// Inspect implements dialect.DB.
func (d *DB) Inspect(ctx context.Context) (*dialect.Schema, error) {
	se, err := d.openSession(ctx, "inspect", variable{"sql_quote_show_create", "1"})
	if err != nil {
		return nil, err
	}
	in := &inspection{ctx: ctx, q: se.conn, server: se.server, database: se.database}
	err = engineError(ctx, in.readAll(), "inspect", dialect.Name{})
	se.closeSession(err == nil)
	if err != nil {
		return nil, err
	}
	s := &dialect.Schema{Engine: se.server.engine(), Version: se.server.version, Partial: in.partial, Views: in.views,
		SeeReferences: "grant PROCESS, or a privilege on all databases such as REFERENCES, to the users who make the plan and run it"}
	for _, t := range in.tables {
		if !isJournal(t.Name) {
			s.Tables = append(s.Tables, t)
		}
	}
	d.catalog.cacheTables(in.tables...)
	return s, nil
}

// inspection reads the catalogue: a fixed number of queries over all tables, or over one. It reads
// the columns of information_schema by position: MySQL spells their names in upper case and MariaDB
// doesn't.
type inspection struct {
	ctx    context.Context
	q      sqlconn.Queryer
	server *server
	only   *dialect.Name // one table, nil for all

	database string
	others   map[dialect.Name]bool
	rules    map[constraint]rules // of all foreign keys on the server
	tables   []*dialect.Table
	byName   map[dialect.Name]*dialect.Table
	views    []*dialect.View
	partial  bool // the catalogue may hide tables from the user
}

// constraint names a foreign key: on MariaDB its name is unique within its table only.
type constraint struct{ schema, table, name string }

// rules are the actions of a foreign key ON DELETE and ON UPDATE.
type rules struct{ onDelete, onUpdate dialect.Action }

func (in *inspection) readAll() error {
	if err := in.readTables(); err != nil {
		return err
	}
	for _, read := range []func() error{in.readForeignKeys, in.readChecks, in.readTriggers, in.readViews, in.readPartitions} {
		if err := read(); err != nil {
			return err
		}
	}
	return nil
}

// readTables reads tables with columns and indexes, enough for rendering statements.
func (in *inspection) readTables() error {
	if in.database == "" {
		e := dialect.NewError(dialect.Fatal, "1046", "inspect", dialect.Name{}, nil)
		e.Detail = "the pool's sessions have no database selected: name one in the DSN"
		return e
	}
	in.byName = map[dialect.Name]*dialect.Table{}
	if in.only == nil {
		if err := in.findOthers(); err != nil {
			return err
		}
	}
	gtids := "'OFF'" // MariaDB's GTIDs don't forbid it
	if !in.server.mariadb {
		gtids = "@@GLOBAL.enforce_gtid_consistency"
	}
	rows, err := in.readRows(`SELECT t.TABLE_SCHEMA, t.TABLE_NAME, t.TABLE_TYPE, t.ENGINE, t.TABLE_ROWS, e.TRANSACTIONS, `+gtids+`
		FROM information_schema.TABLES t LEFT JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE
		WHERE t.TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') AND `, "t.TABLE_SCHEMA", "t.TABLE_NAME", "")
	if err != nil {
		return err
	}
	for _, r := range rows {
		t := &dialect.Table{Name: in.tableName(r[0].String, r[1].String), RowEstimate: -1}
		if !in.isWanted(t.Name) {
			continue
		}
		if n, err := strconv.ParseInt(r[4].String, 10, 64); err == nil {
			t.RowEstimate = n
		}
		if r[2].String == "SYSTEM VERSIONED" {
			t.History = &dialect.Name{Schema: t.Name.Schema, Table: t.Name.Table}
		}
		t.NoTransactions = r[5].String != "YES"
		t.Unerasable = unerasable[strings.ToUpper(r[3].String)]
		if t.NoTransactions && t.Unerasable == "" && r[6].String == "ON" {
			t.Unerasable = advice[1785]
		}
		in.tables = append(in.tables, t)
		in.byName[in.foldedName(t.Name)] = t
	}
	slices.SortFunc(in.tables, func(a, b *dialect.Table) int { return a.Name.Compare(b.Name) })
	if err := in.readColumns(); err != nil {
		return err
	}
	return in.readIndexes()
}

// unerasable are storage engines that can't delete rows, or keep them elsewhere.
var unerasable = map[string]string{
	"ARCHIVE":   "the ARCHIVE engine can neither update nor delete rows",
	"BLACKHOLE": "the BLACKHOLE engine keeps no rows: what it passed on is on the replicas",
	"FEDERATED": "the rows are on another server: erase them there",
	"CONNECT":   "the rows are outside of the server: erase them there",
	"SPIDER":    "the rows are on other servers: erase them there",
	"S3":        "the S3 engine is read-only",
}

// readRows runs a query over the tables of this database and the wanted ones of others, or over the
// one table.
func (in *inspection) readRows(query, schemaColumn, tableColumn, order string) ([][]sql.NullString, error) {
	if in.only != nil {
		schema := in.only.Schema
		if schema == "" {
			schema = in.database
		}
		return sqlconn.QueryAll(in.ctx, in.q, query+schemaColumn+" = ? AND "+tableColumn+" = ?"+order, schema, in.only.Table)
	}
	var schemas []any
	for n := range in.others {
		if !slices.Contains(schemas, any(n.Schema)) {
			schemas = append(schemas, n.Schema)
		}
	}
	// Without parameters the driver doesn't prepare a statement.
	return sqlconn.QueryAll(in.ctx, in.q, query+schemaColumn+" IN (DATABASE()"+strings.Repeat(", ?", len(schemas))+")"+order, schemas...)
}

// findOthers finds the tables of other databases connected with this one's by foreign keys,
// directly or through each other.
func (in *inspection) findOthers() error {
	in.others, in.rules = map[dialect.Name]bool{}, map[constraint]rules{}
	// MariaDB opens every table not excluded by the condition.
	rows, err := sqlconn.QueryAll(in.ctx, in.q, `SELECT CONSTRAINT_SCHEMA, TABLE_NAME, UNIQUE_CONSTRAINT_SCHEMA, REFERENCED_TABLE_NAME, CONSTRAINT_NAME, DELETE_RULE, UPDATE_RULE
		FROM information_schema.REFERENTIAL_CONSTRAINTS
		WHERE CONSTRAINT_SCHEMA NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys') OR CONSTRAINT_SCHEMA = DATABASE()`)
	if err != nil {
		return err
	}
	for _, r := range rows {
		in.rules[constraint{r[0].String, r[1].String, r[4].String}] = rules{
			dialect.Action(strings.ToLower(r[5].String)), dialect.Action(strings.ToLower(r[6].String)),
		}
	}
	for found := true; found; {
		found = false
		for _, r := range rows {
			from, to := in.tableName(r[0].String, r[1].String), in.tableName(r[2].String, r[3].String)
			for _, pair := range [][2]dialect.Name{{from, to}, {to, from}} {
				if in.isWanted(pair[0]) && !in.isWanted(pair[1]) {
					in.others[in.foldedName(pair[1])] = true
					found = true
				}
			}
		}
	}
	return nil
}

func (in *inspection) isWanted(n dialect.Name) bool {
	return in.only != nil || n.Schema == "" || in.others[in.foldedName(n)]
}

// tableName omits the name of the connected database.
func (in *inspection) tableName(schema, table string) dialect.Name {
	if schema == in.database || in.server.folds && strings.EqualFold(schema, in.database) {
		// A table requested with its database keeps that name.
		if in.only != nil {
			return *in.only
		}
		schema = ""
	}
	return dialect.Name{Schema: schema, Table: table}
}

func (in *inspection) foldedName(n dialect.Name) dialect.Name {
	if in.server.folds {
		n.Schema, n.Table = strings.ToLower(n.Schema), strings.ToLower(n.Table)
	}
	return n
}

// findTable returns a table by the names in the catalogue, or nil.
func (in *inspection) findTable(schema, table sql.NullString) *dialect.Table {
	return in.byName[in.foldedName(in.tableName(schema.String, table.String))]
}

func (in *inspection) readIndexes() error {
	// MySQL has functional key parts. MariaDB has neither them nor this column.
	expression := "EXPRESSION"
	if in.server.mariadb {
		expression = "NULL"
	}
	rows, err := in.readRows(`SELECT TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, NON_UNIQUE, COLUMN_NAME, SUB_PART, COLLATION, INDEX_TYPE, `+expression+`
		FROM information_schema.STATISTICS WHERE `, "TABLE_SCHEMA", "TABLE_NAME", " ORDER BY TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX")
	if err != nil {
		return err
	}
	for _, r := range rows {
		t := in.findTable(r[0], r[1])
		if t == nil {
			continue
		}
		last := len(t.Indexes) - 1
		if last < 0 || t.Indexes[last].Name != r[2].String {
			t.Indexes = append(t.Indexes, &dialect.Index{
				Name: r[2].String, Primary: r[2].String == "PRIMARY", Unique: r[3].String == "0",
				Constraint: r[2].String == "PRIMARY", Method: strings.ToLower(r[7].String),
			})
			last++
		}
		ix := t.Indexes[last]
		ix.Stays = whyNotSuspendable(ix)
		part := dialect.IndexPart{Column: r[4].String, Descending: r[6].String == "D"}
		if c := t.Column(part.Column); c != nil && t.History != nil && c.ReadOnly {
			continue // the end of a version: the engine adds it to unique keys
		}
		part.Prefix, _ = strconv.Atoi(r[5].String) // NULL is 0: the whole column
		if ix.Method == "spatial" {
			part.Prefix = 0
		}
		if r[8].Valid {
			part.Column, part.Expression = "", r[8].String
			part.FoldsCase = foldingCall.MatchString(part.Expression)
			ix.Mentions = append(ix.Mentions, mentionedColumns(t, r[8].String)...)
		}
		ix.Parts = append(ix.Parts, part)
		if ix.Primary {
			t.PrimaryKey = append(t.PrimaryKey, part.Column)
		}
	}
	return nil
}

// foldingCall finds the functions in a functional key part that ignore case.
var foldingCall = regexp.MustCompile(`(?i)\b(lower|upper|lcase|ucase)\(`)

// mentionedColumns are the columns in an expression as the server prints it.
func mentionedColumns(t *dialect.Table, expression string) []string {
	var out []string
	for _, c := range t.Columns {
		if strings.Contains(expression, quoteIdent(c.Name)) {
			out = append(out, c.Name)
		}
	}
	return out
}

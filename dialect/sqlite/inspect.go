package sqlite

import (
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/sqlconn"
)

// inspection collects a schema. It looks up names without case, as SQLite does, and keeps the
// catalogue's spelling.
type inspection struct {
	conn     *sql.Conn
	schema   *dialect.Schema
	tables   map[string]*dialect.Table // by the name in lower case
	texts    map[string]tableText
	virtual  map[string]virtualText
	enforced bool
}

// Inspect reads the catalogue of the main database in one read transaction. A foreign key is
// Enforced where PRAGMA foreign_keys is on for the pool's connections. Inspect doesn't search for
// rows that violate a foreign key: this would scan every table (PRAGMA foreign_key_check does it).
//
// It omits shadow tables (of full-text indexes and the like): their virtual table represents them.
func (db *DB) Inspect(ctx context.Context) (*dialect.Schema, error) {
	fail := func(err error) (*dialect.Schema, error) {
		return nil, engineError(ctx, "inspect the database", dialect.Name{}, err)
	}
	conn, err := db.openConn(ctx, 0)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "BEGIN"); err != nil {
		return fail(err)
	}
	defer func() {
		if _, err := conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK"); err != nil {
			sqlconn.Discard(conn)
		}
	}()
	in := &inspection{conn: conn, schema: &dialect.Schema{Engine: "sqlite"}, tables: map[string]*dialect.Table{}, texts: map[string]tableText{}, virtual: map[string]virtualText{}}
	on, err := readPragma(ctx, conn, "foreign_keys")
	if err != nil {
		return fail(err)
	}
	in.enforced = on == 1
	for _, read := range []func(context.Context) error{
		in.readVersion, in.readTables, in.checkModules, in.readColumns, in.readIndexes, in.readForeignKeys, in.readTriggers, in.readViews, in.readCopies, in.readEstimates, in.checkKeys,
	} {
		if err := read(ctx); err != nil {
			return fail(err)
		}
	}
	return in.schema, nil
}

func (in *inspection) eachRow(ctx context.Context, query string, row func(scan func(...any) error) error) error {
	return sqlconn.EachRow(ctx, in.conn, query, row)
}

func (in *inspection) tableOf(name string) *dialect.Table { return in.tables[strings.ToLower(name)] }

func (in *inspection) readVersion(ctx context.Context) error {
	return in.conn.QueryRowContext(ctx, "SELECT sqlite_version()").Scan(&in.schema.Version)
}

// listed is the condition for the tables of a schema.
const listed = ` l.schema = 'main' AND l.type IN ('table', 'virtual') AND l.name NOT LIKE 'sqlite\_%' ESCAPE '\' AND l.name NOT LIKE 'expunge\_%' ESCAPE '\' `

func (in *inspection) readTables(ctx context.Context) error {
	err := in.eachRow(ctx, `SELECT l.name, l.type, m.sql FROM pragma_table_list AS l JOIN "main".sqlite_master AS m ON m.name = l.name AND m.type = 'table' WHERE`+listed,
		func(scan func(...any) error) error {
			var name, typ, text string
			if err := scan(&name, &typ, &text); err != nil {
				return err
			}
			t := &dialect.Table{Name: dialect.Name{Table: name}, RowEstimate: -1}
			if typ == "virtual" {
				virtual := parseVirtual(text)
				t.Module, in.virtual[name] = virtual.module, virtual
				t.Unreadable, t.Refresh = virtual.contentless, virtual.refresh(name)
				t.Unerasable = "it is a virtual table: erase the table that its module reads, or rebuild it"
			} else {
				parsed := parseTable(text)
				in.texts[name] = parsed
				for i, c := range parsed.checks {
					if c.name == "" {
						c.name = name + "_check_" + strconv.Itoa(i+1)
					}
					t.Checks = append(t.Checks, &dialect.Check{Name: c.name, Condition: c.condition})
				}
			}
			in.tables[strings.ToLower(name)] = t
			in.schema.Tables = append(in.schema.Tables, t)
			return nil
		})
	slices.SortFunc(in.schema.Tables, func(a, b *dialect.Table) int { return a.Name.Compare(b.Name) })
	return err
}

// checkModules refuses a virtual table whose module is missing from this build of SQLite: the build
// can't read even its columns.
func (in *inspection) checkModules(ctx context.Context) error {
	if len(in.virtual) == 0 {
		return nil
	}
	has := map[string]bool{}
	err := in.eachRow(ctx, "SELECT lower(name) FROM pragma_module_list", func(scan func(...any) error) error {
		var name string
		err := scan(&name)
		has[name] = true
		return err
	})
	if err != nil || len(has) == 0 {
		return err
	}
	for _, t := range in.schema.Tables {
		if t.Module != "" && !has[t.Module] {
			return refusedError(dialect.Fatal, "inspect", t.Name, "this build of SQLite doesn't have the module "+t.Module+" of the virtual table: connect with a driver that has it")
		}
	}
	return nil
}

func (in *inspection) readColumns(ctx context.Context) error {
	type part struct {
		at   int
		name string
	}
	keys := map[string][]part{}
	withoutRowid := map[string]bool{}
	err := in.eachRow(ctx, `SELECT l.name, l.wr, x.name, x.type, x."notnull", x.dflt_value, x.pk, x.hidden
		FROM pragma_table_list AS l, pragma_table_xinfo(l.name, 'main') AS x WHERE`+listed+`ORDER BY l.name, x.cid`,
		func(scan func(...any) error) error {
			var table, name, typ string
			var wr, notnull, pk, hidden int
			var def *string
			if err := scan(&table, &wr, &name, &typ, &notnull, &def, &pk, &hidden); err != nil {
				return err
			}
			t := in.tableOf(table)
			if hidden == 1 || t == nil { // a hidden column of a virtual table
				return nil
			}
			c := &dialect.Column{Name: name, Nullable: notnull == 0, Default: def, Generated: hidden > 1}
			setType(c, typ)
			c.Collation = in.texts[table].collates[strings.ToLower(name)]
			c.FoldsCase = c.Collation == "NOCASE"
			t.Columns = append(t.Columns, c)
			withoutRowid[table] = wr == 1
			if pk > 0 {
				keys[table] = append(keys[table], part{pk, name})
			}
			return nil
		})
	if err != nil {
		return err
	}
	for _, t := range in.schema.Tables {
		parts := keys[t.Name.Table]
		slices.SortFunc(parts, func(a, b part) int { return a.at - b.at })
		for _, p := range parts {
			t.PrimaryKey = append(t.PrimaryKey, p.name)
		}
		if withoutRowid[t.Name.Table] || t.Unerasable != "" {
			continue
		}
		var names []string
		for _, c := range t.Columns {
			names = append(names, c.Name)
		}
		t.Address = addressOf(names)
	}
	return nil
}

func (in *inspection) readForeignKeys(ctx context.Context) error {
	var last *dialect.ForeignKey
	lastID := -1
	err := in.eachRow(ctx, `SELECT l.name, f.id, f."table", f."from", f."to", f.on_update, f.on_delete
		FROM pragma_table_list AS l, pragma_foreign_key_list(l.name, 'main') AS f WHERE`+listed+`ORDER BY l.name, f.id, f.seq`,
		func(scan func(...any) error) error {
			var table, ref, from, onUpdate, onDelete string
			var to *string
			var id int
			if err := scan(&table, &id, &ref, &from, &to, &onUpdate, &onDelete); err != nil {
				return err
			}
			t := in.tableOf(table)
			if last == nil || last.Table != t.Name || id != lastID {
				last, lastID = &dialect.ForeignKey{Table: t.Name, RefTable: dialect.Name{Table: ref}, Enforced: in.enforced,
					OnDelete: dialect.Action(strings.ToLower(onDelete)), OnUpdate: dialect.Action(strings.ToLower(onUpdate))}, id
				if r := in.tableOf(ref); r != nil {
					last.RefTable = r.Name
				}
				// PRAGMA defer_foreign_keys defers all but RESTRICT.
				last.Deferrable = last.OnDelete != dialect.Restrict && last.OnUpdate != dialect.Restrict
				t.ForeignKeys = append(t.ForeignKeys, last)
			}
			last.Columns = append(last.Columns, spelledName(t, from))
			if r := in.tableOf(ref); to != nil {
				last.RefColumns = append(last.RefColumns, spelledName(r, *to))
			} else if r != nil && len(last.Columns) <= len(r.PrimaryKey) { // REFERENCES t: its primary key
				last.RefColumns = append(last.RefColumns, r.PrimaryKey[len(last.Columns)-1])
			}
			return nil
		})
	for _, t := range in.schema.Tables {
		// The pragma lists the foreign keys in the reverse order of the text.
		slices.Reverse(t.ForeignKeys)
		names := in.texts[t.Name.Table].foreign
		for i, fk := range t.ForeignKeys {
			if len(names) == len(t.ForeignKeys) {
				fk.Name = names[i]
			}
			if fk.Name == "" {
				fk.Name = t.Name.Table + "_" + strings.Join(fk.Columns, "_") + "_fkey"
			}
		}
	}
	return err
}

// spelledName returns a column's name in the catalogue's spelling.
func spelledName(t *dialect.Table, name string) string {
	if t == nil {
		return name
	}
	for _, c := range t.Columns {
		if strings.EqualFold(c.Name, name) {
			return c.Name
		}
	}
	return name
}

func (in *inspection) readEstimates(ctx context.Context) error {
	var n int
	if err := in.conn.QueryRowContext(ctx, `SELECT count(*) FROM "main".sqlite_master WHERE name = 'sqlite_stat1'`).Scan(&n); err != nil || n == 0 {
		return err
	}
	return in.eachRow(ctx, `SELECT tbl, stat FROM "main".sqlite_stat1`, func(scan func(...any) error) error {
		var table string
		var stat *string
		if err := scan(&table, &stat); err != nil {
			return err
		}
		t := in.tableOf(table)
		if t == nil || stat == nil {
			return nil
		}
		rows, _, _ := strings.Cut(*stat, " ")
		if n, err := strconv.ParseInt(rows, 10, 64); err == nil {
			t.RowEstimate = max(t.RowEstimate, n) // a partial index counts fewer
		}
		return nil
	})
}

// checkKeys drops a primary key with a NULL in it. Only an INTEGER PRIMARY KEY and those of WITHOUT
// ROWID and STRICT tables exclude NULL (https://sqlite.org/lang_createtable.html#the_primary_key).
// The key doesn't address a row with a NULL there: any number of rows may have one.
func (in *inspection) checkKeys(ctx context.Context) error {
	for _, t := range in.schema.Tables {
		var conds []string
		for _, k := range t.PrimaryKey {
			if c := t.Column(k); c.Nullable {
				conds = append(conds, quoteIdent(k)+" IS NULL")
			}
		}
		if len(conds) == 0 || t.Unerasable != "" || t.Address == "" || hasRowid(t) {
			continue
		}
		var has bool
		if err := in.conn.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM "+quoteTable(t.Name)+" WHERE "+strings.Join(conds, " OR ")+")").Scan(&has); err != nil {
			return err
		}
		if has {
			t.PrimaryKey = nil
		}
	}
	return nil
}

// hasRowid reports whether the primary key is the rowid.
func hasRowid(t *dialect.Table) bool {
	return len(t.PrimaryKey) == 1 && t.Column(t.PrimaryKey[0]).Identity
}

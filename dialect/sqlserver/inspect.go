package sqlserver

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/sqlconn"
)

// catalogue collects the results of Inspect's queries; rows refer to each other by object_id.
type catalogue struct {
	q      sqlconn.Queryer
	srv    *server
	schema *dialect.Schema
	tables map[string]*dialect.Table
	names  map[string]dialect.Name      // tables and views
	ids    map[string]map[string]string // a table's column names by column_id
	// spelling is the original spelling of Babelfish's tables and views.
	spelling map[dialect.Name]string
}

// own restricts a query to the user's schemas: s is sys.schemas.
const own = "s.name NOT IN ('sys', 'INFORMATION_SCHEMA', '" + journalSchema + "')"

// Inspect reads the catalogue in a fixed number of queries. It omits objects on which the user has
// no permission; Check reports this.
func (d *DB) Inspect(ctx context.Context) (*dialect.Schema, error) {
	const doing = "inspect the catalogue"
	d.clearRelations()
	conn, srv, err := d.openSession(ctx, doing, nil)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	c := newCatalogue(conn, srv)
	if err := c.readAll(ctx); err != nil {
		return nil, engineError(ctx, err, doing, dialect.Name{})
	}
	return c.schema, nil
}

func newCatalogue(q sqlconn.Queryer, srv *server) *catalogue {
	return &catalogue{
		q: q, srv: srv, schema: &dialect.Schema{Engine: "sqlserver", Version: srv.version, SeeReferences: "grant VIEW DEFINITION on the database"},
		tables: map[string]*dialect.Table{}, names: map[string]dialect.Name{}, ids: map[string]map[string]string{},
	}
}

func (c *catalogue) readAll(ctx context.Context) error {
	for _, step := range []func(context.Context) error{
		c.readDefault, c.readTables, c.readColumns, c.readSpelling, c.readIndexes, c.readForeignKeys, c.readChecks,
		c.readTriggers, c.readViews, c.readSecurity, c.readPublications, c.readVisibility,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	c.sortTables()
	return nil
}

// eachRow calls f for every row of a query.
func (c *catalogue) eachRow(ctx context.Context, query string, f func(row []string)) error {
	rows, err := queryAll(ctx, c.q, query)
	for _, r := range rows {
		f(r)
	}
	return err
}

func (c *catalogue) readDefault(ctx context.Context) error {
	return c.eachRow(ctx, "SELECT SCHEMA_NAME()", func(row []string) { c.schema.Default = row[0] })
}

// readTables reads tables. It casts their names, since Babelfish would send them in a code page. It
// omits history tables; a temporal or ledger table names its own.
func (c *catalogue) readTables(ctx context.Context) error {
	ledger := "0"
	if c.srv.major >= 16 || c.srv.azure {
		ledger = "t.ledger_type"
	}
	q := `
SELECT t.object_id, s.name, CAST(t.name AS nvarchar(128)), t.temporal_type, ` + ledger + `, CAST(t.is_memory_optimized AS int), CAST(t.is_external AS int),
	COALESCE((SELECT SUM(p.rows) FROM sys.partitions p WHERE p.object_id = t.object_id AND p.index_id IN (0, 1)), -1),
	CASE WHEN EXISTS (SELECT 1 FROM sys.indexes i WHERE i.object_id = t.object_id AND i.type = 0) THEN 1 ELSE 0 END,
	COALESCE(hs.name, ''), COALESCE(h.name, '')
FROM sys.tables t JOIN sys.schemas s ON s.schema_id = t.schema_id
LEFT JOIN sys.tables h ON h.object_id = t.history_table_id LEFT JOIN sys.schemas hs ON hs.schema_id = h.schema_id
WHERE t.is_ms_shipped = 0 AND ` + own
	return c.eachRow(ctx, q, func(row []string) {
		name := dialect.Name{Schema: row[1], Table: row[2]}
		c.names[row[0]] = name
		if row[3] == "1" || row[4] == "1" {
			return // a history table
		}
		t := &dialect.Table{Name: name, RowEstimate: int64(wholeNumber(row[7]))}
		if row[9] != "" {
			t.History = &dialect.Name{Schema: row[9], Table: row[10]}
		}
		switch {
		case row[4] == "2":
			t.Unerasable = "an updatable ledger table, whose history keeps every row version and can't be changed"
		case row[4] == "3":
			t.Unerasable = "an append-only ledger table"
		case row[6] == "1":
			t.Unerasable = "an external table: erase its rows where they are kept"
		}
		if row[8] == "1" && row[5] == "0" && row[6] == "0" && !c.srv.babelfish {
			t.Address = address
		}
		c.tables[row[0]] = t
		c.ids[row[0]] = map[string]string{}
		c.schema.Tables = append(c.schema.Tables, t)
	})
}

// readSpelling restores the case of names on Babelfish: its sys views show them in lower case,
// those of the information schema in the original case.
func (c *catalogue) readSpelling(ctx context.Context) error {
	if !c.srv.babelfish {
		return nil
	}
	c.spelling = map[dialect.Name]string{}
	columns := map[dialect.Name]map[string]string{}
	const q = "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME FROM INFORMATION_SCHEMA.COLUMNS"
	err := c.eachRow(ctx, q, func(row []string) {
		folded := dialect.Name{Schema: row[0], Table: strings.ToLower(row[1])}
		c.spelling[folded] = row[1]
		if columns[folded] == nil {
			columns[folded] = map[string]string{}
		}
		columns[folded][strings.ToLower(row[2])] = row[2]
	})
	for id, t := range c.tables {
		for _, col := range t.Columns {
			if s := columns[t.Name][col.Name]; s != "" {
				col.Name = s
			}
		}
		for number, name := range c.ids[id] {
			if s := columns[t.Name][name]; s != "" {
				c.ids[id][number] = s
			}
		}
		t.Name = c.spelledName(t.Name)
		c.names[id] = t.Name
	}
	return err
}

func (c *catalogue) spelledName(n dialect.Name) dialect.Name {
	if s := c.spelling[n]; s != "" {
		n.Table = s
	}
	return n
}

func (c *catalogue) readForeignKeys(ctx context.Context) error {
	const q = `
SELECT f.object_id, CAST(f.name AS nvarchar(128)), f.parent_object_id, f.referenced_object_id, k.parent_column_id, k.referenced_column_id,
	f.delete_referential_action, f.update_referential_action, CAST(f.is_disabled AS int), CAST(f.is_not_trusted AS int)
FROM sys.foreign_keys f JOIN sys.foreign_key_columns k ON k.constraint_object_id = f.object_id
ORDER BY f.object_id, k.constraint_column_id`
	actions := map[string]dialect.Action{"0": dialect.NoAction, "1": dialect.Cascade, "2": dialect.SetNull, "3": dialect.SetDefault}
	keys := map[string]*dialect.ForeignKey{}
	return c.eachRow(ctx, q, func(row []string) {
		t, ref := c.tables[row[2]], c.tables[row[3]]
		if t == nil || ref == nil {
			return // of the journal
		}
		fk := keys[row[0]]
		if fk == nil {
			fk = &dialect.ForeignKey{Name: row[1], Table: t.Name, RefTable: ref.Name, OnDelete: actions[row[6]], OnUpdate: actions[row[7]], Enforced: row[8] == "0" && row[9] == "0"}
			keys[row[0]] = fk
			t.ForeignKeys = append(t.ForeignKeys, fk)
		}
		fk.Columns = append(fk.Columns, c.ids[row[2]][row[4]])
		fk.RefColumns = append(fk.RefColumns, c.ids[row[3]][row[5]])
	})
}

// readChecks reads check constraints. A text column with a check for JSON is of the kind JSON, as
// the check refuses other texts.
func (c *catalogue) readChecks(ctx context.Context) error {
	const q = "SELECT parent_object_id, name, definition FROM sys.check_constraints WHERE is_disabled = 0"
	return c.eachRow(ctx, q, func(row []string) {
		t := c.tables[row[0]]
		if t == nil {
			return
		}
		t.Checks = append(t.Checks, &dialect.Check{Name: row[1], Condition: row[2]})
		if m := isJSON.FindStringSubmatch(row[2]); m != nil {
			if col := t.Column(unquoteIdent(m[1])); col != nil && col.Kind == dialect.Text {
				col.Kind = dialect.JSON
			}
		}
	})
}

var isJSON = regexp.MustCompile(`(?i)^\(isjson\((\[(?:[^\]]|\]\])+\])\)(?:=\(1\)|>\(0\))\)$`)

func (c *catalogue) readViews(ctx context.Context) error {
	views := map[string]*dialect.View{}
	const q = `
SELECT v.object_id, s.name, CAST(v.name AS nvarchar(128)), CASE WHEN EXISTS (SELECT 1 FROM sys.indexes i WHERE i.object_id = v.object_id AND i.index_id = 1) THEN 1 ELSE 0 END, COALESCE(m.definition, '')
FROM sys.views v JOIN sys.schemas s ON s.schema_id = v.schema_id LEFT JOIN sys.sql_modules m ON m.object_id = v.object_id
WHERE v.is_ms_shipped = 0 AND ` + own
	definitions := map[string]string{}
	err := c.eachRow(ctx, q, func(row []string) {
		v := &dialect.View{Name: c.spelledName(dialect.Name{Schema: row[1], Table: row[2]}), Materialized: row[3] == "1"}
		views[row[0]], c.names[row[0]], definitions[row[0]] = v, v.Name, row[4]
		c.schema.Views = append(c.schema.Views, v)
	})
	if err != nil {
		return err
	}
	const reads = "SELECT DISTINCT referencing_id, referenced_id FROM sys.sql_expression_dependencies WHERE referencing_class = 1 AND referenced_id IS NOT NULL"
	err = c.eachRow(ctx, reads, func(row []string) {
		v, n := views[row[0]], c.names[row[1]]
		if v != nil && n != (dialect.Name{}) {
			v.Reads = append(v.Reads, n)
		}
	})
	for id, v := range views {
		if len(v.Reads) == 0 { // Babelfish records no dependencies
			v.Reads = c.resolveNames(mentionedNames(definitions[id]), v.Name.Schema)
		}
		v.Reads = distinctNames(v.Reads)
	}
	return err
}

// readSecurity marks the tables filtered or guarded by a policy.
func (c *catalogue) readSecurity(ctx context.Context) error {
	if c.srv.babelfish {
		return nil
	}
	const q = "SELECT DISTINCT r.target_object_id FROM sys.security_policies p JOIN sys.security_predicates r ON r.object_id = p.object_id WHERE p.is_enabled = 1"
	return c.eachRow(ctx, q, func(row []string) {
		if t := c.tables[row[0]]; t != nil {
			t.RowSecurity = true
		}
	})
}

// readVisibility marks tables as possibly referenced by foreign keys hidden from the user. It also
// records whether tables may be hidden: the catalogue shows those on which he has some permission.
// https://learn.microsoft.com/sql/relational-databases/security/metadata-visibility-configuration
func (c *catalogue) readVisibility(ctx context.Context) error {
	if c.srv.babelfish {
		return nil
	}
	const q = "SELECT HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', 'VIEW DEFINITION'), HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', 'SELECT')"
	return c.eachRow(ctx, q, func(row []string) {
		c.schema.Partial = row[0] == "0" && row[1] == "0"
		for _, t := range c.schema.Tables {
			t.ReferencesUnseen = row[0] == "0"
		}
	})
}

// readPublications reads the features that copy changed rows. Change tracking keeps only keys, but
// also those of deleted rows.
func (c *catalogue) readPublications(ctx context.Context) error {
	if c.srv.babelfish {
		return nil
	}
	const q = `
SELECT t.object_id, 'change data capture' FROM sys.tables t WHERE t.is_tracked_by_cdc = 1
UNION ALL SELECT t.object_id, 'replication' FROM sys.tables t WHERE t.is_published = 1 OR t.is_merge_published = 1
UNION ALL SELECT c.object_id, 'change tracking' FROM sys.change_tracking_tables c`
	carried := map[string][]dialect.Name{}
	err := c.eachRow(ctx, q, func(row []string) {
		if t := c.tables[row[0]]; t != nil {
			carried[row[1]] = append(carried[row[1]], t.Name)
		}
	})
	for name, tables := range carried {
		c.schema.Publications = append(c.schema.Publications, dialect.Publication{Name: name, Tables: distinctNames(tables)})
	}
	slices.SortFunc(c.schema.Publications, func(a, b dialect.Publication) int { return strings.Compare(a.Name, b.Name) })
	return err
}

// sortTables makes the order independent of the server's, for the fingerprint.
func (c *catalogue) sortTables() {
	s := c.schema
	slices.SortFunc(s.Tables, func(a, b *dialect.Table) int { return a.Name.Compare(b.Name) })
	slices.SortFunc(s.Views, func(a, b *dialect.View) int { return a.Name.Compare(b.Name) })
	for _, t := range s.Tables {
		slices.SortFunc(t.Indexes, func(a, b *dialect.Index) int { return strings.Compare(a.Name, b.Name) })
		slices.SortFunc(t.ForeignKeys, func(a, b *dialect.ForeignKey) int { return strings.Compare(a.Name, b.Name) })
		slices.SortFunc(t.Checks, func(a, b *dialect.Check) int { return strings.Compare(a.Name, b.Name) })
		slices.SortFunc(t.Triggers, func(a, b *dialect.Trigger) int { return strings.Compare(a.Name, b.Name) })
	}
}

func distinctNames(names []dialect.Name) []dialect.Name {
	slices.SortFunc(names, dialect.Name.Compare)
	return slices.Compact(names)
}

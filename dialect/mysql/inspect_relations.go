package mysql

import (
	"regexp"
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/sqlconn"
)

func (in *inspection) readForeignKeys() error {
	// TABLE_SCHEMA, as MariaDB opens every table of the server for a condition on
	// CONSTRAINT_SCHEMA.
	rows, err := in.readRows(`SELECT TABLE_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, COLUMN_NAME, REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME
		FROM information_schema.KEY_COLUMN_USAGE
		WHERE REFERENCED_TABLE_NAME IS NOT NULL AND `, "TABLE_SCHEMA", "TABLE_NAME", " ORDER BY TABLE_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, ORDINAL_POSITION")
	if err != nil {
		return err
	}
	for _, r := range rows {
		t := in.findTable(r[0], r[1])
		if t == nil {
			continue
		}
		last := len(t.ForeignKeys) - 1
		if last < 0 || t.ForeignKeys[last].Name != r[2].String {
			does, err := in.rulesOf(t, constraint{r[0].String, r[1].String, r[2].String})
			if err != nil {
				return err
			}
			fk := &dialect.ForeignKey{Name: r[2].String, Table: t.Name, RefTable: in.tableName(r[4].String, r[5].String),
				OnDelete: does.onDelete, OnUpdate: does.onUpdate, Enforced: true}
			if ref := in.findTable(r[4], r[5]); ref != nil {
				fk.RefTable = ref.Name // in the spelling of its CREATE TABLE
			}
			t.ForeignKeys = append(t.ForeignKeys, fk)
			last++
		}
		fk := t.ForeignKeys[last]
		fk.Columns = append(fk.Columns, in.spelledName(t.Name, r[3].String))
		fk.RefColumns = append(fk.RefColumns, in.spelledName(fk.RefTable, r[6].String))
	}
	return nil
}

// rulesOf returns a foreign key's actions ON DELETE and ON UPDATE. MariaDB's catalogue shows them
// only to users with more than SELECT; SHOW CREATE TABLE shows them to all.
func (in *inspection) rulesOf(t *dialect.Table, c constraint) (rules, error) {
	if does, ok := in.rules[c]; ok {
		return does, nil
	}
	var name, sql string
	if err := sqlconn.QueryOne(in.ctx, in.q, "SHOW CREATE TABLE "+quoteTable(t.Name), &name, &sql); err != nil {
		return rules{}, err
	}
	usual := dialect.NoAction
	if in.server.mariadb {
		usual = dialect.Restrict
	}
	for name, does := range declaredRules(sql, usual) {
		in.rules[constraint{c.schema, c.table, name}] = does
	}
	does, ok := in.rules[c]
	if !ok {
		e := dialect.NewError(dialect.Retryable, "", "inspect", t.Name, nil)
		e.Object = c.name
		e.Detail = "the action of a foreign key ON DELETE not found: the key was just created or dropped"
		return rules{}, e
	}
	return does, nil
}

// spelledName is a column's name in its table's spelling. Column names compare without case, and a
// foreign key keeps the spelling of its declaration.
func (in *inspection) spelledName(table dialect.Name, column string) string {
	if t := in.byName[in.foldedName(table)]; t != nil && t.Column(column) == nil {
		for _, c := range t.Columns {
			if strings.EqualFold(c.Name, column) {
				return c.Name
			}
		}
	}
	return column
}

func (in *inspection) readChecks() error {
	query := `SELECT c.CONSTRAINT_SCHEMA, t.TABLE_NAME, c.CONSTRAINT_NAME, c.CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS c
		JOIN information_schema.TABLE_CONSTRAINTS t ON t.CONSTRAINT_SCHEMA = c.CONSTRAINT_SCHEMA AND t.CONSTRAINT_NAME = c.CONSTRAINT_NAME
		WHERE t.CONSTRAINT_TYPE = 'CHECK' AND t.ENFORCED = 'YES' AND `
	table := "t.TABLE_NAME"
	if !in.server.mariadb && !in.server.atLeast(8, 0, 16) {
		return nil // it has no check constraints
	}
	if in.server.mariadb { // its names are unique within a table only
		query = `SELECT c.CONSTRAINT_SCHEMA, c.TABLE_NAME, c.CONSTRAINT_NAME, c.CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS c WHERE `
		table = "c.TABLE_NAME"
	}
	rows, err := in.readRows(query, "c.CONSTRAINT_SCHEMA", table, " ORDER BY 1, 2, 3")
	if err != nil {
		return err
	}
	for _, r := range rows {
		if t := in.findTable(r[0], r[1]); t != nil {
			condition := r[3].String
			if !in.server.mariadb {
				condition = unescapedCheck(condition)
			}
			t.Checks = append(t.Checks, &dialect.Check{Name: r[2].String, Condition: condition})
		}
	}
	return nil
}

// qualified matches the names of tables in a view's text: the server prints every name in full.
var qualified = regexp.MustCompile("(`(?:[^`]|``)+`)\\.(`(?:[^`]|``)+`)")

func (in *inspection) readViews() error {
	rows, err := in.readRows("SELECT TABLE_SCHEMA, TABLE_NAME, VIEW_DEFINITION FROM information_schema.VIEWS WHERE ",
		"TABLE_SCHEMA", "TABLE_NAME", "")
	if err != nil {
		return err
	}
	known := map[dialect.Name]bool{}
	for _, r := range rows {
		known[in.tableName(r[0].String, r[1].String)] = true
	}
	for _, r := range rows {
		v := &dialect.View{Name: in.tableName(r[0].String, r[1].String)}
		for _, m := range qualified.FindAllStringSubmatch(r[2].String, -1) {
			n := in.tableName(unquoteIdent(m[1]), unquoteIdent(m[2]))
			if t := in.byName[in.foldedName(n)]; (t != nil || known[n]) && n != v.Name && !slices.Contains(v.Reads, n) {
				v.Reads = append(v.Reads, n)
			}
		}
		if v.Name.Schema != "" && !slices.ContainsFunc(v.Reads, func(n dialect.Name) bool { return in.byName[in.foldedName(n)] != nil }) {
			continue // a view of another database alone
		}
		slices.SortFunc(v.Reads, dialect.Name.Compare)
		in.views = append(in.views, v)
	}
	slices.SortFunc(in.views, func(a, b *dialect.View) int { return a.Name.Compare(b.Name) })
	return nil
}

func (in *inspection) readPartitions() error {
	rows, err := in.readRows("SELECT DISTINCT TABLE_SCHEMA, TABLE_NAME, PARTITION_NAME FROM information_schema.PARTITIONS WHERE PARTITION_NAME IS NOT NULL AND ",
		"TABLE_SCHEMA", "TABLE_NAME", " ORDER BY 1, 2, 3")
	if err != nil {
		return err
	}
	for _, r := range rows {
		if t := in.findTable(r[0], r[1]); t != nil {
			t.Partitions = append(t.Partitions, dialect.Name{Schema: t.Name.Schema, Table: r[2].String})
		}
	}
	return nil
}

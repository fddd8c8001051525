//go:build unix

package bench

import (
	"fmt"
	"strings"
	"testing"

	"github.com/expungedb/expunge/dialect"
)

// state is the part of a database that must be the same after a run: every table with its columns,
// indexes and constraints.
type state struct {
	names       []dialect.Name
	fingerprint string
}

func (db *database) state(t *testing.T) *state {
	t.Helper()
	schema := db.schema(t)
	s := &state{}
	for _, table := range schema.Tables {
		s.names = append(s.names, table.Name)
	}
	s.fingerprint = schema.Fingerprint(s.names)
	return s
}

func (db *database) schema(t *testing.T) *dialect.Schema {
	t.Helper()
	schema, err := db.DB.Inspect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// compare compares the database with the state before, searches for orphans of every foreign key
// and asks the engine about its indexes. It returns the text for the table.
func (s *state) compare(t *testing.T, db *database) string {
	t.Helper()
	schema := db.schema(t)
	var wrong []string
	if schema.Fingerprint(s.names) != s.fingerprint {
		wrong = append(wrong, "the schema is another")
	}
	keys := 0
	for _, table := range schema.Tables {
		for _, fk := range table.ForeignKeys {
			keys++
			if n := db.number(orphans(table, fk)); n > 0 {
				wrong = append(wrong, fmt.Sprintf("%s has %d orphans", fk.Name, n))
			}
		}
		wrong = append(wrong, db.damage(table.Name.Table)...)
	}
	if len(wrong) > 0 {
		t.Error(strings.Join(wrong, "; "))
		return "NO: " + strings.Join(wrong, "; ")
	}
	if keys == 0 {
		return "yes"
	}
	return fmt.Sprintf("yes, %d foreign keys", keys)
}

// orphans is a query for the number of rows with a dangling reference.
func orphans(table *dialect.Table, fk *dialect.ForeignKey) string {
	var on, set []string
	for i, c := range fk.Columns {
		on = append(on, fmt.Sprintf("p.%s = c.%s", fk.RefColumns[i], c))
		set = append(set, fmt.Sprintf("c.%s IS NOT NULL", c))
	}
	return fmt.Sprintf("SELECT count(*) FROM %s c LEFT JOIN %s p ON %s WHERE %s AND p.%s IS NULL",
		table.Name.Table, fk.RefTable.Table, strings.Join(on, " AND "), strings.Join(set, " AND "), fk.RefColumns[0])
}

// damage returns the engine's complaints about a table and its indexes.
func (db *database) damage(table string) []string {
	db.t.Helper()
	var rows [][]string
	switch db.name {
	case "postgres":
		rows = db.texts("SELECT 'index ' || indexrelid::regclass FROM pg_index WHERE indrelid = '" + table + "'::regclass AND NOT (indisvalid AND indisready)" +
			" UNION ALL SELECT 'constraint ' || conname FROM pg_constraint WHERE conrelid = '" + table + "'::regclass AND NOT convalidated")
	case "sqlite":
		rows = db.texts("SELECT integrity_check FROM pragma_integrity_check('" + table + "') WHERE integrity_check <> 'ok'")
	default:
		for _, r := range db.texts("CHECK TABLE " + table + " QUICK") {
			if r[2] != "status" || r[3] != "OK" {
				rows = append(rows, r)
			}
		}
	}
	var out []string
	for _, r := range rows {
		out = append(out, table+": "+strings.Join(r, " "))
	}
	return out
}

// texts returns all rows of a query, as texts.
func (db *database) texts(query string) [][]string {
	db.t.Helper()
	rows, err := db.SQL.Query(query)
	if err != nil {
		db.t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		db.t.Fatal(err)
	}
	var out [][]string
	for rows.Next() {
		row := make([]string, len(columns))
		into := make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			db.t.Fatalf("%s: %v", query, err)
		}
		out = append(out, row)
	}
	if err := rows.Err(); err != nil {
		db.t.Fatalf("%s: %v", query, err)
	}
	return out
}

package render

import (
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// TableSyntax is an engine's syntax for a table of the journal.
type TableSyntax struct {
	Create  string // CREATE TABLE, with IF NOT EXISTS where the engine has that
	Ident   func(string) string
	Table   func(dialect.Name) string
	RefName func(dialect.Name) string // after REFERENCES; nil: Table
	Type    func(*dialect.Column) string
	Null    string // after the type of a nullable column
	Options string // after the table's closing parenthesis
}

// CreateTable renders the statement to create the table. It uses only the fields listed at
// dialect.Journal.JournalDDL.
func (s TableSyntax) CreateTable(t *dialect.Table) string {
	refName := s.RefName
	if refName == nil {
		refName = s.Table
	}
	var parts []string
	for _, c := range t.Columns {
		null := " NOT NULL"
		if c.Nullable {
			null = s.Null
		}
		parts = append(parts, s.Ident(c.Name)+" "+s.Type(c)+null)
	}
	if len(t.PrimaryKey) > 0 {
		parts = append(parts, "PRIMARY KEY ("+List(t.PrimaryKey, s.Ident)+")")
	}
	for _, fk := range t.ForeignKeys {
		part := "FOREIGN KEY (" + List(fk.Columns, s.Ident) + ") REFERENCES " + refName(fk.RefTable) + " (" + List(fk.RefColumns, s.Ident) + ")"
		if fk.OnDelete != "" && fk.OnDelete != dialect.NoAction {
			part += " ON DELETE " + strings.ToUpper(string(fk.OnDelete))
		}
		parts = append(parts, part)
	}
	return s.Create + " " + s.Table(t.Name) + " (\n\t" + strings.Join(parts, ",\n\t") + "\n)" + s.Options
}

// Missing returns the tables whose names aren't in there, in their order.
func Missing(tables []*dialect.Table, there []string) []*dialect.Table {
	return slices.DeleteFunc(slices.Clone(tables), func(t *dialect.Table) bool { return slices.Contains(there, t.Name.Table) })
}
